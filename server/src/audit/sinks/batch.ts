/** What a receiver is given next: some entries in its format, bounded by count and bytes. */
import { createHash } from 'node:crypto'
import type { SqlSession } from '../../platform/index.ts'
import { createFormat } from '../export/format.ts'
import { pseudonymise, showEntry, type ShownEntry } from '../export/view.ts'
import { openEntry } from '../read/read-entries.ts'
import { nobody } from '../record/key-book.ts'
import { parseHeader } from '../record/header.ts'
import type { ReadBlock } from '../verify/opener.ts'
import { readPage, type StoredEntry } from '../verify/source.ts'
import { frame, toSyslog } from './syslog.ts'

/** How a receiver wants its entries. */
export interface SinkPlan {
  readonly id: string
  readonly kind: 'syslog' | 'webhook'
  readonly format: 'rfc5424-json' | 'cef' | 'jsonl' | 'ocsf'
  readonly names: boolean
}

export interface Batch {
  /** Places of its first and last entry; `to` is the place after it. */
  readonly first: number
  readonly to: number
  readonly entries: number
  readonly body: Uint8Array
  /** Of the body. */
  readonly sha256: string
}

export interface BatchSource {
  readonly session: SqlSession
  /** With the keys as they are now. */
  readonly keys: () => Promise<ReadBlock>
  readonly version: string
  readonly origin: string
}

export const mostEntries = 500
const mostBytes = 512 * 1_024

/** Null when the entry at `from` is not there. `to` is beyond the last that may be in it. */
export async function makeBatch(
  { session, keys, ...source }: BatchSource,
  plan: SinkPlan,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Batch | null> {
  const page = await readPage(session, { from, to: Math.min(to, from + mostEntries) })
  if (page[0]?.seq !== from) return null
  const read = await keys()
  const write = createWriter(plan, source)
  const parts: string[] = []
  let [next, bytes] = [from, 0]
  for (const stored of page) {
    if (stored.seq !== next) break
    const text = await writeEntry(stored, { plan, read, write })
    bytes += Buffer.byteLength(text)
    if (bytes > mostBytes && parts.length > 0) break
    parts.push(text)
    next = stored.seq + 1
  }
  const body = new TextEncoder().encode(parts.join(''))
  return {
    first: from,
    to: next,
    entries: parts.filter((part) => part !== '').length,
    body,
    sha256: createHash('sha256').update(body).digest('hex'),
  }
}

type Writer = (entry: ShownEntry) => string

function createWriter({ format }: SinkPlan, source: Pick<BatchSource, 'version' | 'origin'>): Writer {
  if (format === 'jsonl' || format === 'ocsf') return createFormat(format, { ...source, mark: false }).write
  return (entry) => frame(toSyslog(entry, { format, version: source.version }))
}

interface Writing {
  readonly plan: SinkPlan
  readonly read: ReadBlock
  readonly write: Writer
}

/** Nothing for a header of a newer version of the server. */
async function writeEntry(stored: StoredEntry, { plan, read, write }: Writing): Promise<string> {
  const header = parseHeader(stored.header)
  if (header === null) return ''
  const entry = await openEntry(stored, header, read)
  return write(plan.names ? showEntry(entry, { content: true }) : pseudonymise(entry, refsIn(stored)))
}

/** Blocks are marked with the refs of those for whom they are encrypted; one that is gone is not. */
function refsIn({ blocks }: StoredEntry): (block: string) => string | null {
  return (name) => {
    const subject = blocks.find((block) => block.name === name)?.subject ?? null
    return subject === nobody.ref ? null : subject
  }
}
