/** Notes in, passages out. */
export { openVaults, type VaultsOptions } from './vaults.ts'
export { vaultsSchema } from './schema.ts'
export { indexSchema } from './index/migrations.ts'
export type { ExtractiveAnswer, Passage, RetrieveRequest, Vaults } from './types.ts'
