/**
 * Reads Markdown into blocks, line by line. Quotes and lists hand their inner lines to the same reader one level
 * deeper; at the depth limit the lines become a plain paragraph, so 10,000 `>` in a row cost no more than eight.
 */
import { parseInline } from './parse-inline.ts'
import { markdownLimits, type Block, type CellAlign, type Inline, type ListItem, type NodeBudget } from './tree.ts'

const fencePattern = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`\s]{0,40})/
const headingPattern = /^ {0,3}(#{1,6})(?=[ \t]|$)/
const rulePattern = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/
const quotePattern = /^ {0,3}> ?/
const calloutPattern = /^\[!([\w-]{1,30})\][+-]?[ \t]*/
const itemPattern = /^( {0,40})([-*+]|\d{1,9}[.)])(?: +|$)/
const taskPattern = /^\[([ xX])\] /
const setextPattern = /^ {0,3}(=+|-+)[ \t]*$/

export interface MarkdownTree {
  readonly blocks: readonly Block[]
  /** The lines of each block. */
  readonly sources: readonly string[]
  readonly partial: boolean
  /** True when the text was longer than the limit and its end is missing. */
  readonly cut: boolean
}

/**
 * `partial` says that the end of the text is still to come. `before`: what an earlier, shorter text was read as; blocks
 * that read the same are the same objects again, so that what is drawn of them stays.
 */
export function parseMarkdown(source: string, partial = false, before?: MarkdownTree): MarkdownTree {
  const cut = source.length > markdownLimits.chars
  const text = cut ? source.slice(0, markdownLimits.chars) : source
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((line) => line.replace(/^[ \t]{1,200}/, (indent) => indent.replaceAll('\t', '    ')))
  const sources: string[] = []
  const blocks = parseBlocks(lines, 0, { left: markdownLimits.nodes, partial }, (from, to) =>
    sources.push(lines.slice(from, to).join('\n')),
  )
  // From the first that reads otherwise on, the limits may have come out otherwise too.
  for (let at = 0; before?.partial === partial && at < blocks.length && before.sources[at] === sources[at]; at++) {
    const earlier = before.blocks[at]
    if (earlier !== undefined) blocks[at] = earlier
  }
  return { blocks, sources, partial, cut }
}

interface Taken {
  readonly block: Block
  /** First line after the block. */
  readonly next: number
}

/** `onBlock` is told the lines of each block. */
function parseBlocks(
  lines: readonly string[],
  depth: number,
  budget: NodeBudget,
  onBlock?: (from: number, to: number) => void,
): Block[] {
  const blocks: Block[] = []
  if (depth >= markdownLimits.depth) return lines.some((line) => line.trim()) ? [paragraph(lines, budget)] : []
  let at = 0
  while (at < lines.length) {
    if (lines[at]?.trim() === '') {
      at++
      continue
    }
    if (budget.left <= 0) {
      blocks.push(paragraph(lines.slice(at), budget))
      onBlock?.(at, lines.length)
      break
    }
    const taken =
      takeFence(lines, at) ??
      takeHeading(lines, at, budget) ??
      takeRule(lines, at) ??
      takeQuote(lines, at, depth, budget) ??
      takeList(lines, at, depth, budget) ??
      takeTable(lines, at, budget) ??
      takeParagraph(lines, at, budget)
    budget.left--
    blocks.push(taken.block)
    onBlock?.(at, taken.next)
    at = taken.next
  }
  return blocks
}

function paragraph(lines: readonly string[], budget: NodeBudget): Block {
  return {
    kind: 'paragraph',
    children: parseInline(
      lines
        .map((line) => line.trimStart())
        .join('\n')
        .trimEnd(),
      budget,
    ),
  }
}

function takeFence(lines: readonly string[], at: number): Taken | null {
  const open = fencePattern.exec(lines[at] ?? '')
  if (!open) return null
  const fence = open[1] ?? '```'
  const isClose = (line: string) => {
    const text = line.trim()
    return text.length >= fence.length && text === fence.charAt(0).repeat(text.length)
  }
  let end = at + 1
  while (end < lines.length && !isClose(lines[end] ?? '')) end++
  return { block: { kind: 'code', language: open[2] ?? '', text: lines.slice(at + 1, end).join('\n') }, next: end + 1 }
}

