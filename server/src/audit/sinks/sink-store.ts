/**
 * Where each receiver outside is in the log, stored with the log. The place moves on only when the receiver has taken what
 * came before it. One process at a time delivers to a receiver: it holds the row until a time, and goes on holding it.
 */
import type { AuditReceipt } from '@cairn/contract'
import type { Row, SqlConnection, SqlSession } from '../../platform/index.ts'
import { readHead } from '../log/append.ts'
import { makeBatch, type Batch, type BatchSource, type SinkPlan } from './batch.ts'

export interface SinkProgress {
  /** Entries before it are delivered. */
  readonly cursor: number
  readonly size: number
  /** Milliseconds since 1970, as all times here. */
  readonly failingSince: number | null
  readonly attempts: number
  readonly lastError: string | null
  readonly deliveredAt: number | null
}

/** What is to be done for a receiver. */
export type NextStep = { readonly progress: SinkProgress } & (
  | /** Another process delivers. */ { readonly kind: 'held' }
  | { readonly kind: 'idle' }
  | /** It is new, or is to be given entries in another way: to be recorded, then said by `configure`. */ {
      readonly kind: 'configure'
    }
  | /** Entries are gone that it was not given: to be recorded, then passed over by `skip`. */ {
      readonly kind: 'skip'
      readonly from: number
      readonly to: number
    }
  | ({ readonly kind: 'batch' } & Batch)
)

export interface Holder {
  readonly id: string
  readonly holder: string
  readonly at: number
}

export interface SinkStore {
  next(of: Omit<Holder, 'id'> & { readonly plan: SinkPlan }): Promise<NextStep>
  configure(of: Holder & { readonly plan: SinkPlan }): Promise<void>
  skip(of: Holder & { readonly from: number; readonly to: number }): Promise<void>
  /** Leaves a receipt. `recovered` tells of a failure that is over; null when another process holds the receiver now. */
  done(of: Holder & Omit<Batch, 'body'> & { readonly bytes: number }): Promise<{
    readonly recovered: { readonly since: number; readonly attempts: number } | null
  } | null>
  /** `to`: the next try has the same extent. Gives whether it worked until now. */
  failed(of: Holder & { readonly to: number; readonly error: string }): Promise<{ readonly isFirst: boolean }>
  release(of: Holder): Promise<void>
  /** At most `limit` receipts: from the place `after` on, oldest first, or before the place `before`, newest first. */
  receipts(of: ReceiptPage & { readonly id: string }): Promise<AuditReceipt[]>
  progress(id: string): Promise<SinkProgress | null>
}

export interface ReceiptPage {
  readonly after: number
  readonly before?: number | undefined
  readonly limit: number
}

