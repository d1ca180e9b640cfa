/** Entries as messages of syslog (RFC 5424), one after the other as they go over TLS (RFC 5425). */
import { formatTime } from '../../base/index.ts'
import { toCef } from '../export/cef.ts'
import { toJson } from '../export/jsonl.ts'
import { severityOf } from '../export/severity.ts'
import type { ShownEntry } from '../export/view.ts'

/** “Log audit”, RFC 5424, table 1. */
const facility = 13
/** From our degrees to those of syslog: 6 informational to 2 critical. */
const severities = { 1: 6, 2: 5, 3: 4, 4: 3, 5: 2 } as const
const mostSequenceId = 2_147_483_647
const longestMessageId = 32

export type SyslogFormat = 'rfc5424-json' | 'cef'

export function toSyslog(entry: ShownEntry, { format, version }: { format: SyslogFormat; version: string }): string {
  const priority = facility * 8 + severities[severityOf(entry)]
  const id = entry.type.replace(/[^!-~]/g, '-').slice(0, longestMessageId)
  const data = `[meta sequenceId="${(entry.seq % mostSequenceId) + 1}"][origin software="Cairn" swVersion="${inQuotes(version)}"]`
  const message = format === 'cef' ? toCef(entry, version) : inAscii(toJson(entry))
  return `<${priority}>1 ${formatTime(entry.at)} - cairn - ${id} ${data} ${message}`
}

/** `MSG-LEN SP SYSLOG-MSG`; the length counts bytes. */
export function frame(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`
}

function inQuotes(text: string): string {
  return text.replace(/["\\\]]/g, '\\$&')
}

/** Without a byte order mark a receiver may take a message for any encoding; with one, some do not read its JSON. */
function inAscii(json: string): string {
  return json.replace(/[\u007F-\uFFFF]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
