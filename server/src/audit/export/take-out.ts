/** Entries of the log as a file in pieces, pinned to a size of the tree, with memory for one page. */
import type { AuditCategory, AuditEventType } from '@cairn/contract'
import { fail } from '../../base/index.ts'
import type { SqlSession } from '../../platform/index.ts'
import { readHead } from '../log/append.ts'
import { openEntry } from '../read/read-entries.ts'
import { createKeyBook, type AuditSecrets } from '../record/key-book.ts'
import { parseHeader, type AuditHeader } from '../record/header.ts'
import { createReadBlock, type ReadBlock } from '../verify/opener.ts'
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
  /** Places, `toSeq` exclusive; `toSeq` is no more than the size that the file is pinned to. */
  readonly fromSeq: number
  readonly toSeq: number
  readonly filter: EntryFilter
  readonly content: boolean
  readonly format: EntryFormat
}

/** Entries read at once. Each has two or three blocks. */
const pageEntries = 250

export type Selection = Pick<TakeOutOptions, 'session' | 'fromSeq' | 'toSeq' | 'filter'>

export interface Wanted {
  readonly stored: StoredEntry
  readonly header: AuditHeader
}

/** Page by page what fits. Rejects with `storage.failed` when entries are pruned that were not read yet. */
export async function* select({ session, fromSeq, toSeq, filter }: Selection): AsyncIterable<readonly Wanted[]> {
  const { minIndex } = await readHead(session, '')
  for (let next = Math.max(fromSeq, minIndex); next < toSeq;) {
    const to = Math.min(next + pageEntries, toSeq)
    const page = await readPage(session, { from: next, to })
    if (page.length < to - next) await refuseGap(session)
    yield page.flatMap((stored) => match(stored, filter))
    next = to
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
    message: `Entries of the audit log were pruned a moment ago (before ${minIndex}), or are missing. Try again; then run \`npx cairn audit verify\`.`,
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
