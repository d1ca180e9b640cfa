/**
 * The append-only record: entries get the next number and are durable when `record` resolves. Nothing changes or
 * removes them: the database itself refuses.
 */
import { createId, invariant, type Clock } from '../base/index.ts'
import { auditEventTable } from '@cairn/contract'
import type { Schema, Store } from '../storage/index.ts'
import type { Audit } from './types.ts'

export const auditSchema: Schema = {
  scope: 'audit',
  migrations: [
    {
      id: 1,
      name: 'append-only entries',
      statements: [
        `CREATE TABLE audit_entries (
          seq {int} PRIMARY KEY, id TEXT NOT NULL UNIQUE, at {int} NOT NULL, category TEXT NOT NULL, type TEXT NOT NULL,
          actor TEXT NOT NULL, request_id TEXT, outcome TEXT NOT NULL, fields TEXT NOT NULL)`,
      ],
    },
    {
      id: 2,
      name: 'entries cannot be changed or removed',
      statements: [],
      sqlite: ['UPDATE', 'DELETE'].map(
        (action) =>
          `CREATE TRIGGER audit_entries_no_${action.toLowerCase()} BEFORE ${action} ON audit_entries
            BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END`,
      ),
      postgres: [
        `CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN RAISE EXCEPTION ''audit entries are never changed''; END'`,
        `CREATE TRIGGER audit_entries_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
          FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse()`,
      ],
    },
  ],
}

export function createAudit({ store, clock }: { store: Store; clock: Clock }): Audit {
  // On PostgreSQL several connections append: the lock makes numbers follow each other without a gap.
  const lock = store.dialect === 'postgres' ? [{ text: 'LOCK TABLE audit_entries IN SHARE ROW EXCLUSIVE MODE' }] : []
  return {
    async record({ type, actor, requestId, outcome, fields = {} }) {
      const known: readonly string[] = auditEventTable[type].fields
      for (const name of Object.keys(fields))
        invariant(known.includes(name), `audit event ${type} has no field ${name}`)
      const written = await store.write([
        ...lock,
        {
          text: `INSERT INTO audit_entries (seq, id, at, category, type, actor, request_id, outcome, fields)
            SELECT COALESCE(MAX(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM audit_entries RETURNING seq`,
          params: [
            createId('audit'),
            clock.now(),
            auditEventTable[type].category,
            type,
            actor,
            requestId,
            outcome,
            JSON.stringify(fields),
          ],
        },
      ])
      return Number(written?.rows.at(-1)?.[0]?.['seq'])
    },
  }
}
