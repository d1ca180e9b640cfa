/**
 * One call at the meter. What an attempt may cost is held before it is sent, and what it came to is booked when it has
 * ended, however that was: whole, broken off, cut by the caller, refused.
 *
 * Where a provider did not tell its usage, the booking is an estimate and says so: input by the estimate of the request,
 * output by what was received, four characters a token. So is the booking where what was told cannot be true
 * (`findUsageDoubt`): to everybody beyond this file the provider has told nothing then. An attempt that was answered with an error costs nothing; one
 * that broke off, timed out or was cut is charged, because the provider may have worked on it.
 */
import { toNano } from '../base/index.ts'
import { UpstreamFailure } from '../routing/index.ts'
import type { ChatReply, ChatStream, Deployment, JsonReply, Needs, PlanRequest, Usage } from '../routing/index.ts'
import { estimateNanoUsd, findUsageDoubt, nanoUsdOf } from '../routing/index.ts'
import type { Booking, Estimate, MeteredCall, MeteredModel } from '../metering/index.ts'
import type { Answerer, GatewayServices } from './gateway-reply.ts'
import type { Call } from './types.ts'

/** A stream whose end is told to the meter and to routing. */
export interface MeteredStream extends ChatStream {
  /** Output tokens when it has ended well; throws what it broke off with, also that the caller left. */
  readonly ended: Promise<number | null>
}

export type MeteredReply =
  | Extract<ChatReply, { kind: 'json' }>
  | { readonly kind: 'stream'; readonly stream: MeteredStream }

export interface Metered {
  /** For planning: why this deployment would be refused now. */
  readonly refusedByBudget: NonNullable<PlanRequest['refusedByBudget']>
  /** Holds, sends, books. Throws what the meter refuses with and what `attempt` throws. */
  send(sending: Sending, attempt: () => Promise<ChatReply>): Promise<MeteredReply>
  sendJson<R extends Pick<JsonReply, 'kind' | 'usage'>>(sending: Sending, attempt: () => Promise<R>): Promise<R>
  /** It was answered from the cache, where the answer had cost so much. */
  hit(by: Answerer, usage: Usage, costUsd: number | null): void
}

export interface Sending {
  readonly deployment: Deployment
  readonly signal: AbortSignal
}

type Services = Pick<GatewayServices, 'access' | 'meter' | 'clock' | 'drift'>

const charsPerToken = 4

/** Why a deployment would be refused now, for planning; nothing is held. */
export function budgetView(
  call: Call,
  kind: MeteredCall['kind'],
  needs: Needs,
  { access, meter }: Pick<Services, 'access' | 'meter'>,
): Metered['refusedByBudget'] {
  const metered = describeCall(call, kind, access)
  return (deployment) => meter.wouldRefuse(metered, modelOf(deployment), estimateOf(deployment, needs))
}

function describeCall(
  { requestId, principal: caller }: Call,
  kind: MeteredCall['kind'],
  access: Services['access'],
): MeteredCall {
  const { id, credentialId, withinKeys, via, groups = [] } = caller
  const mayReadUsage = () => access.may(caller, 'usage.read')
  const principal = { id, credentialId, via, ...(withinKeys ? { withinKeys } : {}) }
  return { requestId, principal, teams: groups, mayReadUsage, kind }
}

function estimateOf({ info, egress }: Deployment, needs: Needs): Estimate {
  const { inputTokens, outputTokens } = needs
  return { inputTokens, outputTokens, nanoUsd: estimateNanoUsd(info, egress, needs) }
}

