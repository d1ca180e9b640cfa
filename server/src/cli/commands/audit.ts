/** `cairn audit query`: who did what and when. */
import {
  auditBuckets,
  auditDimensions,
  auditLimits,
  auditPageSchema,
  auditSummarySchema,
  type AuditEntryView,
  type AuditPageView,
  type AuditSummaryView,
} from '@cairn/contract'
import { formatTime } from '../../base/index.ts'
import { exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { takeNumber } from '../take-number.ts'
import { parseReply, readNames } from '../read-names.ts'
import { takeTime, when } from '../take-time.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandContext, CommandSpec } from '../types.ts'

export const auditQuery: CommandSpec = {
  name: 'audit query',
  group: 'Look after',
  summary: 'Ask the audit log who did what and when, or count it.',
  args: [],
  flags: [
    { name: '--since', value: 'WHEN', summary: `From then on: ${when}.` },
    { name: '--until', value: 'WHEN', summary: 'Before then.' },
    { name: '--category', value: 'NAMES', summary: 'Only these, between commas: auth, content, model, …' },
    { name: '--type', value: 'NAMES', summary: 'Only these, between commas: note.read, key.created, …' },
    { name: '--actor', value: 'ID', summary: 'What this person or service did; anonymous, server.' },
    { name: '--outcome', value: 'NAMES', summary: 'Only these, between commas: ok, failed, refused.' },
    { name: '--model', value: 'NAME', summary: 'Only calls of this model.' },
    { name: '--text', value: 'WORDS', summary: 'Words that stand in types, codes, models and the like.' },
    { name: '--limit', value: 'N', summary: `The newest so many, at most ${auditLimits.page}. Default: 50.` },
    {
      name: '--as-of',
      value: 'SIZE',
      summary: 'As the log was at this size, so that the answer comes again the same.',
    },
    {
      name: '--group-by',
      value: 'NAMES',
      summary: `Count instead: by up to two of ${auditDimensions.join(', ')}, and one of ${auditBuckets.join(', ')}.`,
    },
    jsonFlag,
  ],
  example: 'cairn audit query --since 24h --category auth --outcome refused',
  run: async (context) => {
    const query = readQuery(context)
    const grouping = context.flags.value('--group-by')
    if (grouping !== undefined) return printSummary(context, query, grouping)
    const limit = takeNumber(context.flags, '--limit', { min: 1, max: auditLimits.page }) ?? 50
    const server = await context.requireServer()
    const page = parseReply(
      auditPageSchema,
      await server.get(`/api/audit/events?${write({ ...query, limit: `${limit}` })}`),
    )
    if (context.json) context.print(JSON.stringify(page, null, 2))
    else {
      const names = await readNames(server)
      for (const line of renderPage(page, names, context.style)) context.print(line)
    }
    return exitCodes.done
  },
}

type Query = Readonly<Record<string, string>>

const write = (query: Query) => new URLSearchParams(query).toString()

const passed = [
  ['--category', 'category'],
  ['--type', 'type'],
  ['--actor', 'actor'],
  ['--outcome', 'outcome'],
  ['--model', 'model'],
  ['--text', 'q'],
] as const

function readQuery({ flags, input }: CommandContext): Query {
  const now = input.clock.now()
  const query: Record<string, string> = { fresh: 'true' }
  for (const [flag, name] of passed) {
    const value = flags.value(flag)
    if (value !== undefined) query[name] = value
  }
  const [since, until] = [takeTime(flags, '--since', now), takeTime(flags, '--until', now)]
  if (since !== undefined) query['from'] = String(since)
  if (until !== undefined) query['to'] = String(until)
  const asOf = takeNumber(flags, '--as-of', { min: 0, max: 9e15 })
  if (asOf !== undefined) query['asOf'] = String(asOf)
  return query
}

async function printSummary(context: CommandContext, query: Query, grouping: string): Promise<number> {
  const asked = grouping.split(',').map((name) => name.trim())
  const [buckets, by] = [asked.filter(isBucket), asked.filter((name) => !isBucket(name))]
  if (buckets.length > 1) throw usageFailure(`--group-by takes one of ${auditBuckets.join(', ')}.`)
  const server = await context.requireServer()
  const path = `/api/audit/summary?${write({
    ...query,
    ...(by.length > 0 ? { by: by.join(',') } : {}),
    ...(buckets[0] === undefined ? {} : { bucket: buckets[0] }),
  })}`
  const summary = parseReply(auditSummarySchema, await server.get(path))
  if (context.json) context.print(JSON.stringify(summary, null, 2))
  else {
    const names = summary.by.includes('actor') ? await readNames(server) : new Map<string, string>()
    for (const line of renderSummary(summary, names, context.style)) context.print(line)
  }
  return exitCodes.done
}

const isBucket = (name: string): boolean => (auditBuckets as readonly string[]).includes(name)

// --- What is printed --------------------------------------------------------------------------------------------------

function renderPage(page: AuditPageView, names: ReadonlyMap<string, string>, style: Style): string[] {
  const { entries, size, behind, next } = page
  if (entries.length === 0) return ['Nothing.', ...renderState(size, behind, style)]
  const columns = [
    { title: 'ENTRY', align: 'right' as const },
    { title: 'WHEN (UTC)' },
    { title: 'WHAT', paint: style.bold },
    { title: 'WHO', shrink: 'end' as const },
    { title: 'OUTCOME', paint: (text: string) => (text.trim() === 'ok' ? style.dim(text) : style.bad(text)) },
    { title: 'DETAILS', shrink: 'end' as const, expendable: true as const },
  ]
  const rows = entries.map((entry) => [
    String(entry.seq),
    formatTime(entry.at).slice(0, 19).replace('T', ' '),
    harmlessLine(entry.type),
    nameOf(entry.actor, names),
    entry.outcome,
    harmlessLine(detailsOf(entry)),
  ])
  const more = next === null ? [] : [style.dim(`There are more: raise --limit, or set --until.`)]
  return [...renderTable(columns, rows, style), '', ...more, ...renderState(size, behind, style)]
}

function renderSummary(
  { by, bucket, rows, truncated, size, behind }: AuditSummaryView,
  names: ReadonlyMap<string, string>,
  style: Style,
): string[] {
  if (rows.length === 0) return ['Nothing.', ...renderState(size, behind, style)]
  const columns = [
    ...(bucket === null ? [] : [{ title: bucket.toUpperCase() }]),
    ...by.map((name) => ({ title: name.toUpperCase(), paint: style.bold, shrink: 'end' as const })),
    { title: 'ENTRIES', align: 'right' as const },
    { title: 'TOKENS IN', align: 'right' as const, expendable: true as const },
    { title: 'TOKENS OUT', align: 'right' as const, expendable: true as const },
  ]
  const table = rows.map(({ group, hidden, start, count, tokensIn, tokensOut }) => [
    ...(start === null
      ? []
      : [
          formatTime(start)
            .slice(0, bucket === 'hour' ? 16 : 10)
            .replace('T', ' '),
        ]),
    ...group.map((value, at) =>
      value === null ? (hidden ? '(hidden)' : '–') : by[at] === 'actor' ? nameOf(value, names) : harmlessLine(value),
    ),
    ...[count, tokensIn, tokensOut].map((number) => number.toLocaleString('en')),
  ])
  const more = truncated ? [style.warn('There are more groups than are told. Ask for a shorter time.')] : []
  return [...renderTable(columns, table, style), '', ...more, ...renderState(size, behind, style)]
}

function renderState(size: number, behind: number, style: Style): string[] {
  const state = style.dim(`As of ${size.toLocaleString('en')} entries; --as-of ${size} gives this answer again.`)
  if (behind === 0) return [state]
  return [state, style.warn(`${behind.toLocaleString('en')} newer entries are not looked through yet. Try again.`)]
}

function nameOf(id: string | null, names: ReadonlyMap<string, string>): string {
  return id === null ? '(forgotten)' : harmlessLine(names.get(id) ?? id)
}

function detailsOf({ fields }: AuditEntryView): string {
  return Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name}=${value === null ? '(hidden)' : Array.isArray(value) ? value.join(',') : String(value)}`,
    )
    .join(' ')
}
