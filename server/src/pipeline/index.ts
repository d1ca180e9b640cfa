/** The life of one request, stage by stage. Read `ask.ts` first. */
export { createAsk } from './ask.ts'
export { createSearch } from './search.ts'
export { createChat } from './chat.ts'
export { createEmbeddings } from './embeddings.ts'
export type { AskServices, AskSettings } from './ask-types.ts'
export type { LabelSigner } from './labels.ts'
export type { Call } from './types.ts'
export { createAnnounce, openPipelineCaches, type CacheSettings, type PipelineCaches } from './caches.ts'
