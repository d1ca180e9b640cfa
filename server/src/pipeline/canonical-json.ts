/**
 * JSON written in one way, so that two requests that say the same have one cache key: fields in the order of their
 * names, no white space between tokens, strings with the least escapes. Nothing else is made equal: a number stays as it
 * was written, since `1.0` may mean another type than `1` and large ones do not survive parsing; and of two fields with
 * one name both stay in their order, because parsers disagree on which of them counts.
 */

/** `text` must be JSON; anything else gives some text or throws. Fields named in `without` are left out of the outermost object. */
export function canonicalJson(text: string, without: ReadonlySet<string> = nothing): string {
  let at = 0

  function skipSpace(): void {
    while (isSpace(text.charCodeAt(at))) at++
  }

  function readString(): string {
    const start = at
    for (at++; ; at++) {
      const quote = text.indexOf('"', at)
      if (quote === -1) throw new SyntaxError('an open string')
      at = quote
      let slashes = 0
      while (text[quote - 1 - slashes] === '\\') slashes++
      if (slashes % 2 === 0) break
    }
    const token = text.slice(start, ++at)
    // Other escapes can be written in one way only.
    return token.includes('\\u') || token.includes('\\/') ? JSON.stringify(JSON.parse(token)) : token
  }

  function readList(): string {
    const items: string[] = []
    for (at++, skipSpace(); text[at] !== ']'; skipSpace()) {
      items.push(readValue())
      skipSpace()
      if (text[at] === ',') at++
    }
    at++
    return `[${items.join(',')}]`
  }

  function readObject(leftOut: ReadonlySet<string>): string {
    const fields: { name: string; value: string }[] = []
    for (at++, skipSpace(); text[at] !== '}'; skipSpace()) {
      const name = readString()
      skipSpace()
      at++
      const value = readValue()
      if (!leftOut.has(JSON.parse(name) as string)) fields.push({ name, value })
      skipSpace()
      if (text[at] === ',') at++
      if (at >= text.length) throw new SyntaxError('an open object')
    }
    at++
    // Sorting keeps the order of equal names.
    fields.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    return `{${fields.map(({ name, value }) => `${name}:${value}`).join(',')}}`
  }

  function readValue(leftOut = nothing): string {
    skipSpace()
    const first = text[at]
    if (first === '"') return readString()
    if (first === '{') return readObject(leftOut)
    if (first === '[') return readList()
    const start = at
    while (at < text.length && !isEnd(text.charCodeAt(at))) at++
    if (at === start) throw new SyntaxError('no value')
    return text.slice(start, at)
  }

  return readValue(without)
}

const nothing: ReadonlySet<string> = new Set()

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** White space, comma, closing brackets. */
function isEnd(code: number): boolean {
  return isSpace(code) || code === 0x2c || code === 0x5d || code === 0x7d
}
