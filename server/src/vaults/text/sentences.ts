/** Sentences of a stretch of Markdown, with offsets: quotes must be exact, so nothing is rewritten here. */

export interface Span {
  start: number
  end: number
}

const abbreviations =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx|no|nr|dr|mr|mrs|ms|prof|st|fig|sec|ca|bzw|z\.b|d\.h|u\.a|inc|ltd|jr|sr|dept|u\.s|a\.m|p\.m|[A-Z])\.$/i
const ending = /[.!?…]+["'”’»)\]*_]*(?=\s)|[。！？]+[」』）”’]*/g

/** Yields the sentences of `text.slice(start, end)`, white space around them left out. */
export function* eachSentence(text: string, start: number, end: number): Generator<Span> {
  const region = text.slice(start, end)
  let from = 0
  for (const match of region.matchAll(ending)) {
    const stop = match.index + match[0].length
    const head = region.slice(Math.max(from, match.index - 12), match.index + 1)
    if (match[0].startsWith('.') && (abbreviations.test(head) || /^\s+[a-z]/.test(region.slice(stop, stop + 8))))
      continue
    if (/(?:^|\n)[ \t>]*\d{1,3}\.$/.test(region.slice(Math.max(0, stop - 8), stop))) continue
    yield* trimmed(region, start, from, stop)
    from = stop
  }
  yield* trimmed(region, start, from, region.length)
}

function* trimmed(region: string, offset: number, from: number, to: number): Generator<Span> {
  let start = from
  let end = to
  while (start < end && /\s/.test(region[start] as string)) start++
  while (end > start && /\s/.test(region[end - 1] as string)) end--
  if (end > start) yield { start: offset + start, end: offset + end }
}
