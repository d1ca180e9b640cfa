/** Notes in, passages out. */
export { openVaults, type VaultsOptions } from './vaults.ts'
export { readFacts } from './read-notes.ts'
export { beginRun } from './register.ts'
export { openIndexingTurn } from './indexing-turn.ts'
export { vaultsSchema } from './schema.ts'
export { indexSchema } from './index/migrations.ts'
export { emptyIndexInfo } from './vault-states.ts'
export type { Protection } from './held/held-facts.ts'
export type {
  ExtractiveAnswer,
  HeldNote,
  IndexingTurn,
  LogPosition,
  Passage,
  RetrieveRequest,
  Vaults,
} from './types.ts'
export type { Announce } from './announce.ts'
