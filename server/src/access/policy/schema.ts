/**
 * Tables of the policy: its revisions, what waits for a second person, what was passed on for a time, and emergencies.
 * A revision is never changed; going back to an earlier one makes a new one.
 */
import type { Schema } from '../../storage/index.ts'

export const policySchema: Schema = {
  scope: 'access-policy',
  migrations: [
    {
      id: 1,
      name: 'revisions, proposals, delegations, emergencies',
      statements: [
        `CREATE TABLE access_revisions (
          seq {int} PRIMARY KEY, at {int} NOT NULL, author TEXT NOT NULL, approver TEXT, note TEXT NOT NULL, document TEXT NOT NULL)`,
        `CREATE TABLE access_proposals (
          id TEXT PRIMARY KEY, at {int} NOT NULL, author TEXT NOT NULL, note TEXT NOT NULL, base {int} NOT NULL,
          document TEXT NOT NULL, status TEXT NOT NULL, decided_by TEXT, decided_at {int}, revision {int})`,
        'CREATE INDEX access_proposals_status ON access_proposals (status)',
        `CREATE TABLE access_delegations (
          id TEXT PRIMARY KEY, by_principal TEXT NOT NULL, to_principal TEXT NOT NULL, role TEXT NOT NULL, scope TEXT NOT NULL,
          from_at TEXT NOT NULL, until_at TEXT NOT NULL, created_at {int} NOT NULL, revoked_at {int})`,
        `CREATE TABLE access_emergencies (
          id TEXT PRIMARY KEY, principal TEXT NOT NULL, actions TEXT NOT NULL, scope TEXT NOT NULL, from_at TEXT NOT NULL,
          until_at TEXT NOT NULL, reason TEXT NOT NULL, requested_at {int} NOT NULL, approved_by TEXT, approved_at {int},
          ended_at {int}, reviewed_by TEXT, reviewed_at {int}, review TEXT)`,
      ],
    },
  ],
}