/** Takes one request from the limits; throws `limit.requests`. */
export async function openMetered(
  call: Call,
  kind: MeteredCall['kind'],
  needs: Needs,
  { access, meter, clock, drift }: Services,
): Promise<Metered> {
  const request = await meter.begin(describeCall(call, kind, access))
  const { doubt, believe } = openBelief(kind, needs, drift)

  async function run<R extends ChatReply | Pick<JsonReply, 'kind' | 'usage'>>(
    { deployment, signal }: Sending,
    attempt: () => Promise<R>,
  ) {
    const held = await request.attempt(modelOf(deployment), estimateOf(deployment, needs))
    const startedAt = clock.monotonic()
    const book = (told: Told) =>
      held.settle(bookingOf(told, { deployment, needs, startedAt, endedAt: clock.monotonic() }))
    try {
      const reply = await attempt()
      const ttftMs = clock.monotonic() - startedAt
      if (reply.kind !== 'json') return { reply, book, ttftMs }
      const said = saidOf(reply)
      const usage = believe(deployment, reply.usage, said)
      book({ outcome: 'ok', usage, chars: said.chars, ttftMs: null })
      return { reply: usage === reply.usage ? reply : { ...reply, usage }, book, ttftMs }
    } catch (thrown) {
      if (isUnsent(thrown, signal)) held.cancel()
      else {
        const isFree = isAnsweredWithError(thrown)
        book({ outcome: outcomeOf(thrown, signal), usage: nothing, chars: 0, ttftMs: null, isFree })
      }
      throw thrown
    }
  }

  function observe(deployment: Deployment, usage: Usage): void {
    const told = { input: usage.input, output: usage.output }
    drift.observe({ deployment: deployment.id, told, estimated: { input: needs.inputTokens, output: null } })
  }

  return {
    refusedByBudget: budgetView(call, kind, needs, { access, meter }),
    async send(sending, attempt) {
      const { reply, book, ttftMs } = await run(sending, attempt)
      if (reply.kind === 'json') {
        observe(sending.deployment, reply.usage)
        return reply
      }
      const { deployment, signal } = sending
      const ended = (told: Omit<Told, 'ttftMs'>) => {
        const usage = believe(deployment, told.usage, { chars: told.chars, isWhole: true })
        book({ ...told, usage, ttftMs })
        if (told.outcome === 'ok') observe(deployment, usage)
      }
      const isBelieved = (usage: Usage, chars: number) => doubt(deployment, usage, { chars, isWhole: true }) === null
      return { kind: 'stream', stream: watchStream(reply.stream, { signal, isBelieved, tell: ended }) }
    },
    async sendJson(sending, attempt) {
      const { reply } = await run(sending, attempt)
      return reply
    },
    hit(by, usage, costUsd) {
      const saved = { inputTokens: usage.input ?? 0, outputTokens: usage.output ?? 0 }
      const nanoUsd = costUsd === null ? null : toNano(costUsd)
      const { provider, model, egress } = by
      request.hit({ deployment: `${provider}/${model}`, provider, egress }, { ...saved, nanoUsd })
    },
  }
}

const nothing: Usage = { input: null, output: null }

/** What is believed of the usage that providers tell of one call. */
function openBelief(kind: MeteredCall['kind'], needs: Needs, drift: Pick<Services['drift'], 'disbelieve'>) {
  // Those that pass through may go on with a conversation that the provider keeps.
  const mayAdd = kind === 'messages' || kind === 'responses'
  const doubt = ({ info }: Deployment, usage: Usage, { chars, isWhole }: Said) =>
    findUsageDoubt({ usage, info, needs, chars, isWhole, mayAdd })

  return {
    doubt,
    /** The usage, or nothing where it cannot be true; that is noted. */
    believe(deployment: Deployment, usage: Usage, said: Said): Usage {
      const found = doubt(deployment, usage, said)
      if (found === null) return usage
      drift.disbelieve(deployment.provider.id, found)
      return nothing
    },
  }
}

function modelOf({ id, provider, egress }: Deployment): MeteredModel {
  return { deployment: id, provider: provider.id, egress }
}

interface Told {
  readonly outcome: string
  readonly usage: Usage
  /** Characters that were received. */
  readonly chars: number
  readonly ttftMs: number | null
  /** Nothing is charged. */
  readonly isFree?: boolean
}

/** How much a model said. */
interface Said {
  readonly chars: number
  /** It is all that is seen of it. */
  readonly isWhole: boolean
}

