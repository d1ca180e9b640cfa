/** How the test upstream sends what it has to say, whole or with a fault in it. Each tells how the call ended. */
import { usageOf, type Answer, type StreamEvent } from './answers.ts'
import type { Faults } from './faults.ts'
import { pause, type Exchange } from './http-socket.ts'
import type { CallEnd, OpenCall } from './tally.ts'

const encoder = new TextEncoder()

/** The faults that come in place of a reply; otherwise `reply`. */
export async function applyFaults(exchange: Exchange, faults: Faults, reply: () => Promise<CallEnd>): Promise<CallEnd> {
  if (faults.headDelayMs) await pause(faults.headDelayMs, exchange.closed)
  if (faults.hang) return pauseForEver(exchange)
  if (faults.reset) {
    exchange.reset()
    return 'cut'
  }
  if (faults.redirect !== undefined) {
    exchange.head(faults.status ?? 302, { location: faults.redirect }, 0)
    return 'error'
  }
  if (faults.body === 'html')
    return sendText(exchange, faults.status ?? 200, 'text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>')
  if (faults.body === 'malformed') return sendText(exchange, 200, 'application/json', '{"id": nonsense')
  if (faults.body === 'error')
    return sendText(
      exchange,
      200,
      'application/json',
      '{"error":{"message":"overloaded","type":"server_error","code":null}}',
    )
  if (faults.body === 'huge') return sendForEver(exchange)
  if (faults.status !== undefined) return sendStatus(exchange, faults.status, faults)
  return reply()
}

const messages: Record<string, string> = {
  400: 'Invalid value for temperature: expected a number.',
  404: 'The model does not exist.',
  429: 'Rate limit reached for requests.',
  context_length_exceeded:
    "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.",
  content_policy_violation: 'Your request was rejected by our safety system.',
  invalid_api_key: 'Incorrect API key provided.',
}

function sendStatus(exchange: Exchange, status: number, faults: Faults): Promise<CallEnd> {
  const { code = null, retryAfter, retryAfterMs, retryAfterDate } = faults
  const date = retryAfterDate === undefined ? undefined : new Date(Date.now() + retryAfterDate * 1_000).toUTCString()
  const after = date ?? retryAfter
  const headers = {
    ...(after === undefined ? {} : { 'retry-after': String(after) }),
    ...(retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) }),
  }
  return sendError(exchange, {
    status,
    message: messages[code ?? status] ?? `Test error ${status}.`,
    code,
    headers,
  })
}

export interface StreamReply {
  readonly events: readonly StreamEvent[]
  readonly made: Answer
  readonly faults: Faults
  /** The payload that ends it; responses have none. */
  readonly last: string | null
  readonly call: OpenCall
}

export async function sendStream(exchange: Exchange, reply: StreamReply): Promise<CallEnd> {
  const { events, made, faults, call } = reply
  const end = faults.crlf ? '\r\n' : '\n'
  const comment = faults.comments ? `: keep-alive${end}${end}` : ''
  const frame = (payload: string, event?: string) =>
    `${comment}${event === undefined ? '' : `event: ${event}${end}`}data: ${payload}${end}${end}`
  exchange.head(200, { 'content-type': 'text/event-stream' })
  let contents = 0
  let isTold = false
  for (const { json, event, hasContent, hasUsage } of events) {
    if (exchange.closed.aborted) return 'cancelled'
    if (faults.noFinish && json.includes('"finish_reason":"')) continue
    if (hasContent || contents > 0) {
      const broken = await breakOff(exchange, contents, faults, frame(json, event))
      if (broken) return broken
      if (contents === faults.garbageAfter) await exchange.write(frame('{"id": nonsense'))
    }
    if (hasContent) contents += 1
    if (faults.chunkDelayMs) await pause(faults.chunkDelayMs, exchange.closed)
    await writeSplit(exchange, frame(json, event), faults)
    if (exchange.closed.aborted) return 'cancelled'
    if (hasContent) call.sentWords(1)
    const usage = hasUsage && !isTold ? usageOf(made) : null
    if (usage) call.toldUsage(usage)
    isTold ||= hasUsage
  }
  if (reply.last !== null && !faults.noDone) await writeSplit(exchange, frame(reply.last), faults)
  if (faults.lateEndMs) await pause(faults.lateEndMs, exchange.closed)
  const how = exchange.closed.aborted ? 'cancelled' : 'whole'
  exchange.end()
  return how
}

