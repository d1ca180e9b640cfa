/** Tables of identity: the owner, API keys, sessions and one-time sign-in tokens. Secrets are stored as hashes. */
import type { Schema } from '../storage/index.ts'

export const accessSchema: Schema = {
  scope: 'access',
  migrations: [
    {
      id: 1,
      name: 'owner, keys, sessions, sign-in tokens',
      statements: [
        'CREATE TABLE access_principals (id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, created_at {int} NOT NULL)',
        `CREATE TABLE access_keys (
          id TEXT PRIMARY KEY, principal_id TEXT NOT NULL, name TEXT NOT NULL, prefix TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
          created_at {int} NOT NULL, expires_at {int}, last_used_at {int}, revoked_at {int})`,
        'CREATE TABLE access_sessions (id TEXT PRIMARY KEY, principal_id TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, created_at {int} NOT NULL, expires_at {int} NOT NULL)',
        'CREATE TABLE access_sign_in_tokens (hash TEXT PRIMARY KEY, principal_id TEXT NOT NULL, expires_at {int} NOT NULL)',
      ],
    },
    {
      id: 2,
      name: 'one owner',
      // Two servers that start together on one database make one owner between them.
      statements: ["CREATE UNIQUE INDEX access_one_owner ON access_principals (kind) WHERE kind = 'owner'"],
    },
  ],
}