function saidOf(reply: Pick<JsonReply, 'kind'> & { readonly text?: string; readonly chars?: number }): Said {
  return { chars: reply.chars ?? reply.text?.length ?? 0, isWhole: reply.chars !== undefined }
}

interface Attempted {
  readonly deployment: Deployment
  readonly needs: Needs
  readonly startedAt: number
  readonly endedAt: number
}

function bookingOf({ outcome, usage, chars, ttftMs, isFree = false }: Told, attempted: Attempted): Booking {
  const { deployment, needs, startedAt, endedAt } = attempted
  // Embeddings have no output, and tell none.
  const isTold = usage.input !== null && (usage.output !== null || needs.kind === 'embedding')
  const output = needs.kind === 'embedding' ? 0 : (usage.output ?? Math.ceil(chars / charsPerToken))
  const input = isFree ? 0 : (usage.input ?? needs.inputTokens)
  const counted: Usage = { ...usage, input, output }
  return {
    inputTokens: input,
    outputTokens: output,
    // Parts of these two, whatever was told.
    cacheReadTokens: Math.min(usage.cacheRead ?? 0, input),
    cacheWriteTokens: Math.min(usage.cacheWrite ?? 0, input),
    reasoningTokens: Math.min(usage.reasoning ?? 0, output),
    nanoUsd: isFree ? 0 : nanoUsdOf(deployment.info, deployment.egress, counted),
    isEstimated: !isFree && !isTold,
    outcome,
    ttftMs,
    totalMs: endedAt - startedAt,
  }
}

/** Failures after which the provider cannot have worked on the request, or says that it did not. */
const free: ReadonlySet<string> = new Set([
  'unreachable',
  'rate-limited',
  'credentials',
  'failed',
  'redirect',
  'queue-full',
  'denied',
  'rejected',
  'context-length',
  'content-policy',
])

function isAnsweredWithError(thrown: unknown): boolean {
  return thrown instanceof UpstreamFailure && free.has(thrown.kind)
}

/** Something of ours refused before the request went out: a conversion, the record of its intent. */
function isUnsent(thrown: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && !(thrown instanceof UpstreamFailure)
}

function outcomeOf(thrown: unknown, signal: AbortSignal): string {
  if (thrown instanceof UpstreamFailure) return thrown.kind
  return signal.aborted ? 'cancelled' : 'internal.error'
}

interface Watching {
  readonly signal: AbortSignal
  isBelieved(usage: Usage, chars: number): boolean
  tell(told: Omit<Told, 'ttftMs'>): void
}

/** The stream, with its end told once: at its clean end, at its failure, or when nobody wants more. */
function watchStream(stream: ChatStream, { signal, isBelieved, tell }: Watching): MeteredStream {
  const ended = Promise.withResolvers<number | null>()
  ended.promise.catch(() => undefined)
  let isOver = false
  let isReading = false
  let chars = 0

  function end(outcome: string, thrown?: unknown): void {
    if (isOver) return
    isOver = true
    tell({ outcome, usage: stream.usage(), chars })
    if (thrown === undefined) ended.resolve(usage().output)
    else ended.reject(thrown as Error)
  }

  /** What everybody else hears of it. */
  function usage(): Usage {
    const told = stream.usage()
    return isBelieved(told, chars) ? told : nothing
  }

  const endIfUnread = () => {
    if (!isReading) end('cancelled', signal.reason ?? left)
  }
  // The caller’s leaving and a deadline may end it while nobody reads; who reads will hear how it ended.
  void stream.settled.then(endIfUnread)
  return {
    ...stream,
    usage,
    ended: ended.promise,
    async read() {
      isReading = true
      try {
        const piece = await stream.read()
        if (piece) chars += piece.chars ?? piece.text.length
        else end('ok')
        return piece
      } catch (thrown) {
        end(outcomeOf(thrown, signal), thrown)
        throw thrown
      } finally {
        isReading = false
      }
    },
    cancel() {
      end('cancelled', left)
      stream.cancel()
    },
  }
}

const left = new DOMException('Nobody wants more of the stream.', 'AbortError')
