/**
 * A note's text as a list of blocks with their offsets, and its headings. Goes through the text once, line by line, and
 * jumps over what a fence or a comment encloses, so that a hostile note costs no more than its size.
 *
 * A comment (`%%…%%` or `<!--…-->`) hides text wherever it stands: the block before it ends there, what follows is a
 * block of its own that is marked `apart`, and so no passage ever runs across hidden text. A mark inside inline code is
 * no comment. A comment without end hides the rest when it begins its line, and is text when words stand before it.
 */
import { clip } from './clip.ts'

export type BlockKind = 'paragraph' | 'item' | 'row' | 'quote' | 'code' | 'math'

/** A stretch of the note's text that is never mixed with another: offsets in UTF-16 units, end exclusive. */
export interface Block {
  kind: BlockKind
  start: number
  end: number
  /** Index into `headings`; -1 above the first. */
  heading: number
  /** Hidden text stands between this block and the one before: no passage may hold both. */
  apart: boolean
}

export interface Heading {
  level: number
  text: string
  start: number
}

export interface Scan {
  headings: Heading[]
  blocks: Block[]
  /** The text of each heading line, for tags and links. */
  headingSpans: { start: number; end: number }[]
  /** Comments between `%%`: no text, but their tags count, as they do in Obsidian. */
  commentSpans: { start: number; end: number }[]
  /** More headings than are kept; the further ones are read as text. */
  overflow: boolean
}

export const maxHeadings = 10_000
/** What kind of line it is shows in its first characters. */
const headChars = 2_000
const headingChars = 300
const codeSpanChars = 1_000

const fencePattern = /^((?:[ \t]*>)*)([ \t]*)((?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(`{3,}|~{3,})/
const headingPattern = /^ {0,3}(#{1,6})(?=[ \t]|$)/
const itemPattern = /^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/
const indented = /^(?: {4}| {0,3}\t)/
const underline = /^ {0,3}(?:=+|-{2,})$/
const tableRule = /^\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?$/
const onlyMarks = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])(?:[ \t]+\[.\])?)?[ \t]*$/

interface State extends Scan {
  text: string
  open: Block | null
  openLines: number
  /** An odd number of `$$` in the open block: the next one closes. */
  openMath: boolean
  apart: boolean
  inList: boolean
  inTable: boolean
  findMark: (from: number) => { at: number; mark: string }
  findText: (needle: string, from: number) => number
}

export function scanBlocks(text: string, from: number): Scan {
  const state: State = {
    text,
    headings: [],
    blocks: [],
    headingSpans: [],
    commentSpans: [],
    overflow: false,
    open: null,
    openLines: 0,
    openMath: false,
    apart: false,
    inList: false,
    inTable: false,
    findMark: createMarkFinder(text),
    findText: createTextFinder(text),
  }
  let start = from === 0 && text.startsWith('\uFEFF') ? 1 : from
  let atLineStart = true
  while (start < text.length) {
    const line = lineAt(text, start, state.findText('\n', start))
    const enclosed = atLineStart ? takeEnclosed(state, line) : null
    if (enclosed !== null) {
      start = enclosed
      continue
    }
    const comment = findComment(state, line)
    if (comment) {
      takeVisible(state, { start, end: comment.start, atLineStart, isCut: true })
      close(state)
      if (text.startsWith('%%', comment.start)) state.commentSpans.push(comment)
      state.apart = true
      start = comment.end
      atLineStart = false
    } else {
      takeVisible(state, { start, end: line.end, atLineStart, isCut: false })
      start = line.next
      atLineStart = true
    }
  }
  close(state)
  const { headings, blocks, headingSpans, commentSpans, overflow } = state
  return { headings, blocks, headingSpans, commentSpans, overflow }
}

interface Line {
  start: number
  /** Before the line break. */
  end: number
  next: number
}

function lineAt(text: string, start: number, newline = text.indexOf('\n', start)): Line {
  if (newline === -1) return { start, end: text.length, next: text.length }
  return { start, end: newline > start && text[newline - 1] === '\r' ? newline - 1 : newline, next: newline + 1 }
}

function close(state: State): void {
  if (state.open && state.open.end > state.open.start) state.blocks.push(state.open)
  state.open = null
  state.openMath = false
}

function push(state: State, kind: BlockKind, start: number, end: number): void {
  close(state)
  if (end <= start) return
  state.blocks.push({ kind, start, end, heading: state.headings.length - 1, apart: state.apart })
  state.apart = false
}

/** Takes a fenced code block or a `$$` block that begins at this line; returns where the text goes on, or null. */
function takeEnclosed(state: State, line: Line): number | null {
  const { text } = state
  const head = text.slice(line.start, Math.min(line.end, line.start + headChars))
  const fence = fencePattern.exec(head)
  if (fence && isFence(fence, head, state.inList)) {
    const end = endOfFence(text, line.next, { mark: fence[4] as string, quoted: fence[1] !== '' })
    state.inTable = false
    push(state, 'code', line.start, end.end)
    return end.next
  }
  const trimmed = head.replace(/^[ \t>]+/, '')
  if (!trimmed.startsWith('$$') || state.openMath) return null
  const opener = text.indexOf('$$', line.start)
  const closer = state.findText('$$', opener + 2)
  // One that closes on its own line is part of a paragraph; one that never closes is text.
  if (closer === -1 || closer < line.end) return null
  const last = lineAt(text, closer)
  push(state, 'math', line.start, last.end)
  return last.next
}

function isFence(fence: RegExpExecArray, head: string, inList: boolean): boolean {
  const [whole, quotes, indent, marker, mark] = fence as unknown as [string, string, string, string, string]
  if (mark.startsWith('`') && head.includes('`', whole.length)) return false
  return quotes !== '' || marker !== '' || inList || !indented.test(indent)
}

/** A fence ends at a line with as many marks, with its quote, or with the text. */
function endOfFence(text: string, from: number, { mark, quoted }: { mark: string; quoted: boolean }): Line {
  let last = from
  for (let start = from; start < text.length;) {
    const line = lineAt(text, start)
    const head = text.slice(start, Math.min(line.end, start + headChars))
    if (quoted && !/^[ \t]*>/.test(head)) return { start, end: last, next: start }
    const bare = head.replace(/^[ \t>]+/, '').trimEnd()
    if (bare.length >= mark.length && bare === (mark[0] as string).repeat(bare.length)) return line
    last = line.end
    start = line.next
  }
  return { start: from, end: text.length, next: text.length }
}

/** The next comment of this line, with its end; one without end that begins its line reaches to the end of the text. */
function findComment({ text, findMark, findText }: State, line: Line): { start: number; end: number } | null {
  for (let from = line.start; ;) {
    const { at, mark } = findMark(from)
    if (at >= line.end) return null
    if (mark.startsWith('`')) {
      from = afterCodeSpan(text, at, mark, line.end)
      continue
    }
    const closer = mark === '%%' ? '%%' : '-->'
    const end = findText(closer, at + 2)
    if (end !== -1) return { start: at, end: end + closer.length }
    if (onlyMarks.test(text.slice(Math.max(line.start, at - headChars), at))) return { start: at, end: text.length }
    from = at + mark.length
  }
}

