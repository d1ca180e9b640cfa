/** What a model is for, when only its name is known. */
import type { ModelDeclaration } from './types.ts'

/**
 * Models that neither chat nor embed as their makers name them: rerankers, speech, pictures, film, moderation, and those
 * that only complete a text. Looked for first: `bge-reranker` is no embedding model.
 */
const otherNames =
  /rerank|moderation|guard(?![a-z])|whisper|transcribe|parakeet|realtime|(?<![a-z])live(?![a-z])|gpt-image|dall-e|stable-diffusion|imagen|(?<![a-z])(tts|sora|clip|veo|lyria|flux|kokoro|orpheus|aqa)(?![a-z])|(?<![a-z])ocr(?![a-z])|(davinci|babbage)-002|turbo-instruct/i

const embeddingNames = /embed|minilm|(^|[/:_-])(bge|gte|e5|labse|voyage)[-_:]|(^|[/:_-])sentence-(t5|transformers)/i

const unknownFacts = {
  contextWindow: null,
  maxOutputTokens: null,
  capabilities: {},
  inputUsdPerMTok: null,
  outputUsdPerMTok: null,
  cacheReadUsdPerMTok: null,
  cacheWriteUsdPerMTok: null,
  catalogueId: null,
} satisfies Partial<ModelDeclaration>

/**
 * A model of which nothing but the id was declared. A name that says nothing is taken to chat. The share is 1 and the
 * priority 100, as in the configuration.
 */
export function declareModel(id: string): ModelDeclaration {
  const kind = otherNames.test(id) ? 'unknown' : embeddingNames.test(id) ? 'embedding' : 'chat'
  return { id, kind, ...unknownFacts, weight: 1, priority: 100 }
}
