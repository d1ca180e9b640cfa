/**
 * Forgetting: the key of a person, or of a category in a month, is destroyed by one entry in one transaction, and from
 * then on nothing opens that it sealed, here, in any copy and in any backup of the data. What is left of the blocks then
 * goes in portions, each authorised by an entry of its own; whoever is killed in between goes on where it stopped.
 */
import type { AuditEventType } from '@cairn/contract'
import { createHash } from 'node:crypto'
import { invariant } from '../../base/index.ts'
import type { SqlSession } from '../../platform/index.ts'
import type { Head } from '../log/append.ts'
import { expandKey } from '../record/blocks.ts'
import { parseHeader } from '../record/header.ts'
import { nobody, sealGone, type KeyBook, type KeyKind } from '../record/key-book.ts'
import type { AuditEvent } from '../record/prepare.ts'
import { createGoneSet } from './gone-set.ts'
import { heldRow, isHeldBy, openHolds, type HoldableBlock } from './holds.ts'
import { appendOwn, type Forgetting } from './own-entry.ts'
import { requireSteering } from './steering.ts'

/** Blocks that go with one entry: few enough that the transaction stays short. */
const blocksAtOnce = 5_000
/** Keys that one entry names. */
export const mostKeysAtOnce = 200

/** What an entry says of a destroyed key: the key’s ref is at random, so its hash names nobody. */
export function keyMark(ref: string): string {
  return createHash('sha256').update(`cairn-audit-key/v1\0${ref}`).digest('base64url')
}

export interface Destroying {
  readonly kind: KeyKind
  /** Refs of at most 200 keys, as they are when nobody else can change the log. */
  readonly find: (session: SqlSession, book: KeyBook) => Promise<readonly string[]>
  readonly type: AuditEventType
  /** By what is destroyed. */
  readonly fields: (refs: readonly string[]) => AuditEvent['fields']
}

export interface Destroyed {
  /** Number of the entry. */
  readonly seq: number
  readonly refs: readonly string[]
}

/**
 * Destroys keys; null when all of them were destroyed before or never were. What they sealed cannot be read any more when
 * it resolves; `removeGone` removes it.
 */
export async function destroyKeys(
  { sequencer, wrapping, by }: Forgetting,
  { kind, find, type, fields: describe }: Destroying,
): Promise<Destroyed | null> {
  return sequencer.exclusively(async (session, head, book) => {
    const refs = await find(session, book)
    invariant(refs.length <= mostKeysAtOnce, 'no more keys at once than an entry can name')
    await book.findByRef(session, kind, refs)
    const live = refs.filter((ref) => ref !== nobody.ref && book.byRef(kind, ref)?.key != null)
    if (live.length === 0) return null
    await requireSteering(session, wrapping)
    await keepHeld(session, head, book, { kind, refs: live, wrapping })
    const fields = { ...describe(live), keys: live.map(keyMark).sort() }
    const seq = await appendOwn(session, head, book, { ...by, type, outcome: 'ok', fields })
    for (const ref of live) {
      const { rows } = await session.run('SELECT name FROM audit_keys WHERE kind = ? AND ref = ?', [kind, ref])
      const seal = sealGone(wrapping, { kind, name: String(rows[0]?.['name']), ref }, seq)
      await session.run('UPDATE audit_keys SET wrapped = NULL, gone_by = ?, gone_seal = ? WHERE kind = ? AND ref = ?', [
        seq,
        seal,
        kind,
        ref,
      ])
    }
    await session.run('UPDATE audit_head SET keys_epoch = keys_epoch + 1 WHERE one = 1')
    return { seq, refs: live }
  })
}

