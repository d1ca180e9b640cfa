/**
 * Canonical JSON by RFC 8785: one value has one text, so that its hash can be computed again from the value alone. Members
 * are ordered by the UTF-16 code units of their names; numbers and strings are written as ECMAScript writes them.
 */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue }

/** What the log holds is shallow; a deeper value would be somebody’s mistake. */
const mostDeep = 64

/**
 * Throws `TypeError` for what has no canonical form: numbers that are not finite, text with half a character (a lone
 * surrogate), values that are no JSON, and nesting beyond 64.
 */
export function canonicalJson(value: JsonValue): string {
  return write(value, 0)
}

/** What a canonical text says; undefined for one that is not canonical, or not JSON. */
export function parseCanonicalJson(text: string): JsonValue | undefined {
  try {
    const value = JSON.parse(text) as JsonValue
    return isPlainlyCanonical(value, text) || canonicalJson(value) === text ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * A cheap way to see it of nearly every text: `JSON.stringify` writes numbers and strings as RFC 8785 does, and members in
 * the order in which they were read. What remains is that they were read in order, and that there is no half character,
 * which it escapes.
 */
function isPlainlyCanonical(value: JsonValue, text: string): boolean {
  return !text.includes('\\ud') && hasSortedMembers(value, 0) && JSON.stringify(value) === text
}

function hasSortedMembers(value: JsonValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth > mostDeep) return false
  if (Array.isArray(value)) return value.every((each) => hasSortedMembers(each, depth + 1))
  let last: string | null = null
  for (const [name, each] of Object.entries(value)) {
    if ((last !== null && name <= last) || !hasSortedMembers(each, depth + 1)) return false
    last = name
  }
  return true
}

function write(value: unknown, depth: number): string {
  if (depth > mostDeep) throw new TypeError('too deep for canonical JSON')
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number that is not finite has no canonical JSON')
    return JSON.stringify(value)
  }
  if (typeof value === 'string') return writeText(value)
  if (Array.isArray(value)) return `[${value.map((each) => write(each, depth + 1)).join(',')}]`
  if (typeof value !== 'object') throw new TypeError(`${typeof value} has no canonical JSON`)
  const record = value as Readonly<Record<string, unknown>>
  let members = ''
  // Strings compare by code units, which is the order of the RFC.
  for (const name of Object.keys(record).sort()) {
    const member = record[name]
    if (member !== undefined) members += `${members === '' ? '' : ','}${writeText(name)}:${write(member, depth + 1)}`
  }
  return `{${members}}`
}

function writeText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('half a character has no canonical JSON')
  return JSON.stringify(text)
}
