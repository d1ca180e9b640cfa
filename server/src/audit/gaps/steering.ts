/**
 * What decides what the log keeps, that is horizons, levels and holds, stands in tables of its own, and what is let go by them
 * is gone for good. So their rows stand under a seal that only this keyring makes, renewed by each change together with the
 * number of the entry about it. Nothing is destroyed by rows that somebody else wrote, took away or put back from a backup.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { AuditEventType } from '@cairn/contract'
import { fail, tryParseJson } from '../../base/index.ts'
import { openSecret, sealSecret, type SqlSession } from '../../platform/index.ts'
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'

/** Entries about a change of these rows. */
export const steeringTypes = [
  'retention.changed',
  'levels.changed',
  'privacy.hold-placed',
  'privacy.hold-released',
] as const satisfies readonly AuditEventType[]

const mark = 'steering'
const place = ['audit', mark]
const sealSchema = z.strictObject({ seq: z.int().min(0), sha256: z.string() })

/** In the transaction that changed the rows; `seq` is that of its entry. */
export async function sealSteering(session: SqlSession, wrapping: Uint8Array, seq: number): Promise<void> {
  const sealed = sealSecret(wrapping, place, JSON.stringify({ seq, sha256: await hashRows(session) }))
  await session.run(
    'INSERT INTO audit_marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [mark, sealed],
  )
}

/** Null when the rows are those that the newest entry about them left; else what is wrong. */
export async function findSteeringFault(session: SqlSession, wrapping: Uint8Array): Promise<string | null> {
  const { rows } = await session.run('SELECT value FROM audit_marks WHERE name = ?', [mark])
  const value = rows[0]?.['value']
  const opened = typeof value === 'string' ? openSecret(wrapping, place, value) : null
  const seal = opened === null ? null : (sealSchema.safeParse(tryParseJson(opened)).data ?? null)
  if (typeof value === 'string' && seal === null) return 'their seal was not made with this keyring'
  const hash = await hashRows(session)
  if (hash !== (seal?.sha256 ?? emptyHash)) return 'they are not as the log left them'
  const newest = await findNewest(session, seal?.seq ?? -1)
  return newest === null ? null : `entry ${newest} changed them, and they are as they were before`
}

/** Throws `storage.failed`. Before anything is destroyed by them. */
export async function requireSteering(session: SqlSession, wrapping: Uint8Array): Promise<void> {
  const fault = await findSteeringFault(session, wrapping)
  if (fault !== null)
    fail('storage.failed', {
      message: `Nothing of the audit log is let go: its horizons, levels and holds cannot be trusted, because ${fault}. Run \`npx cairn audit verify\`. Put them right from a backup, or take them as they stand with \`npx cairn audit retention set --as-they-stand\`.`,
    })
}

const selects = [
  'SELECT category, personal_months, header_months, changed_by FROM audit_retention ORDER BY category',
  'SELECT rules, keep_days, changed_by FROM audit_levels ORDER BY one',
  'SELECT id, scope, placed_at, placed_by, released_by, wrapped FROM audit_holds ORDER BY id',
]
const emptyHash = hashOf(selects.map(() => []))

async function hashRows(session: SqlSession): Promise<string> {
  const tables: JsonValue[] = []
  for (const select of selects) {
    const { rows } = await session.run(select)
    // Numbers as text: the engines give them in several types.
    tables.push(
      rows.map((row) =>
        Object.values(row).map((cell) => (cell === null ? null : `${cell as string | number | bigint}`)),
      ),
    )
  }
  return hashOf(tables)
}

function hashOf(tables: JsonValue): string {
  return createHash('sha256').update(canonicalJson(tables)).digest('base64url')
}

/** Of the entries after a place that are about such a change, the first. */
async function findNewest(session: SqlSession, after: number): Promise<number | null> {
  const isAbout = steeringTypes.map((type) => `header LIKE '%"type":"${type}"%'`).join(' OR ')
  const { rows } = await session.run(`SELECT MIN(seq) AS seq FROM audit_entries WHERE seq > ? AND (${isAbout})`, [
    after,
  ])
  const seq = rows[0]?.['seq']
  return seq === null || seq === undefined ? null : Number(seq)
}
