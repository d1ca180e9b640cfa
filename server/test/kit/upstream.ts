/**
 * A deterministic server in the OpenAI dialect, with Ollama's own list of models, for tests, benchmarks and trying
 * Cairn out without a model. It can do everything wrong that a provider can (`faults.ts`), by the model's name, by a
 * header, by a script or by seed, and it counts what it did. As a program:
 *
 *   bun server/test/kit/upstream.ts [--port 11434] [--ollama] [--responses] [--delay MS] [--models a,b]
 *     [--name NAME --seed N --rate 0.2 [--faults reset,503,cut]] [--counted N]
 *
 * It tells its counts at `GET /__stats` and starts them anew at `DELETE /__stats`.
 */
import { answer, chatChunks, chatJson, embeddingsJson, oddString, usageOf, type ChatBody } from './answers.ts'
import { responsesEvents, responsesJson, toChatBody, type ResponsesBody } from './answers-responses.ts'
import { drawFault, requestNumberOf, type Draw } from './draw.ts'
import { faultNames, faultOf, isFaultName, parseFaultList, parseFaults, type FaultName, type Faults } from './faults.ts'
import { listen, type Exchange } from './http-socket.ts'
import { applyFaults, sendError, sendJson, sendStream } from './replies.ts'
import { createTally, type CallEnd, type OpenCall, type Tally, type UpstreamStats } from './tally.ts'

export interface UpstreamOptions {
  port?: number
  host?: string
  models?: readonly string[]
  /** Faults of the first, second … request to a model endpoint; what is left of the list uses the model’s name. */
  script?: readonly Faults[]
  /** Faults of every request. */
  always?: Faults
  /** The deployment’s name in draws. */
  name?: string
  /** Faults by seed, for requests that have a number. What the request itself asks for comes on top. */
  draw?: Draw
  /** Answers Ollama’s own paths too. */
  ollama?: boolean
  /** Answers `POST /v1/responses`. */
  responses?: boolean
  /** The key it wants; any when absent. */
  apiKey?: string
  /** False: `requests` stays empty, so that a long run does not fill memory. */
  keepsRequests?: boolean
  /** How many request numbers are counted apart. */
  maxCounted?: number
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
  stats(): UpstreamStats
  resetStats(): void
  openSockets(): number
  totalSockets(): number
  /** Closes the port until `accept`: whoever connects is refused. */
  refuse(): Promise<void>
  accept(): Promise<void>
  close(): Promise<void>
}

const defaultModels = ['test-chat', 'test-reason', 'echo', 'test-embed']

export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const requests: RecordedRequest[] = []
  const script = [...(options.script ?? [])]
  const tally = createTally(options.maxCounted ?? 100_000)
  const keeps = options.keepsRequests ?? true
  const stats = () => ({ ...tally.read(), sockets: server.openSockets() })
  const handle = async (exchange: Exchange) => {
    if (exchange.path === '/__stats') return tellStats(exchange, tally, stats)
    if (keeps)
      requests.push({
        method: exchange.method,
        path: exchange.path,
        headers: exchange.headers,
        body: exchange.body,
        sent: () => Buffer.concat(exchange.sent),
        closed: exchange.closed,
      })
    await route(exchange, { options, script, tally })
  }
  const server = await listen({
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    handle,
    keepsSent: keeps,
  })
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    port: server.port,
    requests,
    stats,
    resetStats: tally.reset,
    openSockets: server.openSockets,
    totalSockets: server.totalSockets,
    refuse: server.refuse,
    accept: server.accept,
    close: server.close,
  }
}

async function tellStats(exchange: Exchange, tally: Tally, stats: () => UpstreamStats): Promise<void> {
  if (exchange.method === 'DELETE') tally.reset()
  await sendJson(exchange, JSON.stringify(stats()))
}

interface Place {
  readonly options: UpstreamOptions
  readonly script: Faults[]
  readonly tally: Tally
}

async function route(exchange: Exchange, place: Place): Promise<CallEnd> {
  const { options } = place
  const models = options.models ?? defaultModels
  const path = exchange.path.split('?')[0] ?? ''
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
  const endpoint = endpoints[path]
  if (exchange.method !== 'POST' || !endpoint || (endpoint === sendResponses && !options.responses))
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
  return count(exchange, body, place, endpoint)
}

