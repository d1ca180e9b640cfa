/**
 * Reads one block's text into inline nodes. One pass from left to right with a stack of what is open (emphasis, link
 * text); a closing mark searches the stack, which is never deeper than the limit, so time grows with length only.
 * What stays open at the end turns back into the characters it was written with: a half-streamed answer reads well.
 */
import { markdownLimits, type Inline, type NodeBudget } from './tree.ts'

type Wrapper = 'strong' | 'em' | 'strike' | 'highlight'

interface Frame {
  /** Characters that opened it, `[` for link text, empty for the root. */
  readonly marker: string
  readonly children: Inline[]
  /** False for link text around a finished link: links do not nest. */
  mayBeLink: boolean
}

const wikilinkPattern = /(!?)\[\[([^[\]\n|]{1,300})(?:\|([^[\]\n]{1,300}))?\]\]/y
const citationPattern = /\[(\d{1,3}(?: ?, ?\d{1,3}){0,9})\](?!\()/y
const destinationPattern =
  /\((?:<([^<>\n]{0,2000})>|((?:[^\s()<>]|\([^\s()<>]{0,200}\)){0,1000}))(?:[ \t]+(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'))?\)/y
const bareUrlPattern = /https?:\/\/[^\s<>"'`|[\]{}\\^]{1,2000}/y
const angleUrlPattern = /<(https?:\/\/[^\s<>]{1,2000})>/y
const spaceOrEdge = /^[\s\u00a0]?$/
const wordChar = /[\p{L}\p{N}]/u
const escapable = /[!-/:-@[-`{-~]/

/** The address if it may be followed, else null. Only the web and mail; never a script, data or file address. */
export function parseLinkTarget(address: string): string | null {
  if (/^(?:https?:\/\/|mailto:)/i.test(address) && URL.canParse(address)) {
    const url = new URL(address)
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null
  }
  return null
}

/** A path inside the vault, if the address is one. */
function parseNotePath(address: string): string | null {
  if (address === '' || /^[a-z][a-z0-9+.-]*:/i.test(address) || /^[/\\#]/.test(address)) return null
  try {
    return decodeURIComponent(address)
  } catch {
    return address
  }
}

export function parseInline(text: string, budget: NodeBudget): Inline[] {
  return new InlineParser(text, budget).parse()
}

/** Holds the position and the stack of one pass. */
class InlineParser {
  readonly #text: string
  readonly #budget: NodeBudget
  readonly #stack: Frame[] = [{ marker: '', children: [], mayBeLink: false }]
  readonly #lastLinkEnd: number
  #backticks: Map<number, number[]> | null = null
  #at = 0
  #pending = ''

  constructor(text: string, budget: NodeBudget) {
    this.#text = text
    this.#budget = budget
    this.#lastLinkEnd = text.lastIndexOf('](')
  }

  parse(): Inline[] {
    while (this.#at < this.#text.length) {
      if (this.#budget.left <= 0) {
        this.#pending += this.#text.slice(this.#at)
        break
      }
      if (!this.#step(this.#text.charAt(this.#at))) this.#pending += this.#text.charAt(this.#at++)
    }
    while (this.#stack.length > 1) this.#endTop()
    this.#flush()
    return this.#top().children
  }

  /** Takes what begins here; false when it is an ordinary character. */
  #step(char: string): boolean {
    switch (char) {
      case '\\':
        return this.#escape()
      case '\n':
        return this.#newline()
      case '`':
        return this.#code()
      case '*':
      case '_':
      case '~':
      case '=':
        return this.#delimiter(char)
      case '!':
        return this.#wikilink() || this.#image()
      case '[':
        return this.#wikilink() || this.#citation() || this.#openLink()
      case ']':
        return this.#closeLink()
      case '<':
        return this.#url(angleUrlPattern, 1)
      case 'h':
        return this.#url(bareUrlPattern, 0)
      default:
        return false
    }
  }

  #match(pattern: RegExp, from = this.#at): RegExpExecArray | null {
    pattern.lastIndex = from
    return pattern.exec(this.#text)
  }

  #top(): Frame {
    return this.#stack.at(-1) as Frame
  }

  #flush(): void {
    if (this.#pending === '') return
    this.#top().children.push({ kind: 'text', text: this.#pending })
    this.#pending = ''
  }

  #push(node: Inline, length: number): true {
    this.#flush()
    this.#top().children.push(node)
    this.#budget.left--
    this.#at += length
    return true
  }

  /** Turns the innermost open frame back into its characters. */
  #undoTop(): void {
    this.#flush()
    const frame = this.#stack.pop() as Frame
    const parent = this.#top().children
    parent.push({ kind: 'text', text: frame.marker })
    for (const child of frame.children) parent.push(child)
  }

  /** At the end of the text: the innermost open frame is undone, or believed where more text is to come. */
  #endTop(): void {
    const believed = this.#budget.partial && this.#top().marker === '**'
    if (believed) this.#push({ kind: 'strong', children: this.#closeFrame(this.#stack.length - 1) }, 0)
    else this.#undoTop()
  }

  #closeFrame(index: number): readonly Inline[] {
    while (this.#stack.length - 1 > index) this.#undoTop()
    this.#flush()
    return (this.#stack.pop() as Frame).children
  }

  #open(marker: string): boolean {
    if (this.#stack.length > markdownLimits.depth) return false
    this.#flush()
    this.#stack.push({ marker, children: [], mayBeLink: marker === '[' })
    this.#at += marker.length
    return true
  }

  #escape(): boolean {
    const next = this.#text.charAt(this.#at + 1)
    if (next === '\n') return this.#push({ kind: 'break' }, 2)
    if (!escapable.test(next)) return false
    this.#pending += next
    this.#at += 2
    return true
  }

  #newline(): boolean {
    if (this.#pending.endsWith('  ')) {
      this.#pending = this.#pending.trimEnd()
      return this.#push({ kind: 'break' }, 1)
    }
    this.#pending += ' '
    this.#at++
    return true
  }

  #code(): boolean {
    const length = runLength(this.#text, this.#at)
    this.#backticks ??= findBackticks(this.#text)
    const positions = this.#backticks.get(length) ?? []
    while (positions.length > 0 && (positions.at(-1) as number) <= this.#at) positions.pop()
    const end = positions.at(-1)
    if (end === undefined) {
      this.#pending += '`'.repeat(length)
      this.#at += length
      return true
    }
    const inner = this.#text.slice(this.#at + length, end).replaceAll('\n', ' ')
    const text = inner.startsWith(' ') && inner.endsWith(' ') && inner.trim() !== '' ? inner.slice(1, -1) : inner
    return this.#push({ kind: 'code', text }, end + length - this.#at)
  }

  #delimiter(char: string): boolean {
    const length = runLength(this.#text, this.#at)
    const before = this.#text.charAt(this.#at - 1)
    const after = this.#text.charAt(this.#at + length)
    const inWord = char === '_' && wordChar.test(before) && wordChar.test(after)
    const canOpen = !spaceOrEdge.test(after) && !inWord
    const canClose = !spaceOrEdge.test(before) && !inWord
    const double = char === '~' || char === '='
    let left = length
    while (left > 0) {
      const index = canClose
        ? this.#stack.findLastIndex((frame) => frame.marker.startsWith(char) && frame.marker.length <= left)
        : -1
      if (index > 0) {
        const marker = (this.#stack[index] as Frame).marker
        this.#push({ kind: wrapperOf(marker), children: this.#closeFrame(index) }, marker.length)
        left -= marker.length
        continue
      }
      const take = left >= 2 ? 2 : 1
      if (!canOpen || (double && take < 2) || !this.#open(char.repeat(take))) {
        this.#pending += char.repeat(left)
        this.#at += left
        break
      }
      left -= take
    }
    return true
  }

  #wikilink(): boolean {
    const match = this.#match(wikilinkPattern)
    if (!match) return false
    const target = (match[2] ?? '').trim()
    const text = (match[3] ?? '').trim() || target.replaceAll('#', ' › ').replace(/^ › /, '')
    return this.#push({ kind: 'wikilink', target, text, embed: match[1] === '!' }, match[0].length)
  }

  #citation(): boolean {
    const match = this.#match(citationPattern)
    if (!match) return false
    for (const n of (match[1] ?? '').split(',')) this.#push({ kind: 'citation', n: Number(n) }, 0)
    this.#at += match[0].length
    return true
  }

  /** `![alt](address)`: the alternative text is kept, the address is dropped, nothing is loaded. */
  #image(): boolean {
    if (this.#text.charAt(this.#at + 1) !== '[') return false
    const close = this.#text.slice(this.#at + 2, this.#at + 502).indexOf('](')
    if (close < 0) return false
    const end = this.#match(destinationPattern, this.#at + 2 + close + 1)
    if (!end) return false
    const alt = this.#text.slice(this.#at + 2, this.#at + 2 + close)
    return this.#push({ kind: 'image', alt }, end.index + end[0].length - this.#at)
  }

  #openLink(): boolean {
    return this.#at < this.#lastLinkEnd && this.#open('[')
  }

  #closeLink(): boolean {
    const index = this.#stack.findLastIndex((frame) => frame.marker === '[')
    if (index < 1) return false
    const destination = this.#stack[index]?.mayBeLink ? this.#match(destinationPattern, this.#at + 1) : null
    if (!destination) {
      while (this.#stack.length > index) this.#undoTop()
      return false
    }
    const address = destination[1] ?? destination[2] ?? ''
    const children = this.#closeFrame(index)
    for (const frame of this.#stack) frame.mayBeLink = false
    const length = 1 + destination[0].length
    const url = parseLinkTarget(address)
    if (url !== null) return this.#push({ kind: 'link', url, children }, length)
    const target = parseNotePath(address)
    if (target !== null) return this.#push({ kind: 'wikilink', target, text: textOf(children), embed: false }, length)
    for (const child of children) this.#push(child, 0)
    this.#at += length
    return true
  }

  #url(pattern: RegExp, group: number): boolean {
    if (wordChar.test(this.#text.charAt(this.#at - 1))) return false
    const match = this.#match(pattern)
    if (!match || this.#stack.some((frame) => frame.marker === '[')) return false
    const whole = match[group] ?? ''
    const address = group === 0 ? whole.replace(/[.,;:!?)*_~]{1,20}$/, '') : whole
    const url = parseLinkTarget(address)
    if (url === null) return false
    return this.#push(
      { kind: 'link', url, children: [{ kind: 'text', text: address }] },
      group === 0 ? address.length : match[0].length,
    )
  }
}

function wrapperOf(marker: string): Wrapper {
  if (marker === '~~') return 'strike'
  if (marker === '==') return 'highlight'
  return marker.length === 2 ? 'strong' : 'em'
}

function runLength(text: string, at: number): number {
  const char = text.charAt(at)
  let end = at
  while (text.charAt(end) === char) end++
  return end - at
}

/** Start of every run of backticks by its length, the last first. */
function findBackticks(text: string): Map<number, number[]> {
  const found = new Map<number, number[]>()
  for (const match of text.matchAll(/`+/g)) {
    const list = found.get(match[0].length)
    if (list) list.push(match.index)
    else found.set(match[0].length, [match.index])
  }
  for (const list of found.values()) list.reverse()
  return found
}

/** The words of inline nodes, without marks. */
export function textOf(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
        case 'code':
        case 'wikilink':
          return node.text
        case 'image':
          return node.alt
        case 'citation':
          return `[${node.n}]`
        case 'break':
          return ' '
        default:
          return textOf(node.children)
      }
    })
    .join('')
}
