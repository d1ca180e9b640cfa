/**
 * Reads a request of unknown shape field by field. Every mistake ends the request with `request.invalid`, the path of
 * the field and what was expected there. A value is quoted only where one of a few words is expected; text never is.
 */
import { fail, quote, isRecord } from '../base/index.ts'

/** A value and where it stands, as in `messages[3].content[0].source.type`. */
export interface Field {
  readonly path: string
  readonly value: unknown
}

/** Most items of a list inside a message or of a list of settings. */
export const maxItems = 10_000
/** Deepest nesting of a tool’s schema or input. */
const maxDepth = 100

/** The request itself. */
export function rootField(value: unknown): Field {
  return { path: '', value }
}

/** The member of that name; its value is undefined when there is none. */
export function member({ path, value }: Field, name: string): Field {
  const found = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
  return { path: path === '' ? name : `${path}.${name}`, value: found }
}

/** Neither absent nor null. */
export function isGiven({ value }: Field): boolean {
  return value !== undefined && value !== null
}

export function refuse({ path }: Field, reason: string): never {
  return fail('request.invalid', { message: `${path || 'The body'}: ${reason}.`, ...(path ? { param: path } : {}) })
}

/** Refuses the field when it is given at all. */
export function refuseGiven(field: Field, reason: string): void {
  if (isGiven(field)) refuse(field, reason)
}

export function requireRecord(field: Field): Record<string, unknown> {
  return isRecord(field.value) ? field.value : unexpected(field, 'an object')
}

export function requireItems(field: Field, most = maxItems): Field[] {
  const { path, value } = field
  if (!Array.isArray(value)) return unexpected(field, 'a list')
  if (value.length > most) refuse(field, `at most ${most} items, got ${value.length}`)
  return value.map((item: unknown, index) => ({ path: `${path}[${index}]`, value: item }))
}

/** None when the field is absent or null. */
export function optionalItems(field: Field, most = maxItems): Field[] {
  return isGiven(field) ? requireItems(field, most) : []
}

export function requireText(field: Field): string {
  return typeof field.value === 'string' ? field.value : unexpected(field, 'a text')
}

export function optionalText(field: Field): string | undefined {
  return isGiven(field) ? requireText(field) : undefined
}

/** A name or an id: some text of a bounded length. */
export function requireName(field: Field): string {
  const text = requireText(field)
  if (text === '' || text.length > 512) refuse(field, `expected 1 to 512 characters, got ${text.length}`)
  return text
}

export function optionalBoolean(field: Field): boolean | undefined {
  if (!isGiven(field)) return undefined
  return typeof field.value === 'boolean' ? field.value : unexpected(field, 'true or false')
}

export function optionalNumber(field: Field, least: number, most: number): number | undefined {
  if (!isGiven(field)) return undefined
  const { value } = field
  if (typeof value !== 'number' || !Number.isFinite(value)) return unexpected(field, 'a number')
  if (value < least || value > most) refuse(field, `expected ${least} to ${most}, got ${quote(value)}`)
  return value
}

/** One of a few words. Another word is quoted: it is no text of anybody. */
export function requireWord<const Word extends string>(field: Field, words: readonly Word[]): Word {
  const found = words.find((word) => word === field.value)
  if (found !== undefined) return found
  if (typeof field.value !== 'string') return unexpected(field, words.join(' or '))
  return refuse(field, `expected ${words.join(' or ')}, got ${quote(field.value)}`)
}

/** The words to choose from are the names of a table; gives back what stands there. */
export function requireKind<Entry>(field: Field, table: Readonly<Record<string, Entry>>, otherwise: string): Entry {
  const { value } = field
  if (typeof value !== 'string') return unexpected(field, Object.keys(table).join(' or '))
  const entry = Object.hasOwn(table, value) ? table[value] : undefined
  return entry ?? refuse(field, `${quote(value)} ${otherwise}`)
}

/** An object that is passed on as it is: a JSON schema, the input of a tool. */
export function requireJson(field: Field): Record<string, unknown> {
  const record = requireRecord(field)
  if (isDeeper(record, maxDepth)) refuse(field, `expected at most ${maxDepth} levels`)
  return record
}

export function unexpected({ path, value }: Field, expected: string): never {
  return fail('request.invalid', {
    message:
      value === undefined && path
        ? `${path} is missing: expected ${expected}.`
        : `${path || 'The body'}: expected ${expected}, got ${describe(value)}.`,
    ...(path ? { param: path } : {}),
  })
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`
}

/** Level by level, so that a deep value cannot exhaust the stack. */
function isDeeper(value: unknown, depth: number): boolean {
  let level: unknown[] = [value]
  for (let at = 0; at <= depth; at += 1) {
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
    if (level.length === 0) return false
  }
  return true
}
