/**
 * A filter as SQL over the index, and the way through it. The engines’ planners know too little to choose that way (SQLite
 * has no statistics, and both take an order with a limit for a promise that matches come soon), so it is chosen here:
 * references and ids lead by their own index; shapes lead when few entries have them; else entries are read in order.
 * `+ 0` keeps an engine from using the index of a column.
 */
import type { SqlConnection, SqlSession, SqlValue } from '../../platform/index.ts'
import { createHmac } from 'node:crypto'
import { nobodies } from '../record/prepare.ts'
import type { References } from './references.ts'
import type { AuditFilter } from './types.ts'

/** Half-open, of places in the log. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Selection {
  /** After `FROM`; entries are `e`. */
  readonly from: string
  readonly where: string
  readonly params: readonly SqlValue[]
  /** For `ORDER BY`. */
  readonly seq: string
}

interface Selecting {
  readonly index: SqlConnection
  readonly log: SqlSession
  readonly refs: References
  /** Names the keys of people in the log. */
  readonly naming: Uint8Array
}

/** So many entries are sorted sooner than the log is read through for them. */
const fewEntries = 20_000

/** Null when nothing can match. */
export async function selectEntries(
  filter: AuditFilter,
  within: Span,
  { index, log, refs, naming }: Selecting,
): Promise<Selection | null> {
  const span = await narrow(index, filter, within)
  const people = await findPeople(log, refs, naming, filter)
  if (span === null || people === null) return null
  const references = [
    ...(filter.note === undefined ? [] : [refs.note(filter.note.vault, filter.note.path)]),
    ...(people.person === undefined ? [] : [people.person]),
    ...(filter.vault === undefined ? [] : [refs.vault(filter.vault)]),
  ]
  const request = filter.requestId === undefined ? null : refs.request(filter.requestId)
  const shapes = await findShapes(index, filter)
  if (shapes?.length === 0) return null
  const [lead, ...others] = references
  const isLed = lead !== undefined || request !== null || people.actor !== undefined
  const isRare = !isLed && shapes !== null && (await isSmall(index, shapes))
  const seq = lead === undefined ? (isRare ? 'e.seq + 0' : 'e.seq') : 'r.seq'

  const conditions: Condition[] = [[`${seq} >= ? AND ${seq} < ?`, span.from, span.to], ...minutesOf(filter)]
  if (lead !== undefined) conditions.push(['r.ref = ? AND e.seq = r.seq', lead])
  for (const ref of others)
    conditions.push(['EXISTS (SELECT 1 FROM audit_index_refs x WHERE x.ref = ? AND x.seq = e.seq)', ref])
  if (request !== null) conditions.push(['e.request = ?', request])
  if (people.actor !== undefined) conditions.push(['e.actor = ?', people.actor])
  if (shapes !== null) conditions.push(isAmong(index, isRare ? 'e.shape' : 'e.shape + 0', shapes))
  return {
    from: `${lead === undefined ? '' : 'audit_index_refs r CROSS JOIN '}audit_index_entries e`,
    where: conditions.map(([text]) => text).join(' AND '),
    params: conditions.flatMap(([, ...params]) => params),
    seq,
  }
}

/** The part of a span in which there can be entries of the asked time; null when there are none. */
async function narrow(index: SqlSession, { from, to }: AuditFilter, within: Span): Promise<Span | null> {
  if (within.from >= within.to) return null
  if (from === undefined && to === undefined) return within
  const [first, end] = [hourOf(from ?? 0), to === undefined ? Number.MAX_SAFE_INTEGER : hourOf(to - 1) + 1]
  const { rows } = await index.run(
    'SELECT MIN(first) AS first, MAX(last) AS last FROM audit_index_hours WHERE hour >= ? AND hour < ?',
    [first, end],
  )
  const [row] = rows
  if (row?.['first'] == null || row['last'] == null) return null
  const span = { from: Math.max(within.from, Number(row['first'])), to: Math.min(within.to, Number(row['last']) + 1) }
  return span.from < span.to ? span : null
}

