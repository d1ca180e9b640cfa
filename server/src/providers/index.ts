/** Providers: who answers, and how their dialect is spoken. */
export type {
  CallContext,
  ChatCall,
  ChatReply,
  ChatStream,
  EmbeddingsCall,
  JsonReply,
  ModelDeclaration,
  NativeCall,
  Provider,
  ProviderDialect,
  StreamPiece,
  Usage,
} from './types.ts'
export { asRetried, UpstreamFailure, type FailureKind } from './failure.ts'
export { createProvider, type ProviderServices, type UpstreamSettings } from './from-config.ts'
export { createBuiltInProvider } from './built-in.ts'
export { declareModel } from './model-kind.ts'
export { discoverLocal, usualLocalServers, type Discovery, type LocalServer } from './discover.ts'
export { giveAgain, keepJson, keepStream, type KeptPart, type OneReply } from './openai/kept-reply.ts'
export { type Timeouts } from './openai/call-guard.ts'
export { readChunks } from './openai/read-chunks.ts'
