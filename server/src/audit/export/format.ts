/** THE formats of entries outside of the log, by name: what a file begins with, and what each entry becomes in it. */
import { byteOrderMark, csvHeader, toCsv } from './csv.ts'
import { toJson } from './jsonl.ts'
import { toOcsf, type OcsfSource } from './ocsf.ts'
import type { ShownEntry } from './view.ts'

export interface EntryFormat {
  readonly begin: string
  write(entry: ShownEntry): string
}

export type EntryFormatName = 'jsonl' | 'csv' | 'ocsf'

export interface FormatOptions extends OcsfSource {
  /** Begin CSV with a byte order mark. */
  readonly mark: boolean
}

export function createFormat(name: EntryFormatName, { mark, ...source }: FormatOptions): EntryFormat {
  if (name === 'csv') return { begin: `${mark ? byteOrderMark : ''}${csvHeader()}`, write: toCsv }
  if (name === 'ocsf') return { begin: '', write: (entry) => `${toOcsf(entry, source)}\n` }
  return { begin: '', write: (entry) => `${toJson(entry)}\n` }
}
