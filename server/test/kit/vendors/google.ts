/**
 * A deterministic server in the dialect of Google’s Gemini API, written from its public types and documentation:
 * generateContent and its stream, function calls with thought signatures that it checks, thoughts, pictures, JSON by a
 * schema, safety blocks, embeddings, models in pages, errors of each kind. As a program:
 * `bun server/test/kit/vendors/google.ts --port 8082`.
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

const defaultModels = ['gemini-2.5-flash', 'gemini-2.5-pro', 'gemini-embedding-001', 'imagen-4.0-generate-001']

const errorTypes: Readonly<Record<number, readonly [status: string, message: string]>> = {
  400: ['INVALID_ARGUMENT', 'Invalid value at generation_config.temperature.'],
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
  403: ['PERMISSION_DENIED', 'Permission denied on resource.'],
  404: ['NOT_FOUND', 'models/gemini-unknown is not found for API version v1beta.'],
  429: ['RESOURCE_EXHAUSTED', 'You exceeded your current quota.'],
  500: ['INTERNAL', 'An internal error has occurred.'],
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  504: ['DEADLINE_EXCEEDED', 'The request timed out.'],
}

export async function startGoogleUpstream(options: VendorUpstreamOptions = {}): Promise<VendorUpstream> {
  return startVendor(options, '/v1beta', async ({ exchange, path, query, body, faults: nextFaults }) => {
    const { headers, method } = exchange
    if (options.apiKey !== undefined && headers['x-goog-api-key'] !== options.apiKey)
      return sendError(exchange, 400, {
        message: 'API key not valid. Please pass a valid API key.',
        details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }],
      })
    if (method === 'GET' && path === '/v1beta/models') return sendJson(exchange, 200, modelPage(options, query))
    const [, model = '', action = ''] = /^\/v1beta\/models\/([^/:]+):(\w+)$/.exec(path) ?? []
    if (method !== 'POST' || model === '') return sendError(exchange, 404, {})
    const faults = nextFaults()
    const reply = async () => {
      if (action === 'embedContent') return sendJson(exchange, 200, embedding(body))
      if (action === 'batchEmbedContents') return sendJson(exchange, 200, embeddings(body))
      const wrong = findMistake(body)
      if (wrong) return sendError(exchange, 400, { message: wrong })
      const chunks = answerOf(body, model, faults)
      if (action === 'generateContent') return sendJson(exchange, 200, joined(chunks))
      if (faults.body === 'type') return sendJson(exchange, 200, chunks)
      const frames = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`)
      await sendFrames(exchange, frames, faults, `data: ${JSON.stringify(errorOf(503, faults))}\r\n\r\n`)
    }
    await withFaults(exchange, faults, (status) => sendError(exchange, status, faults), reply)
  })
}

function sendError(exchange: Exchange, status: number, faults: VendorFaults): Promise<void> {
  const headers = faults.retryAfter === undefined ? {} : { 'retry-after': faults.retryAfter }
  return sendJson(exchange, status, errorOf(status, faults), headers)
}

function errorOf(status: number, { type, message, details }: VendorFaults): Json {
  const [usualType = 'INTERNAL', usualMessage = `Test error ${status}`] = errorTypes[status] ?? []
  return {
    error: {
      code: status,
      message: message ?? usualMessage,
      status: type ?? usualType,
      ...(details ? { details } : {}),
    },
  }
}

function modelPage(options: VendorUpstreamOptions, query: URLSearchParams): Json {
  const models = options.models ?? defaultModels
  const size = Math.min(options.pageSize ?? 50, Number(query.get('pageSize') ?? 50))
  const start = Number(query.get('pageToken') ?? 0)
  return {
    models: models.slice(start, start + size).map((id) => ({
      name: `models/${id}`,
      version: '001',
      displayName: id,
      inputTokenLimit: id.includes('embed') ? 2_048 : 1_048_576,
      outputTokenLimit: id.includes('embed') ? 1 : 65_536,
      supportedGenerationMethods: id.includes('embed')
        ? ['embedContent']
        : id.startsWith('gemini')
          ? ['generateContent', 'countTokens']
          : ['predict'],
      ...(id.startsWith('gemini-2.5') ? { thinking: true } : {}),
    })),
    ...(start + size < models.length ? { nextPageToken: String(start + size) } : {}),
  }
}

function partsOf(content: Json | undefined): Json[] {
  return (content?.['parts'] as Json[] | undefined) ?? []
}

/** What the service itself would refuse, as far as conversions could get it wrong. */
function findMistake(body: Json): string | null {
  const contents = (body['contents'] ?? []) as Json[]
  if (contents.length === 0) return '* GenerateContentRequest.contents: contents is not specified'
  for (const [index, content] of contents.entries()) {
    const parts = partsOf(content)
    if (parts.length === 0) return `* GenerateContentRequest.contents[${index}].parts: must not be empty`
    const calls = parts.filter(({ functionCall }) => functionCall !== undefined)
    const responses = partsOf(contents[index + 1]).filter(({ functionResponse }) => functionResponse !== undefined)
    if (calls.length > 0 && responses.length !== calls.length)
      return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.'
    const wrong = calls.find(
      ({ functionCall, thoughtSignature }) =>
        thoughtSignature !== undefined &&
        // What the vendor’s documentation gives clients that lost the signature on their way.
        thoughtSignature !== 'skip_thought_signature_validator' &&
        thoughtSignature !== signatureOf((functionCall as Json)['name']),
    )
    if (wrong) return 'Thought signature is not valid.'
  }
  return null
}

