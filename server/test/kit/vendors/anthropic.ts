/**
 * A deterministic server in Anthropic’s dialect, written from its public types and documentation: messages (JSON and
 * SSE), tools, thinking with signatures that it checks, pictures and documents, structured output, prompt cache counts,
 * models in pages, errors of each kind. As a program: `bun server/test/kit/vendors/anthropic.ts --port 8081`.
 */
import type { Exchange } from '../http-socket.ts'
import {
  digest,
  sendFrames,
  sendJson,
  startVendor,
  tokensOf,
  valueFor,
  withFaults,
  wordsFor,
  type Json,
  type VendorFaults,
  type VendorUpstream,
  type VendorUpstreamOptions,
} from './serve.ts'

const defaultModels = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-1']

const errorTypes: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ['invalid_request_error', 'temperature: Input should be less than or equal to 1'],
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'Your account is not paid.'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'model: claude-unknown'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', 'This request would exceed your rate limit.'],
  500: ['api_error', 'Internal server error'],
  504: ['timeout_error', 'The request timed out.'],
  529: ['overloaded_error', 'Overloaded'],
}

export async function startAnthropicUpstream(options: VendorUpstreamOptions = {}): Promise<VendorUpstream> {
  const cached = new Set<string>()
  return startVendor(options, '/v1', async ({ exchange, path, query, body, faults: nextFaults }) => {
    const { headers, method } = exchange
    // Its own client sends the key as a bearer token since version 1.
    const key = headers['x-api-key'] ?? headers['authorization']?.replace(/^Bearer /, '') ?? ''
    if (options.apiKey !== undefined && key !== options.apiKey)
      return sendError(exchange, 401, { message: `invalid x-api-key: ${key}` })
    if (headers['anthropic-version'] === undefined)
      return sendError(exchange, 400, { message: 'anthropic-version: header is required' })
    if (method === 'GET' && path === '/v1/models') return sendJson(exchange, 200, modelPage(options, query))
    if (method !== 'POST' || path !== '/v1/messages') return sendError(exchange, 404, { message: 'Not found' })
    const faults = nextFaults()
    await withFaults(
      exchange,
      faults,
      (status) => sendError(exchange, status, faults),
      async () => {
        const wrong = findMistake(body)
        if (wrong) return sendError(exchange, 400, { message: wrong })
        const message = answerOf(body, faults, cached)
        const id = { 'request-id': `req_${digest(body).toString('hex').slice(0, 10)}` }
        if (body['stream'] !== true || faults.body === 'type') return sendJson(exchange, 200, message, id)
        const error = errorOf(529, faults)
        await sendFrames(exchange, eventsOf(message, faults), faults, frame('error', error))
      },
    )
  })
}

function sendError(exchange: Exchange, status: number, faults: VendorFaults): Promise<void> {
  const headers = faults.retryAfter === undefined ? {} : { 'retry-after': faults.retryAfter }
  return sendJson(exchange, status, errorOf(status, faults), headers)
}

function errorOf(status: number, { type, message }: VendorFaults): Json {
  const [usualType = 'api_error', usualMessage = `Test error ${status}`] = errorTypes[status] ?? []
  return {
    type: 'error',
    error: { type: type ?? usualType, message: message ?? usualMessage },
    request_id: 'req_test',
  }
}

function modelPage(options: VendorUpstreamOptions, query: URLSearchParams): Json {
  const models = options.models ?? defaultModels
  const size = Math.min(options.pageSize ?? 20, Number(query.get('limit') ?? 20))
  const start = models.indexOf(query.get('after_id') ?? '') + 1
  const page = models.slice(start, start + size)
  return {
    data: page.map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: '2025-09-29T00:00:00Z',
      max_input_tokens: 200_000,
      max_tokens: 64_000,
      capabilities: { image_input: { supported: true }, thinking: { supported: !id.includes('3-5') } },
    })),
    has_more: start + size < models.length,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  }
}

