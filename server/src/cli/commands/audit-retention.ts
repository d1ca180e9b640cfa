/** `cairn audit retention [show|set|run]`: how long the audit log keeps what, and letting go what is due. */
import {
  auditCategoryTable,
  auditHorizonLimits,
  auditRetainedSchema,
  auditRetentionSchema,
  type AuditCategory,
  type AuditRetained,
  type AuditRetentionView,
} from '@cairn/contract'
import { formatTime } from '../../base/index.ts'
import type { ServerClient } from '../client.ts'
import { exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { takeNumber } from '../take-number.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable } from '../terminal/table.ts'
import type { CommandContext, CommandSpec } from '../types.ts'
import { parseReply } from '../read-names.ts'

const bounds = { min: auditHorizonLimits.least, max: auditHorizonLimits.most }
const path = '/api/audit/retention'

export const auditRetention: CommandSpec = {
  name: 'audit retention',
  group: 'Look after',
  summary:
    'Show how long the audit log keeps what and what is due, set horizons, or let go what is due. DO: show, set, run.',
  args: [{ name: 'DO', optional: true }],
  flags: [
    { name: '--category', value: 'NAME', summary: 'With set: auth, content, model, …' },
    {
      name: '--personal',
      value: 'MONTHS',
      summary: `With set: how long what names people can be read, from ${bounds.min} to ${bounds.max}.`,
    },
    {
      name: '--entries',
      value: 'MONTHS',
      summary: 'With set: how long the entries themselves are kept, at the least.',
    },
    {
      name: '--as-they-stand',
      summary:
        'With set: take horizons, levels and holds as they stand, where verify says that somebody else changed them.',
    },
    { name: '--dry-run', summary: 'With run: say what would go, and change nothing.' },
    jsonFlag,
  ],
  example: 'cairn audit retention set --category content --personal 6 --entries 13',
  answersNo: 'refused',
  run: async (context) => {
    const what = context.args['DO']?.[0] ?? 'show'
    const isDry = context.flags.has('--dry-run')
    const isSetting = (['--category', '--personal', '--entries', '--as-they-stand'] as const).some((flag) =>
      context.flags.has(flag),
    )
    if (isSetting && what !== 'set')
      throw usageFailure('--category, --personal, --entries and --as-they-stand go with set.')
    if (isDry && what !== 'run') throw usageFailure('--dry-run goes with run.')
    if (what === 'show') return show(context, await readRetention(await context.requireServer()))
    if (what === 'set') return set(context)
    if (what === 'run') return isDry ? showPlan(context) : run(context)
    throw usageFailure(`audit retention takes show, set or run, not “${harmlessLine(what)}”.`)
  },
}

async function readRetention(server: ServerClient): Promise<AuditRetentionView> {
  return parseReply(auditRetentionSchema, await server.get(path))
}

function show({ json, print, style }: CommandContext, view: AuditRetentionView): number {
  if (json) print(JSON.stringify(view, null, 2))
  else for (const line of [...renderHorizons(view, style), '', ...renderPlan(view.plan, style)]) print(line)
  return exitCodes.done
}

async function set(context: CommandContext): Promise<number> {
  const { flags, requireServer } = context
  if (flags.has('--as-they-stand')) {
    const server = await requireServer()
    return show(
      context,
      parseReply(auditRetentionSchema, await server.put(path, { categories: {}, asTheyStand: true })),
    )
  }
  const category = readCategory(flags.value('--category'))
  const personal = takeNumber(flags, '--personal', bounds)
  const entries = takeNumber(flags, '--entries', bounds)
  if (personal === undefined && entries === undefined)
    throw usageFailure('Say for how many months.', 'For example: --personal 6 --entries 13')
  const server = await requireServer()
  const before = (await readRetention(server)).categories[category]
  const horizons = { personalMonths: personal ?? before.personalMonths, headerMonths: entries ?? before.headerMonths }
  return show(
    context,
    parseReply(auditRetentionSchema, await server.put(path, { categories: { [category]: horizons } })),
  )
}

function readCategory(text: string | undefined): AuditCategory {
  const names = Object.keys(auditCategoryTable) as AuditCategory[]
  const found = names.find((name) => name === text)
  if (found !== undefined) return found
  throw usageFailure(
    text === undefined ? '--category is missing.' : `There is no category “${harmlessLine(text)}”.`,
    `There are: ${names.join(', ')}.`,
  )
}

async function showPlan({ json, print, style, requireServer }: CommandContext): Promise<number> {
  const { plan } = await readRetention(await requireServer())
  if (json) print(JSON.stringify({ plan }, null, 2))
  else for (const line of renderPlan(plan, style)) print(line)
  return exitCodes.done
}

async function run({ json, print, style, requireServer }: CommandContext): Promise<number> {
  const server = await requireServer()
  const retained = parseReply(auditRetainedSchema, await server.post(`${path}/run`, undefined))
  if (json) print(JSON.stringify(retained, null, 2))
  else for (const line of renderRetained(retained, style)) print(line)
  return exitCodes.done
}

// --- What is printed --------------------------------------------------------------------------------------------------

const count = (value: number, one: string, many = `${one}s`) =>
  `${value.toLocaleString('en')} ${value === 1 ? one : many}`
const range = ({ from, to }: { readonly from: number; readonly to: number }) =>
  `${from.toLocaleString('en')} to ${(to - 1).toLocaleString('en')}`

function renderHorizons({ categories }: AuditRetentionView, style: Style): string[] {
  const months = (value: number | null, usual: number | null) =>
    value === null ? '–' : `${value}${value === usual ? '' : ` (default ${usual})`}`
  return renderTable(
    [
      { title: 'CATEGORY', paint: style.bold },
      { title: 'NAMES OF PEOPLE', align: 'right' },
      { title: 'ENTRIES', align: 'right' },
      { title: '', shrink: 'end', expendable: true, paint: style.dim },
    ],
    Object.entries(auditCategoryTable).map(([category, { description, personalMonths, headerMonths }]) => {
      const kept = categories[category as AuditCategory]
      return [
        category,
        months(kept.personalMonths, personalMonths),
        months(kept.headerMonths, headerMonths),
        description,
      ]
    }),
    style,
  )
}

const waits: Readonly<Record<AuditRetentionView['plan']['waitsFor'], string>> = {
  horizon: 'The next entry is not old enough.',
  hold: 'A legal hold keeps the next entry, and those after it.',
  tile: 'Those that are left are fewer than 256, which go together, or not signed yet.',
}

function renderPlan({ at, periods, prune, waitsFor }: AuditRetentionView['plan'], style: Style): string[] {
  const when = formatTime(at).slice(0, 16).replace('T', ' ')
  if (periods.length === 0 && prune === null) return [`Nothing is due at ${when} UTC. ${waits[waitsFor]}`]
  return [
    `Due at ${when} UTC:`,
    ...periods.map(
      ({ period, blocks, held }) =>
        `  ${style.bold(harmlessLine(period))}  ${count(blocks - held, 'part')} that name people${held > 0 ? `, and ${held.toLocaleString('en')} kept by a hold` : ''}`,
    ),
    prune === null ? `  no entries. ${waits[waitsFor]}` : `  entries ${range(prune)}. ${waits[waitsFor]}`,
  ]
}

function renderRetained({ periods, blocks, pruned }: AuditRetained, style: Style): string[] {
  if (periods.length === 0 && blocks === 0 && pruned === null) return ['Nothing was due.']
  return [
    `${style.good('✓')} Gone: ${count(blocks, 'part')} of ${count(periods.length, 'month')} of categories${pruned === null ? '' : `, entries ${range(pruned)}`}.`,
    ...periods.map((period) => `  ${harmlessLine(period)}`),
  ]
}