function signatureOf(value: unknown): string {
  return digest(['signed', value]).toString('base64')
}

function answerOf(body: Json, model: string, faults: VendorFaults): Json[] {
  const contents = body['contents'] as Json[]
  const asked = partsOf(contents.findLast(({ role }) => role === 'user'))
  const said = asked.map(({ text }) => (typeof text === 'string' ? text : '')).join(' ')
  const config = (body['generationConfig'] ?? {}) as Json
  const promptTokens = tokensOf([body['systemInstruction'], contents])
  const common = { modelVersion: `${model}-001`, responseId: digest(contents).toString('hex').slice(0, 12) }
  if (said.includes('refuse'))
    return [
      {
        promptFeedback: { blockReason: 'SAFETY', safetyRatings: [{ category: 'HARM_CATEGORY_HARASSMENT' }] },
        usageMetadata: { promptTokenCount: promptTokens, totalTokenCount: promptTokens },
        ...common,
      },
    ]
  const parts = [...thoughtParts(config), ...answerParts(body, asked, said, faults)]
  const limit = Number(config['maxOutputTokens'] ?? 1e9)
  const isLong = tokensOf(parts) > limit
  const finishReason = said.includes('unsafe') ? 'SAFETY' : isLong ? 'MAX_TOKENS' : 'STOP'
  const kept = isLong ? parts.slice(0, 1) : parts
  const thoughts = tokensOf(kept.filter(({ thought }) => thought === true))
  let candidates = 0
  return kept.map((part, index) => {
    if (part['thought'] !== true) candidates += tokensOf(part)
    const isLast = index === kept.length - 1
    return {
      candidates: [
        {
          content: { parts: [part], role: 'model' },
          ...(isLast ? { finishReason, ...(said.includes('search') ? { groundingMetadata: grounding } : {}) } : {}),
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: promptTokens,
        ...(candidates > 0 ? { candidatesTokenCount: candidates } : {}),
        totalTokenCount: promptTokens + candidates + (thoughts > 1 ? thoughts : 0),
        ...(thoughts > 1 ? { thoughtsTokenCount: thoughts } : {}),
        ...(promptTokens > 500 ? { cachedContentTokenCount: 256 } : {}),
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokens }],
      },
      ...common,
    }
  })
}

const grounding = {
  webSearchQueries: ['stones'],
  groundingChunks: [{ web: { uri: 'https://stones.example/', title: 'Stones' } }],
  groundingSupports: [{ segment: { startIndex: 0, endIndex: 5, text: 'stone' }, groundingChunkIndices: [0] }],
}

