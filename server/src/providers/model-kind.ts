/** What a model is for, when only its name is known. */
import type { ModelDeclaration } from './types.ts'

/** Embedding models, and models that cannot chat either, as their makers name them. */
const embeddingNames = /embed|minilm|(^|[/:_-])(bge|gte|e5)[-_:]/i
const otherNames =
  /rerank|whisper|(^|[/_-])(tts|dall-e|sora|clip)([-_:]|$)|moderation|transcribe|realtime|gpt-image|stable-diffusion/i

/** A model of which nothing but the id was declared. A name that says nothing is taken to chat. */
export function declareModel(id: string): ModelDeclaration {
  const kind = embeddingNames.test(id) ? 'embedding' : otherNames.test(id) ? 'unknown' : 'chat'
  return { id, kind, contextWindow: null, inputUsdPerMTok: null, outputUsdPerMTok: null }
}
