/**
 * Bytes to JSON, with refusals that tell the position and never the content: the runtime's own message quotes the text,
 * which may be a question or a note.
 */
import { fail } from '../base/index.ts'

const maxDepth = 200
/** How far a mistake is looked for: the search runs on the thread that serves. */
const searchedChars = 1_000_000

/** Throws `request.invalid-json`. */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) fail('request.invalid-json', { message: 'The body is empty; send JSON.' })
  if (isDeeper(bytes, maxDepth))
    fail('request.invalid-json', { message: `The body nests lists and objects deeper than ${maxDepth} levels.` })
  const text = decode(bytes)
  try {
    return JSON.parse(text) as unknown
  } catch {
    const found = findJsonError(text)
    if (!found) fail('request.invalid-json')
    const { offset, wanted } = found
    const before = text.slice(0, offset)
    const line = before.split('\n').length
    const column = offset - before.lastIndexOf('\n')
    return fail('request.invalid-json', {
      message: `The body is not JSON: at line ${line}, column ${column}, ${wanted}.`,
    })
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return fail('request.invalid-json', { message: 'The body is not valid UTF-8.' })
  }
}

/** Counts brackets outside strings. Done on bytes before parsing: no byte of a longer character equals one of these. */
function isDeeper(bytes: Uint8Array, limit: number): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (inString) {
      if (byte === 0x5c) i++
      else if (byte === 0x22) inString = false
    } else if (byte === 0x22) inString = true
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > limit) return true
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return false
}

/** A place in the text, and what should stand there. */
interface JsonError {
  readonly offset: number
  readonly wanted: string
}

type State = 'value' | 'value or ]' | 'name or }' | 'name' | 'colon' | 'comma or ]' | 'comma or }' | 'end'

const wantedWords: Record<State, string> = {
  value: 'a value is expected',
  'value or ]': 'a value or “]” is expected',
  'name or }': 'a field name in double quotes or “}” is expected',
  name: 'a field name in double quotes is expected',
  colon: '“:” is expected',
  'comma or ]': '“,” or “]” is expected',
  'comma or }': '“,” or “}” is expected',
  end: 'the text should end',
}

/** RFC 8259 as a machine over tokens; called only for text that `JSON.parse` refused. Null when the place is far in. */
function findJsonError(text: string): JsonError | null {
  const open: ('[' | '{')[] = []
  let state: State = 'value'
  let offset = 0
  const afterValue = (): State => (open.length === 0 ? 'end' : open.at(-1) === '[' ? 'comma or ]' : 'comma or }')
  while (offset < searchedChars) {
    const start = skipSpace(text, offset)
    const first = text[start] ?? ''
    const end = '[]{}:,'.includes(first)
      ? start + first.length
      : first === '"'
        ? findStringEnd(text, start)
        : findScalarEnd(text, start)
    if (end === null) return { offset: start, wanted: 'a text is not closed or holds what must be escaped' }
    const next: State | null = end === start ? null : step(state, first, open, afterValue)
    if (next === null) return { offset: start, wanted: wantedWords[state] }
    state = next
    offset = end
  }
  return null
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return at
}

/** The place behind the closing quote, or null. */
function findStringEnd(text: string, start: number): number | null {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at + 1
    if (code < 0x20) return null
    if (code !== 0x5c) continue
    const escape = text[++at] ?? ''
    if (escape === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) at += 4
    else if (!'"\\/bfnrt'.includes(escape) || escape === '') return null
  }
  return null
}

const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

/** The place behind a number or word, or `start` when there is none. */
function findScalarEnd(text: string, start: number): number {
  scalar.lastIndex = start
  return scalar.test(text) ? scalar.lastIndex : start
}

function step(state: State, found: string, open: ('[' | '{')[], afterValue: () => State): State | null {
  const takesValue = state === 'value' || state === 'value or ]'
  if (found === '[' || found === '{') {
    if (!takesValue) return null
    open.push(found)
    return found === '[' ? 'value or ]' : 'name or }'
  }
  if (found === ']') return state === 'value or ]' || state === 'comma or ]' ? (open.pop(), afterValue()) : null
  if (found === '}') return state === 'name or }' || state === 'comma or }' ? (open.pop(), afterValue()) : null
  if (found === ':') return state === 'colon' ? 'value' : null
  if (found === ',') return state === 'comma or ]' ? 'value' : state === 'comma or }' ? 'name' : null
  if (takesValue) return afterValue()
  return found === '"' && (state === 'name' || state === 'name or }') ? 'colon' : null
}