/** What the service itself would refuse, as far as conversions could get it wrong. */
function findMistake(body: Json): string | null {
  if (typeof body['model'] !== 'string') return 'model: Field required'
  if (typeof body['max_tokens'] !== 'number') return 'max_tokens: Field required'
  const thinking = body['thinking'] as Json | undefined
  if (thinking?.['type'] === 'enabled' && Number(thinking['budget_tokens']) >= body['max_tokens'])
    return '`max_tokens` must be greater than `thinking.budget_tokens`'
  if (thinking?.['type'] === 'enabled' && Number(thinking['budget_tokens']) < 1_024)
    return 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024'
  const open = new Set<string>()
  for (const [index, message] of (body['messages'] as Json[]).entries()) {
    if (message['role'] !== 'user' && message['role'] !== 'assistant') return `messages.${index}.role: unexpected value`
    const blocks = typeof message['content'] === 'string' ? [] : (message['content'] as Json[])
    for (const block of blocks) {
      if (block['type'] === 'text' && block['text'] === '') return 'messages: text content blocks must be non-empty'
      if (block['type'] === 'thinking' && block['signature'] !== signatureOf(String(block['thinking'])))
        return `messages.${index}.content.0: Invalid \`signature\` in \`thinking\` block`
      if (block['type'] === 'tool_use') open.add(String(block['id']))
      if (block['type'] === 'tool_result' && !open.delete(String(block['tool_use_id'])))
        return `messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks`
    }
  }
  return null
}

function signatureOf(thinking: string): string {
  return digest(['signed', thinking]).toString('base64')
}

function lastUser(body: Json): Json[] {
  const message = (body['messages'] as Json[]).findLast(({ role }) => role === 'user')
  const content = message?.['content']
  return typeof content === 'string' ? [{ type: 'text', text: content }] : ((content as Json[] | undefined) ?? [])
}

function answerOf(body: Json, faults: VendorFaults, cached: Set<string>): Json {
  const hash = digest(body['messages']).toString('hex')
  const asked = lastUser(body)
  const said = asked.map(({ text }) => (typeof text === 'string' ? text : '')).join(' ')
  const content: Json[] = []
  const thinking = (body['thinking'] as Json | undefined)?.['type']
  if (thinking === 'enabled' || thinking === 'adaptive') {
    const text = 'weighing the stones'
    content.push({ type: 'thinking', thinking: text, signature: signatureOf(text) })
    if (said.includes('redact')) content.push({ type: 'redacted_thinking', data: 'c2VjcmV0' })
  }
  const tool = chosenTool(body, said)
  const stopped = said.includes('refuse') ? 'refusal' : null
  if (tool) content.push(...(said.includes('explain') ? [textBlock('I look.')] : []), tool)
  else if (stopped === null) content.push(...textBlocks(body, asked, faults))
  const text = content.map(({ text: part }) => (typeof part === 'string' ? part : '')).join('')
  const limit = Number(body['max_tokens'])
  const isLong = !tool && tokensOf(text) > limit
  if (isLong) content.splice(0, content.length, textBlock(text.slice(0, limit * 4)))
  return {
    id: `msg_${hash.slice(0, 12)}`,
    type: 'message',
    role: 'assistant',
    model: body['model'],
    content,
    stop_reason: stopped ?? (tool ? 'tool_use' : isLong ? 'max_tokens' : 'end_turn'),
    stop_sequence: null,
    usage: usageOf(body, content, cached),
  }
}

function textBlock(text: string, citations?: Json[]): Json {
  return { type: 'text', text, ...(citations ? { citations } : {}) }
}

function chosenTool(body: Json, said: string): Json | null {
  const tools = (body['tools'] ?? []) as Json[]
  const choice = (body['tool_choice'] ?? { type: 'auto' }) as Json
  const isForced = choice['type'] === 'any' || choice['type'] === 'tool'
  if (tools.length === 0 || choice['type'] === 'none' || !(isForced || /\btool\b/.test(said))) return null
  const tool =
    choice['type'] === 'tool' ? tools.find(({ name }) => name === choice['name']) : (tools.at(-1) ?? undefined)
  if (!tool) return null
  const input = valueFor((tool['input_schema'] ?? {}) as Json)
  return { type: 'tool_use', id: `toolu_${digest(said).toString('hex').slice(0, 10)}`, name: tool['name'], input }
}

function textBlocks(body: Json, asked: readonly Json[], faults: VendorFaults): Json[] {
  const format = ((body['output_config'] as Json | undefined)?.['format'] ?? null) as Json | null
  if (format) return [textBlock(JSON.stringify(valueFor(format['schema'] as Json)))]
  const document = asked.find(({ type, citations }) => type === 'document' && citations !== undefined)
  const seen = asked
    .filter(({ type }) => type === 'image' || type === 'document')
    .map(({ type, source }) => {
      const { media_type: media, data, url } = source as Json
      return `I see ${String(type)} ${typeof url === 'string' ? url : `${String(media)} of ${String(data).length}`}. `
    })
  const text = seen.join('') + wordsFor(body['messages'], faults).join('')
  const citation = {
    type: 'char_location',
    cited_text: 'the stones',
    document_index: 0,
    document_title: null,
    start_char_index: 0,
    end_char_index: 10,
  }
  return [textBlock(text, document ? [citation] : undefined)]
}

