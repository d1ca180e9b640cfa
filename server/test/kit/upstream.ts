/**
 * A deterministic server in the OpenAI dialect, with Ollama's own list of models, for tests, benchmarks and trying
 * Cairn out without a model. As a program: `bun server/test/kit/upstream.ts --port 11434 [--ollama] [--delay MS]`.
 */
import { answer, chatChunks, chatJson, embeddingsJson, oddString, type ChatBody } from './answers.ts'
import { parseFaults, type Faults } from './faults.ts'
import { listen, type Exchange } from './http-socket.ts'

export interface UpstreamOptions {
  port?: number
  host?: string
  models?: readonly string[]
  /** Faults of the first, second … request to a model endpoint; what is left of the list uses the model’s name. */
  script?: readonly Faults[]
  /** Faults of every request. */
  always?: Faults
  /** Answers Ollama’s own paths too. */
  ollama?: boolean
  /** The key it wants; any when absent. */
  apiKey?: string
}

export interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Bytes of the reply’s body so far. */
  sent(): Uint8Array
  /** Aborted when the client closed the connection. */
  readonly closed: AbortSignal
}

export interface Upstream {
  /** Base address, with `/v1`. */
  readonly url: string
  readonly port: number
  readonly requests: RecordedRequest[]
  openSockets(): number
  totalSockets(): number
  close(): Promise<void>
}

const defaultModels = ['test-chat', 'test-reason', 'echo', 'test-embed']

export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const requests: RecordedRequest[] = []
  const script = [...(options.script ?? [])]
  const handle = async (exchange: Exchange) => {
    requests.push({
      method: exchange.method,
      path: exchange.path,
      headers: exchange.headers,
      body: exchange.body,
      sent: () => Buffer.concat(exchange.sent),
      closed: exchange.closed,
    })
    await route(exchange, options, script)
  }
  const server = await listen({ port: options.port ?? 0, host: options.host ?? '127.0.0.1', handle })
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    port: server.port,
    requests,
    openSockets: server.openSockets,
    totalSockets: server.totalSockets,
    close: server.close,
  }
}

async function route(exchange: Exchange, options: UpstreamOptions, script: Faults[]): Promise<void> {
  const models = options.models ?? defaultModels
  const path = exchange.path.split('?')[0]
  if (options.apiKey !== undefined && exchange.headers['authorization'] !== `Bearer ${options.apiKey}`)
    return sendError(exchange, {
      status: 401,
      message: `Incorrect API key provided: ${exchange.headers['authorization']?.slice(7)}.`,
      code: 'invalid_api_key',
    })
  if (options.ollama && path === '/api/version') return sendJson(exchange, '{"version":"0.11.4"}')
  if (options.ollama && path === '/api/tags') return sendJson(exchange, tagsJson(models))
  if (path === '/v1/models')
    return applyFaults(exchange, options.always ?? {}, () =>
      sendJson(
        exchange,
        `{"object":"list","data":[${models.map((id) => `{"id":${oddString(id)},"object":"model","created":1700000000,"owned_by":"test"}`).join(',')}]}`,
      ),
    )
  const isChat = path === '/v1/chat/completions'
  if (exchange.method !== 'POST' || !(isChat || path === '/v1/embeddings'))
    return sendError(exchange, {
      status: 404,
      message: `Unknown request URL: ${exchange.method} ${path}.`,
      code: 'unknown_url',
    })
  const body = parseBody(exchange.body)
  if (!body)
    return sendError(exchange, {
      status: 400,
      message: 'We could not parse the JSON body of your request.',
      code: 'invalid_json',
    })
  const faults = { ...parseFaults(body.model), ...options.always, ...script.shift() }
  await applyFaults(exchange, faults, async () => {
    if (!isChat)
      return sendJson(exchange, embeddingsJson(body as unknown as Parameters<typeof embeddingsJson>[0]), faults)
    if (body.stream === true && faults.body !== 'type') return sendStream(exchange, body, faults)
    return sendJson(exchange, chatJson(body, answer(body, faults.chunks)), faults)
  })
}

function parseBody(bytes: Uint8Array): ChatBody | undefined {
  try {
    const body = JSON.parse(new TextDecoder().decode(bytes)) as ChatBody
    return typeof body.model === 'string' ? body : undefined
  } catch {
    return undefined
  }
}

/** The faults that replace a reply; otherwise `reply`. */
async function applyFaults(exchange: Exchange, faults: Faults, reply: () => Promise<void>): Promise<void> {
  if (faults.headDelayMs) await pause(faults.headDelayMs, exchange.closed)
  if (faults.hang) return pause(3_600_000, exchange.closed)
  if (faults.reset) return exchange.reset()
  if (faults.redirect !== undefined) {
    exchange.head(302, { location: faults.redirect }, 0)
    return
  }
  if (faults.body === 'html')
    return sendBytes(exchange, faults.status ?? 200, 'text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>')
  if (faults.body === 'malformed') return sendBytes(exchange, 200, 'application/json', '{"id": nonsense')
  if (faults.body === 'error')
    return sendBytes(
      exchange,
      200,
      'application/json',
      '{"error":{"message":"overloaded","type":"server_error","code":null}}',
    )
  if (faults.body === 'huge') return sendForever(exchange)
  if (faults.status !== undefined) {
    const { status, code = null, retryAfter } = faults
    return sendError(exchange, {
      status,
      message: messages[code ?? status] ?? `Test error ${status}.`,
      code,
      retryAfter,
    })
  }
  await reply()
}

