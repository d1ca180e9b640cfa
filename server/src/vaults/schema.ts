/** The register of vaults. What is indexed of them stands in the index store. */
import type { Schema } from '../storage/index.ts'

export const vaultsSchema: Schema = {
  scope: 'vaults',
  migrations: [
    {
      id: 1,
      name: 'register of vaults',
      statements: [
        'CREATE TABLE vaults (id TEXT PRIMARY KEY, name TEXT NOT NULL, source TEXT NOT NULL, path TEXT NOT NULL UNIQUE, created_at {int} NOT NULL)',
      ],
    },
  ],
}