/** Input before a cache mark is written to the cache the first time and read from it afterwards. */
function usageOf(body: Json, content: readonly Json[], cached: Set<string>): Json {
  const asked = [body['system'], body['messages']]
  const marked = JSON.stringify(asked).includes('"cache_control"')
  const key = digest(body['system'] ?? null).toString('hex')
  const saved = marked ? tokensOf(body['system']) : 0
  const hit = cached.has(key)
  if (marked) cached.add(key)
  const thinking = tokensOf(content.filter(({ type }) => type === 'thinking'))
  return {
    input_tokens: tokensOf(asked) - saved,
    cache_creation_input_tokens: hit ? 0 : saved,
    cache_read_input_tokens: hit ? saved : 0,
    output_tokens: tokensOf(content),
    output_tokens_details: { thinking_tokens: thinking > 1 ? thinking : 0 },
    service_tier: 'standard',
  }
}

function frame(type: string, data: Json): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}

function eventsOf(message: Json, faults: VendorFaults): string[] {
  const { content, stop_reason: reason, stop_sequence: sequence, usage, ...rest } = message
  const { output_tokens: output, output_tokens_details: details, ...input } = usage as Json
  const start = {
    ...rest,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...input, output_tokens: 1 },
  }
  const events: [string, Json][] = [
    ['message_start', { type: 'message_start', message: start }],
    ['ping', { type: 'ping' }],
    ...(content as Json[]).flatMap((block, index) => blockEvents(block, index)),
    [
      'message_delta',
      {
        type: 'message_delta',
        delta: { stop_reason: reason, stop_sequence: sequence },
        usage: { output_tokens: output, output_tokens_details: details },
      },
    ],
    ['message_stop', { type: 'message_stop' }],
  ]
  const unknown: [string, Json] = ['future_event', { type: 'future_event', value: 1 }]
  const block = blockEvents({ type: 'future_block', value: 1 }, 99)
  const delta: [string, Json] = [
    'content_block_delta',
    { type: 'content_block_delta', index: 99, delta: { type: 'future_delta', value: 2 } },
  ]
  const all =
    faults.unknownEvents === true
      ? events.flatMap((event, index) => [unknown, event, ...(index === 1 ? [block[0]!, delta, block[1]!] : [])])
      : events
  return all.map(([type, data]) => frame(type, data))
}

function blockEvents(block: Json, index: number): [string, Json][] {
  const delta = (data: Json): [string, Json] => [
    'content_block_delta',
    { type: 'content_block_delta', index, delta: data },
  ]
  const begin = (empty: Json): [string, Json] => [
    'content_block_start',
    { type: 'content_block_start', index, content_block: empty },
  ]
  const stop: [string, Json] = ['content_block_stop', { type: 'content_block_stop', index }]
  switch (block['type']) {
    case 'thinking':
      return [
        begin({ type: 'thinking', thinking: '', signature: '' }),
        ...piecesOf(String(block['thinking'])).map((thinking) => delta({ type: 'thinking_delta', thinking })),
        delta({ type: 'signature_delta', signature: block['signature'] }),
        stop,
      ]
    case 'tool_use':
      return [
        begin({ ...block, input: {} }),
        delta({ type: 'input_json_delta', partial_json: '' }),
        ...piecesOf(JSON.stringify(block['input'])).map((json) =>
          delta({ type: 'input_json_delta', partial_json: json }),
        ),
        stop,
      ]
    case 'text':
      return [
        begin({ type: 'text', text: '' }),
        ...piecesOf(String(block['text'])).map((text) => delta({ type: 'text_delta', text })),
        ...((block['citations'] as Json[] | undefined) ?? []).map((citation) =>
          delta({ type: 'citations_delta', citation }),
        ),
        stop,
      ]
    default:
      return [begin(block), stop]
  }
}

/** Pieces of a text as a stream brings them. */
function piecesOf(text: string): string[] {
  return text.match(/[^ ]* ?/gs)?.filter((piece) => piece !== '') ?? []
}

if (import.meta.main) {
  const port = Number(process.argv[process.argv.indexOf('--port') + 1])
  const upstream = await startAnthropicUpstream({ port: Number.isInteger(port) ? port : 8_081 })
  process.stdout.write(`test upstream in Anthropic’s dialect on ${upstream.url}\n`)
}
