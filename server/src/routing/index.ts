/** Which model answers, and who stands in when it fails. */
export { createRouting, type RoutingOptions, type RoutingWithStore } from './routing.ts'
export { sharePlaces, type PlaceLimits } from './places.ts'
export type { ConfiguredProvider } from './registry.ts'
export { followProviders, type FollowedProviders } from './follow-providers.ts'
export { createHealthBoard } from './health/board.ts'
export { createHealthShare } from './health/share.ts'
export { needsOfAsk, needsOfChat, needsOfEmbedding } from './needs.ts'
export { estimateNanoUsd, nanoUsdOf } from './price.ts'
export { createDriftWatch, findUsageDoubt, type DriftWatch } from './catalogue/index.ts'
export type {
  CallKind,
  Candidates,
  Deployment,
  Executed,
  Execution,
  Needs,
  Plan,
  PlannedAttempt,
  PlanRequest,
  Rejection,
  Routing,
} from './types.ts'
// The pipeline knows providers through routing only.
export { giveAgain, keepJson, keepStream, readChunks, UpstreamFailure } from '../providers/index.ts'
export type {
  ChatReply,
  ChatStream,
  JsonReply,
  KeptPart,
  OneReply,
  Provider,
  StreamPiece,
  Usage,
} from '../providers/index.ts'
export type { EgressPermit } from '../platform/index.ts'
export {
  createProviderStore,
  providersSchema,
  type ProviderChange,
  type ProviderStore,
  type ProviderStoreOptions,
  type StoredProvider,
} from './provider-store.ts'