/** Where a run of backticks leads: behind the span it opens on this line, or just behind itself. */
function afterCodeSpan(text: string, at: number, mark: string, lineEnd: number): number {
  const after = at + mark.length
  if (text[at - 1] === '\\') return at + 1
  const body = text.slice(after, Math.min(lineEnd, after + codeSpanChars))
  for (let found = body.indexOf(mark); found !== -1;) {
    let end = found + mark.length
    if (body[end] !== '`') return after + end
    while (body[end] === '`') end++
    found = body.indexOf(mark, end)
  }
  return after
}

/** Takes a line, or the part of one before or after a comment. */
function takeVisible(
  state: State,
  { start, end: stop, atLineStart, isCut }: { start: number; end: number; atLineStart: boolean; isCut: boolean },
): void {
  const { text, open } = state
  let end = stop
  while (isCut && end > start && /\s/.test(text[end - 1] as string)) end--
  const head = text.slice(start, Math.min(end, start + headChars))
  const trimmed = head.trim()
  if (trimmed === '' || (isCut && onlyMarks.test(head))) {
    if (atLineStart && !isCut) {
      close(state)
      state.inTable = false
    }
    return
  }
  if (atLineStart && (takeHeading(state, head, start, end) || takeRule(state, head, trimmed, end - start))) return
  const kind = atLineStart ? kindOf(state, head, endsWithBar(text, start, end)) : 'paragraph'
  if (kind !== 'row') state.inTable = false
  if (kind === 'item') state.inList = true
  else if (!open && kind !== 'row' && !/^[ \t]/.test(head)) state.inList = false
  if (state.open && !state.apart && joins(state.open, kind, head)) {
    state.open.end = end
    state.openLines++
  } else {
    close(state)
    const lead = kind === 'item' || kind === 'code' ? 0 : head.length - head.trimStart().length
    state.open = { kind, start: start + lead, end, heading: state.headings.length - 1, apart: state.apart }
    state.openLines = 1
    state.apart = false
  }
  if (oddMath(text, start, end)) state.openMath = !state.openMath
}

