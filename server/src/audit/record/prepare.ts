/** Makes an event ready for the log: what is public goes into the header, the rest into one block for each person. */
import type { AuditEventType, AuditFieldKind } from '@cairn/contract'
import { auditEventTable } from '@cairn/contract/tables'
import { randomBytes } from 'node:crypto'
import { formatTime, invariant } from '../../base/index.ts'
import type { JsonValue } from '../tree/canonical-json.ts'
import { expandKey, sealBlock } from './blocks.ts'
import { minuteOf, periodOf, type AuditHeader, type AuditOutcome } from './header.ts'
import { nobody, type BookKey, type KeyBook } from './key-book.ts'

export type AuditFieldValue = string | number | boolean | readonly string[] | null

/** Something that happened, as the log takes it. */
export interface AuditEvent {
  readonly type: AuditEventType
  /** The id of a person or service, or one of `nobodies`. */
  readonly actor: string
  readonly outcome: AuditOutcome
  /** Milliseconds since 1970. */
  readonly at: number
  readonly fields: Readonly<Record<string, AuditFieldValue>>
  /** About the call: request id, address, program. Encrypted for the actor. */
  readonly context: Readonly<Record<string, AuditFieldValue>>
}

/** Actors that are no person. */
export const nobodies: ReadonlySet<string> = new Set(['anonymous', 'server'])

export interface PreparedBlock {
  readonly name: string
  readonly subject: string
  readonly period: string
  readonly sealed: Uint8Array
}

export interface PreparedEntry {
  /** All but its place. */
  readonly header: Omit<AuditHeader, 'seq'>
  readonly blocks: readonly PreparedBlock[]
}

/** Who is named in an event beside the actor, by field. */
export function peopleIn({ type, fields }: Pick<AuditEvent, 'type' | 'fields'>): [field: string, id: string][] {
  return byKind(type, fields, 'person').flatMap(([field, value]) =>
    typeof value === 'string' && value !== '' ? [[field, value] as [string, string]] : [],
  )
}

function byKind(type: AuditEventType, fields: AuditEvent['fields'], kind: AuditFieldKind): [string, AuditFieldValue][] {
  const kinds: Readonly<Record<string, AuditFieldKind>> = auditEventTable[type].fields
  return Object.entries(fields).filter(([name]) => {
    invariant(Object.hasOwn(kinds, name), `audit event ${type} has no field ${name}`)
    return kinds[name] === kind
  })
}

/** The keys that it takes must be loaded. Whoever has been forgotten is left out, with all that would name them. */
export function prepareEntry(event: AuditEvent, origin: string, book: KeyBook): PreparedEntry {
  const { type, actor, outcome, at, fields, context } = event
  const time = formatTime(at)
  const cat = auditEventTable[type].category
  const period = book.period(periodOf({ cat, t: time }))
  invariant(period !== undefined, 'the key of the period is loaded')
  const nonce = randomBytes(16).toString('base64url')
  const blocks: PreparedBlock[] = []
  const commitments: Record<string, string> = {}

  function add(name: string, subject: BookKey | undefined, content: JsonValue): void {
    invariant(subject !== undefined && period !== undefined, 'the key of the person is loaded')
    const extracted = book.extracted(subject, period)
    if (extracted === null) return
    const place = { origin, nonce, name }
    const { sealed, commitment } = sealBlock(expandKey(extracted, place), place, content)
    blocks.push({ name, subject: subject.ref, period: period.ref, sealed })
    commitments[name] = Buffer.from(commitment).toString('base64url')
  }

  const personal = Object.fromEntries(byKind(type, fields, 'personal'))
  const doer = nobodies.has(actor) ? nobody : book.subject(actor)
  add('actor', doer, { at, actor, ...context, ...(Object.keys(personal).length > 0 ? { fields: personal } : {}) })
  for (const [field, id] of peopleIn(event)) add(field, book.subject(id), { id })
  for (const [field, text] of byKind(type, fields, 'text')) if (typeof text === 'string') add(field, doer, { text })
  return {
    header: {
      v: 1,
      t: minuteOf(time),
      cat,
      type,
      out: outcome,
      n: nonce,
      pub: Object.fromEntries(byKind(type, fields, 'public')) as AuditHeader['pub'],
      b: commitments,
    },
    blocks,
  }
}

/** What `prepareEntry` takes of the key book. */
export function keysOf(events: readonly AuditEvent[]): { subjects: Set<string>; periods: Set<string> } {
  const [subjects, periods] = [new Set<string>(), new Set<string>()]
  for (const event of events) {
    if (!nobodies.has(event.actor)) subjects.add(event.actor)
    for (const [, id] of peopleIn(event)) subjects.add(id)
    periods.add(periodOf({ cat: auditEventTable[event.type].category, t: formatTime(event.at) }))
  }
  return { subjects, periods }
}
