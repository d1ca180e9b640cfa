/**
 * Pruning: entries go from the front of the log, up to a boundary that is a multiple of the width of a tile. The roots of
 * perfect subtrees before it stay, so that every root and proof after it can still be computed; the entry that says so is
 * after the boundary, and any later checkpoint that somebody outside has seen vouches for what was before it.
 */
import { fail } from '../../base/index.ts'
import type { SqlSession } from '../../platform/index.ts'
import type { Sequencer } from '../log/sequencer.ts'
import { createTreeReader } from '../log/tree-reader.ts'
import type { AuditEvent } from '../record/prepare.ts'
import { rootOf } from '../tree/merkle.ts'
import { joinHashes, tileWidth } from '../tree/tiles.ts'
import { appendOwn } from './own-entry.ts'

export interface Pruned {
  readonly from: number
  readonly to: number
  /** Number of the entry. */
  readonly seq: number
}

/** The largest boundary that is not after this place. */
export function boundaryAt(seq: number): number {
  return Math.floor(seq / tileWidth) * tileWidth
}

/**
 * Prunes all before the boundary that is found when nobody else can change the log; null when that is done. Throws
 * `request.invalid` for a boundary that is none, or after which there is no signed checkpoint.
 */
export function prune(
  sequencer: Sequencer,
  find: (session: SqlSession) => Promise<number>,
  by: Pick<AuditEvent, 'actor' | 'at' | 'context'>,
): Promise<Pruned | null> {
  return sequencer.exclusively(async (session, head, book) => {
    const boundary = await find(session)
    if (boundary <= head.minIndex) return null
    if (boundary % tileWidth !== 0 || boundary > head.size)
      fail('request.invalid', { message: `A log is pruned to a multiple of ${tileWidth} that it has reached.` })
    const signed = await session.run('SELECT size FROM audit_checkpoints WHERE size >= ? LIMIT 1', [boundary])
    if (signed.rows.length === 0)
      fail('request.invalid', { message: 'There is no signed checkpoint after this place yet. Try again in a moment.' })
    const held = await session.run('SELECT 1 AS one FROM audit_held WHERE seq < ? LIMIT 1', [boundary])
    if (held.rows.length > 0) fail('request.invalid', { message: 'A legal hold keeps entries before this place.' })
    const frontier = await createTreeReader(session, head.size).frontier(boundary)
    const from = head.minIndex
    const fields = { from, to: boundary, root: Buffer.from(rootOf(frontier)).toString('base64url') }
    const seq = await appendOwn(session, head, book, { ...by, type: 'privacy.pruned', outcome: 'ok', fields })
    await session.run('INSERT INTO audit_prunes (upto, gone_by, frontier) VALUES (?, ?, ?)', [
      boundary,
      seq,
      joinHashes(frontier.hashes),
    ])
    await session.run('DELETE FROM audit_blocks WHERE seq < ?', [boundary])
    await session.run('DELETE FROM audit_entries WHERE seq < ?', [boundary])
    await session.run('DELETE FROM audit_checkpoints WHERE size < ?', [boundary])
    // Roots stay: the tiles above are made of them.
    for (let level = 0, width = tileWidth; width <= boundary; level++, width *= tileWidth)
      await session.run('UPDATE audit_tiles SET hashes = ? WHERE level = ? AND idx < ?', [
        new Uint8Array(),
        level,
        Math.floor(boundary / width),
      ])
    await session.run('UPDATE audit_head SET min_index = ? WHERE one = 1', [boundary])
    return { from, to: boundary, seq }
  })
}
