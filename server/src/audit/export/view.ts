/** Entries as they leave the log: with what the one who takes them may have, and no more. */
import type { AuditEventSpec, AuditFieldKind } from '@cairn/contract'
import { auditEventTable } from '@cairn/contract/tables'
import type { OpenedEntry } from '../read/read-entries.ts'

/** What every format is made from. */
export interface ShownEntry extends OpenedEntry {
  /** Some of the fields are there and not shown. */
  readonly hidden: boolean
}

/** Null for a type of a newer version of the server. */
export function specOf(type: string): AuditEventSpec | null {
  return Object.hasOwn(auditEventTable, type) ? auditEventTable[type as keyof typeof auditEventTable] : null
}

/** A field that the table does not know counts as one that names something. */
export function kindOf(type: string, field: string): AuditFieldKind {
  const fields = specOf(type)?.fields ?? {}
  return Object.hasOwn(fields, field) ? (fields[field] as AuditFieldKind) : 'personal'
}

/** Without `content` what names notes, vaults and other things is left out; who, what and when stay. */
export function showEntry(entry: OpenedEntry, { content }: { readonly content: boolean }): ShownEntry {
  const fields = Object.entries(entry.fields).filter(([name]) => content || kindOf(entry.type, name) !== 'personal')
  const hidden = fields.length < Object.keys(entry.fields).length
  return { ...entry, fields: Object.fromEntries(fields), hidden }
}

/** Refs of people as the log itself has them: at random, and without a way back once the person is forgotten. */
export type RefOf = (block: string) => string | null

/**
 * For receivers outside: people by reference, without address, place or name of anything. Time and request id stay: a
 * receiver could not put anything together without them.
 */
export function pseudonymise(entry: OpenedEntry, refOf: RefOf): ShownEntry {
  const { fields, hidden } = showEntry(entry, { content: false })
  const people = Object.entries(fields).map(([name, value]) => [
    name,
    kindOf(entry.type, name) === 'person' ? refOf(name) : value,
  ])
  const { requestId } = entry.context
  return {
    ...entry,
    actor: refOf('actor') ?? (isNobody(entry.actor) ? entry.actor : null),
    fields: Object.fromEntries(people) as ShownEntry['fields'],
    context: typeof requestId === 'string' ? { requestId } : {},
    hidden,
  }
}

function isNobody(actor: string | null): boolean {
  return actor === 'server' || actor === 'anonymous'
}