/** Runs one call to a model with its faults, and counts it. */
async function count(exchange: Exchange, body: ChatBody, place: Place, send: Endpoint): Promise<CallEnd> {
  const { options, script, tally } = place
  const number = requestNumberOf(exchange.headers, body)
  const drawn = options.draw && number !== null ? drawFault(options.draw, options.name ?? '', number) : null
  const header = exchange.headers['x-fault']
  const faults = {
    ...(drawn === null ? {} : faultOf(drawn).faults),
    ...parseFaults(body.model),
    ...(header === undefined ? {} : parseFaultList(header)),
    ...options.always,
    ...script.shift(),
  }
  const call = tally.open(number, drawn)
  let how: CallEnd = 'cancelled'
  try {
    how = await applyFaults(exchange, faults, () => send(exchange, body, { faults, call }))
    return how
  } finally {
    call.end(how)
  }
}

type Endpoint = (
  exchange: Exchange,
  body: ChatBody,
  context: { readonly faults: Faults; readonly call: OpenCall },
) => Promise<CallEnd>

const endpoints: Record<string, Endpoint | undefined> = {
  '/v1/chat/completions': sendChat,
  '/v1/embeddings': sendEmbeddings,
  '/v1/responses': sendResponses,
}

async function sendChat(
  exchange: Exchange,
  body: ChatBody,
  { faults, call }: Parameters<Endpoint>[2],
): Promise<CallEnd> {
  const made = answer(body, faults)
  if (body.stream === true && faults.body !== 'type') {
    const events = chatChunks(body, made, faults.usageEverywhere)
    return sendStream(exchange, { events, made, faults, last: '[DONE]', call })
  }
  return sendWhole(exchange, chatJson(body, made), { made, faults, call })
}

async function sendResponses(
  exchange: Exchange,
  body: ChatBody,
  { faults, call }: Parameters<Endpoint>[2],
): Promise<CallEnd> {
  const made = answer(toChatBody(body as unknown as ResponsesBody), faults)
  if (body.stream === true && faults.body !== 'type')
    return sendStream(exchange, { events: responsesEvents(body.model, made), made, faults, last: null, call })
  return sendWhole(exchange, responsesJson(body.model, made), { made, faults, call })
}

async function sendWhole(
  exchange: Exchange,
  json: string,
  { made, faults, call }: { made: ReturnType<typeof answer>; faults: Faults; call: OpenCall },
): Promise<CallEnd> {
  const how = await sendJson(exchange, json, faults)
  if (how !== 'whole') return how
  call.sentWords(made.words.length)
  const usage = usageOf(made)
  if (usage) call.toldUsage(usage)
  return how
}

async function sendEmbeddings(
  exchange: Exchange,
  body: ChatBody,
  { faults, call }: Parameters<Endpoint>[2],
): Promise<CallEnd> {
  const { json, tokens } = embeddingsJson(body as unknown as Parameters<typeof embeddingsJson>[0])
  const how = await sendJson(exchange, json, faults)
  if (how === 'whole') call.toldUsage({ input: tokens, output: 0 })
  return how
}

function parseBody(bytes: Uint8Array): ChatBody | undefined {
  try {
    const body = JSON.parse(new TextDecoder().decode(bytes)) as ChatBody
    return typeof body.model === 'string' ? body : undefined
  } catch {
    return undefined
  }
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

// --- As a program -----------------------------------------------------------------------------------------------------

function readDraw(flag: (name: string) => string | undefined): Draw | undefined {
  const rate = flag('--rate')
  if (rate === undefined) return undefined
  const names = flag('--faults')?.split(',') ?? faultNames
  const foreign = names.filter((name) => !isFaultName(name))
  if (foreign.length > 0) throw new Error(`no such faults: ${foreign.join(', ')}; there are ${faultNames.join(', ')}`)
  return { seed: Number(flag('--seed') ?? 1), rate: Number(rate), faults: names as FaultName[] }
}

if (import.meta.main) {
  const has = (name: string) => process.argv.includes(name)
  const flag = (name: string) => (has(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined)
  const draw = readDraw(flag)
  const models = flag('--models')?.split(',')
  const name = flag('--name')
  const upstream = await startUpstream({
    port: Number(flag('--port') ?? 11_434),
    ollama: has('--ollama'),
    responses: has('--responses'),
    always: has('--delay') ? { chunkDelayMs: Number(flag('--delay')) } : {},
    keepsRequests: false,
    ...(has('--counted') ? { maxCounted: Number(flag('--counted')) } : {}),
    ...(models ? { models } : {}),
    ...(name === undefined ? {} : { name }),
    ...(draw ? { draw } : {}),
  })
  process.stdout.write(`test upstream on ${upstream.url}\n`)
}