function takeHeading(lines: readonly string[], at: number, budget: NodeBudget): Taken | null {
  const line = lines[at] ?? ''
  const match = headingPattern.exec(line)
  if (!match) return null
  const text = line
    .slice(match[0].length)
    .trim()
    .replace(/[ \t]#{1,6}$/, '')
  return {
    block: { kind: 'heading', level: (match[1] ?? '#').length, children: parseInline(text, budget) },
    next: at + 1,
  }
}

function takeRule(lines: readonly string[], at: number): Taken | null {
  return rulePattern.test(lines[at] ?? '') ? { block: { kind: 'rule' }, next: at + 1 } : null
}

function takeQuote(lines: readonly string[], at: number, depth: number, budget: NodeBudget): Taken | null {
  const inner: string[] = []
  let next = at
  for (; next < lines.length && quotePattern.test(lines[next] ?? ''); next++)
    inner.push((lines[next] ?? '').replace(quotePattern, ''))
  if (inner.length === 0) return null
  const first = inner[0] ?? ''
  const callout = calloutPattern.exec(first)
  if (!callout) return { block: { kind: 'quote', blocks: parseBlocks(inner, depth + 1, budget) }, next }
  const type = (callout[1] ?? 'note').toLowerCase()
  const title = first.slice(callout[0].length).trim() || type.charAt(0).toUpperCase() + type.slice(1)
  return { block: { kind: 'callout', type, title, blocks: parseBlocks(inner.slice(1), depth + 1, budget) }, next }
}

interface ItemHead {
  readonly indent: number
  readonly contentIndent: number
  readonly ordered: boolean
  readonly number: number
}

function readItemHead(line: string): ItemHead | null {
  const match = itemPattern.exec(line)
  if (!match || rulePattern.test(line)) return null
  const indent = (match[1] ?? '').length
  const marker = match[2] ?? '-'
  const ordered = marker.length > 1
  return {
    indent,
    contentIndent: Math.min(match[0].length, indent + marker.length + 4),
    ordered,
    number: ordered ? Number.parseInt(marker, 10) : 1,
  }
}

function takeList(lines: readonly string[], at: number, depth: number, budget: NodeBudget): Taken | null {
  const first = readItemHead(lines[at] ?? '')
  if (!first) return null
  const items: ListItem[] = []
  let next = at
  while (next < lines.length) {
    const head = readItemHead(lines[next] ?? '')
    if (!head || head.ordered !== first.ordered || head.indent < first.indent) break
    const taken = takeItemLines(lines, next, head)
    next = taken.next
    const task = taskPattern.exec(taken.lines[0] ?? '')
    if (task) taken.lines[0] = (taken.lines[0] ?? '').slice(task[0].length)
    items.push({ checked: task ? task[1] !== ' ' : null, blocks: parseBlocks(taken.lines, depth + 1, budget) })
  }
  return { block: { kind: 'list', ordered: first.ordered, start: first.number, items }, next }
}

/** The lines of one item with its indent removed: indented ones, and the lines that lazily go on with its text. */
function takeItemLines(lines: readonly string[], at: number, head: ItemHead): { lines: string[]; next: number } {
  const own = [(lines[at] ?? '').slice(head.contentIndent)]
  let next = at + 1
  for (; next < lines.length; next++) {
    const line = lines[next] ?? ''
    const afterBlank = (lines[next - 1] ?? '').trim() === ''
    if (line.trim() === '') {
      const following = lines[next + 1] ?? ''
      if (following.trim() === '' || (indentOf(following) < head.indent + 2 && !readItemHead(following))) break
      own.push('')
    } else if (indentOf(line) >= Math.min(head.contentIndent, head.indent + 2)) {
      own.push(line.slice(Math.min(indentOf(line), head.contentIndent)))
    } else if (afterBlank || readItemHead(line) || startsBlock(line)) {
      break
    } else {
      own.push(line.trimStart())
    }
  }
  return { lines: own, next }
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}

function startsBlock(line: string): boolean {
  return fencePattern.test(line) || headingPattern.test(line) || rulePattern.test(line) || quotePattern.test(line)
}

function splitCells(line: string): string[] {
  const text = line.trim().replace(/^\|/, '').replace(/\|$/, '')
  // Without a look behind, which web views of iOS before 16.4 do not read.
  const marked = text.replaceAll('\\|', '\0')
  return marked.split('|', 50).map((cell) => cell.trim().replaceAll('\0', '|'))
}

function takeTable(lines: readonly string[], at: number, budget: NodeBudget): Taken | null {
  const headLine = lines[at] ?? ''
  const ruleLine = lines[at + 1] ?? ''
  if (!headLine.includes('|') || !/^[\s|:-]{3,500}$/.test(ruleLine) || !ruleLine.includes('-')) return null
  const head = splitCells(headLine)
  const rules = splitCells(ruleLine)
  if (rules.length !== head.length || !rules.every((cell) => /^:?-{1,100}:?$/.test(cell))) return null
  const align = rules.map((cell): CellAlign =>
    cell.endsWith(':') ? (cell.startsWith(':') ? 'center' : 'end') : 'start',
  )
  const readRow = (line: string): Inline[][] => {
    const cells = splitCells(line)
    budget.left -= 1 + head.length
    return head.map((_, index) => parseInline(cells[index] ?? '', budget))
  }
  const rows: Inline[][][] = []
  let next = at + 2
  for (; next < lines.length && (lines[next] ?? '').includes('|') && budget.left > 0; next++)
    rows.push(readRow(lines[next] ?? ''))
  return { block: { kind: 'table', align, head: readRow(headLine), rows }, next }
}

function takeParagraph(lines: readonly string[], at: number, budget: NodeBudget): Taken {
  let next = at + 1
  for (; next < lines.length; next++) {
    const line = lines[next] ?? ''
    const underline = setextPattern.exec(line)
    if (underline) {
      const level = (underline[1] ?? '').startsWith('=') ? 1 : 2
      return {
        block: { kind: 'heading', level, children: parseInline(lines.slice(at, next).join(' ').trim(), budget) },
        next: next + 1,
      }
    }
    if (line.trim() === '' || startsBlock(line) || readItemHead(line)) break
  }
  return { block: paragraph(lines.slice(at, next), budget), next }
}
