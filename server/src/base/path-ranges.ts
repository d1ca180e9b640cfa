/**
 * Sets of paths as sorted boundaries: inside from the first to the second, from the third to the fourth, and so on; an
 * odd number stays inside to the end. In the order of UTF-16 code units, which is how JavaScript compares, a folder is
 * one range, from `folder/` to `folder0`, because `0` follows `/`. These ranges are not for a database that orders bytes:
 * a difference of folders may then hold other paths.
 */

export type PathRanges = readonly string[]

export const everyPath: PathRanges = ['']

export const noPath: PathRanges = []

/** All below a folder. */
export function folderRange(path: string): PathRanges {
  return [`${path}/`, `${path}0`]
}

/** A single path: nothing stands between it and itself with a zero behind. */
export function pathRange(path: string): PathRanges {
  return [path, `${path}\0`]
}

export function isInRanges(ranges: PathRanges, path: string): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle] as string) <= path) low = middle + 1
    else high = middle
  }
  return low % 2 === 1
}

export function unite(sets: readonly PathRanges[]): PathRanges {
  if (sets.length <= 1) return sets[0] ?? noPath
  const starts: { readonly from: string; readonly to: string | undefined }[] = []
  for (const set of sets)
    for (let at = 0; at < set.length; at += 2) starts.push({ from: set[at] as string, to: set[at + 1] })
  starts.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  const united: string[] = []
  let end: string | undefined
  for (const { from, to } of starts) {
    if (united.length > 0 && end !== undefined && from > end) {
      united.push(end, from)
      end = to
    } else if (united.length === 0) {
      united.push(from)
      end = to
    } else if (end !== undefined && (to === undefined || to > end)) end = to
    // Nothing is behind a range without an end.
    if (end === undefined) return united
  }
  return end === undefined ? united : [...united, end]
}

export function intersect(a: PathRanges, b: PathRanges): PathRanges {
  if (b.length === 1 && b[0] === '') return a
  return merge(a, b, (inA, inB) => inA && inB)
}

export function subtract(a: PathRanges, b: PathRanges): PathRanges {
  if (b.length === 0 || a.length === 0) return a
  return merge(a, b, (inA, inB) => inA && !inB)
}

function merge(a: PathRanges, b: PathRanges, isInside: (inA: boolean, inB: boolean) => boolean): PathRanges {
  const merged: string[] = []
  let [atA, atB, was] = [0, 0, false]
  while (atA < a.length || atB < b.length) {
    const nextA = a[atA]
    const nextB = b[atB]
    const next = nextB === undefined || (nextA !== undefined && nextA < nextB) ? (nextA as string) : nextB
    if (nextA === next) atA++
    if (nextB === next) atB++
    const is = isInside(atA % 2 === 1, atB % 2 === 1)
    if (is !== was) merged.push(next)
    was = is
  }
  return merged
}
