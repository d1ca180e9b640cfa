/**
 * A fixed small set of requests to one provider through the server's own provider code, each written down as it went
 * over the wire: without keys, and without headers that tell of an account.
 */
import { silentLogger, systemClock, type Secret } from '../../server/src/base/index.ts'
import { createOutbound, createPermitOffice, type Outbound } from '../../server/src/platform/index.ts'
import {
  createProvider,
  type ChatReply,
  type Provider,
  type UpstreamSettings,
} from '../../server/src/providers/index.ts'

export interface RecordOptions {
  readonly upstream: UpstreamSettings
  readonly apiKey: Secret | null
  readonly model: string
  /** Without one no embeddings are asked for. */
  readonly embeddingModel: string | null
  /** Called with each exchange. The name is fit for a file. */
  readonly write: (name: string, exchange: Exchange) => Promise<void>
  readonly log: (line: string) => void
}

export interface Exchange {
  readonly recorded: string
  readonly dialect: string
  readonly request: { readonly method: string; readonly path: string; readonly headers: object; readonly body: unknown }
  readonly response: { readonly status: number; readonly headers: object; readonly body: string }
  /** What Cairn made of it: the reply of the OpenAI dialect, or the kind of the failure. */
  readonly outcome: unknown
}

/** Headers worth keeping; every other may name an account, a key or a machine. */
const keptHeaders = new Set(['accept', 'anthropic-beta', 'anthropic-version', 'content-type', 'retry-after'])
const bodyBytes = 1_048_576
const exchangeMs = 120_000

// One pixel.
const picture =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='
const tools = [
  {
    type: 'function',
    function: {
      name: 'find_quarry',
      description: 'Finds quarries near a place',
      parameters: {
        type: 'object',
        properties: { place: { type: 'string' } },
        required: ['place'],
        additionalProperties: false,
      },
    },
  },
]
const schema = {
  type: 'object',
  properties: { stone: { type: 'string' }, courses: { type: 'integer' } },
  required: ['stone', 'courses'],
  additionalProperties: false,
}
const said = (content: unknown) => ({ messages: [{ role: 'user', content }], max_completion_tokens: 200 })

const requests: Readonly<Record<string, object>> = {
  chat: said('Answer with one word: which stone splits into roof tiles?'),
  'chat-stream': { ...said('Name three stones, one a line.'), stream: true },
  'cut-short': { ...said('Describe a dry stone wall.'), max_completion_tokens: 8 },
  'tool-call': { ...said('Find a quarry near Bangor.'), tools, tool_choice: 'auto' },
  'tool-call-stream': { ...said('Find a quarry near Bangor.'), tools, tool_choice: 'auto', stream: true },
  'json-schema': {
    ...said('A slate wall of seven courses.'),
    response_format: { type: 'json_schema', json_schema: { name: 'wall', strict: true, schema } },
  },
  picture: said([
    { type: 'text', text: 'One word: what colour is it?' },
    { type: 'image_url', image_url: { url: picture } },
  ]),
  'reasoning-stream': {
    ...said('How many stones of 20 cm make a course of 3 m?'),
    max_completion_tokens: 4_000,
    reasoning_effort: 'low',
    stream: true,
  },
  'wrong-setting': { ...said('Hello.'), top_p: 7 },
}

/** How many exchanges were written. A request that the provider refuses is one too. */
export async function recordExchanges(options: RecordOptions): Promise<number> {
  const { upstream, apiKey, model, embeddingModel, log } = options
  const permits = createPermitOffice()
  const tap = createTap(createOutbound({ permits, clock: systemClock, logger: silentLogger }), apiKey)
  const provider = createProvider(
    { ...upstream, ...(apiKey ? { apiKey } : {}) },
    {
      outbound: tap.outbound,
      clock: systemClock,
      timeouts: { connectTimeoutMs: 20_000, idleTimeoutMs: exchangeMs, totalTimeoutMs: exchangeMs },
    },
  )
  const context = () => ({
    permit: permits.issue({ provider: provider.id, egress: provider.egress, url: upstream.baseUrl }),
    signal: AbortSignal.timeout(exchangeMs),
  })
  const runs: [string, () => Promise<unknown>][] = [
    ['models', () => provider.listModels(context()).then((models) => models.slice(0, 20))],
    ...Object.entries(requests).map(([name, body]): [string, () => Promise<unknown>] => [
      name,
      () => chat(provider, { model, ...body }, context()),
    ]),
    ...(embeddingModel === null
      ? []
      : [['embeddings', () => embed(provider, embeddingModel, context())] as [string, () => Promise<unknown>]]),
  ]
  let written = 0
  for (const [name, run] of runs) {
    const outcome = await run().catch((error: unknown) => describe(error))
    const exchanges = await tap.take()
    if (exchanges.length === 0) log(`${name}: nothing came (${JSON.stringify(outcome).slice(0, 200)})`)
    for (const [index, exchange] of exchanges.entries()) {
      const file = index === 0 ? name : `${name}-${index + 1}`
      const recorded = new Date().toISOString().slice(0, 10)
      await options.write(file, redact({ recorded, dialect: provider.dialect, ...exchange, outcome }, apiKey))
      written += 1
      log(`${file}: status ${exchange.response.status}`)
    }
  }
  return written
}

