/**
 * THE append. One transaction takes the head of the log, adds any number of entries with their blocks and the tiles that
 * they complete, and moves the head on. Whoever holds the row of the head is the sequencer, so that processes and servers
 * need no other agreement.
 */
import { fail } from '../../base/index.ts'
import type { SqlConnection, SqlSession, SqlValue } from '../../platform/index.ts'
import { writeHeader } from '../record/header.ts'
import type { PreparedEntry } from '../record/prepare.ts'
import { appendLeaf, frontierLength, hashBytes, leafHash, type Frontier, type Hash } from '../tree/merkle.ts'
import { foldTile, joinHashes, mostEntryBytes, splitHashes, tileWidth } from '../tree/tiles.ts'

export interface Head extends Frontier {
  readonly origin: string
  /** Entries before it are pruned. */
  readonly minIndex: number
  /** Grows when a key is destroyed. */
  readonly keysEpoch: number
}

/** Makes the head of a log that has none. */
export async function beginLog(connection: SqlConnection, origin: string): Promise<void> {
  await connection.run(
    'INSERT INTO audit_head (one, origin, size, frontier, min_index, keys_epoch) VALUES (1, ?, 0, ?, 0, 1) ON CONFLICT DO NOTHING',
    [origin, new Uint8Array()],
  )
}

/** `isHeld` keeps others from appending until the transaction ends. */
export async function readHead(session: SqlSession, lock: '' | 'FOR UPDATE'): Promise<Head> {
  const { rows } = await session.run(
    `SELECT origin, size, frontier, min_index, keys_epoch FROM audit_head WHERE one = 1 ${lock}`,
  )
  const [row] = rows
  const size = Number(row?.['size'])
  const frontier = row?.['frontier']
  const isWhole = frontier instanceof Uint8Array && frontier.length === frontierLength(size) * hashBytes
  if (!row || !isWhole)
    return fail('storage.failed', { message: 'The head of the audit log is damaged. Run `npx cairn audit verify`.' })
  return {
    origin: String(row['origin']),
    size,
    hashes: splitHashes(frontier),
    minIndex: Number(row['min_index']),
    keysEpoch: Number(row['keys_epoch']),
  }
}

/** Rows of one INSERT: enough that the round trips to PostgreSQL do not count. */
const rowsAtOnce = 64

/** Adds the entries after the head that was read with a lock in the same transaction. Gives the number of the first. */
export async function appendEntries(
  session: SqlSession,
  head: Head,
  entries: readonly PreparedEntry[],
): Promise<{ first: number; frontier: Frontier }> {
  let frontier: Frontier = head
  const rows: SqlValue[][] = []
  const blocks: SqlValue[][] = []
  for (const entry of entries) {
    const seq = frontier.size
    const header = writeHeader({ ...entry.header, seq })
    if (Buffer.byteLength(header) > mostEntryBytes)
      fail('internal.error', { internal: `an audit entry of type ${entry.header.type} is too long` })
    const leaf = leafHash(header)
    rows.push([seq, header, leaf])
    for (const { name, subject, period, sealed } of entry.blocks) blocks.push([seq, name, subject, period, sealed])
    frontier = appendLeaf(frontier, leaf)
  }
  await insertRows(session, 'INSERT INTO audit_entries (seq, header, leaf) VALUES', rows)
  await insertRows(session, 'INSERT INTO audit_blocks (seq, name, subject, period, sealed) VALUES', blocks)
  await completeTiles(session, head.size, frontier.size)
  await session.run('UPDATE audit_head SET size = ?, frontier = ? WHERE one = 1', [
    frontier.size,
    joinHashes(frontier.hashes),
  ])
  return { first: head.size, frontier }
}

async function insertRows(session: SqlSession, text: string, rows: readonly SqlValue[][]): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const some = rows.slice(from, from + rowsAtOnce)
    const marks = `(${(some[0] ?? []).map(() => '?').join(', ')})`
    await session.run(`${text} ${some.map(() => marks).join(', ')}`, some.flat())
  }
}

/** Stores the tiles that became full between two sizes, level by level. */
async function completeTiles(session: SqlSession, before: number, after: number): Promise<void> {
  for (
    let level = 0, width = tileWidth;
    Math.floor(after / width) > Math.floor(before / width);
    level++, width *= tileWidth
  )
    for (let index = Math.floor(before / width); index < Math.floor(after / width); index++) {
      const hashes = joinHashes(await readHashes(session, level, index, tileWidth))
      await session.run('INSERT INTO audit_tiles (level, idx, hashes, root) VALUES (?, ?, ?, ?)', [
        level,
        index,
        hashes,
        foldTile(hashes, 0, tileWidth),
      ])
    }
}

/** The first `width` hashes of a tile: leaves, or roots of full tiles of the level below. */
export async function readHashes(session: SqlSession, level: number, index: number, width: number): Promise<Hash[]> {
  const from = index * tileWidth
  const { rows } =
    level === 0
      ? await session.run('SELECT leaf AS hash FROM audit_entries WHERE seq >= ? AND seq < ? ORDER BY seq', [
          from,
          from + width,
        ])
      : await session.run(
          'SELECT root AS hash FROM audit_tiles WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx',
          [level - 1, from, from + width],
        )
  const hashes = rows.map((row) => row['hash']).filter((hash) => hash instanceof Uint8Array)
  if (hashes.length !== width)
    fail('storage.failed', { message: 'Entries of the audit log are missing. Run `npx cairn audit verify`.' })
  return hashes
}
