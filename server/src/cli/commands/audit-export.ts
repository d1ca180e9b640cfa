/** `cairn audit export`: entries of the log into a file, as they come. */
import { auditExportFormats } from '@cairn/contract'
import { exitCodes, usageFailure } from '../failure.ts'
import { jsonFlag } from '../parse.ts'
import { harmlessLine } from '../terminal/style.ts'
import { writeDownload, type Written } from '../write-download.ts'
import type { CommandContext, CommandSpec, ParsedFlags } from '../types.ts'

export const auditExport: CommandSpec = {
  name: 'audit export',
  group: 'Look after',
  summary:
    'Take the audit log out into a file: lines of JSON, CSV, OCSF, proofs, or an archive that verifies without a server.',
  args: [],
  flags: [
    { name: '--format', value: 'FORMAT', summary: 'jsonl, csv, ocsf, archive or proofs; default jsonl.' },
    { name: '--out', value: 'FILE', path: true, summary: 'File to write; one that is there is left alone.' },
    { name: '--since', value: 'TIME', summary: 'Entries from this time on: 2026-11-01, or 2026-11-01T08:00Z.' },
    { name: '--until', value: 'TIME', summary: 'Entries before this time.' },
    { name: '--from-seq', value: 'N', summary: 'Entries from this place in the log on.' },
    { name: '--to-seq', value: 'N', summary: 'Entries before this place.' },
    { name: '--category', value: 'NAMES', summary: 'Categories, between commas.' },
    { name: '--type', value: 'NAMES', summary: 'Types of events, between commas.' },
    { name: '--content', summary: 'With what names notes and vaults; needs audit.content.' },
    { name: '--bom', summary: 'Begin CSV with a byte order mark, for spreadsheets.' },
    jsonFlag,
  ],
  example: 'cairn audit export --format csv --since 2026-11-01 --out november.csv',
  answersNo: 'refused, or the download broke off',
  run: async (context) => {
    const { flags, requireServer } = context
    const out = flags.value('--out')
    if (out === undefined) throw usageFailure('--out is missing.', 'For example: --out audit.jsonl')
    const query = readQuery(flags)
    const server = await requireServer()
    const reply = await server.download(`/api/audit/export?${query.toString()}`)
    const written = await writeDownload(out, reply)
    tell(context, { ...written, file: out, size: Number(reply.headers.get('x-cairn-audit-size')) })
    return exitCodes.done
  },
}

function readQuery(flags: ParsedFlags): URLSearchParams {
  const query = new URLSearchParams({ format: readFormat(flags.value('--format') ?? 'jsonl') })
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined) query.set(name, value)
  }
  put('from', readTime(flags, '--since'))
  put('to', readTime(flags, '--until'))
  put('fromSeq', flags.value('--from-seq'))
  put('toSeq', flags.value('--to-seq'))
  put('category', flags.value('--category'))
  put('type', flags.value('--type'))
  put('content', flags.has('--content') ? 'true' : undefined)
  put('bom', flags.has('--bom') ? 'true' : undefined)
  return query
}

function readFormat(text: string): string {
  const found = auditExportFormats.find((format) => format === text)
  return found ?? fail(`--format takes ${auditExportFormats.join(', ')}, not “${harmlessLine(text)}”.`)
}

/** Milliseconds since 1970; a day alone is its beginning in UTC. */
function readTime(flags: ParsedFlags, name: '--since' | '--until'): string | undefined {
  const text = flags.value(name)
  if (text === undefined) return undefined
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at)
    ? fail(`${name} takes a time such as 2026-11-01 or 2026-11-01T08:00Z, not “${harmlessLine(text)}”.`)
    : String(at)
}

function fail(message: string): never {
  throw usageFailure(message)
}

function tell(
  { json, print, style }: CommandContext,
  { file, size, bytes, sha256 }: Written & { readonly file: string; readonly size: number },
): void {
  if (json) return print(JSON.stringify({ file, size, bytes, sha256 }, null, 2))
  print(
    `${style.good('✓')} ${harmlessLine(file)}, ${bytes.toLocaleString('en')} bytes, of the log with ${size.toLocaleString('en')} entries.`,
  )
  print(`  ${style.dim('SHA-256')} ${sha256}`)
}
