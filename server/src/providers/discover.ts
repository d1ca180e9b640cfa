/**
 * Finds the model servers that people run on their own machine, on the ports they use when nobody changes them. What
 * answers there may be anything, so replies are bounded in time and size, and what does not look like a model server
 * is left alone with a reason.
 */
import { CairnError, isRecord, type Clock } from '../base/index.ts'
import type { EgressPermit, Outbound } from '../platform/index.ts'
import { createCallGuard } from './openai/call-guard.ts'
import { readBody } from './openai/exchange.ts'
import { parseObject } from './openai/replies.ts'
import type { UpstreamSettings } from './from-config.ts'

export interface LocalServer {
  readonly id: string
  readonly port: number
  /** Where it lists its models, in Ollama’s shape or OpenAI’s. */
  readonly list: { readonly path: string; readonly shape: 'ollama' | 'openai' }
}

export const usualLocalServers: readonly LocalServer[] = [
  { id: 'ollama', port: 11_434, list: { path: '/api/tags', shape: 'ollama' } },
  { id: 'lm-studio', port: 1_234, list: { path: '/v1/models', shape: 'openai' } },
  { id: 'vllm', port: 8_000, list: { path: '/v1/models', shape: 'openai' } },
  { id: 'llama-cpp', port: 8_080, list: { path: '/v1/models', shape: 'openai' } },
]

export interface Discovery {
  readonly found: readonly UpstreamSettings[]
  /** Servers that answered, but not as a model server. */
  readonly ignored: readonly { readonly id: string; readonly address: string; readonly reason: string }[]
}

export interface DiscoverOptions {
  readonly outbound: Outbound
  readonly clock: Clock
  readonly permitFor: (provider: string, url: string) => EgressPermit
  readonly signal: AbortSignal
  readonly servers?: readonly LocalServer[] | undefined
  readonly timeoutMs?: number
}

type Look = { upstream: UpstreamSettings } | { reason: string } | null

const replyBytes = 1_048_576
const mostModels = 200

/** Looks at all ports at once. Throws nothing for what other programs do. */
export async function discoverLocal(options: DiscoverOptions): Promise<Discovery> {
  const servers = options.servers ?? usualLocalServers
  const looks = await Promise.all(servers.map(async (server) => ({ server, look: await lookAt(server, options) })))
  return {
    found: looks.flatMap(({ look }) => (look && 'upstream' in look ? [look.upstream] : [])),
    ignored: looks.flatMap(({ server, look }) =>
      look && 'reason' in look ? [{ id: server.id, address: addressOf(server), reason: look.reason }] : [],
    ),
  }
}

async function lookAt(
  server: LocalServer,
  { outbound, clock, permitFor, signal, timeoutMs = 500 }: DiscoverOptions,
): Promise<Look> {
  const address = addressOf(server)
  const guard = createCallGuard(
    signal,
    { connectTimeoutMs: timeoutMs, idleTimeoutMs: timeoutMs, totalTimeoutMs: 2 * timeoutMs },
    clock,
  )
  try {
    const response = await outbound.fetch(permitFor(server.id, address), {
      url: `${address}${server.list.path}`,
      signal: guard.signal,
      headTimeoutMs: timeoutMs,
    })
    if (response.status !== 200) return { reason: `answered with status ${response.status}` }
    const { bytes, complete } = await readBody(response, replyBytes, guard)
    if (!complete) return { reason: 'sent too much' }
    const reply = parseObject(bytes)
    const models = reply ? readNames(reply, server.list.shape) : undefined
    if (!models) return { reason: 'does not list models' }
    if (models.length === 0) return { reason: 'has no model yet' }
    return { upstream: { id: server.id, dialect: 'openai', baseUrl: `${address}/v1`, egress: 'local', models } }
  } catch (thrown) {
    const code = thrown instanceof CairnError ? thrown.code : 'upstream.failed'
    // Nothing listens there: the usual case, not worth a word.
    return code === 'upstream.unreachable'
      ? null
      : { reason: code === 'upstream.timeout' ? 'did not answer in time' : 'broke off' }
  } finally {
    guard.close()
  }
}

function addressOf({ port }: LocalServer): string {
  return `http://127.0.0.1:${port}`
}

/** The names of the models, or undefined when the reply has another shape. */
function readNames(reply: Record<string, unknown>, shape: 'ollama' | 'openai'): string[] | undefined {
  const list = shape === 'ollama' ? reply['models'] : reply['data']
  if (!Array.isArray(list)) return undefined
  const names = list
    .slice(0, mostModels)
    .map((entry) =>
      isRecord(entry) ? (shape === 'ollama' ? (entry['model'] ?? entry['name']) : entry['id']) : undefined,
    )
  return [
    ...new Set(names.filter((name): name is string => typeof name === 'string' && /^[\w./:@+-]{1,200}$/.test(name))),
  ]
}
