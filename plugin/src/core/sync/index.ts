/** Keeping a vault on the server, without a screen. */
export { createSyncer, type Syncer } from './syncer.ts'
export { excludesPath, excludesTags, tagsIn } from './exclusions.ts'
export {
  SyncFailure,
  type Drift,
  type Exclusions,
  type KnownNote,
  type KnownNotes,
  type LocalNote,
  type LocalVault,
  type SyncOutcome,
  type SyncParts,
  type SyncProblem,
  type SyncProgress,
  type SyncState,
  type SyncStateStore,
  type SyncTransport,
} from './types.ts'
