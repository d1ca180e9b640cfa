/**
 * Finds where the values of an object's own fields begin and end in JSON bytes, so that one value can be replaced
 * without touching another byte: number formats, escapes, key order, white space and broken UTF-8 stay as they came.
 * Structure in JSON is ASCII and never occurs inside a multi-byte character, so bytes can be scanned. The text must
 * have been parsed as JSON before; the scan only counts nesting and skips strings.
 */

export interface FieldSpan {
  readonly name: string
  /** Of the value, end exclusive. */
  readonly start: number
  readonly end: number
}

export interface ObjectSpans {
  readonly fields: readonly FieldSpan[]
  /** Position of the closing brace. */
  readonly close: number
}

export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

const quoteByte = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The fields of the object that begins at or after `from` (white space and a byte order mark may precede it). */
export function findFields(bytes: Uint8Array, from = 0): ObjectSpans | undefined {
  let at = skipSpace(
    bytes,
    bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf ? from + 3 : from,
  )
  if (bytes[at] !== openBrace) return undefined
  const fields: FieldSpan[] = []
  at = skipSpace(bytes, at + 1)
  while (at < bytes.length && bytes[at] !== closeBrace) {
    if (bytes[at] !== quoteByte) return undefined
    const keyEnd = skipString(bytes, at)
    const name = readString(bytes.subarray(at, keyEnd))
    at = skipSpace(bytes, keyEnd)
    if (name === undefined || bytes[at] !== colon) return undefined
    const start = skipSpace(bytes, at + 1)
    const end = skipValue(bytes, start)
    if (end === start) return undefined
    fields.push({ name, start, end })
    at = skipSpace(bytes, end)
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1)
  }
  return at < bytes.length ? { fields, close: at } : undefined
}

/** A copy with the splices made; they must be in order and must not overlap. The same bytes when there are none. */
export function applySplices(bytes: Uint8Array, splices: readonly Splice[]): Uint8Array {
  if (splices.length === 0) return bytes
  const texts = splices.map(({ text }) => encoder.encode(text))
  const grown = splices.reduce((sum, { start, end }, i) => sum + (texts[i]?.length ?? 0) - (end - start), 0)
  const result = new Uint8Array(bytes.length + grown)
  let from = 0
  let to = 0
  splices.forEach(({ start, end }, i) => {
    result.set(bytes.subarray(from, start), to)
    to += start - from
    const text = texts[i] ?? new Uint8Array()
    result.set(text, to)
    to += text.length
    from = end
  })
  result.set(bytes.subarray(from), to)
  return result
}

/** The string that a span of bytes holds, or undefined when it is another kind of value. */
export function readString(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== quoteByte) return undefined
  const text = decoder.decode(bytes)
  if (!text.includes('\\')) return text.slice(1, -1)
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1
  return at
}

/** Position after the closing quote of the string that begins at `from`. */
function skipString(bytes: Uint8Array, from: number): number {
  let at = from + 1
  while (at < bytes.length) {
    const next = bytes.indexOf(quoteByte, at)
    if (next < 0) return bytes.length
    let slashes = 0
    while (bytes[next - 1 - slashes] === backslash) slashes += 1
    at = next + 1
    if (slashes % 2 === 0) return at
  }
  return at
}

function skipValue(bytes: Uint8Array, from: number): number {
  let depth = 0
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte === quoteByte) {
      at = skipString(bytes, at)
      if (depth === 0) return at
      continue
    }
    if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0) return trimEnd(bytes, from, at)
      depth -= 1
      if (depth === 0) return at + 1
    } else if (byte === comma && depth === 0) return trimEnd(bytes, from, at)
    at += 1
  }
  return at
}

/** Numbers, `true`, `false` and `null` end where the white space before the next structure begins. */
function trimEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = end
  while (at > from && (bytes[at - 1] ?? 0) <= 0x20) at -= 1
  return at
}
