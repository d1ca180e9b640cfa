/**
 * Values that several devices change at once without overwriting each other: a map in which each entry carries the stamp
 * of its last change, and of two versions of an entry the one with the higher stamp stays. Pure.
 *
 * Whatever tool carries data.json between devices replaces the whole file; of two files it keeps one. Merging by entries
 * makes that harmless: the merge is commutative, associative and idempotent, so all devices that see each other's files
 * come to the same values in whatever order they see them (a last-writer-wins map, Shapiro et al. 2011, with hybrid
 * logical clocks, Kulkarni et al. 2014, so that a device whose clock is late still wins with a later change).
 */

export type Scalar = string | number | boolean

export interface Entry {
  /** Undefined for an entry that was taken away. */
  readonly value: Scalar | undefined
  /** Empty where nobody knows when it was changed. */
  readonly stamp: string
}

export type Entries = ReadonlyMap<string, Entry>

/** Entries taken away that are remembered, so that they do not come back; the oldest are let go beyond that. */
const mostGone = 1_000

/** Of two versions of all entries the newer of each. */
export function mergeEntries(a: Entries, b: Entries): Entries {
  const merged = new Map(a)
  for (const [name, entry] of b) {
    const other = merged.get(name)
    if (other === undefined || isNewer(entry, other)) merged.set(name, entry)
  }
  return dropOldGone(merged)
}

/** With the same stamp, which only a hand in the file can bring about, the choice is arbitrary and the same everywhere. */
function isNewer(a: Entry, b: Entry): boolean {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp
  return JSON.stringify(a.value ?? null) > JSON.stringify(b.value ?? null)
}

function dropOldGone(entries: Map<string, Entry>): Entries {
  const gone = [...entries].filter(([, { value }]) => value === undefined)
  if (gone.length <= mostGone) return entries
  gone.sort(([, a], [, b]) => (a.stamp < b.stamp ? -1 : 1))
  for (const [name] of gone.slice(0, gone.length - mostGone)) entries.delete(name)
  return entries
}

/**
 * What somebody changed in the file by hand gets a stamp of now: an entry whose stamp is still the one we know, with
 * another value.
 */
export function stampHandEdits(known: Entries, found: Entries, stamp: () => string): Entries {
  const edited = new Map(found)
  for (const [name, entry] of found) {
    const before = known.get(name)
    if (before !== undefined && before.stamp === entry.stamp && before.value !== entry.value)
      edited.set(name, { value: entry.value, stamp: stamp() })
  }
  return edited
}

/** The stamps of one device: each is higher than all it has made or seen. */
export function createStamps(device: string, now: () => number): { next(): string; see(stamp: string): void } {
  let lastMs = 0
  let count = 0
  const write = () => `${lastMs.toString(36).padStart(9, '0')}.${count.toString(36).padStart(4, '0')}.${device}`
  return {
    next() {
      const nowMs = now()
      if (nowMs > lastMs) {
        lastMs = nowMs
        count = 0
      } else count += 1
      return write()
    },
    see(stamp) {
      const [, ms = '', seen = ''] = /^([0-9a-z]{9})\.([0-9a-z]{4})\./.exec(stamp) ?? []
      if (ms === '') return
      const seenMs = Number.parseInt(ms, 36)
      const seenCount = Number.parseInt(seen, 36)
      if (seenMs > lastMs || (seenMs === lastMs && seenCount > count)) {
        lastMs = seenMs
        count = seenCount
      }
    },
  }
}
