/** Which folders’ notes went to which provider, stayed here, were answered from the cache, or were kept from going. */
import type { ReportRow } from '@cairn/contract'
import { byNumber, createGroups, foldersOf, noSpan, textOf, widen, type Span } from './cells.ts'
import type { OpenedEntry } from '../read/read-entries.ts'
import type { MadeReport, ReportTools } from './types.ts'

interface Flow extends Span {
  readonly names: readonly string[]
  questions: number
  failed: number
  readonly notes: Set<string>
}

const openFlow = (names: readonly string[]): Flow => ({
  names,
  questions: 0,
  failed: 0,
  notes: new Set(),
  ...noSpan(),
})

type Kind = 'outside' | 'inside' | 'refused' | 'cached'

export async function reportEgress(tools: ReportTools): Promise<MadeReport> {
  const flows = createGroups(openFlow)
  const requests = createGroups(openFlow)
  const counts: Record<Kind | 'requests', number> = { outside: 0, inside: 0, refused: 0, cached: 0, requests: 0 }
  for await (const entry of tools.scan(['question.asked', 'egress.intended'], 'period')) {
    const { type, fields } = entry
    const [provider, region, label] = ['provider', 'region', 'label'].map((name) => textOf(fields[name]) ?? '')
    if (type === 'egress.intended') {
      counts.requests++
      count(requests.of(provider ?? '', region ?? '', textOf(fields['purpose']) ?? '', label ?? ''), entry, [])
      continue
    }
    const kind = kindOf(entry)
    if (kind === null) continue
    counts[kind]++
    for (const [folder, notes] of foldersOf(entry, tools))
      count(flows.of(kind, folder, provider ?? '', region ?? '', label ?? ''), entry, notes)
  }
  const rows = (kind: Kind) =>
    flows
      .list()
      .filter(({ names }) => names[0] === kind)
      .toSorted(byNumber(({ questions }) => questions, nameOf))
      .map((flow) => toRow(flow))
  return {
    totals: [
      { title: 'Questions that left', value: counts.outside, kind: 'count' },
      { title: 'Requests that left', value: counts.requests, kind: 'count' },
      { title: 'Stayed here', value: counts.inside, kind: 'count' },
      { title: 'From cache', value: counts.cached, kind: 'count' },
      { title: 'Refused', value: counts.refused, kind: 'count' },
    ],
    parts: [
      { id: 'outside', rows: rows('outside') },
      {
        id: 'requests',
        rows: requests
          .list()
          .toSorted(byNumber(({ questions }) => questions, nameOf))
          .map(({ names: [provider, region, purpose, label], questions, first, last }) => ({
            ...told({ provider, region, purpose, label }),
            requests: questions,
            first,
            last,
          })),
      },
      { id: 'refused', rows: rows('refused') },
      { id: 'inside', rows: rows('inside') },
      { id: 'cached', rows: rows('cached') },
    ],
  }
}

const nameOf = ({ names }: Flow) => names.join('\n')

/** Null for a question that failed before any model was asked. */
function kindOf({ outcome, fields }: OpenedEntry): Kind | null {
  if (outcome === 'refused') return 'refused'
  if (fields['cached'] === true) return 'cached'
  return fields['egress'] === 'external' ? 'outside' : fields['egress'] === 'local' ? 'inside' : null
}

function count(flow: Flow, { outcome, at }: OpenedEntry, notes: readonly string[]): void {
  flow.questions++
  if (outcome === 'failed') flow.failed++
  for (const note of notes) flow.notes.add(note)
  widen(flow, at)
}

function toRow({ names: [, folder, provider, region, label], questions, failed, notes, last }: Flow): ReportRow {
  return { ...told({ folder, provider, region, label }), questions, notes: notes.size, failed, last }
}

function told(names: Readonly<Record<string, string | undefined>>): ReportRow {
  return Object.fromEntries(Object.entries(names).map(([name, value]) => [name, value || null]))
}
