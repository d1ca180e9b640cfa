/** Entries in the Common Event Format, version 0, for receivers of syslog that read no JSON. */
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'
import type { AuditFieldValue } from '../record/prepare.ts'
import { severityOf } from './severity.ts'
import { specOf, type ShownEntry } from './view.ts'

/** In the header `|` separates and `\` escapes; a line break cannot stand there at all. */
function inHeader(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\|]/g, '\\$&')
}

/** In the extension `=` separates; line breaks are written as `\n` and `\r`. */
function inExtension(text: string): string {
  return text.replace(/[\\=]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}

type Pair = [name: string, value: AuditFieldValue | undefined]

/** From our five degrees to CEF’s 0 to 10. */
const severities = { 1: 3, 2: 5, 3: 6, 4: 8, 5: 10 } as const

export function toCef(entry: ShownEntry, version: string): string {
  const { seq, at, category, type, outcome, actor, fields, context } = entry
  const head = ['CEF:0', 'Cairn', 'Cairn', version, type, specOf(type)?.description ?? type]
  const { requestId, address } = context
  const extension: Pair[] = [
    ['rt', at],
    ['externalId', seq],
    ['cat', category],
    ['outcome', outcome],
    ['suid', actor],
    ...addressFields(address),
    ...labelled('cs1', 'requestId', requestId),
    ...labelled('cs2', 'fields', canonicalJson(fields as unknown as JsonValue)),
  ]
  const written = extension.flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name}=${inExtension(String(value))}`],
  )
  return `${[...head.slice(0, 1), ...head.slice(1).map(inHeader), severities[severityOf(entry)]].join('|')}|${written.join(' ')}`
}

function labelled(key: string, label: string, value: AuditFieldValue | undefined): Pair[] {
  return value === undefined
    ? []
    : [
        [`${key}Label`, label],
        [key, value],
      ]
}

/** `src` takes IPv4 alone. */
function addressFields(address: AuditFieldValue | undefined): Pair[] {
  if (typeof address !== 'string') return []
  return address.includes(':') ? labelled('c6a2', 'Source IPv6 Address', address) : [['src', address]]
}
