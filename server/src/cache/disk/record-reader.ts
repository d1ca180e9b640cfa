/** Reads the record that the index hints at and opens it, or finds that it is not what was meant. */
import type { Sealer } from '../sealing.ts'
import type { StoredEntry } from '../tiers.ts'
import type { NameHash, Place } from './place.ts'
import { headBytes, isRecordAt } from './record.ts'
import type { Segments } from './segments.ts'

export interface RecordReader {
  /** `isDamaged`: it is the record that was meant, and does not open. */
  read(segments: Segments, name: string, hash: NameHash, place: Place): Read
  /** Makes a record unreadable, for those too who would look for it past the index. */
  erase(segments: Segments, hash: NameHash, place: Place): void
}

export type Read = { readonly entry: StoredEntry } | { readonly entry: null; readonly isDamaged: boolean }

const keptBytes = 1_024 * 1_024
/** Covers format, key id, length and nonce at the start of sealed bytes; without the nonce nobody opens the rest. */
const erasedBytes = 96
const absent: Read = { entry: null, isDamaged: false }
const damaged: Read = { entry: null, isDamaged: true }

/** `mostBytes`: no record is longer; what the index says is not believed. */
export function createRecordReader(sealer: Sealer, mostBytes: number): RecordReader {
  let scratch: Buffer = Buffer.allocUnsafe(64 * 1_024)
  const head = Buffer.allocUnsafe(headBytes)
  const room = (bytes: number): Buffer => {
    if (bytes <= scratch.length) return scratch
    const larger = Buffer.allocUnsafe(bytes)
    if (bytes <= keptBytes) scratch = larger
    return larger
  }
  const isThere = (segments: Segments, hash: NameHash, place: Place): boolean =>
    segments.read(place, head, headBytes) === headBytes && isRecordAt(head, hash, place)

  return {
    read(segments, name, hash, place) {
      const bytes = headBytes + place.length
      if (bytes > mostBytes) return absent
      const record = room(bytes)
      if (segments.read(place, record, bytes) < bytes || !isRecordAt(record, hash, place)) {
        segments.mistrust(place)
        return absent
      }
      const entry = sealer.open(name, record.subarray(headBytes, bytes))
      if (entry) return { entry }
      // Another process may have written over it while it was read.
      return isThere(segments, hash, place) ? damaged : absent
    },
    erase(segments, hash, place) {
      if (isThere(segments, hash, place)) segments.erase(place, headBytes, Math.min(erasedBytes, place.length))
    },
  }
}
