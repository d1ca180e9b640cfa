/**
 * The provider of the built-in extractive model. It answers questions to the notes inside the server and has no
 * upstream, so every call in the OpenAI dialect ends with a sentence that says what to do instead.
 */
import { builtInProvider, extractiveModel } from '@cairn/contract'
import { fail } from '../base/index.ts'
import { declareModel } from './model-kind.ts'
import type { Provider } from './types.ts'

export function createBuiltInProvider(): Provider {
  return {
    id: builtInProvider,
    dialect: 'extractive',
    egress: 'local',
    clearance: 'restricted',
    region: null,
    url: null,
    models: [{ ...declareModel(extractiveModel), inputUsdPerMTok: 0, outputUsdPerMTok: 0 }],
    maxInFlight: null,
    chat: async () => refuse(),
    embeddings: async () => refuse(),
    listModels: async () => [],
  }
}

function refuse(): never {
  fail('model.capability', {
    message: `The model “${extractiveModel}” answers questions to your notes only: use POST /v1/ask for those. To chat, connect a model server (docs/guide/models.md) and name one of its models.`,
    param: 'model',
  })
}
