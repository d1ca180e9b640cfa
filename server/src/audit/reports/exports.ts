/** What was taken out of the log and by whom, who looked how often, and who read unusually many notes within a while. */
import type { AuditEventType, ReportRow } from '@cairn/contract'
import type { OpenedEntry } from '../read/read-entries.ts'
import { actorOf, byNumber, countOf, createGroups, listOf, noSpan, textOf, widen } from './cells.ts'
import type { MadeReport, ReportTools } from './types.ts'

const types: readonly AuditEventType[] = [
  'audit.export-intended',
  'audit.exported',
  'audit.reported',
  'audit.searched',
  'usage.read',
  'capture.read',
  'note.read',
]

interface Read {
  readonly seq: number
  readonly at: number
  /** A number that stands for a note; -1 for one that is forgotten. */
  readonly note: number
}

export async function reportExports(tools: ReportTools): Promise<MadeReport> {
  const taken: ReportRow[] = []
  const intended = new Map<number, ReportRow>()
  const looks = createGroups(([who = '']) => ({ who, looks: 0, ...noSpan() }))
  const readers = createGroups(([who = '']) => ({ who, reads: [] as Read[] }))
  const notes = new Map<string, number>()
  for await (const entry of tools.scan(types, 'period')) {
    const { type, seq, at } = entry
    const who = actorOf(entry)
    if (type === 'note.read') readers.of(who).reads.push({ seq, at, note: numberOf(notes, entry) })
    else if (type === 'audit.export-intended') intended.set(seq, takenRow(entry))
    else if (type === 'audit.exported' || type === 'audit.reported') {
      intended.delete(countOf(entry.fields['intent']) ?? -1)
      taken.push(takenRow(entry))
    } else {
      const look = looks.of(who)
      look.looks++
      widen(look, at)
    }
  }
  const bulk = readers
    .list()
    .flatMap(({ who, reads }) => findBulk(reads, tools.parameters).map((span) => ({ who, ...span })))
  return {
    totals: [
      { title: 'Taken out', value: taken.length, kind: 'count' },
      { title: 'Begun without an end', value: intended.size, kind: 'count' },
      { title: 'Spans of many reads', value: bulk.length, kind: 'count' },
      { title: 'Notes read', value: readers.list().reduce((sum, { reads }) => sum + reads.length, 0), kind: 'count' },
    ],
    parts: [
      {
        id: 'bulk',
        rows: bulk.toSorted(
          byNumber(
            ({ reads }) => reads,
            ({ firstEntry }) => String(firstEntry).padStart(16, '0'),
          ),
        ),
      },
      { id: 'taken', rows: taken.toReversed() },
      { id: 'unfinished', rows: [...intended.values()].toReversed() },
      {
        id: 'looks',
        rows: looks.list().toSorted(
          byNumber(
            (look) => look.looks,
            ({ who }) => who,
          ),
        ),
      },
    ],
  }
}

function numberOf(notes: Map<string, number>, { fields: { vault, note } }: OpenedEntry): number {
  if (typeof vault !== 'string' || typeof note !== 'string') return -1
  const name = `${vault}/${note}`
  const known = notes.get(name) ?? notes.size
  notes.set(name, known)
  return known
}

function takenRow(entry: OpenedEntry): ReportRow {
  const { seq, at, type, outcome, fields } = entry
  const { report, content, format } = fields
  return {
    entry: seq,
    when: at,
    who: actorOf(entry),
    what:
      type === 'audit.reported' ? `report: ${textOf(report) ?? ''}` : format === 'archive' ? 'whole log' : 'entries',
    format: textOf(format),
    filters: listOf(fields['filters'] ?? fields['parameters']),
    names: content === true ? 'yes' : content === false ? 'no' : null,
    size: countOf(fields['size']),
    results: countOf(fields['results']),
    bytes: countOf(fields['bytes']),
    sha256: textOf(fields['sha256']),
    outcome,
  }
}

/**
 * Windows that hold enough reads; those that overlap are one span. Reads are taken in order of time: what waited outside
 * the log comes late.
 */
function findBulk(reads: readonly Read[], bounds: { readonly reads: number; readonly windowMinutes: number }) {
  const windowMs = bounds.windowMinutes * 60_000
  const sorted = reads.toSorted((a, b) => a.at - b.at || a.seq - b.seq)
  const spans: { from: number; to: number }[] = []
  for (let [from, to] = [0, 0]; to < sorted.length; to++) {
    while ((sorted[to] as Read).at - (sorted[from] as Read).at > windowMs) from++
    if (to - from + 1 < bounds.reads) continue
    const last = spans.at(-1)
    if (last !== undefined && from <= last.to) last.to = to
    else spans.push({ from, to })
  }
  return spans.map(({ from, to }) => {
    const within = sorted.slice(from, to + 1)
    const [first, last] = [within[0] as Read, within.at(-1) as Read]
    const different = new Set(within.flatMap(({ note }) => (note < 0 ? [] : [note])))
    const places = within.map(({ seq }) => seq)
    return {
      reads: within.length,
      notes: different.size,
      first: first.at,
      last: last.at,
      firstEntry: places.reduce((least, seq) => Math.min(least, seq)),
      lastEntry: places.reduce((most, seq) => Math.max(most, seq)),
    }
  })
}
