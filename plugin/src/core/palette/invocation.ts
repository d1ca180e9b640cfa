/**
 * A custom command as it is typed: `name argument "quoted argument" key=value key="quoted value"`. Quotes are `"` or `'`;
 * inside them, and only there, a backslash takes the next character as it is.
 */

export interface Invocation {
  readonly name: string
  readonly positional: readonly string[]
  readonly named: ReadonlyMap<string, string>
}

export interface InvocationError {
  readonly code: 'empty' | 'too-long' | 'too-many' | 'open-quote' | 'after-quote' | 'twice'
  /** Where in the text, in UTF-16 units. */
  readonly at: number
  readonly message: string
}

export type InvocationResult =
  | { readonly ok: true; readonly invocation: Invocation }
  | { readonly ok: false; readonly error: InvocationError }

export const invocationLimits = { characters: 10_000, arguments: 32 } as const

const keyPattern = /^[a-z][a-z0-9_-]{0,39}$/i

interface Piece {
  readonly at: number
  /** Before a `=` outside quotes; null without one. */
  readonly key: string | null
  readonly value: string
}

export function parseInvocation(text: string): InvocationResult {
  if (text.length > invocationLimits.characters)
    return refuse(
      'too-long',
      invocationLimits.characters,
      `A command has at most ${invocationLimits.characters} characters.`,
    )
  const pieces: Piece[] = []
  for (let at = skipSpaces(text, 0); at < text.length;) {
    const read = readPiece(text, at)
    if ('error' in read) return { ok: false, error: read.error }
    pieces.push(read.piece)
    at = skipSpaces(text, read.end)
    if (pieces.length > invocationLimits.arguments + 1)
      return refuse('too-many', read.piece.at, `A command takes at most ${invocationLimits.arguments} arguments.`)
  }
  const [first, ...rest] = pieces
  if (first === undefined) return refuse('empty', 0, 'Type the name of a command.')
  const name = first.key === null ? first.value : `${first.key}=${first.value}`
  return collect(name, rest)
}

function collect(name: string, pieces: readonly Piece[]): InvocationResult {
  const positional: string[] = []
  const named = new Map<string, string>()
  for (const { at, key, value } of pieces) {
    if (key === null) positional.push(value)
    else if (named.has(key.toLowerCase())) return refuse('twice', at, `“${key}” is given twice. Keep one of them.`)
    else named.set(key.toLowerCase(), value)
  }
  return { ok: true, invocation: { name, positional, named } }
}

function readPiece(text: string, from: number): { piece: Piece; end: number } | { error: InvocationError } {
  const equals = /^([^\s"'=]+)=/.exec(text.slice(from, from + 42))
  const key = equals?.[1] !== undefined && keyPattern.test(equals[1]) ? equals[1] : null
  const start = key === null ? from : from + key.length + 1
  const quote = text[start]
  if (quote !== '"' && quote !== "'") {
    let end = start
    while (end < text.length && !isSpace(text[end])) end++
    return { piece: { at: from, key, value: text.slice(start, end) }, end }
  }
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\' && at + 1 < text.length) value += text[++at]
    else if (text[at] !== quote) value += text[at]
    else if (at + 1 < text.length && !isSpace(text[at + 1]))
      return { error: errorOf('after-quote', at + 1, 'Put a space after the closing quote.') }
    else return { piece: { at: from, key, value }, end: at + 1 }
  }
  return { error: errorOf('open-quote', start, `This quote is not closed. Add ${quote} where the argument ends.`) }
}

const isSpace = (character: string | undefined): boolean => character !== undefined && /\s/u.test(character)

function skipSpaces(text: string, from: number): number {
  let at = from
  while (at < text.length && isSpace(text[at])) at++
  return at
}

const errorOf = (code: InvocationError['code'], at: number, message: string): InvocationError => ({ code, at, message })

function refuse(code: InvocationError['code'], at: number, message: string): InvocationResult {
  return { ok: false, error: errorOf(code, at, message) }
}

/** Writes an argument so that reading gives it back. */
export function quoteArgument(value: string): string {
  const isPlain = value !== '' && !/[\s"'=\\]/u.test(value)
  return isPlain ? value : `"${value.replace(/["\\]/g, (character) => `\\${character}`)}"`
}
