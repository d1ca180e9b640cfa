/**
 * Reads the entries that a report is about from the log itself, not from its index: what was read is all that there is.
 * A look at the end of each header, which is canonical JSON and so always has the same form, tells whether it is wanted;
 * only those are opened.
 */
import type { AuditEventType } from '@cairn/contract'
import type { SqlSession } from '../../platform/index.ts'
import { createKeys } from '../export/take-out.ts'
import { openEntry, type OpenedEntry } from '../read/read-entries.ts'
import { parseHeader } from '../record/header.ts'
import type { AuditSecrets } from '../record/key-book.ts'
import { readAt } from '../verify/source.ts'
import type { ReportPeriod, ReportTools } from './types.ts'

export interface LogScan extends Pick<ReportTools, 'scan' | 'scanBack' | 'readAll'> {
  /** Entries that were opened, each once, and how many of them have a part that nobody can read any more. */
  counts(): { entries: number; erased: number }
}

export interface ScanOptions {
  readonly session: SqlSession
  readonly secrets: Pick<AuditSecrets, 'wrapping' | 'naming'>
  /** Places, `to` exclusive. */
  readonly from: number
  readonly to: number
  readonly period: ReportPeriod
}

const pageHeaders = 2_000
/** Opened at once; each has two or three blocks. */
const pageEntries = 250

/** Canonical JSON has its names in order, so a header ends like this. */
const ending = /"t":"([^"]{17})","type":"([^"]+)","v":1\}$/

/** Of a header that is not opened, in milliseconds since 1970; null for what is none. */
export function minuteIn(header: string): number | null {
  const time = ending.exec(header)?.[1]
  return time === undefined ? null : Date.parse(time)
}

export function createScan({ session, secrets, from, to, period }: ScanOptions): LogScan {
  const keys = createKeys(session, secrets)
  const opened = new Set<number>()
  let erased = 0

  async function headersOf(range: { from: number; to: number }, order: 'ASC' | 'DESC') {
    const { rows } = await session.run(
      `SELECT seq, header FROM audit_entries WHERE seq >= ? AND seq < ? ORDER BY seq ${order} LIMIT ${pageHeaders}`,
      [range.from, range.to],
    )
    return rows.map((row) => ({ seq: Number(row['seq']), header: String(row['header']) }))
  }

  async function openAll(places: readonly number[]): Promise<OpenedEntry[]> {
    if (places.length === 0) return []
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
    const range = { from, to }
    while (range.from < range.to) {
      const page = await headersOf(range, order)
      const last = page.at(-1)
      if (last === undefined) return
      yield page
      if (order === 'ASC') range.from = last.seq + 1
      else range.to = last.seq
    }
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
  }
}
