/**
 * What a text became, in changes that a person can judge one by one. Lines are compared first, then the words of lines
 * that changed, both by the greedy algorithm of Myers, “An O(ND) difference algorithm and its variations” (1986). What
 * stayed alike between two changes but is shorter than both goes into one change with them, since nobody accepts half of
 * a word. Pure.
 */

export type Piece =
  | { readonly kind: 'same'; readonly text: string }
  | { readonly kind: 'change'; readonly removed: string; readonly added: string }

type Change = Extract<Piece, { kind: 'change' }>

/** Two texts that differ in more places are two texts. */
const mostEdits = 800

/** Words, runs of spaces, ends of lines and single signs; scripts without spaces sign by sign. */
const tokenPattern =
  /\r?\n|[^\S\n]+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}_’']+|[^]/gu

/** Pieces in order: all that is alike and removed makes `before`, all that is alike and added makes `after`. */
export function diffTexts(before: string, after: string): Piece[] {
  const lines = joinNeighbours(compare(splitLines(before), splitLines(after)))
  const pieces = lines.flatMap((piece): Piece[] =>
    piece.kind === 'same' ? [piece] : compare(splitWords(piece.removed), splitWords(piece.added)),
  )
  return tidy(pieces)
}

/** The text with the changes that `isAccepted` names by their number, from 0. */
export function joinPieces(pieces: readonly Piece[], isAccepted: (change: number) => boolean): string {
  let at = -1
  return pieces
    .map((piece) => {
      if (piece.kind === 'same') return piece.text
      at += 1
      return isAccepted(at) ? piece.added : piece.removed
    })
    .join('')
}

export function countChanges(pieces: readonly Piece[]): number {
  return pieces.filter(({ kind }) => kind === 'change').length
}

const splitLines = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
const splitWords = (text: string) => text.match(tokenPattern) ?? []

function compare(before: readonly string[], after: readonly string[]): Piece[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  return [
    ...same(before.slice(0, start)),
    ...walk(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ]
}

function same(tokens: readonly string[]): Piece[] {
  return tokens.length === 0 ? [] : [{ kind: 'same', text: tokens.join('') }]
}

function change(removed: readonly string[], added: readonly string[]): Piece[] {
  if (removed.length === 0 && added.length === 0) return []
  return [{ kind: 'change', removed: removed.join(''), added: added.join('') }]
}

function walk(before: readonly string[], after: readonly string[]): Piece[] {
  if (before.length === 0 || after.length === 0) return change(before, after)
  const trace = search(before, after)
  return trace === null ? change(before, after) : readBack(before, after, trace)
}

/** The furthest places reached with each number of edits, by diagonal; null when it takes too many. */
function search(before: readonly string[], after: readonly string[]): Map<number, number>[] | null {
  const trace: Map<number, number>[] = []
  let reached = new Map<number, number>([[1, 0]])
  for (let edits = 0; edits <= mostEdits; edits++) {
    trace.push(reached)
    const next = new Map<number, number>()
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = goesDown(reached, diagonal, edits)
        ? (reached.get(diagonal + 1) ?? 0)
        : (reached.get(diagonal - 1) ?? 0) + 1
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++
      next.set(diagonal, x)
      if (x >= before.length && x - diagonal >= after.length) return trace
    }
    reached = next
  }
  return null
}

/** Whether the best way to the diagonal adds a token, instead of removing one. */
function goesDown(reached: ReadonlyMap<number, number>, diagonal: number, edits: number): boolean {
  if (diagonal === -edits) return true
  return diagonal !== edits && (reached.get(diagonal - 1) ?? -1) < (reached.get(diagonal + 1) ?? -1)
}

function readBack(before: readonly string[], after: readonly string[], trace: readonly Map<number, number>[]): Piece[] {
  const pieces: Piece[] = []
  let [x, y] = [before.length, after.length]
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reached = trace[edits] ?? new Map<number, number>()
    const diagonal = x - y
    const isDown = goesDown(reached, diagonal, edits)
    const from = isDown ? diagonal + 1 : diagonal - 1
    const fromX = edits === 0 ? 0 : (reached.get(from) ?? 0)
    const fromY = edits === 0 ? 0 : fromX - from
    const startX = edits === 0 || isDown ? fromX : fromX + 1
    pieces.push(...same(before.slice(startX, x)))
    if (edits > 0) pieces.push(...(isDown ? change([], [after[fromY] ?? '']) : change([before[fromX] ?? ''], [])))
    ;[x, y] = [fromX, fromY]
  }
  return pieces.toReversed()
}

/** Joins neighbours of one kind, then takes what is short and alike into the changes around it. */
function tidy(pieces: readonly Piece[]): Piece[] {
  let tidied = joinNeighbours(pieces)
  for (;;) {
    const wider = joinNeighbours(absorb(tidied))
    if (wider.length === tidied.length) return wider
    tidied = wider
  }
}

function joinNeighbours(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = []
  for (const piece of pieces) {
    const last = joined.at(-1)
    if (last?.kind === 'same' && piece.kind === 'same')
      joined[joined.length - 1] = { kind: 'same', text: last.text + piece.text }
    else if (last?.kind === 'change' && piece.kind === 'change') joined[joined.length - 1] = sum(last, piece)
    else joined.push(piece)
  }
  return joined
}

function absorb(pieces: readonly Piece[]): Piece[] {
  return pieces.map((piece, at) => {
    const [before, after] = [pieces[at - 1], pieces[at + 1]]
    if (piece.kind === 'change' || before?.kind !== 'change' || after?.kind !== 'change') return piece
    const isShort = piece.text.trim() === '' && !piece.text.includes('\n')
    if (!isShort && (piece.text.length > sizeOf(before) || piece.text.length > sizeOf(after))) return piece
    return { kind: 'change', removed: piece.text, added: piece.text }
  })
}

const sizeOf = ({ removed, added }: Change) => Math.max(removed.length, added.length)
const sum = (a: Change, b: Change): Change => ({
  kind: 'change',
  removed: a.removed + b.removed,
  added: a.added + b.added,
})
