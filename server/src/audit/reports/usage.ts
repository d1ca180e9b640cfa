/** Usage and cost by day, person, team, model and folder of notes, from what calls left in the log. */
import type { AuditEventType, ReportRow } from '@cairn/contract'
import { reportWords } from '@cairn/contract/tables'
import { toUsd } from '../../base/index.ts'
import type { OpenedEntry } from '../read/read-entries.ts'
import { actorOf, byNumber, compareText, countOf, createGroups, foldersOf, textOf } from './cells.ts'
import type { MadeReport, ReportTools, StateGroup } from './types.ts'

const types: readonly AuditEventType[] = [
  'question.asked',
  'chat.completed',
  'responses.completed',
  'messages.completed',
  'embeddings.created',
]

const dayMs = 86_400_000

interface Sum {
  readonly names: readonly string[]
  calls: number
  cached: number
  failed: number
  tokensIn: number
  tokensOut: number
  nano: number
  unpriced: number
}

const openSum = (names: readonly string[]): Sum => ({
  names,
  calls: 0,
  cached: 0,
  failed: 0,
  tokensIn: 0,
  tokensOut: 0,
  nano: 0,
  unpriced: 0,
})

export async function reportUsage(tools: ReportTools): Promise<MadeReport> {
  const [days, people, teams, models, folders] = Array.from({ length: 5 }, () => createGroups(openSum)) as [
    Sums,
    Sums,
    Sums,
    Sums,
    Sums,
  ]
  const total = openSum([])
  const teamsOf = listTeams(tools.state.groups)
  for await (const entry of tools.scan(types, 'period')) {
    const who = actorOf(entry)
    add(total, entry, 1)
    add(days.of(String(Math.floor(entry.at / dayMs) * dayMs)), entry, 1)
    add(people.of(who), entry, 1)
    for (const team of teamsOf(who)) add(teams.of(team), entry, 1)
    add(models.of(textOf(entry.fields['model']) ?? '', textOf(entry.fields['provider']) ?? ''), entry, 1)
    const used = foldersOf(entry, tools)
    const notes = [...used.values()].reduce((sum, list) => sum + list.length, 0)
    for (const [folder, list] of used) add(folders.of(folder), entry, notes === 0 ? 1 : list.length / notes)
  }
  const rows = (sums: Sums, columns: readonly string[]) =>
    sums
      .list()
      .toSorted(byNumber(({ nano, calls }) => nano * 1e6 + calls, nameOf))
      .map((sum) => toRow(sum, columns))
  return {
    totals: [
      { title: 'Calls', value: total.calls, kind: 'count' },
      { title: 'From cache', value: total.cached, kind: 'count' },
      { title: 'Tokens in', value: total.tokensIn, kind: 'count' },
      { title: 'Tokens out', value: total.tokensOut, kind: 'count' },
      { title: 'Cost, USD', value: toUsd(total.nano), kind: 'usd' },
      { title: 'Calls without a cost', value: total.unpriced, kind: 'count' },
    ],
    parts: [
      {
        id: 'days',
        rows: days
          .list()
          .toSorted((a, b) => Number(a.names[0]) - Number(b.names[0]))
          .map((sum) => ({ ...toRow(sum, []), day: Number(sum.names[0]) })),
      },
      { id: 'people', rows: rows(people, ['who']) },
      { id: 'teams', rows: rows(teams, ['team']) },
      { id: 'models', rows: rows(models, ['model', 'provider']) },
      { id: 'folders', rows: rows(folders, ['folder']) },
    ],
  }
}

type Sums = ReturnType<typeof createGroups<Sum>>

const nameOf = ({ names }: Sum) => names.join('\n')

/** `share`: of its tokens and cost; the call itself counts whole. */
function add(sum: Sum, { outcome, fields }: OpenedEntry, share: number): void {
  sum.calls++
  if (outcome !== 'ok') sum.failed++
  if (fields['cached'] === true) sum.cached++
  sum.tokensIn += (countOf(fields['tokensIn']) ?? 0) * share
  sum.tokensOut += (countOf(fields['tokensOut']) ?? 0) * share
  const nano = countOf(fields['costNanoUsd'])
  if (nano !== null) sum.nano += nano * share
  else if (outcome === 'ok') sum.unpriced++
}

function toRow({ names, calls, cached, failed, tokensIn, tokensOut, nano, unpriced }: Sum, columns: readonly string[]) {
  const named = columns.map((column, at): [string, string | null] => [
    column,
    names[at] === '' ? null : (names[at] ?? null),
  ])
  return {
    ...Object.fromEntries(named),
    calls,
    cached,
    failed,
    tokensIn: Math.round(tokensIn),
    tokensOut: Math.round(tokensOut),
    costUsd: toUsd(Math.round(nano)),
    unpriced,
  } satisfies ReportRow
}

/** Groups of a person, those that these are in too. */
export function listTeams(groups: readonly StateGroup[]): (person: string) => string[] {
  const holders = new Map<string, string[]>()
  for (const { id, members } of groups)
    for (const member of members) {
      const of = holders.get(member) ?? []
      of.push(id)
      holders.set(member, of)
    }
  return (person) => {
    if (person === reportWords.erased) return []
    const found = new Set<string>()
    const waiting = [...(holders.get(`user:${person}`) ?? []), ...(holders.get(`service:${person}`) ?? [])]
    for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
      if (found.has(group)) continue
      found.add(group)
      waiting.push(...(holders.get(`group:${group}`) ?? []))
    }
    return [...found].map((id) => `group:${id}`).toSorted(compareText)
  }
}
