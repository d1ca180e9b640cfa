/**
 * Reads the entries that a report is about from the log itself, not from its index, and proves of each tile that it is the
 * one that was signed: what was read is all that there is.
 * A look at the end of each header, which is canonical JSON and so always has the same form, tells whether it is wanted;
 * only those are opened.
 */
import type { AuditEventType } from '@cairn/contract'
import type { SqlSession } from '../../platform/index.ts'
import { createKeys } from '../export/take-out.ts'
import { openEntry, type OpenedEntry } from '../read/read-entries.ts'
import { parseHeader } from '../record/header.ts'
import type { AuditSecrets } from '../record/key-book.ts'
import { tileWidth, widthAt } from '../tree/tiles.ts'
import { createTileProver, tilesBetween, type SignedTree } from '../verify/prove-tiles.ts'
import { readAt } from '../verify/source.ts'
import type { ReportPeriod, ReportTools } from './types.ts'

export interface LogScan extends Pick<ReportTools, 'scan' | 'scanBack' | 'readAll' | 'unsigned'> {
  /** Entries that were opened, each once, and how many of them have a part that nobody can read any more. */
  counts(): { entries: number; erased: number }
}

export interface ScanOptions {
  readonly session: SqlSession
  readonly secrets: Pick<AuditSecrets, 'wrapping' | 'naming'>
  /** The first place that is not pruned. */
  readonly from: number
  /** The log ends with it. */
  readonly tree: SignedTree
  readonly period: ReportPeriod
}

/** Opened at once; each has two or three blocks. */
const pageEntries = 250

/** Canonical JSON has its names in order, so a header ends like this. */
const ending = /"t":"([^"]{17})","type":"([^"]+)","v":1\}$/

/** Of a header that is not opened, in milliseconds since 1970; null for what is none. */
export function minuteIn(header: string): number | null {
  const time = ending.exec(header)?.[1]
  return time === undefined ? null : Date.parse(time)
}

export function createScan({ session, secrets, from, tree, period }: ScanOptions): LogScan {
  const to = tree.size
  const prover = createTileProver(session, tree)
  const proven = new Set<number>()
  const unsigned = new Set<number>()
  const keys = createKeys(session, secrets)
  const opened = new Set<number>()
  let erased = 0

  /** Of one tile. A tile that is not as it was signed is given all the same: who asks decides what that means. */
  async function headersOf(tile: number, order: 'ASC' | 'DESC') {
    const { rows } = await session.run(
      'SELECT seq, header FROM audit_entries WHERE seq >= ? AND seq < ? ORDER BY seq',
      [Math.max(from, tile * tileWidth), Math.min(to, (tile + 1) * tileWidth)],
    )
    const page = rows.map((row) => ({ seq: Number(row['seq']), header: String(row['header']) }))
    const headers = page.map(({ header }) => header)
    if (!proven.has(tile) && !(await prover.isSigned(tile, headers))) unsigned.add(tile)
    proven.add(tile)
    return order === 'ASC' ? page : page.toReversed()
  }

  async function openAll(places: readonly number[]): Promise<OpenedEntry[]> {
    if (places.length === 0) return []
    for (const tile of new Set(places.map((place) => Math.floor(place / tileWidth))))
      if (!proven.has(tile)) await headersOf(tile, 'ASC')
    const readBlock = await keys()
    const found: OpenedEntry[] = []
    for (const stored of await readAt(session, places)) {
      const header = parseHeader(stored.header)
      if (header === null) continue
      const entry = await openEntry(stored, header, readBlock)
      if (!opened.has(entry.seq) && Object.values(entry.blocks).includes('erased')) erased++
      opened.add(entry.seq)
      found.push(entry)
    }
    return found
  }

  async function* pages(order: 'ASC' | 'DESC'): AsyncGenerator<{ seq: number; header: string }[]> {
    const tiles = tilesBetween(from, to)
    for (const tile of order === 'ASC' ? tiles : tiles.toReversed()) yield await headersOf(tile, order)
  }

  async function* read(
    types: ReadonlySet<string> | null,
    within: 'period' | 'log',
    order: 'ASC' | 'DESC',
  ): AsyncGenerator<OpenedEntry> {
    for await (const page of pages(order)) {
      const wanted = page.filter(({ header }) => {
        const [, time = '', type = ''] = ending.exec(header) ?? []
        if (types !== null && !types.has(type)) return false
        const minute = within === 'period' ? Date.parse(time) : 0
        return within === 'log' || (minute + 60_000 > period.from && minute < period.to)
      })
      for (let at = 0; at < wanted.length; at += pageEntries) {
        const found = await openAll(wanted.slice(at, at + pageEntries).map(({ seq }) => seq))
        yield* order === 'ASC' ? found : found.toReversed()
      }
    }
  }

  return {
    scan: (types: readonly AuditEventType[], within) => read(new Set(types), within, 'ASC'),
    scanBack: (types, within) => read(types === 'all' ? null : new Set(types), within, 'DESC'),
    readAll: openAll,
    counts: () => ({ entries: opened.size, erased }),
    unsigned: () => [...unsigned].reduce((sum, index) => sum + widthAt({ level: 0, index }, to), 0),
  }
}