async function chat(provider: Provider, body: { model: string }, context: Parameters<Provider['chat']>[1]) {
  const stream = 'stream' in body
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const call = { body: bytes, model: body.model, answerAs: null, stream, includeUsage: true }
  return readReply(await provider.chat(call, context))
}

async function readReply(reply: ChatReply): Promise<unknown> {
  if (reply.kind === 'json') return JSON.parse(new TextDecoder().decode(reply.body))
  const parts: Uint8Array[] = []
  for (let piece = await reply.stream.read(); piece; piece = await reply.stream.read()) parts.push(piece.bytes)
  return new TextDecoder().decode(Buffer.concat([...parts, reply.stream.ending()]))
}

async function embed(provider: Provider, model: string, context: Parameters<Provider['chat']>[1]): Promise<unknown> {
  const body = new TextEncoder().encode(JSON.stringify({ model, input: ['slate', 'granite'] }))
  const reply = await provider.embeddings({ body, model, answerAs: null }, context)
  return { usage: reply.usage, bytes: reply.body.length }
}

function describe(error: unknown): object {
  if (!(error instanceof Error)) return { failure: 'unknown' }
  const code = 'code' in error ? String(error.code) : error.name
  return { failure: code, message: error.message }
}

type Wire = Pick<Exchange, 'request' | 'response'>

/** The outbound door with a second reader of every body. */
function createTap(real: Outbound, apiKey: Secret | null): { outbound: Outbound; take(): Promise<Wire[]> } {
  let taken: Promise<Wire>[] = []
  const keep = (headers: Iterable<[string, string]>) =>
    Object.fromEntries([...headers].filter(([name]) => keptHeaders.has(name.toLowerCase())))
  return {
    outbound: {
      counts: real.counts,
      async fetch(permit, request) {
        const response = await real.fetch(permit, request)
        const url = new URL(request.url)
        // A query may hold a key.
        const path = redactText(url.pathname + url.search, apiKey)
        const [body, copy] = response.body?.tee() ?? [null, null]
        taken.push(
          readCopy(copy as ReadableStream<Uint8Array> | null).then((text) => ({
            request: {
              method: request.method ?? 'GET',
              path,
              headers: keep(Object.entries(request.headers ?? {})),
              body: request.body ? parse(new TextDecoder().decode(request.body)) : null,
            },
            response: { status: response.status, headers: keep(response.headers.entries()), body: text },
          })),
        )
        return new Response(body, { status: response.status, headers: response.headers })
      },
    },
    async take() {
      const all = await Promise.all(taken)
      taken = []
      return all
    },
  }
}

/** The beginning of a body; also of one that broke off. */
async function readCopy(copy: ReadableStream<Uint8Array> | null): Promise<string> {
  const reader = copy?.getReader()
  const parts: Uint8Array[] = []
  let size = 0
  while (reader && size < bodyBytes) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
    if (done || !value) break
    parts.push(value)
    size += value.length
  }
  return new TextDecoder().decode(Buffer.concat(parts).subarray(0, bodyBytes))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function redact(exchange: Exchange, apiKey: Secret | null): Exchange {
  return JSON.parse(redactText(JSON.stringify(exchange), apiKey)) as Exchange
}

/** Our key, whatever looks like a key, and ids of accounts. */
function redactText(text: string, apiKey: Secret | null): string {
  const bare = apiKey ? text.replaceAll(apiKey.reveal(), '[secret]') : text
  return bare
    .replace(/\b(?:(?:sk|pk|gsk|xai)[-_]|AIza)[\w*.-]{8,}/g, '[secret]')
    .replace(/\b(?:org|proj|user|acct)[-_][\w-]{8,}/g, '[account]')
    .replace(/\bprojects\/\d+/g, 'projects/[account]')
}
