/**
 * Candidates for a quote: one to three sentences of a passage that stand together and can be understood on their own.
 * Headings, contents lines, bare links and images are none. An item of a list comes with the line that announces it.
 */
import { plainText } from '../text/plain-text.ts'
import { eachSentence, type Span } from '../text/sentences.ts'
import { countWords } from '../text/tokenize.ts'

export interface Sentence extends Span {
  /** As a person reads it. */
  text: string
  words: number
  item: boolean
  announces: boolean
  /** A question answers none; it may only stand before what answers it. */
  asks: boolean
}

export interface Window extends Span {
  text: string
  words: number
  sentences: readonly Sentence[]
}

const mostSentences = 3
const mostWords = 90
const leastWords = 5

/** The sentences of a passage; offsets count from the beginning of the passage. Code is none. */
export function listSentences(passage: string): Sentence[] {
  const sentences: Sentence[] = []
  let fence: string | null = null
  for (const line of eachLine(passage)) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(passage.slice(line.start, line.end))?.[1]?.slice(0, 3)
    if (mark !== undefined) fence = fence === null ? mark : fence === mark ? null : fence
    if (fence !== null || mark !== undefined || isTableHead(passage, line)) continue
    for (const { start, end } of eachSentence(passage, line.start, line.end)) {
      const raw = passage.slice(start, end)
      const text = plainText(raw)
      const words = countWords(text)
      if (words === 0 || isFurniture(raw, text)) continue
      sentences.push({
        start,
        end,
        text,
        words,
        item: line.item,
        announces: /[:：]$/.test(text),
        asks: /[?？]\W{0,3}$/.test(text),
      })
    }
  }
  return sentences
}

/** A paragraph's lines belong together; items and rows stand alone. */
function* eachLine(passage: string): Generator<Span & { item: boolean }> {
  let start = 0
  let item = false
  const pattern = /\n/g
  for (let match = pattern.exec(passage); ; match = pattern.exec(passage)) {
    const end = match ? match.index : passage.length
    const next = passage.slice(end + 1, end + 200)
    const breaks =
      !match ||
      /^\s*(?:[-*+]|\d{1,9}[.)]|\||>|#{1,6}\s|```|~~~|\n|$)/.test(next) ||
      /^\s*(?:\||#{1,6}\s|```|~~~)/.test(passage.slice(start, end))
    if (breaks) {
      item = /^\s*(?:>\s*)*(?:[-*+]|\d{1,9}[.)])\s|^\s*\|/.test(passage.slice(start, end))
      if (end > start) yield { start, end, item }
      start = end + 1
    }
    if (!match) return
  }
}

/** The row above a table's rule names its columns and says nothing. */
function isTableHead(passage: string, { start, end }: Span): boolean {
  return passage[start] === '|' && /^\n[ \t]*\|?[ \t]*:?-{2,}/.test(passage.slice(end, end + 40))
}

/** Not a sentence to quote: a heading, a rule, an image, a line of nothing but links, code fences. */
function isFurniture(raw: string, text: string): boolean {
  if (/^\s*(?:#{1,6}\s|\$\$|\^[\w-]+$)/.test(raw) || /^[|\s:-]+$/.test(raw) || text.length > 2_000) return true
  const withoutLinks = plainText(
    raw.replace(/!?\[\[[^\][]{0,500}\]\]|!?\[[^\][]{0,500}\]\([^)\n]{0,1000}\)|https?:\S+/g, ' '),
  ).replace(/[\p{P}\p{S}\s]+/gu, '')
  return withoutLinks.length < 4 && /[[\]]|https?:/.test(raw)
}

/** All windows of a passage, single sentences first. */
export function listWindows(passage: string): Window[] {
  const sentences = listSentences(passage)
  const windows: Window[] = []
  for (let size = 1; size <= mostSentences; size++) {
    for (let at = 0; at + size <= sentences.length; at++) {
      const window = widen(passage, sentences, at, at + size)
      if (
        window &&
        window.words >= leastWords &&
        !windows.some(({ start, end }) => start === window.start && end === window.end)
      )
        windows.push(window)
    }
  }
  return windows
}

/** Adds the announcing line before an item, and the items after an announcing line, as far as they fit. */
function widen(passage: string, sentences: readonly Sentence[], from: number, to: number): Window | null {
  let first = from
  let last = to
  if (sentences[first]?.item) {
    let above = first - 1
    while (above >= 0 && sentences[above]?.item && first - above < 4) above--
    if (above >= 0 && sentences[above]?.announces) first = above
  }
  while (last < sentences.length && sentences[last - 1]?.announces && last - first < 8) last++
  while (
    last < sentences.length &&
    sentences[last]?.item &&
    sentences[first]?.announces &&
    sum(sentences.slice(first, last + 1)) <= mostWords
  )
    last++
  while (last > first && sentences[last - 1]?.asks) last--
  const chosen = sentences.slice(first, last)
  const words = sum(chosen)
  if (chosen.length === 0 || (words > mostWords && chosen.length > 1 && to - from > 1)) return null
  const start = (chosen[0] as Sentence).start
  const end = (chosen.at(-1) as Sentence).end
  return { start, end, words, sentences: chosen, text: joinText(chosen) }
}

function sum(sentences: readonly Sentence[]): number {
  return sentences.reduce((total, { words }) => total + words, 0)
}

/** Items become “; ”-separated after their announcing line, so that the text reads as one. */
function joinText(sentences: readonly Sentence[]): string {
  let text = ''
  sentences.forEach((sentence, index) => {
    if (index === 0) text = sentence.text
    else
      text +=
        sentence.item && sentences[index - 1]?.item && !/[.!?。！？;；:：]$/.test(text)
          ? `; ${sentence.text}`
          : ` ${sentence.text}`
  })
  return text
}