/** Longer than a delivery may take. */
export const holdMs = 60_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSinkStore(connection: SqlConnection, source: Omit<BatchSource, 'session'>): SinkStore {
  const shapeOf = ({ kind, format, names }: SinkPlan) => `${kind} ${format} ${names ? 'names' : 'refs'}`

  async function readRow(session: SqlSession, id: string): Promise<Row | null> {
    const { rows } = await session.run('SELECT * FROM audit_sinks WHERE id = ?', [id])
    return rows[0] ?? null
  }

  /** One that is not known begins where the log is now. */
  async function openRow(id: string): Promise<Row> {
    const known = await readRow(connection, id)
    if (known !== null) return known
    const { size } = await readHead(connection, '')
    await connection.run(
      `INSERT INTO audit_sinks (id, shape, next_seq, held_until, attempts) VALUES (?, '', ?, 0, 0) ON CONFLICT DO NOTHING`,
      [id, size],
    )
    return (await readRow(connection, id)) ?? {}
  }

  /** Written only when half of the time is over, so that waiting costs no disk. */
  async function hold(row: Row, { id, holder, at }: Holder): Promise<boolean> {
    if (row['holder'] === holder && Number(row['held_until']) - at > holdMs / 2) return true
    const { changes } = await connection.run(
      'UPDATE audit_sinks SET holder = ?, held_until = ? WHERE id = ? AND (holder IS NULL OR holder = ? OR held_until < ?)',
      [holder, at + holdMs, id, holder, at],
    )
    return changes === 1
  }

  async function describe(row: Row): Promise<SinkProgress & { readonly minIndex: number }> {
    const { size, minIndex } = await readHead(connection, '')
    return { ...progressOf(row, size), minIndex }
  }

  return {
    async next({ plan, holder, at }) {
      const { id } = plan
      const row = await openRow(id)
      const { minIndex, ...progress } = await describe(row)
      if (!(await hold(row, { id, holder, at }))) return { kind: 'held', progress }
      if (row['shape'] !== shapeOf(plan)) return { kind: 'configure', progress }
      const { cursor, size } = progress
      if (cursor < minIndex) return { kind: 'skip', from: cursor, to: minIndex, progress }
      if (cursor >= size) return { kind: 'idle', progress }
      const upto = typeof row['upto'] === 'number' && row['upto'] > cursor ? row['upto'] : size
      const batch = await makeBatch({ session: connection, ...source }, plan, {
        from: cursor,
        to: Math.min(upto, size),
      })
      if (batch !== null) {
        // Before it is sent: whoever is killed before the answer sends the same again, under the same id.
        if (row['upto'] !== batch.to)
          await connection.run('UPDATE audit_sinks SET upto = ? WHERE id = ? AND holder = ? AND next_seq = ?', [
            batch.to,
            id,
            holder,
            batch.first,
          ])
        return { kind: 'batch', ...batch, progress }
      }
      return { kind: 'skip', from: cursor, to: await findNext(connection, cursor, size), progress }
    },
    async configure({ id, holder, plan }) {
      await connection.run('UPDATE audit_sinks SET shape = ?, upto = NULL WHERE id = ? AND holder = ?', [
        shapeOf(plan),
        id,
        holder,
      ])
    },
    async skip({ id, holder, from, to }) {
      await connection.run(
        'UPDATE audit_sinks SET next_seq = ?, upto = NULL WHERE id = ? AND holder = ? AND next_seq = ?',
        [to, id, holder, from],
      )
    },
    done: ({ id, holder, at, first, to, entries, bytes, sha256 }) =>
      connection.transaction(async (session) => {
        const before = await readRow(session, id)
        const { changes } = await session.run(
          `UPDATE audit_sinks SET next_seq = ?, upto = NULL, failing_since = NULL, attempts = 0, last_error = NULL,
             delivered_at = ?, held_until = ? WHERE id = ? AND holder = ? AND next_seq = ?`,
          [to, at, at + holdMs, id, holder, first],
        )
        if (before === null || changes !== 1) return null
        await session.run(
          'INSERT INTO audit_receipts (sink, first_seq, last_seq, entries, bytes, sha256, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
          [id, first, to - 1, entries, bytes, sha256, at],
        )
        // Kept as long as what they are about.
        await session.run(
          'DELETE FROM audit_receipts WHERE sink = ? AND last_seq < (SELECT min_index FROM audit_head WHERE one = 1)',
          [id],
        )
        const since = numberOf(before['failing_since'])
        return { recovered: since === null ? null : { since, attempts: Number(before['attempts']) } }
      }),
    failed: ({ id, holder, at, to, error }) =>
      connection.transaction(async (session) => {
        const before = await readRow(session, id)
        await session.run(
          `UPDATE audit_sinks SET upto = ?, attempts = attempts + 1, last_error = ?,
             failing_since = COALESCE(failing_since, ?) WHERE id = ? AND holder = ?`,
          [to, error, at, id, holder],
        )
        return { isFirst: before !== null && before['holder'] === holder && before['failing_since'] === null }
      }),
    async release({ id, holder }) {
      await connection.run('UPDATE audit_sinks SET holder = NULL, held_until = 0 WHERE id = ? AND holder = ?', [
        id,
        holder,
      ])
    },
    async receipts({ id, after, before, limit }) {
      const [where, order, place] =
        before === undefined ? (['>=', 'ASC', after] as const) : (['<', 'DESC', before] as const)
      const { rows } = await connection.run(
        `SELECT first_seq, last_seq, entries, bytes, sha256, at FROM audit_receipts WHERE sink = ? AND first_seq ${where} ?
          ORDER BY first_seq ${order} LIMIT ?`,
        [id, place, limit],
      )
      return rows.map((row) => ({
        first: Number(row['first_seq']),
        last: Number(row['last_seq']),
        entries: Number(row['entries']),
        bytes: Number(row['bytes']),
        sha256: String(row['sha256']),
        at: Number(row['at']),
      }))
    },
    async progress(id) {
      const row = await readRow(connection, id)
      if (row === null) return null
      const { minIndex: _, ...progress } = await describe(row)
      return progress
    },
  }
}

const numberOf = (value: unknown) => (typeof value === 'number' ? value : null)

function progressOf(row: Row, size: number): SinkProgress {
  return {
    cursor: Number(row['next_seq']),
    size,
    failingSince: numberOf(row['failing_since']),
    attempts: Number(row['attempts']),
    lastError: typeof row['last_error'] === 'string' ? row['last_error'] : null,
    deliveredAt: numberOf(row['delivered_at']),
  }
}

/** After a hole that no pruning has made: verifying tells what it is, deliveries go on behind it. */
async function findNext(session: SqlSession, from: number, size: number): Promise<number> {
  const { rows } = await session.run('SELECT MIN(seq) AS seq FROM audit_entries WHERE seq >= ?', [from])
  return numberOf(rows[0]?.['seq']) ?? size
}
