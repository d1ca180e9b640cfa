/** Notes in, passages out. */
export { openVaults, type VaultsOptions } from './vaults.ts'
export { beginRun } from './register.ts'
export { openIndexingTurn } from './indexing-turn.ts'
export { vaultsSchema } from './schema.ts'
export { indexSchema } from './index/migrations.ts'
export type { ExtractiveAnswer, IndexingTurn, LogPosition, Passage, RetrieveRequest, Vaults } from './types.ts'
export type { Announce } from './announce.ts'
