/** Google (the Gemini API). Chat and embeddings go through the vendor’s package. */
import type { Label } from '@cairn/contract'
import { isRecord } from '../../base/index.ts'
import { createVendorChat } from '../ai-sdk/adapter.ts'
import { createVendorHttp, type VendorHttpOptions } from '../ai-sdk/vendor-http.ts'
import { declareModel } from '../model-kind.ts'
import { malformed } from '../openai/errors.ts'
import { readCount } from '../openai/replies.ts'
import type { CallContext, ModelDeclaration, Provider } from '../types.ts'
import { createGoogleEmbeddings } from './embeddings.ts'
import { google } from './vendor.ts'

export interface GoogleProviderOptions extends VendorHttpOptions {
  readonly clearance: Label
  readonly region: string | null
  readonly models: readonly ModelDeclaration[]
  readonly maxInFlight: number | null
}

const pages = 10
const pageSize = 1_000
const listedModels = 1_000

export function createGoogleProvider(options: GoogleProviderOptions): Provider {
  const http = createVendorHttp(options, google, { version: '/v1beta', keyHeader: 'x-goog-api-key', headers: {} })

  async function listModels(context: CallContext): Promise<ModelDeclaration[]> {
    const found: ModelDeclaration[] = []
    let next = ''
    for (let page = 0; page < pages && found.length < listedModels; page += 1) {
      const request = { path: `models?pageSize=${pageSize}${next}`, body: null, streamed: false }
      const { reply } = await http.guarded(context, async (guard) =>
        http.readReply(await http.request(request, context, guard), guard),
      )
      if (!Array.isArray(reply['models'])) throw malformed(http.source, 'the reply has no list “models”')
      found.push(...reply['models'].filter(isRecord).flatMap(readModel))
      const token = reply['nextPageToken']
      if (typeof token !== 'string' || token === '') break
      next = `&pageToken=${encodeURIComponent(token)}`
    }
    return found.slice(0, listedModels)
  }

  return {
    id: options.id,
    dialect: 'google',
    egress: options.egress,
    clearance: options.clearance,
    region: options.region,
    url: options.baseUrl,
    models: options.models,
    maxInFlight: options.maxInFlight,
    chat: createVendorChat(http, google),
    embeddings: createGoogleEmbeddings(http),
    listModels,
  }
}

/** Google tells for each model what can be asked of it. */
function readModel(entry: Record<string, unknown>): ModelDeclaration[] {
  const { name, supportedGenerationMethods, thinking } = entry
  if (typeof name !== 'string' || name.length > 200) return []
  const id = name.replace(/^models\//, '')
  if (id === '') return []
  const methods = Array.isArray(supportedGenerationMethods) ? (supportedGenerationMethods as unknown[]) : []
  const guessed = declareModel(id)
  const kind = methods.includes('embedContent')
    ? 'embedding'
    : methods.includes('generateContent')
      ? guessed.kind
      : 'unknown'
  return [
    {
      ...guessed,
      kind,
      contextWindow: readCount(entry['inputTokenLimit']),
      maxOutputTokens: readCount(entry['outputTokenLimit']),
      capabilities:
        kind === 'chat' ? { streaming: true, ...(typeof thinking === 'boolean' ? { reasoning: thinking } : {}) } : {},
    },
  ]
}
