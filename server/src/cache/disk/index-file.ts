/**
 * The index of the disk tier: a hash table in a file, read and written in place by all processes without a lock. An
 * entry is only a hint where a record may stand. Whatever two processes do to one bucket at once, or a disk does to the
 * file, the worst is a hint that leads nowhere or a record that nothing leads to: a miss. That a record is the right
 * one shows when it is opened.
 *
 * A bucket is 16 entries of 16 bytes: tag, generation, length (u32 each), offset / 16 (u24), hot (u8). When all are
 * taken, the oldest gives way.
 */
import { ftruncateSync, readSync, writeSync } from 'node:fs'
import { bucketBytes, entryBytes, type Geometry } from './geometry.ts'
import { isSamePlace, type NameHash, type Place } from './place.ts'

export interface Found extends Place {
  /** Of the entry in the file. */
  readonly at: number
  readonly isHot: boolean
}

export interface IndexFile {
  find(hash: NameHash): Found | null
  /** Replaces what stands there under this hash. `evicted`: another entry had to give way. */
  put(hash: NameHash, place: Place): 'added' | 'replaced' | 'evicted'
  /** Removes all that stands there under this hash; returns the places. */
  remove(hash: NameHash): Place[]
  /** Lets an entry point elsewhere, if it still is what was found. */
  move(hash: NameHash, from: Place, to: Place): boolean
  /** Marks an entry as used; a wrong mark does no harm. */
  markHot(at: number): void
  clear(): void
}

const units = bucketBytes / 4
const unitsPerEntry = entryBytes / 4
/** Offsets are multiples of 16, so in the shifted word they leave the upper 8 bits free. */
const offsetMask = 0x00ff_ffff
const hotByte = 15
const hotMark = Uint8Array.of(1)

/** Methods throw what the file system throws. A little-endian machine reads the file as it wrote it. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createIndexFile(fd: number, { buckets, slots }: Geometry): IndexFile {
  // Used again by each call; none of them waits for anything in between.
  const words = new Uint32Array(units)
  const bytes = new Uint8Array(words.buffer)
  const entry = new Uint32Array(unitsPerEntry)
  const entryAsBytes = new Uint8Array(entry.buffer)

  const load = (hash: NameHash): number => {
    const start = (hash.bucket % buckets) * bucketBytes
    const read = readSync(fd, bytes, 0, bucketBytes, start)
    if (read < bucketBytes) bytes.fill(0, read)
    return start
  }
  const word = (index: number): number => words[index] ?? 0
  const placeAt = (index: number): Place => ({
    generation: word(index + 1),
    length: word(index + 2),
    offset: (word(index + 3) & offsetMask) * 16,
  })
  /** The newest entry of that tag; two processes may have added one each. */
  const newest = (tag: number): number => {
    let best = -1
    for (let index = 0; index < units; index += unitsPerEntry) {
      if (words[index] === tag && (best < 0 || word(index + 1) >= word(best + 1))) best = index
    }
    return best
  }
  const write = (at: number, tag: number, place: Place | null): void => {
    entry[0] = place ? tag : 0
    entry[1] = place?.generation ?? 0
    entry[2] = place?.length ?? 0
    entry[3] = (place?.offset ?? 0) / 16
    writeSync(fd, entryAsBytes, 0, entryBytes, at)
  }
  const clearOthers = (start: number, tag: number, except: number): void => {
    for (let index = 0; index < units; index += unitsPerEntry)
      if (index !== except && words[index] === tag) write(start + index * 4, tag, null)
  }
  /** Generations of the ring lie less than its length apart; an entry of any other leads nowhere. */
  const isLive = (index: number, near: number): boolean =>
    words[index] !== 0 && Math.abs(word(index + 1) - near) < slots
  /** A free entry or one that leads nowhere, else the one that was written longest ago. */
  const replaceable = (near: number): number => {
    let best = 0
    for (let index = 0; index < units; index += unitsPerEntry) {
      if (!isLive(index, near)) return index
      if (word(index + 1) < word(best + 1)) best = index
    }
    return best
  }

  return {
    find(hash) {
      const start = load(hash)
      const index = newest(hash.tag)
      if (index < 0) return null
      const { generation, length, offset } = placeAt(index)
      return { generation, length, offset, at: start + index * 4, isHot: word(index + 3) > offsetMask }
    },
    put(hash, place) {
      const start = load(hash)
      const present = newest(hash.tag)
      const index = present >= 0 ? present : replaceable(place.generation)
      const wasLive = isLive(index, place.generation)
      write(start + index * 4, hash.tag, place)
      if (present >= 0) clearOthers(start, hash.tag, present)
      if (!wasLive) return 'added'
      return present >= 0 ? 'replaced' : 'evicted'
    },
    remove(hash) {
      const start = load(hash)
      const places: Place[] = []
      for (let index = 0; index < units; index += unitsPerEntry)
        if (words[index] === hash.tag) places.push(placeAt(index))
      clearOthers(start, hash.tag, -1)
      return places
    },
    move(hash, from, to) {
      const start = load(hash)
      const index = newest(hash.tag)
      if (index < 0 || !isSamePlace(placeAt(index), from)) return false
      write(start + index * 4, hash.tag, to)
      return true
    },
    markHot: (at) => void writeSync(fd, hotMark, 0, 1, at + hotByte),
    clear() {
      ftruncateSync(fd, 0)
      ftruncateSync(fd, buckets * bucketBytes)
    },
  }
}

/** How many entries of a part of the index are of these generations. */
export function countEntries(part: Uint32Array, oldestLive: number, newest: number): number {
  let live = 0
  for (let index = 0; index < part.length; index += unitsPerEntry) {
    const generation = part[index + 1] ?? 0
    if (part[index] !== 0 && generation <= newest && generation >= oldestLive) live++
  }
  return live
}
