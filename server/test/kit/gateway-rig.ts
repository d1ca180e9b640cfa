/** The gateway's pipeline over real routing, real providers and the real outbound door, with the stages of other modules kept to their smallest. */
import { openAccess } from './open-access.ts'
import { configSchema, chatRequestSchema, embeddingsRequestSchema, type Config, type Label } from '@cairn/contract'
import type { AuditEntry } from '../../src/audit/types.ts'
import { silentLogger, systemClock, type Logger, type Principal } from '../../src/base/index.ts'
import type { Cache } from '../../src/cache/types.ts'
import { openPipelineCaches, type CacheSettings } from '../../src/pipeline/caches.ts'
import { createChat } from '../../src/pipeline/chat.ts'
import { createEmbeddings } from '../../src/pipeline/embeddings.ts'
import type { Call } from '../../src/pipeline/types.ts'
import type { GatewayReply } from '../../src/pipeline/gateway-reply.ts'
import type { Meter } from '../../src/metering/index.ts'
import { createOutbound, createPermitOffice } from '../../src/platform/index.ts'
import type { LocalServer, UpstreamSettings } from '../../src/providers/index.ts'
import type { HealthBoard } from '../../src/routing/health/types.ts'
import { createDriftWatch, createRouting, type CallKind, type PlanRequest } from '../../src/routing/index.ts'
import { createFreeMeter } from './free-meter.ts'

export interface RigOptions {
  upstreams: readonly UpstreamSettings[]
  models?: Partial<Config['models']>
  routing?: Partial<Config['routing']>
  slots?: { inFlight: number; waiting: number }
  random?: () => number
  /** Absent: what this process alone learns of its deployments. */
  health?: HealthBoard
  /** Absent: one without limits and budgets. */
  meter?: Pick<Meter, 'begin' | 'wouldRefuse'>
  localServers?: readonly LocalServer[]
  logger?: Logger
  audit?: (entry: AuditEntry) => Promise<number>
  refuse?: string
  /** Absent: everything is made anew. */
  cache?: Cache
  settings?: Partial<CacheSettings>
}

export const owner: Principal = { id: 'user_owner', name: 'Owner', kind: 'owner', via: 'key', credentialId: 'key_1' }

/** An upstream of the kit as configuration, with the models a test wants to name. */
export function upstreamOf(
  id: string,
  url: string,
  models: readonly string[],
  more: Partial<UpstreamSettings> = {},
): UpstreamSettings {
  return { id, dialect: 'openai', baseUrl: url, models: [...models], ...more }
}

export function createRig(options: RigOptions) {
  const entries: AuditEntry[] = []
  const clock = systemClock
  const logger = options.logger ?? silentLogger
  const models = { ...configSchema.parse({}).models, ...options.models }
  const permits = createPermitOffice()
  const outbound = createOutbound({ permits, clock, logger })
  const free = createFreeMeter()
  const { booked, hits, open } = free
  const meter = options.meter ?? free.meter
  const routing = createRouting({
    upstreams: options.upstreams,
    models,
    // In the given order, so that a test knows who is asked first.
    settings: { ...configSchema.parse({}).routing, strategy: 'best', ...options.routing },
    permits,
    outbound,
    clock,
    logger,
    ...(options.slots ? { limits: { ...options.slots, workers: 1 } } : {}),
    ...(options.random ? { random: options.random } : {}),
    ...(options.health ? { health: options.health } : {}),
    ...(options.localServers ? { localServers: options.localServers } : {}),
  })
  const record = async (entry: AuditEntry) => {
    entries.push(entry)
    return options.audit ? options.audit(entry) : entries.length
  }
  const settings = { ...configSchema.parse({}).cache, deploymentId: 'dep_test', ...options.settings }
  const caches = openPipelineCaches(options.cache ?? null, settings)
  const access = openAccess()
  const drift = createDriftWatch({ clock, logger })
  const services = {
    access,
    audit: { record, ruleFor: () => ({ level: 'metadata' as const }) },
    caches,
    clock,
    drift,
    logger,
    meter,
    routing,
  }
  const runChat = createChat(services)
  const runEmbeddings = createEmbeddings(services)
  const callWith = (signal: AbortSignal, more: Partial<Call> = {}): Call => ({
    requestId: 'req_test',
    principal: owner,
    signal,
    startedAtMs: clock.monotonic(),
    ...more,
  })

  return {
    routing,
    outbound,
    permits,
    entries,
    booked,
    hits,
    open,
    services,
    /** Sends a chat request as its exact text. */
    chat(
      text: string,
      signal: AbortSignal = new AbortController().signal,
      more: Partial<Call> = {},
    ): Promise<GatewayReply> {
      return runChat(callWith(signal, more), {
        body: new TextEncoder().encode(text),
        request: chatRequestSchema.parse(JSON.parse(text)),
      })
    },
    embeddings(text: string, more: Partial<Call> = {}): Promise<GatewayReply> {
      return runEmbeddings(callWith(new AbortController().signal, more), {
        body: new TextEncoder().encode(text),
        request: embeddingsRequestSchema.parse(JSON.parse(text)),
      })
    },
  }
}

/** What planning is told of a call that needs nothing. */
export function planning(label: Label = 'public', kind: CallKind = 'chat'): PlanRequest {
  return { needs: { kind, capabilities: [], inputTokens: 1, outputTokens: 1 }, label, affinity: null }
}

export async function textOf(reply: Pick<GatewayReply, 'body'>): Promise<string> {
  return new Response(reply.body as ReadableStream).text()
}

/** The `data` payloads of a stream, in order. */
export function dataOf(stream: string): string[] {
  return stream.split(/\r?\n\r?\n/).flatMap((frame) =>
    frame
      .split(/\r?\n/)
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).trimStart()),
  )
}

/** The JSON of the `: cairn` line. */
export function summaryOf(stream: string): Record<string, unknown> {
  const line = stream.split('\n').find((each) => each.startsWith(': cairn ')) ?? ''
  return JSON.parse(line.slice(8)) as Record<string, unknown>
}

/** A chat request as text, with the white space and numbers that no serialiser writes. */
export function chatText(model: string, more = ''): string {
  return `{ "temperature" : 1.0,\n "messages":[{"role":"user","content":"caf\\u00e9 \\/ 1e3 and \\"model\\": \\"x\\"","model":"nested"}] ,"model":${JSON.stringify(model)}${more},"top_p":1e-0 }`
}

export async function until(condition: () => boolean, ms: number): Promise<number> {
  const startedAt = performance.now()
  while (!condition()) {
    if (performance.now() - startedAt > ms) throw new Error(`not within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return performance.now() - startedAt
}