function takeHeading(state: State, head: string, start: number, end: number): boolean {
  const hashes = headingPattern.exec(head)
  const { open } = state
  const isUnderline =
    open?.kind === 'paragraph' &&
    state.openLines === 1 &&
    open.end - open.start <= headingChars &&
    underline.test(head.trimEnd())
  if (!hashes && !isUnderline) return false
  if (state.headings.length >= maxHeadings) {
    state.overflow = true
    return false
  }
  state.inList = false
  state.inTable = false
  const span =
    isUnderline && !hashes ? { start: open.start, end: open.end } : { start: start + (hashes?.[0].length ?? 0), end }
  if (isUnderline && !hashes) {
    state.apart ||= open.apart
    state.open = null
  }
  close(state)
  const level = hashes ? (hashes[1] as string).length : head.includes('=') ? 1 : 2
  const raw = state.text.slice(span.start, Math.min(span.end, span.start + headChars)).trim()
  state.headings.push({ level, text: plainHeading(raw), start: hashes ? start : span.start })
  state.headingSpans.push(span)
  return true
}

/** A line across the page or under the head of a table separates, and is no text. */
function takeRule(state: State, head: string, trimmed: string, length: number): boolean {
  if (length > headChars || !isRule(head, trimmed)) return false
  const { open } = state
  if (trimmed.includes('|')) {
    if (open?.kind === 'paragraph' && state.openLines === 1 && state.text.slice(open.start, open.end).includes('|'))
      open.kind = 'row'
    state.inTable = true
  }
  close(state)
  return true
}

function isRule(head: string, trimmed: string): boolean {
  if (!/^[-*_=|:]/.test(trimmed)) return false
  const bare = trimmed.replace(/[ \t]+/g, '')
  const isLine = /^ {0,3}\S/.test(head) && bare.length >= 3 && bare === (bare[0] as string).repeat(bare.length)
  return (isLine && '-*_'.includes(bare[0] as string)) || /^={3,}$/.test(trimmed) || tableRule.test(trimmed)
}

/** What kind of line this is. */
function kindOf({ open, inList, inTable }: State, head: string, endsInBar: boolean): BlockKind {
  const trimmed = head.trimStart()
  if ((trimmed.startsWith('|') && trimmed.length > 1 && endsInBar) || (inTable && head.includes('|'))) return 'row'
  if (indented.test(head) && !inList && (!open || open.kind === 'code')) return 'code'
  if (itemPattern.test(head)) return 'item'
  return /^ {0,3}>/.test(head) ? 'quote' : 'paragraph'
}

function endsWithBar(text: string, start: number, end: number): boolean {
  let last = end - 1
  while (last > start && (text[last] === ' ' || text[last] === '\t')) last--
  return text[last] === '|'
}

/** Does a line of this kind continue the open block? Items and table rows are blocks of their own. */
function joins(open: Block, kind: BlockKind, line: string): boolean {
  if (kind === 'paragraph')
    return open.kind === 'paragraph' || open.kind === 'quote' || (open.kind === 'item' && /^[ \t]/.test(line))
  return (kind === 'quote' || kind === 'code') && open.kind === kind
}

function oddMath(text: string, start: number, end: number): boolean {
  const line = end - start > headChars ? '' : text.slice(start, end)
  return line.includes('$$') && line.split('$$').length % 2 === 0
}

function plainHeading(raw: string): string {
  const bare = raw.replace(/(?:^|[ \t])#+$/, '')
  return clip(
    clip(bare, 2 * headingChars)
      .replace(/!?\[\[(?:[^\]|]*\|)?([^\]]*)\]\]/g, '$1')
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/\{[:#][^}]*\}/g, '')
      .replace(/\s\^[\w-]+$|[*_`~=]{1,3}(?=\S)|(?<=\S)[*_`~=]{1,3}/g, '')
      .trim(),
    headingChars,
  )
}

/** Finds backticks and openers of comments from rising places on; each stretch of text is looked at once. */
function createMarkFinder(text: string): State['findMark'] {
  const pattern = /`+|%%|<!--/g
  let found = { at: -1, mark: '' }
  return (from) => {
    if (found.at < from) {
      pattern.lastIndex = from
      const match = pattern.exec(text)
      found = match ? { at: match.index, mark: match[0] } : { at: Number.POSITIVE_INFINITY, mark: '' }
    }
    return found
  }
}

/** `indexOf` from rising places on: what was found ahead, or that there is none, is remembered for each needle. */
function createTextFinder(text: string): State['findText'] {
  const ahead = new Map<string, number>()
  return (needle, from) => {
    const known = ahead.get(needle)
    if (known === -1 || (known !== undefined && known >= from)) return known
    const found = text.indexOf(needle, from)
    ahead.set(needle, found)
    return found
  }
}
