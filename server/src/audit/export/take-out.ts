/** Entries of the log as a file in pieces, pinned to a size of the tree, with memory for one page. */
import type { AuditCategory, AuditEventType } from '@cairn/contract'
import { fail } from '../../base/index.ts'
import type { SqlSession } from '../../platform/index.ts'
import { readHead } from '../log/append.ts'
import { openEntry } from '../read/read-entries.ts'
import { createKeyBook, type AuditSecrets } from '../record/key-book.ts'
import { parseHeader, type AuditHeader } from '../record/header.ts'
import { createReadBlock, type ReadBlock } from '../verify/opener.ts'
import { tileWidth } from '../tree/tiles.ts'
import { createTileProver, tilesBetween, type SignedTree } from '../verify/prove-tiles.ts'
import { readPage, type StoredEntry } from '../verify/source.ts'
import type { EntryFormat } from './format.ts'
import { showEntry } from './view.ts'

/** All that is given must fit; null and absent fit everything. */
export interface EntryFilter {
  /** Milliseconds since 1970, by the minute of the entry; `to` exclusive. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly category?: readonly AuditCategory[] | undefined
  readonly type?: readonly AuditEventType[] | undefined
}

export interface Piece {
  readonly bytes: Uint8Array
  /** Entries in it. */
  readonly results: number
}

export interface TakeOutOptions {
  readonly session: SqlSession
  readonly secrets: Pick<AuditSecrets, 'wrapping' | 'naming'>
  /** That the file is pinned to: no entry is taken out that is not in it. */
  readonly tree: SignedTree
  /** Places, `toSeq` exclusive; no more than the tree has. */
  readonly fromSeq: number
  readonly toSeq: number
  readonly filter: EntryFilter
  readonly content: boolean
  readonly format: EntryFormat
}

export type Selection = Pick<TakeOutOptions, 'session' | 'tree' | 'fromSeq' | 'toSeq' | 'filter'>

export interface Wanted {
  readonly stored: StoredEntry
  readonly header: AuditHeader
}

/**
 * Tile by tile what fits. Rejects with `storage.failed` when entries are pruned that were not read yet, or are not those
 * that were signed.
 */
export async function* select({ session, tree, fromSeq, toSeq, filter }: Selection): AsyncIterable<readonly Wanted[]> {
  const { minIndex } = await readHead(session, '')
  const prover = createTileProver(session, tree)
  const first = Math.max(fromSeq, minIndex)
  for (const tile of tilesBetween(first, Math.min(toSeq, tree.size))) {
    const page = await readPage(session, { from: tile * tileWidth, to: Math.min((tile + 1) * tileWidth, tree.size) })
    const headers = page.map(({ header }) => header)
    if (!(await prover.isSigned(tile, headers))) await refuseGap(session)
    yield page.filter(({ seq }) => seq >= first && seq < toSeq).flatMap((stored) => match(stored, filter))
  }
}

/** Rejects with `storage.failed` when entries are pruned that were not read yet; what was written is not whole then. */
export async function* takeOut(options: TakeOutOptions): AsyncIterable<Piece> {
  const { session, content, format } = options
  const keys = createKeys(session, options.secrets)
  if (format.begin !== '') yield { bytes: encode(format.begin), results: 0 }
  for await (const wanted of select(options)) {
    const read = wanted.length > 0 ? await keys() : null
    const lines: string[] = []
    for (const { stored, header } of wanted)
      if (read !== null) lines.push(format.write(showEntry(await openEntry(stored, header, read), { content })))
    yield { bytes: encode(lines.join('')), results: lines.length }
  }
}

const encode = (text: string) => new TextEncoder().encode(text)

async function refuseGap(session: SqlSession): Promise<never> {
  const { minIndex } = await readHead(session, '')
  return fail('storage.failed', {
    message: `Entries of the audit log were pruned a moment ago (before ${minIndex}), or are not those that were signed. Try again; then run \`npx cairn audit verify\`.`,
  })
}

/** Before anything is decrypted. A header of a newer version of the server is left out. */
function match(stored: StoredEntry, { from, to, category, type }: EntryFilter): Wanted[] {
  const header = parseHeader(stored.header)
  if (header === null) return []
  const at = from === undefined && to === undefined ? 0 : Date.parse(header.t)
  const fits =
    at >= (from ?? 0) &&
    at < (to ?? Number.POSITIVE_INFINITY) &&
    (category === undefined || (category as readonly string[]).includes(header.cat)) &&
    (type === undefined || (type as readonly string[]).includes(header.type))
  return fits ? [{ stored, header }] : []
}

/** What opens blocks with the keys as they are at this moment: who is forgotten meanwhile is not in the rest. */
export function createKeys(
  session: SqlSession,
  secrets: Pick<AuditSecrets, 'wrapping' | 'naming'>,
): () => Promise<ReadBlock> {
  const book = createKeyBook(secrets)
  return async () => {
    const { origin, keysEpoch } = await readHead(session, '')
    book.follow(keysEpoch)
    return createReadBlock(session, { book, wrapping: secrets.wrapping, origin })
  }
}