/** The blocks that a hold covers get keys of their own before the keys they need are gone. */
async function keepHeld(
  session: SqlSession,
  { origin }: Head,
  book: KeyBook,
  { kind, refs, wrapping }: { kind: KeyKind; refs: readonly string[]; wrapping: Uint8Array },
): Promise<void> {
  const holds = await openHolds(session, wrapping)
  if (holds.length === 0) return
  for (const ref of refs)
    for (let after = { seq: -1, name: '' }; ;) {
      const { rows } = await session.run(
        `SELECT b.seq, b.name, b.subject, b.period, e.header FROM audit_blocks b JOIN audit_entries e ON e.seq = b.seq
          WHERE b.${kind} = ? AND (b.seq > ? OR (b.seq = ? AND b.name > ?)) ORDER BY b.seq, b.name LIMIT 1000`,
        [ref, after.seq, after.seq, after.name],
      )
      const last = rows.at(-1)
      if (!last) break
      after = { seq: Number(last['seq']), name: String(last['name']) }
      await keepPage(session, book, { origin, rows, holds })
    }
}

async function keepPage(
  session: SqlSession,
  book: KeyBook,
  {
    rows,
    holds,
  }: { origin: string; rows: readonly Record<string, unknown>[]; holds: Awaited<ReturnType<typeof openHolds>> },
): Promise<void> {
  const refsOf = (column: string) => rows.map((row) => String(row[column]))
  await book.findByRef(session, 'subject', refsOf('subject'))
  await book.findByRef(session, 'period', refsOf('period'))
  for (const row of rows) {
    const block: HoldableBlock = {
      seq: Number(row['seq']),
      name: String(row['name']),
      subject: String(row['subject']),
      period: String(row['period']),
    }
    const [subject, period] = [book.byRef('subject', block.subject), book.byRef('period', block.period)]
    const extracted = subject && period ? book.extracted(subject, period) : null
    const nonce = parseHeader(String(row['header']))?.n
    if (extracted === null || nonce === undefined) continue
    for (const held of holds)
      if (isHeldBy(held.hold, block))
        await session.run(
          'INSERT INTO audit_held (hold, seq, name, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
          heldRow(held, block, expandKey(extracted, { nonce, name: block.name })),
        )
  }
}

/**
 * Removes blocks that cannot be read any more and that no hold keeps, a portion at a time. Gives how many went; call it
 * until that is 0.
 */
export async function removeGone({ sequencer, by }: Omit<Forgetting, 'wrapping'>): Promise<number> {
  return sequencer.exclusively(async (session, head, book) => {
    const { rows } = await session.run(
      `SELECT b.seq, b.name FROM audit_blocks b
        WHERE b.sealed IS NOT NULL
          AND (EXISTS (SELECT 1 FROM audit_keys k WHERE k.kind = 'subject' AND k.ref = b.subject AND k.gone_by IS NOT NULL)
            OR EXISTS (SELECT 1 FROM audit_keys k WHERE k.kind = 'period' AND k.ref = b.period AND k.gone_by IS NOT NULL))
          AND NOT EXISTS (SELECT 1 FROM audit_held h WHERE h.seq = b.seq AND h.name = b.name)
        ORDER BY b.seq, b.name LIMIT ${blocksAtOnce}`,
    )
    if (rows.length === 0) return 0
    const blocks = rows.map((row) => ({ seq: Number(row['seq']), name: String(row['name']) }))
    const { count, root, proofs } = await createGoneSet(blocks)
    const fields = { count, root: Buffer.from(root).toString('base64url') }
    const seq = await appendOwn(session, head, book, { ...by, type: 'privacy.blocks-removed', outcome: 'ok', fields })
    for (const [at, block] of blocks.entries())
      await session.run(
        `UPDATE audit_blocks SET subject = NULL, period = NULL, sealed = NULL, gone_by = ?, gone_proof = ?
          WHERE seq = ? AND name = ?`,
        [seq, proofs[at] ?? '', block.seq, block.name],
      )
    return count
  })
}

/** `removeGone` to the end. Gives how many blocks went. */
export async function removeAllGone(forgetting: Omit<Forgetting, 'wrapping'>): Promise<number> {
  let removed = 0
  for (let some = await removeGone(forgetting); some > 0; some = await removeGone(forgetting)) removed += some
  return removed
}
