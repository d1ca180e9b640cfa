/** One entry of every type and outcome in the table of events, with values that look like those of their fields. */
import { auditEventTable, type AuditEventSpec, type AuditEventType } from '@cairn/contract'
import type { OpenedEntry } from '../read/read-entries.ts'
import type { AuditFieldValue } from '../record/prepare.ts'

const numbers =
  /^(?:tokens(?:In|Out)|notes|results|size|count|errors|kept|lost|inputs|seq|revision|epoch|sessions|rules|bytes|intent|from|to|missed|attempts|entries|cursor|lag|seconds)$/
const flags = /^(?:is[A-Z].*|approved|streamed|committed|content|names)$/
const lists = /^(?:filters|categories|keys|periods|changes|vaults|tags|attributes|places|scopeKinds)$/

function valueOf(field: string, kind: string): AuditFieldValue {
  if (kind === 'person') return `user_of_${field}`
  if (numbers.test(field)) return 7
  if (flags.test(field)) return true
  if (lists.test(field)) return [`one of ${field}`, `other of ${field}`]
  return `some ${field}`
}

/** `isBare`: without the fields that may be absent, and without who acted. */
export function everyEvent(isBare: boolean): OpenedEntry[] {
  const specs = Object.entries(auditEventTable) as [AuditEventType, AuditEventSpec][]
  return specs.flatMap(([type, { category, fields }], at) =>
    (['ok', 'failed', 'refused'] as const).map((outcome, more) => ({
      seq: at * 3 + more,
      at: Date.parse('2026-11-23T12:20:30.456Z') + at,
      category,
      type,
      outcome,
      actor: isBare ? null : ((['user_ann', 'server', 'anonymous'] as const)[more % 3] ?? null),
      fields: isBare
        ? {}
        : Object.fromEntries(Object.entries(fields).map(([name, kind]) => [name, valueOf(name, kind)])),
      context: isBare ? {} : { requestId: `req_${at}`, address: more === 1 ? '2001:db8::1' : '127.0.0.1' },
      blocks: { actor: isBare ? 'erased' : 'open' },
    })),
  )
}
