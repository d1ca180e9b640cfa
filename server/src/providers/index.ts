/** Providers: who answers, and how their dialect is spoken. */
export type {
  CallContext,
  ChatCall,
  ChatReply,
  ChatStream,
  EmbeddingsCall,
  JsonReply,
  ModelDeclaration,
  Provider,
  StreamPiece,
  Usage,
} from './types.ts'
export { UpstreamFailure, type FailureKind } from './failure.ts'
export { createProvider, type ProviderServices, type UpstreamSettings } from './from-config.ts'
export { createBuiltInProvider } from './built-in.ts'
export { discoverLocal, usualLocalServers, type Discovery, type LocalServer } from './discover.ts'
export { giveAgain, keepJson, keepStream, type KeptPart, type OneReply } from './openai/kept-reply.ts'
export { type Timeouts } from './openai/call-guard.ts'
