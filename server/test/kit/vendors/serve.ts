/** What the upstreams in the vendors’ own dialects share: recording, faults, deterministic words, and sending. */
import { createHash } from 'node:crypto'
import { listen, pause, type Exchange } from '../http-socket.ts'

export interface VendorFaults {
  headDelayMs?: number
  chunkDelayMs?: number
  /** An error of the dialect with this status. */
  status?: number
  /** Its type (Anthropic) or canonical code (Google), and its words; usual ones when absent. */
  type?: string
  message?: string
  retryAfter?: string
  /** Google’s `details`. */
  details?: readonly object[]
  /** Never sends a head. */
  hang?: boolean
  /** Resets the connection instead of a reply. */
  reset?: boolean
  /** A page, no JSON, JSON where a stream was asked for, an error object with status 200, or a reply without end. */
  body?: 'html' | 'malformed' | 'type' | 'error' | 'huge'
  /** After so many events of a stream: closes the connection, ends the reply cleanly, an error event, no JSON, silence. */
  cutAfter?: number
  endAfter?: number
  errorAfter?: number
  garbageAfter?: number
  silentAfter?: number
  /** An event of a type that no client knows, before each other one. */
  unknownEvents?: boolean
  /** Between the last event and the end of the reply. */
  lateEndMs?: number
  /** Bytes per write. */
  split?: number
  /** Words of the answer, and characters of each, to fill pipes. */
  words?: number
  wordChars?: number
}

export interface VendorRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Record<string, unknown>
  readonly bytes: Uint8Array
  sent(): Uint8Array
  readonly closed: AbortSignal
}

export interface VendorUpstream {
  /** Base address, with the version. */
  readonly url: string
  readonly port: number
  readonly requests: VendorRequest[]
  openSockets(): number
  totalSockets(): number
  close(): Promise<void>
}

export interface VendorUpstreamOptions {
  port?: number
  host?: string
  /** The key it wants; any when absent. */
  apiKey?: string
  models?: readonly string[]
  /** Models of one page of the list. */
  pageSize?: number
  /** Faults of the first, second … request for an answer. */
  script?: readonly VendorFaults[]
  /** Faults of every request. */
  always?: VendorFaults
}

export type Json = Record<string, unknown>

export interface Handling {
  readonly exchange: Exchange
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Json
  /** The next entry of the script, over those of every request. */
  faults(): VendorFaults
}

export async function startVendor(
  options: VendorUpstreamOptions,
  version: string,
  handle: (handling: Handling) => Promise<void>,
): Promise<VendorUpstream> {
  const requests: VendorRequest[] = []
  const script = [...(options.script ?? [])]
  const server = await listen({
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    handle: async (exchange) => {
      const url = new URL(exchange.path, 'http://upstream')
      const body = parseJson(exchange.body)
      const { method, path, headers, closed } = exchange
      requests.push({
        method,
        path,
        headers,
        body,
        bytes: exchange.body,
        sent: () => Buffer.concat(exchange.sent),
        closed,
      })
      const faults = () => ({ ...options.always, ...script.shift() })
      await handle({ exchange, path: url.pathname, query: url.searchParams, body, faults })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}${version}`,
    port: server.port,
    requests,
    openSockets: server.openSockets,
    totalSockets: server.totalSockets,
    close: server.close,
  }
}

function parseJson(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Json
  } catch {
    return {}
  }
}

const vocabulary =
  'stone trail river ridge note path moss fern lantern harbour signal anchor winter summer letter bridge copper willow meadow cairn'.split(
    ' ',
  )

export function digest(value: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest()
}

/** Words from the hash of what was asked. */
export function wordsFor(asked: unknown, { words = 6, wordChars = 0 }: VendorFaults): string[] {
  const hash = digest(asked)
  return Array.from({ length: words }, (_, i) =>
    `${vocabulary[((hash[i % 32] ?? 0) + i) % vocabulary.length]} `.padEnd(wordChars, '.'),
  )
}

/** About one token for four characters. */
export function tokensOf(value: unknown): number {
  return Math.ceil((JSON.stringify(value) ?? '').length / 4)
}

/** A value that fits a JSON schema of the usual kinds. */
export function valueFor(schema: Json): unknown {
  if (Array.isArray(schema['enum'])) return schema['enum'][0]
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(
        Object.entries((schema['properties'] ?? {}) as Record<string, Json>).map(([name, each]) => [
          name,
          valueFor(each),
        ]),
      )
    case 'array':
      return [valueFor((schema['items'] ?? {}) as Json)]
    case 'number':
    case 'integer':
      return 7
    case 'boolean':
      return true
    default:
      return 'stone'
  }
}

export async function sendJson(
  exchange: Exchange,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
) {
  const bytes = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
  exchange.head(status, { 'content-type': 'application/json', ...headers }, bytes.length)
  await exchange.write(bytes)
}

/** The faults that replace a reply; otherwise `reply`. */
export async function withFaults(
  exchange: Exchange,
  faults: VendorFaults,
  sendError: (status: number, faults: VendorFaults) => Promise<void>,
  reply: () => Promise<void>,
): Promise<void> {
  if (faults.headDelayMs !== undefined) await pause(faults.headDelayMs, exchange.closed)
  if (faults.hang === true) return pause(3_600_000, exchange.closed)
  if (faults.reset === true) return exchange.reset()
  if (faults.body === 'html') {
    const page = '<html><body><h1>502 Bad Gateway</h1></body></html>'
    exchange.head(faults.status ?? 200, { 'content-type': 'text/html' }, page.length)
    return exchange.write(page)
  }
  if (faults.body === 'malformed') return sendJson(exchange, 200, '{"id": nonsense')
  if (faults.body === 'huge') {
    exchange.head(200, { 'content-type': 'application/json' })
    await exchange.write('{"filler":"')
    while (!exchange.closed.aborted) await exchange.write('x'.repeat(65_536))
    return
  }
  if (faults.status !== undefined || faults.body === 'error') return sendError(faults.status ?? 200, faults)
  await reply()
}

/** Sends the frames of a stream with the faults that break it. `errorFrame` is an error inside a stream. */
export async function sendFrames(
  exchange: Exchange,
  frames: readonly string[],
  faults: VendorFaults,
  errorFrame: string,
): Promise<void> {
  exchange.head(200, { 'content-type': 'text/event-stream' })
  for (const [index, frame] of frames.entries()) {
    if (exchange.closed.aborted) return
    if (index === faults.cutAfter) {
      await pause(20, exchange.closed)
      return exchange.cut()
    }
    if (index === faults.endAfter) return exchange.end()
    if (index === faults.silentAfter) return pause(3_600_000, exchange.closed)
    if (index === faults.errorAfter) {
      await exchange.write(errorFrame)
      return exchange.end()
    }
    if (index === faults.garbageAfter) await exchange.write('data: {"id": nonsense\n\n')
    if (faults.chunkDelayMs !== undefined) await pause(faults.chunkDelayMs, exchange.closed)
    await writeSplit(exchange, frame, faults.split)
  }
  if (faults.lateEndMs !== undefined) await pause(faults.lateEndMs, exchange.closed)
  exchange.end()
}

/** With `split`, small writes that the other side gets as they are: a turn of the event loop lies between them. */
async function writeSplit(exchange: Exchange, text: string, split: number | undefined): Promise<void> {
  const bytes = new TextEncoder().encode(text)
  if (split === undefined) return exchange.write(bytes)
  for (let at = 0; at < bytes.length; at += split) {
    await exchange.write(bytes.slice(at, at + split))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