const messages: Record<string, string> = {
  400: 'Invalid value for temperature: expected a number.',
  404: 'The model does not exist.',
  429: 'Rate limit reached for requests.',
  context_length_exceeded:
    "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.",
  content_policy_violation: 'Your request was rejected by our safety system.',
}

async function sendStream(exchange: Exchange, body: ChatBody, faults: Faults): Promise<void> {
  const made = answer(body, faults.chunks)
  if (faults.chunkChars) made.words = made.words.map((word) => word.padEnd(faults.chunkChars ?? 0, '.'))
  const end = faults.crlf ? '\r\n' : '\n'
  const frame = (payload: string) => `${faults.comments ? `: keep-alive${end}${end}` : ''}data: ${payload}${end}${end}`
  exchange.head(200, { 'content-type': 'text/event-stream' })
  let contents = 0
  for (const { json, hasContent } of chatChunks(body, made, faults.usageEverywhere)) {
    if (exchange.closed.aborted) return
    if (faults.noFinish && json.includes('"finish_reason":"')) continue
    if (hasContent || contents > 0) {
      if (contents === faults.breakAfter) {
        // A stream that fails loses what its reader has not read yet; with time to read, the count is exact.
        await pause(20, exchange.closed)
        return exchange.cut()
      }
      if (contents === faults.silentAfter) return pause(3_600_000, exchange.closed)
      if (contents === faults.errorAfter) {
        await exchange.write(frame('{"error":{"message":"the engine stopped","type":"server_error"}}'))
        return exchange.end()
      }
      if (contents === faults.garbageAfter) await exchange.write(frame('{"id": nonsense'))
    }
    if (hasContent) contents += 1
    if (faults.chunkDelayMs) await pause(faults.chunkDelayMs, exchange.closed)
    await writeSplit(exchange, frame(json), faults.split)
  }
  if (!faults.noDone) await writeSplit(exchange, frame('[DONE]'), faults.split)
  if (faults.lateEndMs) await pause(faults.lateEndMs, exchange.closed)
  exchange.end()
}

/** With `split`, small writes that the other side gets as they are: a turn of the event loop lies between them. */
async function writeSplit(exchange: Exchange, text: string, split: number | undefined): Promise<void> {
  const bytes = new TextEncoder().encode(text)
  if (!split) return exchange.write(bytes)
  for (let at = 0; at < bytes.length; at += split) {
    await exchange.write(bytes.slice(at, at + split))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function sendJson(exchange: Exchange, json: string, faults: Faults = {}): Promise<void> {
  const bytes = new TextEncoder().encode(json)
  if (faults.body === 'truncated') return sendBytes(exchange, 200, 'application/json', json.slice(0, json.length / 2))
  exchange.head(200, { 'content-type': 'application/json' }, bytes.length)
  if (faults.body === 'cut') {
    await exchange.write(bytes.slice(0, bytes.length / 2))
    return exchange.cut()
  }
  if (!faults.split) return exchange.write(bytes)
  for (let at = 0; at < bytes.length; at += faults.split) await exchange.write(bytes.slice(at, at + faults.split))
}

async function sendBytes(exchange: Exchange, status: number, type: string, text: string): Promise<void> {
  exchange.head(status, { 'content-type': type }, new TextEncoder().encode(text).length)
  await exchange.write(text)
}

async function sendForever(exchange: Exchange): Promise<void> {
  exchange.head(200, { 'content-type': 'application/json' })
  await exchange.write('{"choices":[],"filler":"')
  while (!exchange.closed.aborted) await exchange.write('x'.repeat(65_536))
}

interface ErrorReply {
  status: number
  message: string
  code: string | null
  retryAfter?: string | undefined
}

async function sendError(exchange: Exchange, { status, message, code, retryAfter }: ErrorReply): Promise<void> {
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  const json = JSON.stringify({ error: { message, type, param: null, code } })
  exchange.head(
    status,
    { 'content-type': 'application/json', ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) },
    new TextEncoder().encode(json).length,
  )
  await exchange.write(json)
}

function tagsJson(models: readonly string[]): string {
  return JSON.stringify({
    models: models.map((name) => ({
      name,
      model: name,
      modified_at: '2026-01-01T00:00:00Z',
      size: 1_000_000,
      digest: 'sha256:00',
      details: {
        format: 'gguf',
        family: name.includes('embed') ? 'bert' : 'llama',
        parameter_size: '1B',
        quantization_level: 'Q4_0',
      },
    })),
  })
}

async function pause(ms: number, closed: AbortSignal): Promise<void> {
  if (closed.aborted) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    closed.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}

if (import.meta.main) {
  const flag = (name: string) => process.argv[process.argv.indexOf(name) + 1]
  const has = (name: string) => process.argv.includes(name)
  const upstream = await startUpstream({
    port: has('--port') ? Number(flag('--port')) : 11_434,
    ollama: has('--ollama'),
    always: has('--delay') ? { chunkDelayMs: Number(flag('--delay')) } : {},
  })
  process.stdout.write(`test upstream on ${upstream.url}\n`)
}
