/**
 * Keeps the index in step with the log: adds what was appended, takes out the references of whoever was forgotten and the
 * rows of what was pruned. It looks at the state of the log and not at single entries, so that it does not matter how far
 * behind it is, or whether it was stopped in the middle: keys that were destroyed since it last looked, and the first entry
 * that is left.
 *
 * Several processes may follow one log. Whoever has the lease does the work; that it is done once does not depend on it,
 * but on `upto`, which is looked at under a lock in the transaction that moves it on.
 */
import { createId, type Clock } from '../../base/index.ts'
import type { SqlConnection, SqlSession, SqlValue } from '../../platform/index.ts'
import { readHead, type Head } from '../log/append.ts'
import { openEntry } from '../read/read-entries.ts'
import { parseHeader } from '../record/header.ts'
import { isSame } from '../tree/merkle.ts'
import type { ReadBlock } from '../verify/opener.ts'
import { readPage } from '../verify/source.ts'
import { toIndexRow, type IndexRow, type Shape } from './index-rows.ts'
import type { IndexStore, OpenIndex } from './index-store.ts'
import { dropPruned, forgetKeys } from './forget-references.ts'

/** `done`: nothing of what was there when it began is left to do. `elsewhere`: another process is at it. */
export type Step = 'done' | 'more' | 'elsewhere'

export interface LogFollower {
  /** One portion of the work. Rejects with `storage.failed`. */
  step(): Promise<Step>
  /** Lets others do the work at once. */
  release(): Promise<void>
}

export interface FollowerOptions {
  readonly log: SqlConnection
  readonly store: IndexStore
  readonly clock: Clock
  /** Opens blocks with the keys as they are now. */
  readonly openBlocks: (head: Head) => Promise<ReadBlock>
}

/** Entries that one step takes in: some ten milliseconds of work, so that questions come in between. */
const entriesAtOnce = 400
const leaseMs = 5_000
/** Shapes that are remembered. */
const mostKnown = 50_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createLogFollower({ log, store, clock, openBlocks }: FollowerOptions): LogFollower {
  const self = createId('follower')
  let shapes = new Map<string, number>()
  let shapesOf = ''

  async function step(): Promise<Step> {
    const head = await readHead(log, '')
    return store.use(async (index) => {
      const { state } = index
      if (!(await isThisLog(log, head, state))) {
        await store.reset(state.build)
        return 'more'
      }
      if (state.upto === head.size && state.keysEpoch === head.keysEpoch && state.minIndex === head.minIndex)
        return 'done'
      if (!(await takeLease(index))) return 'elsewhere'
      if (state.keysEpoch !== head.keysEpoch) await forgetKeys({ log, index, head, renew: () => takeLease(index) })
      else if (state.minIndex !== head.minIndex) await dropPruned({ index, head, renew: () => takeLease(index) })
      else return (await add(index, head)) === head.size ? 'done' : 'more'
      return 'more'
    })
  }

  async function takeLease({ connection }: OpenIndex): Promise<boolean> {
    const now = clock.now()
    const { changes } = await connection.run(
      `UPDATE audit_index_state SET lease_by = ?, lease_until = ?
        WHERE one = 1 AND (lease_by = ? OR lease_until < ? OR lease_until > ?)`,
      // A lease from the future was taken under a wrong clock.
      [self, now + leaseMs, self, now, now + 2 * leaseMs],
    )
    return changes === 1
  }

  /** Gives how far it came. */
  async function add(index: OpenIndex, head: Head): Promise<number> {
    const { state, connection, refs } = index
    const from = Math.max(state.upto, head.minIndex)
    const to = Math.min(from + entriesAtOnce, head.size)
    const read = await openBlocks(head)
    const rows: IndexRow[] = []
    let leaf: Uint8Array | null = null
    for (const stored of await readPage(log, { from, to })) {
      if (stored.seq === to - 1) ({ leaf } = stored)
      const header = parseHeader(stored.header)
      if (header !== null) rows.push(toIndexRow(stored, header, await openEntry(stored, header, read), refs))
    }
    const isFirst = await connection.transaction(async (session) => {
      if (!(await isStill(session, connection, state))) return false
      await insertRows(session, state.build, rows)
      await session.run(
        'UPDATE audit_index_state SET upto = ?, leaf = ?, lease_until = CASE WHEN lease_by = ? THEN ? ELSE lease_until END WHERE one = 1',
        [to, leaf, self, to === head.size ? 0 : clock.now() + leaseMs],
      )
      return true
    })
    // Ids of shapes that were made in vain are nobody’s.
    if (!isFirst) shapes = new Map()
    return to
  }

  async function insertRows(session: SqlSession, build: string, rows: readonly IndexRow[]): Promise<void> {
    if (shapesOf !== build || shapes.size > mostKnown) shapes = new Map()
    shapesOf = build
    await learnShapes(
      session,
      rows.map(({ shape }) => shape),
    )
    await insertAll(
      session,
      'INSERT INTO audit_index_entries (seq, minute, month, shape, tokens_in, tokens_out, actor, request) VALUES',
      rows.map(({ seq, minute, month, shape, tokensIn, tokensOut, actor, request }) => [
        seq,
        minute,
        month,
        shapes.get(shape.name) ?? -1,
        tokensIn,
        tokensOut,
        actor,
        request,
      ]),
    )
    await insertAll(
      session,
      'INSERT INTO audit_index_refs (ref, seq, kind) VALUES',
      rows.flatMap(({ seq, refs }) => refs.map(({ kind, ref }) => [ref, seq, kind])),
    )
    await widenHours(session, rows)
  }

  async function learnShapes(session: SqlSession, wanted: readonly Shape[]): Promise<void> {
    const missing = [...new Map(wanted.map((shape) => [shape.name, shape])).values()].filter(
      ({ name }) => !shapes.has(name),
    )
    if (missing.length === 0) return
    const { rows } = await session.run(
      `SELECT id, name FROM audit_index_shapes WHERE name IN (${missing.map(() => '?').join(', ')})`,
      missing.map(({ name }) => name),
    )
    for (const row of rows) shapes.set(String(row['name']), Number(row['id']))
    const made = missing.filter(({ name }) => !shapes.has(name))
    if (made.length === 0) return
    const last = await session.run('SELECT COALESCE(MAX(id), 0) AS id FROM audit_index_shapes')
    const first = Number(last.rows[0]?.['id']) + 1
    await insertAll(
      session,
      'INSERT INTO audit_index_shapes (id, name, category, type, outcome, model, provider, words) VALUES',
      made.map(({ name, category, type, outcome, model, provider, words }, at) => [
        first + at,
        name,
        category,
        type,
        outcome,
        model,
        provider,
        words,
      ]),
    )
    made.forEach(({ name }, at) => shapes.set(name, first + at))
  }

  return {
    step,
    release: () =>
      store.use(async ({ connection }) => {
        await connection.run('UPDATE audit_index_state SET lease_until = 0 WHERE one = 1 AND lease_by = ?', [self])
      }),
  }
}

