/**
 * A provider in all three dialects that gives away the key it was sent, in everything but a good answer: error
 * messages, error pages, headers, redirects, broken streams. The name of the asked model says how it behaves.
 */

export const tellings = [
  'good',
  'bad-400',
  'bad-403',
  'bad-404',
  'bad-413',
  'bad-422',
  'bad-429',
  'bad-500',
  'bad-503',
  'html',
  'malformed',
  'error-in-200',
  'stream-error',
  'stream-cut',
  'redirect',
  'hang',
  // Last, as a gateway may leave a provider alone that refuses its key.
  'bad-401',
] as const

export type Telling = (typeof tellings)[number]

export interface TellingUpstream {
  /** Without a path. */
  readonly url: string
  /** `key telling` of every request. */
  readonly told: ReadonlySet<string>
  close(): Promise<void>
}

type Dialect = 'openai' | 'anthropic' | 'google'

export function startTellingUpstream(): TellingUpstream {
  const told = new Set<string>()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const url = new URL(request.url)
      const text = await request.text()
      const key = keyOf(request.headers, url)
      const telling = tellings.findLast((each) => url.pathname.includes(each) || text.includes(each)) ?? 'bad-401'
      told.add(`${key} ${telling}`)
      const dialect = dialectOf(url.pathname)
      const isStream = url.pathname.includes('streamGenerateContent') || /"stream":\s*true/.test(text)
      return reply({ telling, key, dialect, isStream, isEmbedding: url.pathname.includes('mbed') })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, told, close: () => server.stop(true) }
}

function keyOf(headers: Headers, url: URL): string {
  const bearer = headers.get('authorization')?.replace(/^Bearer /, '')
  return (
    bearer ??
    headers.get('x-api-key') ??
    headers.get('x-goog-api-key') ??
    headers.get('api-key') ??
    url.searchParams.get('key') ??
    'none'
  )
}

function dialectOf(path: string): Dialect {
  if (path.includes('/messages')) return 'anthropic'
  return /:(?:stream)?[a-z]+/i.test(path) ? 'google' : 'openai'
}

interface Asked {
  readonly telling: Telling
  readonly key: string
  readonly dialect: Dialect
  readonly isStream: boolean
  readonly isEmbedding: boolean
}

function reply(asked: Asked): Response | Promise<Response> {
  const { telling, key, isStream } = asked
  const headers = { 'content-type': 'application/json', 'x-echo': key, 'x-request-id': key, 'www-authenticate': key }
  const complaint = errorBody(asked)
  if (telling.startsWith('bad-')) return new Response(complaint, { status: Number(telling.slice(4)), headers })
  if (telling === 'hang') return new Promise(() => {})
  if (telling === 'redirect')
    return new Response(null, { status: 307, headers: { ...headers, location: `http://127.0.0.1:1/?key=${key}` } })
  if (telling === 'html')
    return new Response(`<h1>Bad gateway for ${key}</h1>`, {
      status: 502,
      headers: { ...headers, 'content-type': 'text/html' },
    })
  if (telling === 'malformed') return new Response(`{"id": ${key}`, { headers })
  if (telling === 'error-in-200') return new Response(complaint, { headers })
  if (!isStream) {
    const isBroken = telling !== 'good'
    return isBroken ? new Response(complaint, { status: 500, headers }) : new Response(goodBody(asked), { headers })
  }
  const frames = streamFrames(asked)
  const ending =
    telling === 'stream-error'
      ? `event: error\ndata: ${complaint}\n\n`
      : telling === 'stream-cut'
        ? `data: {"key": "${key}`
        : ''
  const body = telling === 'good' ? frames.join('') : `${frames.slice(0, 3).join('')}${ending}`
  return new Response(body, { headers: { ...headers, 'content-type': 'text/event-stream' } })
}

function errorBody({ key, telling }: Asked): string {
  const message = `Incorrect API key provided: ${key}. (${telling})`
  return JSON.stringify({
    type: 'error',
    error: {
      message,
      type: 'invalid_request_error',
      param: key,
      code: 'invalid_api_key',
      status: 'UNAUTHENTICATED',
      details: [{ reason: key }],
    },
  })
}

const goodBodies = {
  openai: {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'good',
    choices: [{ index: 0, message: { role: 'assistant', content: 'fine' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  },
  anthropic: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'good',
    content: [{ type: 'text', text: 'fine' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  },
  google: {
    candidates: [{ content: { role: 'model', parts: [{ text: 'fine' }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  },
} as const

function goodBody({ dialect, isEmbedding }: Asked): string {
  if (isEmbedding && dialect === 'openai')
    return JSON.stringify({
      object: 'list',
      model: 'good',
      data: [{ object: 'embedding', index: 0, embedding: [1] }],
      usage: { prompt_tokens: 1, total_tokens: 1 },
    })
  return JSON.stringify(goodBodies[dialect])
}

/** The first three bring content, so that what follows breaks an answer that has begun. */
function streamFrames({ dialect }: Asked): string[] {
  if (dialect === 'google') return [frame(goodBodies.google)]
  if (dialect === 'anthropic')
    return [
      named('message_start', { message: { ...goodBodies.anthropic, content: [], stop_reason: null } }),
      named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'fine' } }),
      named('content_block_stop', { index: 0 }),
      named('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } }),
      named('message_stop', {}),
    ]
  const chunk = (delta: object, finish: string | null) =>
    frame({
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'good',
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  return [
    chunk({ role: 'assistant', content: '' }, null),
    chunk({ content: 'fi' }, null),
    chunk({ content: 'ne' }, null),
    chunk({}, 'stop'),
    'data: [DONE]\n\n',
  ]
}

const frame = (data: object) => `data: ${JSON.stringify(data)}\n\n`
const named = (type: string, data: object) => `event: ${type}\n${frame({ type, ...data })}`
