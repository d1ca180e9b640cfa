/** `cairn audit report`: a report on the audit log as tables, or into a file. */
import {
  auditReportListSchema,
  auditReportParameters,
  auditReportSchema,
  auditReportTable,
  type AuditReport,
  type ReportCell,
  type ReportCellKind,
  type ReportSpec,
} from '@cairn/contract'
import { listReportParts, sayReportCell, type NamedPart } from '../../audit/index.ts'
import { formatTime } from '../../base/index.ts'
import { exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { parseReply } from '../read-names.ts'
import { takeNumber } from '../take-number.ts'
import { takeTime, when } from '../take-time.ts'
import { harmlessLine, type Style } from '../terminal/style.ts'
import { renderTable, type Column } from '../terminal/table.ts'
import type { CommandContext, CommandSpec } from '../types.ts'
import { writeDownload } from '../write-download.ts'

const formats = ['table', 'csv', 'json', 'pdf'] as const

type Format = (typeof formats)[number]

export const auditReport: CommandSpec = {
  name: 'audit report',
  group: 'Look after',
  summary:
    'Report on the audit log: who holds what, what was changed, taken out, tried, used and sent. Lists without ID.',
  args: [{ name: 'ID', optional: true }],
  flags: [
    { name: '--from', value: 'WHEN', summary: `From then on: ${when}. Default: 30 days.` },
    { name: '--to', value: 'WHEN', summary: 'Before then.' },
    { name: '--as-of', value: 'SIZE', summary: 'As the log was at this size: the same report comes again.' },
    { name: '--with', value: 'NAME=N', many: true, summary: 'What the report can be asked with, as reads=20.' },
    { name: '--format', value: 'FORMAT', summary: `${formats.join(', ')}; default table, or as the file is named.` },
    { name: '--out', value: 'FILE', path: true, summary: 'File to write; one that is there is left alone.' },
    jsonFlag,
  ],
  example: 'cairn audit report access-review --out review.pdf',
  run: async (context) => {
    const [id] = context.args['ID'] ?? []
    if (id === undefined) return listAll(context)
    const out = context.flags.value('--out')
    const format = chooseFormat(context, out)
    const path = `/api/audit/reports/${encodeURIComponent(id)}?${readQuery(context).toString()}`
    if (out !== undefined) return writeOut(context, { path, format: format === 'table' ? 'csv' : format, out })
    if (format === 'pdf')
      throw usageFailure('A PDF goes into a file: give one with --out.', 'For example: --out report.pdf')
    const server = await context.requireServer()
    if (format === 'csv') context.print((await (await server.download(`${path}&format=csv`)).text()).trimEnd())
    else {
      const report = parseReply(auditReportSchema, await server.get(path))
      if (format === 'json') context.print(JSON.stringify(report, null, 2))
      else for (const line of renderReport(report, context.style)) context.print(line)
    }
    return exitCodes.done
  },
}

async function listAll(context: CommandContext): Promise<number> {
  const server = await context.requireServer()
  const list = parseReply(auditReportListSchema, await server.get('/api/audit/reports'))
  if (context.json) context.print(JSON.stringify(list, null, 2))
  else {
    const columns: Column[] = [
      { title: 'REPORT', paint: context.style.bold },
      { title: 'ANSWERS', shrink: 'end' },
      { title: 'WITH', shrink: 'end', expendable: true },
    ]
    const rows = list.reports.map(({ id, answers, parameters }) => [
      id,
      answers,
      parameters.map(({ id: name, usual }) => `${name}=${usual}`).join(' '),
    ])
    for (const line of renderTable(columns, rows, context.style)) context.print(line)
  }
  return exitCodes.done
}

function chooseFormat({ flags, json }: CommandContext, out: string | undefined): Format {
  const asked = flags.value('--format') ?? (json ? 'json' : (out?.split('.').pop() ?? 'table'))
  const found = formats.find((format) => format === asked)
  if (found !== undefined) return found
  if (flags.value('--format') === undefined) return 'csv'
  throw usageFailure(`--format takes ${formats.join(', ')}, not “${harmlessLine(asked.slice(0, 80))}”.`)
}

function readQuery({ flags, input }: CommandContext): URLSearchParams {
  const query = new URLSearchParams()
  const now = input.clock.now()
  for (const name of ['from', 'to'] as const) {
    const at = takeTime(flags, `--${name}`, now)
    if (at !== undefined) query.set(name, String(at))
  }
  const asOf = takeNumber(flags, '--as-of', { min: 0, max: 9e15 })
  if (asOf !== undefined) query.set('asOf', String(asOf))
  for (const pair of flags.values('--with')) {
    const [, name = '', value = ''] = /^(\w+)=(\d+)$/.exec(pair) ?? []
    if (!Object.hasOwn(auditReportParameters, name))
      throw usageFailure(
        `--with takes NAME=N, not “${harmlessLine(pair.slice(0, 80))}”.`,
        `Names are: ${Object.keys(auditReportParameters).join(', ')}. \`cairn audit report\` says which report takes which.`,
      )
    query.set(name, value)
  }
  return query
}

interface Output {
  readonly path: string
  readonly format: Exclude<Format, 'table'>
  readonly out: string
}

async function writeOut({ requireServer, json, print, style }: CommandContext, of: Output): Promise<number> {
  const server = await requireServer()
  const reply = await server.download(`${of.path}&format=${of.format}`)
  const { bytes, sha256 } = await writeDownload(of.out, reply)
  const size = Number(reply.headers.get('x-cairn-audit-size'))
  const root = reply.headers.get('x-cairn-audit-root') ?? ''
  if (json) print(JSON.stringify({ file: of.out, size, root, bytes, sha256 }, null, 2))
  else {
    print(`${style.good('✓')} ${harmlessLine(of.out)}, ${bytes.toLocaleString('en')} bytes.`)
    print(`  ${style.dim('As of')} ${size.toLocaleString('en')} entries, root ${harmlessLine(root)}`)
    print(`  ${style.dim('SHA-256')} ${sha256}`)
  }
  return exitCodes.done
}

// --- What is printed --------------------------------------------------------------------------------------------------

const rightKinds: ReadonlySet<ReportCellKind> = new Set(['count', 'usd', 'entry'])

function renderReport(report: AuditReport, style: Style): string[] {
  const { pin, period, totals } = report
  const { title, answers, state }: ReportSpec = auditReportTable[report.id]
  const day = (ms: number) => formatTime(ms).slice(0, 16).replace('T', ' ')
  return [
    style.bold(title),
    answers,
    ...(period === null ? [] : [style.dim(`${day(period.from)} to ${day(period.to)}, in UTC.`)]),
    '',
    ...renderTable(
      [{ title: 'TOTAL' }, { title: '', align: 'right', paint: style.bold }],
      totals.map(({ title: name, value, kind }) => [name, sayTotal(report, kind as ReportCellKind, value)]),
      style,
    ),
    ...listReportParts(report).flatMap((part) => renderPart(report, part, style)),
    '',
    ...(state === null ? [] : [style.dim(`As of now, and not from the log: ${state}`)]),
    style.dim(`As of ${pin.size.toLocaleString('en')} entries, root ${pin.root}; --as-of ${pin.size} gives it again.`),
  ]
}

function sayTotal(report: AuditReport, kind: ReportCellKind, value: ReportCell): string {
  return typeof value === 'number' && kind === 'count' ? value.toLocaleString('en') : sayReportCell(report, kind, value)
}

function renderPart(report: AuditReport, { title, total, columns, rows }: NamedPart, style: Style): string[] {
  const head = ['', style.bold(title)]
  if (rows.length === 0) return [...head, 'Nothing.']
  const filled = columns.filter(({ id }) => rows.some((row) => sayReportCell(report, 'text', row[id] ?? null) !== ''))
  const shown = filled.map(({ title: name, kind }, at): Column => ({
    title: name.toUpperCase(),
    ...(rightKinds.has(kind) ? { align: 'right' } : kind === 'time' ? {} : { shrink: 'end' }),
    ...(at > 2 ? { expendable: true } : {}),
  }))
  const cells = rows.map((row) =>
    filled.map(({ id, kind }) => harmlessLine(sayReportCell(report, kind, row[id] ?? null))),
  )
  const more = rows.length < total ? [style.dim(`${rows.length} of ${total} rows. The CSV can have more.`)] : []
  return [...head, ...renderTable(shown, cells, style), ...more]
}
