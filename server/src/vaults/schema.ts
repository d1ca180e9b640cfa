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
    {
      id: 3,
      name: 'what notes have said and nobody has let go',
      statements: [
        `CREATE TABLE vaults_kept (
          vault TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL, kept TEXT NOT NULL, held TEXT NOT NULL,
          released_at {int}, waiting INTEGER NOT NULL, revision {int} NOT NULL, PRIMARY KEY (vault, path))`,
        'CREATE INDEX vaults_kept_body ON vaults_kept (vault, body)',
        'CREATE INDEX vaults_kept_waiting ON vaults_kept (waiting)',
      ],
    },
    {
      id: 4,
      name: 'vaults that devices sync, with their notes',
      statements: [
        `CREATE TABLE vaults_synced (
          vault TEXT PRIMARY KEY, seq {int} NOT NULL, purges {int} NOT NULL, publisher TEXT, publisher_name TEXT NOT NULL,
          published_since {int} NOT NULL)`,
        `CREATE TABLE vaults_synced_notes (
          vault TEXT NOT NULL, path TEXT NOT NULL, seq {int} NOT NULL, deleted INTEGER NOT NULL, version TEXT NOT NULL,
          earlier TEXT NOT NULL, device TEXT NOT NULL, size {int} NOT NULL, mtime {int} NOT NULL, text TEXT NOT NULL,
          PRIMARY KEY (vault, path))`,
        'CREATE INDEX vaults_synced_notes_by_seq ON vaults_synced_notes (vault, seq)',
      ],
    },
  ],
}
