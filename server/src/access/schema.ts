/**
 * Tables of identity: people and services, groups, API keys, sessions, single-use links, second factors, devices. What
 * somebody could use to sign in is stored as a hash; a TOTP secret, which must be read again, is sealed by the keyring.
 */
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
    {
      id: 3,
      name: 'people, groups, passwords, second factors, devices, an epoch',
      // The first owner keeps the kind `owner`, by which two servers that start together make one. Whether somebody is an
      // owner stands in `is_owner`.
      statements: [
        'ALTER TABLE access_principals ADD COLUMN email TEXT',
        "ALTER TABLE access_principals ADD COLUMN status TEXT NOT NULL DEFAULT 'active'",
        'ALTER TABLE access_principals ADD COLUMN is_owner {int} NOT NULL DEFAULT 0',
        "UPDATE access_principals SET is_owner = 1 WHERE kind = 'owner'",
        'CREATE UNIQUE INDEX access_principals_email ON access_principals (email) WHERE email IS NOT NULL',
        'CREATE TABLE access_epoch (one {int} PRIMARY KEY, epoch {int} NOT NULL)',
        'INSERT INTO access_epoch (one, epoch) VALUES (1, 1)',
        'CREATE TABLE access_groups (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at {int} NOT NULL)',
        `CREATE TABLE access_group_members (
          group_id TEXT NOT NULL, member_kind TEXT NOT NULL, member_id TEXT NOT NULL, source TEXT NOT NULL,
          PRIMARY KEY (group_id, member_kind, member_id, source))`,
        'CREATE INDEX access_group_members_member ON access_group_members (member_kind, member_id)',
        'CREATE TABLE access_passwords (principal_id TEXT PRIMARY KEY, hash TEXT NOT NULL, changed_at {int} NOT NULL)',
        `CREATE TABLE access_totp (
          principal_id TEXT PRIMARY KEY, sealed_secret TEXT NOT NULL, created_at {int} NOT NULL, confirmed_at {int},
          last_step {int} NOT NULL)`,
        'CREATE TABLE access_recovery_codes (hash TEXT NOT NULL, principal_id TEXT NOT NULL, PRIMARY KEY (principal_id, hash))',
        `CREATE TABLE access_external_ids (
          issuer TEXT NOT NULL, subject TEXT NOT NULL, principal_id TEXT NOT NULL, PRIMARY KEY (issuer, subject))`,
        "ALTER TABLE access_sign_in_tokens ADD COLUMN purpose TEXT NOT NULL DEFAULT 'sign-in'",
        "ALTER TABLE access_sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'link'",
        'ALTER TABLE access_sessions ADD COLUMN mfa {int} NOT NULL DEFAULT 0',
        "ALTER TABLE access_sessions ADD COLUMN device TEXT NOT NULL DEFAULT ''",
        'ALTER TABLE access_sessions ADD COLUMN last_seen_at {int} NOT NULL DEFAULT 0',
        'UPDATE access_sessions SET last_seen_at = created_at',
        'ALTER TABLE access_sessions ADD COLUMN sealed_id_token TEXT',
        'CREATE INDEX access_sessions_principal ON access_sessions (principal_id)',
        'ALTER TABLE access_keys ADD COLUMN parent_id TEXT',
        'ALTER TABLE access_keys ADD COLUMN bound TEXT',
        'ALTER TABLE access_keys ADD COLUMN device TEXT',
        'CREATE INDEX access_keys_principal ON access_keys (principal_id)',
        'CREATE INDEX access_keys_parent ON access_keys (parent_id) WHERE parent_id IS NOT NULL',
        `CREATE TABLE access_attempts (
          subject TEXT PRIMARY KEY, failures {int} NOT NULL, last_at {int} NOT NULL, free_at {int} NOT NULL)`,
        'CREATE TABLE access_spent (hash TEXT PRIMARY KEY, expires_at {int} NOT NULL)',
        `CREATE TABLE access_devices (
          device_hash TEXT PRIMARY KEY, code_hash TEXT NOT NULL UNIQUE, client TEXT NOT NULL, vault TEXT,
          status TEXT NOT NULL, principal_id TEXT, expires_at {int} NOT NULL, polled_at {int} NOT NULL,
          interval_ms {int} NOT NULL)`,
      ],
    },
    {
      id: 4,
      name: 'links to set a password say who made them, and wait for a second administrator',
      statements: [
        'ALTER TABLE access_sign_in_tokens ADD COLUMN link_id TEXT',
        'ALTER TABLE access_sign_in_tokens ADD COLUMN made_by TEXT',
        'ALTER TABLE access_sign_in_tokens ADD COLUMN waits {int} NOT NULL DEFAULT 0',
        'ALTER TABLE access_sign_in_tokens ADD COLUMN confirmed_by TEXT',
        // Of a link from before nobody knows who made it; another is made in a moment.
        "DELETE FROM access_sign_in_tokens WHERE purpose <> 'sign-in'",
        // Whether an owner or two administrators stand behind the account; until then no provider signs in to it.
        'ALTER TABLE access_principals ADD COLUMN is_vouched {int} NOT NULL DEFAULT 1',
      ],
    },
  ],
}