/** Not when the log was put back from a backup, or exchanged: then the index has what the log has not. */
async function isThisLog(log: SqlSession, head: Head, { upto, leaf }: OpenIndex['state']): Promise<boolean> {
  if (upto > head.size) return false
  if (leaf === null || upto <= head.minIndex) return true
  const { rows } = await log.run('SELECT leaf FROM audit_entries WHERE seq = ?', [upto - 1])
  const found = rows[0]?.['leaf']
  return !(found instanceof Uint8Array) || isSame(found, leaf)
}

/** Whether nobody has moved the index on meanwhile; nobody does until the transaction ends. */
async function isStill(
  session: SqlSession,
  { dialect }: SqlConnection,
  { build, upto }: OpenIndex['state'],
): Promise<boolean> {
  const lock = dialect === 'postgres' ? 'FOR UPDATE' : ''
  const { rows } = await session.run(`SELECT build, upto FROM audit_index_state WHERE one = 1 ${lock}`)
  return rows[0]?.['build'] === build && Number(rows[0]['upto']) === upto
}

const rowsAtOnce = 100

async function insertAll(session: SqlSession, text: string, rows: readonly SqlValue[][]): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const some = rows.slice(from, from + rowsAtOnce)
    const marks = `(${(some[0] ?? []).map(() => '?').join(', ')})`
    await session.run(`${text} ${some.map(() => marks).join(', ')}`, some.flat())
  }
}

async function widenHours(session: SqlSession, rows: readonly IndexRow[]): Promise<void> {
  const spans = new Map<number, { first: number; last: number }>()
  for (const { minute, seq } of rows) {
    const hour = Math.floor(minute / 60)
    const span = spans.get(hour)
    if (span) span.last = seq
    else spans.set(hour, { first: seq, last: seq })
  }
  for (const [hour, { first, last }] of spans)
    await session.run(
      `INSERT INTO audit_index_hours (hour, first, last) VALUES (?, ?, ?)
        ON CONFLICT (hour) DO UPDATE SET last = excluded.last`,
      [hour, first, last],
    )
}
