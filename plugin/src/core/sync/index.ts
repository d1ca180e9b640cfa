/** Keeping a vault on the server, without a screen. */
export { createSyncer, type Syncer } from './syncer.ts'
export { tagsIn } from './note-tags.ts'
export {
  SyncFailure,
  type Drift,
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
