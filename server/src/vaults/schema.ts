/** The register of vaults, and those of one run. What is indexed of them stands in the index store. */
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
    {
      id: 2,
      name: 'vaults added and removed in one run',
      statements: [
        'CREATE TABLE vaults_of_run (id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, removed INTEGER NOT NULL, at {int} NOT NULL)',
      ],
    },
  ],
}
