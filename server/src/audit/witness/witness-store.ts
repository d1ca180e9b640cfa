/**
 * What each witness outside has been told and has seen, stored with the log. One process at a time tells a witness: it
 * holds the row until a time, and goes on holding it.
 */
import type { Row, SqlConnection } from '../../platform/index.ts'
import { readHead } from '../log/append.ts'
import type { Verdict } from './compare.ts'

export interface WitnessProgress {
  /** Size of the newest checkpoint that it has acknowledged; 0 before the first. */
  readonly told: number
  /** Milliseconds since 1970, as all times here. */
  readonly toldAt: number | null
  /** Of the log. */
  readonly size: number
  /** The checkpoint that it said it saw last. */
  readonly seen: { readonly size: number; readonly verdict: Verdict; readonly at: number } | null
  readonly failingSince: number | null
  readonly attempts: number
  readonly lastError: string | null
}

export type WitnessStep = { readonly progress: WitnessProgress } & (
  | /** Another process tells it. */ { readonly kind: 'held' }
  | { readonly kind: 'idle' }
  | { readonly kind: 'tell'; readonly size: number; readonly note: string }
)

export interface WitnessHolder {
  readonly id: string
  readonly holder: string
  readonly at: number
}

export interface WitnessStore {
  /** `every`: as many checkpoints must be new to it. */
  next(of: WitnessHolder & { readonly every: number }): Promise<WitnessStep>
  /** It has acknowledged the checkpoint of this size. False when another process holds it now. */
  done(
    of: WitnessHolder & {
      readonly size: number
      readonly seen: { readonly size: number; readonly verdict: Verdict } | null
    },
  ): Promise<boolean>
  /** Gives whether it worked until now. */
  failed(of: WitnessHolder & { readonly error: string }): Promise<{ readonly isFirst: boolean }>
  release(of: WitnessHolder): Promise<void>
  progress(id: string): Promise<WitnessProgress | null>
}

/** Longer than telling may take. */
const holdMs = 60_000
/** A log in which little happens is vouched for too. */
const atLeastEveryMs = 3_600_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createWitnessStore(connection: SqlConnection): WitnessStore {
  async function readRow(id: string): Promise<Row | null> {
    const { rows } = await connection.run('SELECT * FROM audit_witnesses WHERE id = ?', [id])
    return rows[0] ?? null
  }

  async function openRow(id: string): Promise<Row> {
    const known = await readRow(id)
    if (known !== null) return known
    await connection.run(
      'INSERT INTO audit_witnesses (id, told, held_until, attempts) VALUES (?, 0, 0, 0) ON CONFLICT DO NOTHING',
      [id],
    )
    return (await readRow(id)) ?? {}
  }

  /** Written only when half of the time is over, so that waiting costs no disk. */
  async function hold(row: Row, { id, holder, at }: WitnessHolder): Promise<boolean> {
    if (row['holder'] === holder && Number(row['held_until']) - at > holdMs / 2) return true
    const { changes } = await connection.run(
      'UPDATE audit_witnesses SET holder = ?, held_until = ? WHERE id = ? AND (holder IS NULL OR holder = ? OR held_until < ?)',
      [holder, at + holdMs, id, holder, at],
    )
    return changes === 1
  }

  /** No further than it matters. */
  async function countAfter(told: number, most: number): Promise<number> {
    const { rows } = await connection.run(
      'SELECT COUNT(*) AS count FROM (SELECT size FROM audit_checkpoints WHERE size > ? LIMIT ?) AS newer',
      [told, most],
    )
    return Number(rows[0]?.['count'] ?? 0)
  }

  async function describe(row: Row): Promise<WitnessProgress> {
    const { size } = await readHead(connection, '')
    return progressOf(row, size)
  }

  return {
    async next({ every, ...of }) {
      const row = await openRow(of.id)
      const progress = await describe(row)
      if (!(await hold(row, of))) return { kind: 'held', progress }
      const { told, toldAt, failingSince } = progress
      const { rows } = await connection.run(
        'SELECT size, note FROM audit_checkpoints WHERE size > ? ORDER BY size DESC LIMIT 1',
        [told],
      )
      const [newest] = rows
      if (newest === undefined) return { kind: 'idle', progress }
      const isTime = toldAt === null || of.at - toldAt >= atLeastEveryMs || failingSince !== null
      if (!isTime && (await countAfter(told, every)) < every) return { kind: 'idle', progress }
      return { kind: 'tell', size: Number(newest['size']), note: String(newest['note']), progress }
    },
    async done({ id, holder, at, size, seen }) {
      const { changes } = await connection.run(
        `UPDATE audit_witnesses SET told = ?, told_at = ?, failing_since = NULL, attempts = 0, last_error = NULL,
           seen = COALESCE(?, seen), verdict = COALESCE(?, verdict), seen_at = COALESCE(?, seen_at), held_until = ?
           WHERE id = ? AND holder = ?`,
        [size, at, seen?.size ?? null, seen?.verdict ?? null, seen === null ? null : at, at + holdMs, id, holder],
      )
      return changes === 1
    },
    async failed({ id, holder, at, error }) {
      const before = await readRow(id)
      await connection.run(
        `UPDATE audit_witnesses SET attempts = attempts + 1, last_error = ?, failing_since = COALESCE(failing_since, ?)
           WHERE id = ? AND holder = ?`,
        [error, at, id, holder],
      )
      return { isFirst: before !== null && before['holder'] === holder && before['failing_since'] === null }
    },
    async release({ id, holder }) {
      await connection.run('UPDATE audit_witnesses SET holder = NULL, held_until = 0 WHERE id = ? AND holder = ?', [
        id,
        holder,
      ])
    },
    async progress(id) {
      const row = await readRow(id)
      return row === null ? null : describe(row)
    },
  }
}

const verdicts: readonly Verdict[] = ['fits', 'fork', 'rollback', 'pruned', 'unknown']

function progressOf(row: Row, size: number): WitnessProgress {
  const numberOf = (name: string) => (typeof row[name] === 'number' ? row[name] : null)
  const [seen, at, verdict] = [numberOf('seen'), numberOf('seen_at'), verdicts.find((each) => each === row['verdict'])]
  return {
    told: numberOf('told') ?? 0,
    toldAt: numberOf('told_at'),
    size,
    seen: seen === null || at === null || verdict === undefined ? null : { size: seen, verdict, at },
    failingSince: numberOf('failing_since'),
    attempts: numberOf('attempts') ?? 0,
    lastError: typeof row['last_error'] === 'string' ? row['last_error'] : null,
  }
}
