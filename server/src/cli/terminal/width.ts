/** How many terminal columns a text takes, and cutting, padding and wrapping by that measure. */

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Wide and fullwidth in Unicode’s East Asian Width (UAX 11), as ranges of code points; emoji are asked for below. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u
const zero = /^[\p{Mark}\p{Cf}]+$/u
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F/u
const colours = /\u001B\[[0-9;]*m/g

export function widthOf(text: string): number {
  if (/^[\u0020-\u007E]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text.replace(colours, ''))) width += widthOfGrapheme(segment)
  return width
}

function widthOfGrapheme(grapheme: string): number {
  if (zero.test(grapheme)) return 0
  return wide.test(grapheme) || emoji.test(grapheme) ? 2 : 1
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** At most `width` columns, with … where something was cut. For text without colours. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    used += widthOfGrapheme(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/** Like `cut`, with the cut in the middle: both ends of a path tell something. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const parts = [...graphemes.segment(text)].map(({ segment }) => segment)
  let [left, right] = ['', '']
  let used = 1
  for (let index = 0; index < parts.length; index += 1) {
    const fromLeft = index % 2 === 0
    const part = fromLeft ? parts[index >> 1] : parts[parts.length - 1 - (index >> 1)]
    used += widthOfGrapheme(part ?? '')
    if (used > width) break
    if (fromLeft) left += part
    else right = part + right
  }
  return `${left}…${right}`
}

/** Lines of at most `width` columns, broken at spaces, or between wide characters, which are written without spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  const writer = createWrapper({ width, indent: '', write: (line) => void lines.push(line) })
  writer.add(text)
  writer.end()
  return lines.join('').replace(/\n$/, '').split('\n')
}

export interface Wrapper {
  add(text: string): void
  end(): void
}

interface WrapperOptions {
  readonly width: number
  readonly indent: string
  readonly write: (text: string) => void
  /** Colours a whole word just before it is written. */
  readonly paint?: (word: string) => string
}

/** Wraps text that comes in pieces: a word is written as soon as it is known to be whole. */
export function createWrapper({ width, indent, write, paint = (word) => word }: WrapperOptions): Wrapper {
  let column = 0
  let word = ''
  let gap = ''

  function place(): void {
    if (word === '') return
    const needed = widthOf(word)
    if (column > 0 && column + gap.length + needed > width) breakLine()
    write((column === 0 ? indent : gap) + paint(word))
    column += (column === 0 ? 0 : gap.length) + needed
    word = ''
    gap = ''
  }

  function breakLine(): void {
    write('\n')
    column = 0
    gap = ''
  }

  function add(text: string): void {
    for (const { segment } of graphemes.segment(text)) {
      if (segment === '\n') {
        place()
        breakLine()
      } else if (/^\s/.test(segment)) {
        place()
        gap = ' '
      } else if (wide.test(segment)) {
        place()
        word = segment
        place()
      } else word += segment
    }
  }

  function end(): void {
    place()
    if (column > 0) breakLine()
  }

  return { add, end }
}
