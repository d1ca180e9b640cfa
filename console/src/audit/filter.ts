/** What is looked for in the log: as it stands in the address, so that a link shows the same, and as the server takes it. */
import {
  auditCategoryTable,
  auditEventTable,
  auditLimits,
  type AuditCategory,
  type AuditEventType,
} from '@cairn/contract'
import { outcomes, rangeIds, spanOf, usualRange, type Outcome, type RangeId, type Span } from './ranges.ts'

/** Filters that hold one text, under the names that the server has for them. */
export const textFilters = ['actor', 'person', 'vault', 'note', 'model', 'provider', 'request', 'q'] as const

export type TextFilter = (typeof textFilters)[number]

export interface AuditFilter extends Readonly<Record<TextFilter, string>> {
  /** Null: from and to are one’s own. */
  readonly range: RangeId | null
  readonly own: Span
  readonly category: readonly AuditCategory[]
  readonly type: readonly AuditEventType[]
  readonly outcome: readonly Outcome[]
}

export const categories = Object.keys(auditCategoryTable) as readonly AuditCategory[]
export const eventTypes = Object.keys(auditEventTable) as readonly AuditEventType[]

const longest: Readonly<Partial<Record<TextFilter, number>>> = { note: auditLimits.path, q: auditLimits.text }

const listed = <T extends string>(params: URLSearchParams, name: string, known: readonly T[]): T[] => {
  const asked = new Set((params.get(name) ?? '').split(','))
  return known.filter((each) => asked.has(each))
}

/** What the address says and this console does not know is left out. */
export function readFilter(params: URLSearchParams): AuditFilter {
  const own = { from: readInstant(params.get('from')), to: readInstant(params.get('to')) }
  const isOwn = own.from !== null || own.to !== null
  const text = (name: TextFilter) => (params.get(name) ?? '').trim().slice(0, longest[name] ?? auditLimits.id)
  return {
    range: isOwn ? null : (rangeIds.find((id) => id === params.get('range')) ?? usualRange),
    own: isOwn ? own : { from: null, to: null },
    category: listed(params, 'category', categories),
    type: listed(params, 'type', eventTypes),
    outcome: listed(params, 'outcome', outcomes),
    actor: text('actor'),
    person: text('person'),
    vault: text('vault'),
    note: text('note'),
    model: text('model'),
    provider: text('provider'),
    request: text('request'),
    q: text('q'),
  }
}

export const noFilter: AuditFilter = readFilter(new URLSearchParams())

/** All that one call has left, whenever it was, whatever else was looked for. */
export const onlyRequest = (request: string): AuditFilter => ({ ...noFilter, range: 'all', request })

/** Only what differs from the usual. */
export function writeFilter(filter: AuditFilter): Record<string, string> {
  const { range, own, category, type, outcome } = filter
  return {
    ...(range !== null && range !== usualRange && { range }),
    ...(range === null && own.from !== null && { from: writeInstant(own.from) }),
    ...(range === null && own.to !== null && { to: writeInstant(own.to) }),
    ...(category.length > 0 && { category: category.join(',') }),
    ...(type.length > 0 && { type: type.join(',') }),
    ...(outcome.length > 0 && { outcome: outcome.join(',') }),
    ...Object.fromEntries(textFilters.flatMap((name) => (filter[name] === '' ? [] : [[name, filter[name]]]))),
  }
}

/** The filters of a question without its time, which the live tail does not take. */
export function conditionsOf(filter: AuditFilter): Record<string, string> {
  const { range: _range, from: _from, to: _to, ...conditions } = writeFilter(filter)
  return conditions
}

export function spanOfFilter({ range, own }: AuditFilter, now: number): Span {
  return range === null ? own : spanOf(range, now)
}

/** As `/api/audit/events` and `/api/audit/summary` take it. */
export function queryOf(filter: AuditFilter, { from, to }: Span): Record<string, string> {
  return {
    ...conditionsOf(filter),
    ...(from !== null && { from: String(from) }),
    ...(to !== null && { to: String(to) }),
  }
}

/** How many things are filtered by, the time aside. */
export function countConditions(filter: AuditFilter): number {
  const { category, type, outcome } = filter
  return category.length + type.length + outcome.length + textFilters.filter((name) => filter[name] !== '').length
}

/** With the value when it was without, and without it when it was with. */
export function toggle<T extends string>(values: readonly T[], value: T): readonly T[] {
  return values.includes(value) ? values.filter((each) => each !== value) : [...values, value]
}

/** The minute in UTC, which is readable and has no sign that an address would escape but the colon. */
function writeInstant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`
}

/** Milliseconds since 1970; null for what is no time of the log. */
function readInstant(text: string | null): number | null {
  // Else the browser would make something of almost any text: of “-5” the May of 2001.
  if (text === null || !/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) || at < 0 ? null : at
}
