/** Embeddings of the OpenAI dialect through Google’s package, which takes a hundred texts at a time. */
import { fail, isRecord } from '../../base/index.ts'
import { convertPackageError } from '../ai-sdk/errors.ts'
import { findNumber, isAbsent, readList, readText, refuse } from '../ai-sdk/refuse.ts'
import type { VendorHttp } from '../ai-sdk/vendor-http.ts'
import type { CallGuard } from '../openai/call-guard.ts'
import { malformed } from '../openai/errors.ts'
import { parseObject, readCount } from '../openai/replies.ts'
import type { CallContext, EmbeddingsCall, JsonReply } from '../types.ts'
import { checkModelId, google, openPackage } from './vendor.ts'

const textsPerRequest = 100
const maxTexts = 2_048

interface EmbeddingsRequest {
  readonly texts: readonly string[]
  readonly dimensions: number | undefined
  readonly isBase64: boolean
}

export function createGoogleEmbeddings(http: VendorHttp) {
  const { source, baseUrl } = http

  async function embedSome(
    texts: readonly string[],
    { dimensions, model }: { dimensions: number | undefined; model: string },
    context: CallContext,
    guard: CallGuard,
  ): Promise<{ vectors: readonly (readonly number[])[]; tokens: number | null }> {
    const { fetch, sent } = http.openFetch(context, guard, false)
    try {
      const embedder = (await openPackage(baseUrl, fetch)).embeddingModel(model)
      const { embeddings, response } = await embedder.doEmbed({
        values: [...texts],
        ...(dimensions === undefined ? {} : { dimensions }),
      })
      const usage = isRecord(response?.body) ? response.body['usageMetadata'] : undefined
      return { vectors: embeddings, tokens: isRecord(usage) ? readCount(usage['promptTokenCount']) : null }
    } catch (thrown) {
      throw convertPackageError(thrown, source, google, { sent: sent() > 0, hasContent: false })
    }
  }

  async function embed(call: EmbeddingsCall, context: CallContext, guard: CallGuard): Promise<JsonReply> {
    const { texts, dimensions, isBase64 } = readRequest(call.body)
    const model = checkModelId(call.model.replace(/^models\//, ''))
    const vectors: (readonly number[])[] = []
    let input: number | null = 0
    for (let at = 0; at < texts.length; at += textsPerRequest) {
      const part = texts.slice(at, at + textsPerRequest)
      const some = await embedSome(part, { dimensions, model }, context, guard)
      if (some.vectors.length !== part.length) throw malformed(source, 'not one vector for each text')
      vectors.push(...some.vectors)
      input = input === null || some.tokens === null ? null : input + some.tokens
    }
    const reply = {
      object: 'list',
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: isBase64 ? toBase64(vector) : vector,
      })),
      model: call.answerAs ?? call.model,
      ...(input === null ? {} : { usage: { prompt_tokens: input, total_tokens: input } }),
    }
    const body = new TextEncoder().encode(JSON.stringify(reply))
    return { kind: 'json', body, usage: { input, output: input === null ? null : 0 } }
  }

  return (call: EmbeddingsCall, context: CallContext): Promise<JsonReply> =>
    http.guarded(context, (guard) => embed(call, context, guard))
}

function readRequest(bytes: Uint8Array): EmbeddingsRequest {
  const body = parseObject(bytes) ?? fail('request.invalid', { message: 'The body must be a JSON object.' })
  const { input, encoding_format: format } = body
  const texts = typeof input === 'string' ? [input] : readList(input, 'input').map(readInput)
  if (texts.length === 0 || texts.length > maxTexts) refuse('input', `Give 1 to ${maxTexts} texts.`)
  if (!isAbsent(format) && format !== 'float' && format !== 'base64') refuse('encoding_format', 'Use float or base64.')
  return { texts, dimensions: findNumber(body['dimensions'], 'dimensions'), isBase64: format === 'base64' }
}

function readInput(value: unknown, index: number): string {
  if (typeof value === 'number' || Array.isArray(value))
    refuse('input', 'Google embeds texts, not token numbers of another vendor.')
  return readText(value, `input[${index}]`)
}

/** Little-endian 32-bit floats, as the OpenAI dialect has them. */
function toBase64(vector: readonly number[]): string {
  const bytes = new DataView(new ArrayBuffer(4 * vector.length))
  for (const [index, value] of vector.entries()) bytes.setFloat32(4 * index, value, true)
  return Buffer.from(bytes.buffer).toString('base64')
}
