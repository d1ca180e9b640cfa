/** What the calls of the gateway share: the reply for `http`, its headers, its price, and the record of the call. */
import type { AttemptReport, AuditEventType, Label } from '@cairn/contract'
import type { Access } from '../access/index.ts'
import type { AuditEntry, LevelledRecorder } from '../audit/index.ts'
import { errorFields, toUsd, type Clock, type Logger } from '../base/index.ts'
import type { CacheStatus, Tier } from '../cache/index.ts'
import type { Meter } from '../metering/index.ts'
import { nanoUsdOf, type Deployment, type DriftWatch, type Routing, type Usage } from '../routing/index.ts'
import type { PipelineCaches } from './caches.ts'
import { capture, type Said } from './capture.ts'
import type { Call } from './types.ts'

export interface GatewayReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | ReadableStream<Uint8Array>
}

export interface GatewayServices {
  readonly access: Pick<Access, 'may'>
  readonly audit: LevelledRecorder
  readonly caches: PipelineCaches
  readonly clock: Clock
  readonly logger: Logger
  readonly meter: Pick<Meter, 'begin' | 'wouldRefuse'> & Partial<Pick<Meter, 'flush'>>
  /** Has a reply wait until the call is on record and booked, to measure what it is worth not to. */
  readonly recordFirst?: boolean
  readonly drift: Pick<DriftWatch, 'observe' | 'disbelieve'>
  readonly routing: Pick<Routing, 'candidates' | 'plan' | 'execute' | 'mayUse'>
}

/** Who answered. */
export interface Answerer {
  readonly model: string
  readonly provider: string
  readonly egress: Deployment['egress']
}

/** How an answer was come by. */
export interface Provenance {
  readonly by: Answerer
  /** Empty when no provider was asked for it. */
  readonly attempts: readonly AttemptReport[]
  readonly cache: { readonly status: CacheStatus; readonly tier: Tier | null }
  /** Whether it was made for this call, which then pays; otherwise the call saved what it cost. */
  readonly isOwn: boolean
}

export function answererOf({ model, provider, egress }: Deployment): Answerer {
  return { model, provider: provider.id, egress }
}

/** In US dollars; null when the provider told no usage or the price is not known. A local model costs nothing. */
export function costOf({ egress, info }: Deployment, usage: Usage): number | null {
  const nanoUsd = nanoUsdOf(info, egress, usage)
  return nanoUsd === null ? null : toUsd(nanoUsd)
}

/** What the call pays, and what it saved. */
export function settle({ isOwn }: Provenance, costUsd: number | null): { costUsd: number | null; savedUsd: number } {
  return isOwn ? { costUsd, savedUsd: 0 } : { costUsd: 0, savedUsd: costUsd ?? 0 }
}

/** The reply to a call whose answer is whole. */
export function replyWithJson(
  call: Call,
  provenance: Provenance,
  { body, costUsd }: { body: Uint8Array | string; costUsd: number | null },
  clock: Clock,
): GatewayReply {
  const headers = explain(call, provenance, settle(provenance, costUsd).costUsd, clock)
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  }
}

/** The `x-cairn-…` headers of a reply; a price that is not known yet has none. */
export function explain(
  call: Call,
  { by, attempts, cache }: Provenance,
  costUsd: number | null,
  clock: Clock,
): Record<string, string> {
  const upstreamMs = attempts.reduce((sum, { ms }) => sum + ms, 0)
  return {
    'x-cairn-cache': cache.status,
    ...(cache.tier === null ? {} : { 'x-cairn-cache-tier': cache.tier }),
    'x-cairn-model': headerText(by.model),
    'x-cairn-provider': by.provider,
    'x-cairn-attempts': String(attempts.length),
    ...(costUsd === null ? {} : { 'x-cairn-cost-usd': String(costUsd) }),
    'x-cairn-overhead-ms': Math.max(0, clock.monotonic() - call.startedAtMs - upstreamMs).toFixed(2),
  }
}

/** Header values are visible ASCII; a model may be named in any script. */
function headerText(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) ? text : encodeURIComponent(text)
}

export interface Ending {
  /** As the provider told it: the entry says what it cost. */
  readonly usage?: Usage | undefined
  /** Its texts, where a rule has them kept. */
  readonly said?: Said | undefined
}

export interface CallRecord {
  /** Durable before it resolves, when the deployment is outside: nothing leaves without its intent on record. */
  intend(deployment: Deployment, purpose: string, label?: Label): Promise<void>
  attempted(attempt: AttemptReport, deployment: Deployment): void
  /** For an answer that this call did not have made. */
  answered(by: Answerer): void
  /** Whether what is answered by whoever answers is to be kept. */
  keepsAnswer(): boolean
  /** The end of the call, recorded once and off the reply's path. */
  ended(outcome: AuditEntry['outcome'], fields: AuditEntry['fields'], ending?: Ending): Promise<number | null>
}

/** Ends a call whose reply is whole: its record is written off the reply’s path. */
export async function finish(
  recorded: Promise<unknown>,
  { meter, recordFirst }: Pick<GatewayServices, 'meter' | 'recordFirst'>,
): Promise<void> {
  if (recordFirst === true) await Promise.all([recorded, meter.flush?.()])
}

/** Keeps which deployment was used last, so that failures and aborts are recorded with it. */
export function openRecord(type: AuditEventType, call: Call, { audit, logger }: GatewayServices): CallRecord {
  let isOpen = true
  let used: AuditEntry['fields'] = { model: null, provider: null, egress: null, region: null, cached: false }
  let paid: Deployment | null = null
  const entry = { actor: call.principal.id, requestId: call.requestId }
  return {
    async intend({ provider, egress, region }, purpose, label = callersOwn) {
      if (egress === 'local') return
      await audit.record({
        ...entry,
        type: 'egress.intended',
        outcome: 'ok',
        fields: { provider: provider.id, egress, label, purpose, region },
      })
    },
    attempted(_attempt, deployment) {
      used = { ...answererOf(deployment), region: deployment.region, cached: false }
      paid = deployment
    },
    answered({ model, provider, egress }) {
      used = { model, provider, egress, region: null, cached: true }
      paid = null
    },
    keepsAnswer: () => audit.ruleFor({ type, fields: used ?? {} }).level === 'request-response',
    async ended(outcome, fields, { usage, said } = {}) {
      if (!isOpen) return null
      isOpen = false
      const costNanoUsd =
        used?.['cached'] === true ? 0 : paid && usage ? nanoUsdOf(paid.info, paid.egress, usage) : null
      const told = { ...used, ...fields, costNanoUsd }
      try {
        const seq = await audit.record({ ...entry, type, outcome, fields: told })
        if (said) await capture(call, { type, fields: told }, said, audit)
        return seq
      } catch (thrown) {
        logger.error('a finished call could not be recorded', {
          requestId: call.requestId,
          type,
          ...errorFields(thrown),
        })
        return null
      }
    },
  }
}

/** The label of a request that carries the caller's own words and no notes. */
export const callersOwn = 'public'