/** The faults that end a stream before its next frame. */
async function breakOff(
  exchange: Exchange,
  contents: number,
  faults: Faults,
  nextFrame: string,
): Promise<CallEnd | null> {
  if (contents === faults.breakAfter || contents === faults.halfAfter) {
    const bytes = encoder.encode(nextFrame)
    const inside = bytes.findIndex((byte) => byte >= 0xc0) + 1
    if (contents === faults.halfAfter) await exchange.write(bytes.slice(0, inside))
    // A stream that fails loses what its reader has not read yet; with time to read, the count is exact.
    await pause(20, exchange.closed)
    exchange.cut()
    return 'cut'
  }
  if (contents === faults.silentAfter) return pauseForEver(exchange)
  if (contents !== faults.errorAfter) return null
  await exchange.write('data: {"error":{"message":"the engine stopped","type":"server_error"}}\n\n')
  exchange.end()
  return 'error'
}

/** Small writes that the other side gets as they are: a turn of the event loop lies between them. */
async function writeSplit(exchange: Exchange, text: string, faults: Faults): Promise<void> {
  const bytes = encoder.encode(text)
  const pieces = faults.splitCharacters ? splitInsideCharacters(bytes) : splitEvery(bytes, faults.split)
  for (const piece of pieces) {
    await exchange.write(piece)
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve))
  }
}

function splitEvery(bytes: Uint8Array, size: number | undefined): Uint8Array[] {
  if (!size) return [bytes]
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.slice(at * size, (at + 1) * size))
}

/** Cut after the first byte of every character that has more than one. */
export function splitInsideCharacters(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let from = 0
  for (const [at, byte] of bytes.entries()) {
    if (byte < 0xc0) continue
    pieces.push(bytes.slice(from, at + 1))
    from = at + 1
  }
  return [...pieces, bytes.slice(from)]
}

export async function sendJson(exchange: Exchange, json: string, faults: Faults = {}): Promise<CallEnd> {
  if (faults.body === 'truncated') return sendText(exchange, 200, 'application/json', json.slice(0, json.length / 2))
  const bytes = encoder.encode(json)
  exchange.head(200, { 'content-type': 'application/json' }, bytes.length)
  if (faults.body === 'cut') {
    await exchange.write(bytes.slice(0, bytes.length / 2))
    exchange.cut()
    return 'cut'
  }
  const pieces = faults.splitCharacters ? splitInsideCharacters(bytes) : splitEvery(bytes, faults.split)
  for (const piece of pieces) await exchange.write(piece)
  return exchange.closed.aborted ? 'cancelled' : 'whole'
}

async function sendText(exchange: Exchange, status: number, type: string, text: string): Promise<CallEnd> {
  exchange.head(status, { 'content-type': type }, encoder.encode(text).length)
  await exchange.write(text)
  return 'error'
}

async function sendForEver(exchange: Exchange): Promise<CallEnd> {
  exchange.head(200, { 'content-type': 'application/json' })
  await exchange.write('{"choices":[],"filler":"')
  while (!exchange.closed.aborted) await exchange.write('x'.repeat(65_536))
  return 'cancelled'
}

export interface ErrorReply {
  readonly status: number
  readonly message: string
  readonly code: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export async function sendError(
  exchange: Exchange,
  { status, message, code, headers = {} }: ErrorReply,
): Promise<CallEnd> {
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  const json = JSON.stringify({ error: { message, type, param: null, code } })
  exchange.head(status, { 'content-type': 'application/json', ...headers }, encoder.encode(json).length)
  await exchange.write(json)
  return 'error'
}

async function pauseForEver(exchange: Exchange): Promise<CallEnd> {
  await pause(3_600_000, exchange.closed)
  return 'cancelled'
}
