/**
 * Typing mistakes: letters changed, left out, added, or exchanged with the next (optimal string alignment, the restricted
 * form of Damerau's distance). What is typed may also be the beginning of a word that is not finished yet.
 */

/** How many mistakes a token of this many characters may have. */
export function mistakesIn(length: number): number {
  return length < 4 ? 0 : length < 8 ? 1 : 2
}

/** Longest token that is looked at for mistakes, and longest word. */
const longest = 32
const width = longest + 1
const cells = new Uint8Array(width * width)
const far = 255

export interface Typo {
  readonly mistakes: number
  /** How much of the word the token stands for; less than all of it for a beginning. */
  readonly length: number
}

/** The best way to read the token as the word or its beginning; null when it takes more than `most` mistakes. */
export function findTypo(token: string, word: string, most: number): Typo | null {
  if (token.length > longest || word.length > longest || word.length < token.length - most) return null
  if (!sharesBeginning(token, word)) return null
  fill(token, word, most)
  const row = token.length * width
  const whole = cells[row + word.length] ?? far
  let best: Typo | null = whole <= most ? { mistakes: whole, length: word.length } : null
  for (
    let length = Math.max(1, token.length - most);
    length < Math.min(word.length, token.length + most + 1);
    length++
  ) {
    const mistakes = cells[row + length] ?? far
    if (mistakes <= most && (best === null || mistakes < best.mistakes)) best = { mistakes, length }
  }
  return best
}

/** Almost nobody mistypes the first letter, and whoever does exchanges it with the second. */
function sharesBeginning(token: string, word: string): boolean {
  return token[0] === word[0] || (token[0] === word[1] && token[1] === word[0])
}

function fill(token: string, word: string, most: number): void {
  const columns = Math.min(word.length, token.length + most)
  for (let column = 0; column <= word.length; column++) cells[column] = Math.min(far, column)
  for (let row = 1; row <= token.length; row++) {
    cells[row * width] = row
    const from = Math.max(1, row - most)
    const to = Math.min(columns, row + most)
    if (from > 1) cells[row * width + from - 1] = far
    for (let column = from; column <= to; column++) cells[row * width + column] = cellAt(token, word, row, column)
    for (let column = to + 1; column <= word.length; column++) cells[row * width + column] = far
  }
}

function cellAt(token: string, word: string, row: number, column: number): number {
  const above = (row - 1) * width + column
  const isEqual = token[row - 1] === word[column - 1]
  let least = Math.min((cells[above] ?? far) + 1, (cells[row * width + column - 1] ?? far) + 1)
  least = Math.min(least, (cells[above - 1] ?? far) + (isEqual ? 0 : 1))
  if (row > 1 && column > 1 && token[row - 1] === word[column - 2] && token[row - 2] === word[column - 1])
    least = Math.min(least, (cells[(row - 2) * width + column - 2] ?? far) + 1)
  return Math.min(far, least)
}

/** Which characters of the word were typed, in rising order. */
export function alignTypo(token: string, word: string, { mistakes, length }: Typo): number[] {
  fill(token, word, mistakes)
  const typed: number[] = []
  let row = token.length
  let column = length
  const at = (r: number, c: number): number => cells[r * width + c] ?? far
  while (row > 0 && column > 0) {
    const here = at(row, column)
    const isEqual = token[row - 1] === word[column - 1]
    const isSwapped =
      row > 1 && column > 1 && token[row - 1] === word[column - 2] && token[row - 2] === word[column - 1]
    if (isEqual && here === at(row - 1, column - 1)) typed.push(column - 1)
    else if (isSwapped && here === at(row - 2, column - 2) + 1) {
      typed.push(column - 1, column - 2)
      row--
      column--
    } else if (here === at(row - 1, column) + 1) column++
    else if (here === at(row, column - 1) + 1) row++
    row--
    column--
  }
  return typed.toReversed()
}
