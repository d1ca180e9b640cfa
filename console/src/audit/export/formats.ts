/** The forms in which entries leave the log: what each is, and what it can take. */
import { auditExportFormats, type AuditExportFormat } from '@cairn/contract'
import { textFilters, type AuditFilter } from '../filter.ts'
import { textWords } from '../words.ts'

interface FormatWords {
  readonly title: string
  readonly text: string
  /** Of the whole log, whatever is looked for. */
  readonly isWhole?: true
  /** Its rows can be counted as they come. */
  readonly rows?: 'lines' | 'csv'
}

export const formatWords: Readonly<Record<AuditExportFormat, FormatWords>> = {
  jsonl: { title: 'JSON lines', text: 'An entry a line, for programs.', rows: 'lines' },
  csv: { title: 'CSV', text: 'A row an entry, for spreadsheets. No cell runs as a formula.', rows: 'csv' },
  ocsf: { title: 'OCSF 1.8', text: 'An event of the Open Cybersecurity Schema a line, for a SIEM.', rows: 'lines' },
  archive: {
    title: 'Archive',
    text: 'The whole log as files that verify without this server: `npx cairn audit verify --offline`.',
    isWhole: true,
  },
  proofs: {
    title: 'Proofs',
    text: 'For each entry a file that proves that it stands in the log (C2SP tlog-proof), with the key and the checkpoint. Names nobody.',
  },
}

export const formats = auditExportFormats

export interface ExportOptions {
  readonly format: AuditExportFormat
  readonly content: boolean
  readonly bom: boolean
}

/** The conditions of a search that an export does not take. */
export function leftOutOf(filter: AuditFilter): string[] {
  return [
    ...(filter.outcome.length > 0 ? ['Outcome'] : []),
    ...textFilters.filter((name) => filter[name] !== '').map((name) => textWords[name]),
  ]
}

/** What of a search an export takes: time, categories, types; nothing where it is of the whole log. */
export function selectionOf(
  { category, type }: Pick<AuditFilter, 'category' | 'type'>,
  { from, to }: { readonly from: number | null; readonly to: number | null },
): Record<string, string> {
  return {
    ...(from !== null && { from: String(from) }),
    ...(to !== null && { to: String(to) }),
    ...(category.length > 0 && { category: category.join(',') }),
    ...(type.length > 0 && { type: type.join(',') }),
  }
}

/** As `/api/audit/export` takes it. */
export function exportQuery(
  { format, content, bom }: ExportOptions,
  selection: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    format,
    ...(formatWords[format].isWhole ? {} : selection),
    ...(content && format !== 'proofs' && { content: 'true' }),
    ...(bom && format === 'csv' && { bom: 'true' }),
  }
}