function thoughtParts(config: Json): Json[] {
  const thinking = (config['thinkingConfig'] ?? {}) as Json
  return thinking['includeThoughts'] === true ? [{ text: 'weighing the stones', thought: true }] : []
}

function answerParts(body: Json, asked: readonly Json[], said: string, faults: VendorFaults): Json[] {
  const config = (body['generationConfig'] ?? {}) as Json
  const tools = ((body['tools'] ?? []) as Json[]).flatMap((tool) => (tool['functionDeclarations'] ?? []) as Json[])
  const calling = ((body['toolConfig'] as Json | undefined)?.['functionCallingConfig'] ?? {}) as Json
  const allowed = (calling['allowedFunctionNames'] ?? tools.map(({ name }) => name)) as unknown[]
  const chosen = tools.filter(({ name }) => allowed.includes(name))
  const calls = calling['mode'] === 'ANY' || (calling['mode'] !== 'NONE' && /\btools?\b/.test(said))
  if (chosen.length > 0 && calls)
    return (said.includes('tools') ? chosen : chosen.slice(0, 1)).map((tool) => ({
      functionCall: {
        name: tool['name'],
        args: valueFor((tool['parametersJsonSchema'] ?? tool['parameters'] ?? {}) as Json),
      },
      thoughtSignature: signatureOf(tool['name']),
    }))
  if (config['responseMimeType'] === 'application/json')
    return [
      { text: JSON.stringify(valueFor((config['responseJsonSchema'] ?? { type: 'object', properties: {} }) as Json)) },
    ]
  const seen = asked.flatMap((part) => {
    const inline = part['inlineData'] as Json | undefined
    const file = part['fileData'] as Json | undefined
    if (inline) return [{ text: `I see ${String(inline['mimeType'])} of ${String(inline['data']).length}. ` }]
    return file ? [{ text: `I see ${String(file['mimeType'])} at ${String(file['fileUri'])}. ` }] : []
  })
  const words = wordsFor(body['contents'], faults).map((text) => ({ text }))
  const signed = said.includes('sign') ? [{ text: '', thoughtSignature: signatureOf('text') }] : []
  return [...seen, ...words, ...signed]
}

/** A whole reply has the parts of all chunks, and the end of the last. */
function joined(chunks: readonly Json[]): Json {
  const last = chunks.at(-1) ?? {}
  const candidates = last['candidates'] as Json[] | undefined
  if (!candidates) return last
  const parts = chunks.flatMap((chunk) => partsOf((chunk['candidates'] as Json[])[0]?.['content'] as Json))
  return { ...last, candidates: [{ ...candidates[0], content: { parts, role: 'model' } }] }
}

/** A vector from the hash of a text, as long as asked for. */
function vectorFor(request: Json): number[] {
  const text = partsOf(request['content'] as Json)
    .map(({ text: part }) => (typeof part === 'string' ? part : ''))
    .join('')
  const hash = digest(text)
  return Array.from(
    { length: Number(request['outputDimensionality'] ?? 16) },
    (_, i) => ((hash[i % 32] ?? 0) - 127.5) / 127.5,
  )
}

function embedding(body: Json): Json {
  return { embedding: { values: vectorFor(body) }, usageMetadata: { promptTokenCount: tokensOf(body['content']) } }
}

function embeddings(body: Json): Json {
  const requests = body['requests'] as Json[]
  return {
    embeddings: requests.map((request) => ({ values: vectorFor(request) })),
    usageMetadata: { promptTokenCount: tokensOf(requests.map(({ content }) => content)) },
  }
}

if (import.meta.main) {
  const port = Number(process.argv[process.argv.indexOf('--port') + 1])
  const upstream = await startGoogleUpstream({ port: Number.isInteger(port) ? port : 8_082 })
  process.stdout.write(`test upstream in Google’s dialect on ${upstream.url}\n`)
}