const hourOf = (ms: number) => Math.floor(ms / 3_600_000)

/** Every minute that the window touches. */
function minutesOf({ from, to }: AuditFilter): Condition[] {
  return [
    ...(from === undefined ? [] : [['e.minute >= ?', Math.floor(from / 60_000)] as Condition]),
    ...(to === undefined ? [] : [['e.minute < ?', Math.ceil(to / 60_000)] as Condition]),
  ]
}

/** Null when one of them has no key in the log that is still there. */
async function findPeople(
  log: SqlSession,
  refs: References,
  naming: Uint8Array,
  { actor, person }: AuditFilter,
): Promise<{ actor?: Uint8Array; person?: Uint8Array } | null> {
  const found: { actor?: Uint8Array; person?: Uint8Array } = {}
  if (actor !== undefined) {
    const ref = nobodies.has(actor) ? refs.nobody(actor) : await findPerson(log, refs, naming, actor)
    if (ref === null) return null
    found.actor = ref
  }
  if (person !== undefined) {
    const ref = await findPerson(log, refs, naming, person)
    if (ref === null) return null
    found.person = ref
  }
  return found
}

async function findPerson(
  log: SqlSession,
  refs: References,
  naming: Uint8Array,
  id: string,
): Promise<Uint8Array | null> {
  const name = createHmac('sha256', naming).update(id).digest('base64url')
  const { rows } = await log.run("SELECT ref FROM audit_keys WHERE kind = 'subject' AND name = ? AND gone_by IS NULL", [
    name,
  ])
  return rows[0] === undefined ? null : refs.person(String(rows[0]['ref']))
}

/**
 * A column’s value is one of these numbers, which are one parameter. Known before the rest is planned, so that PostgreSQL
 * looks into them while it reads in order, where it would make a join of a query and sort what that finds.
 */
function isAmong({ dialect }: SqlConnection, column: string, ids: readonly number[]): Condition {
  return dialect === 'postgres'
    ? [`${column} = ANY (string_to_array(?, ',')::bigint[])`, ids.join(',')]
    : [`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(ids)]
}

type Condition = [text: string, ...params: SqlValue[]]

/** Ids of the shapes that fit; null when all do. */
async function findShapes(
  index: SqlSession,
  { categories, types, outcomes, model, provider, words = [] }: AuditFilter,
): Promise<number[] | null> {
  const conditions: Condition[] = []
  const isOneOf = (column: string, values: readonly string[] | undefined) => {
    if (values !== undefined) conditions.push([`${column} IN (${values.map(() => '?').join(', ')})`, ...values])
  }
  isOneOf('category', categories)
  isOneOf('type', types)
  isOneOf('outcome', outcomes)
  if (model !== undefined) conditions.push(['model = ?', model])
  if (provider !== undefined) conditions.push(['provider = ?', provider])
  for (const word of words)
    conditions.push(["words LIKE ? ESCAPE '!'", `%${word.toLowerCase().replace(/[!%_]/g, '!$&')}%`])
  if (conditions.length === 0) return null
  const { rows } = await index.run(
    `SELECT id FROM audit_index_shapes WHERE ${conditions.map(([text]) => text).join(' AND ')}`,
    conditions.flatMap(([, ...params]) => params),
  )
  return rows.map((row) => Number(row['id']))
}

async function isSmall(index: SqlConnection, shapes: readonly number[]): Promise<boolean> {
  const [text, ...params] = isAmong(index, 'shape', shapes)
  const { rows } = await index.run(
    `SELECT COUNT(*) AS n FROM (SELECT 1 FROM audit_index_entries WHERE ${text} LIMIT ${fewEntries + 1}) few`,
    params,
  )
  return Number(rows[0]?.['n']) <= fewEntries
}
