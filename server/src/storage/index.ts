/** SQLite and PostgreSQL from one code: open, migrate, read, write whole. */
export { openStore, openConnection, openDirectStore, type StoreLocation, type StoreOptions } from './open.ts'
export type { Store, Statement, WriteResult, Migration, Schema } from './types.ts'
export { deploymentSchema, findDeploymentId, requireSameKeyring } from './deployment.ts'
export { holdDeployment, type DeploymentHold, type HoldOptions } from './hold-deployment.ts'
export { toNumber, toText, type StoredRow } from './rows.ts'
export { watchStore } from './watch-store.ts'
