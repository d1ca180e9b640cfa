/** An entry as it stands in memory: the value itself, its stamp, and until when it is what. */
import type { Clock } from '../base/index.ts'
import type { LogView } from './log/log-view.ts'
import type { Timers } from './log/timers.ts'
import type { EntryHeader, StoredEntry } from './tiers.ts'
import type { CachePolicy } from './types.ts'

export interface Entry {
  readonly value: unknown
  readonly header: EntryHeader
  readonly sizeBytes: number
  /** Monotonic times. Before `refreshAt` a hit is nothing but a hit. */
  refreshAt: number
  readonly freshUntil: number
  readonly keepUntil: number
  readonly madeAt: number
  /** Of the header; here because a hit adds it up and would otherwise not look there. */
  readonly priceMicroUsd: number
  /** The view's version at which it was last found valid. */
  checked: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Throws for what JSON cannot hold; `undefined` is such a value. */
export function encodeValue(value: unknown): Uint8Array {
  const text = JSON.stringify(value)
  if (text === undefined) throw new TypeError('a cached value must be something that JSON can hold')
  return encoder.encode(text)
}

export function decodeValue(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes))
}

/** What an entry costs in memory beyond its value: the object, its header, its times. A measured round number. */
const overheadBytes = 320
/** A decoded value takes about twice the room of its text. */
const decodedShare = 2

export interface Placing {
  readonly clock: Clock
  readonly timers: Timers
  readonly view: LogView
}

/**
 * An entry of this age, in milliseconds, whatever clock it was made by. `refreshAt` is XFetch's choice, drawn once for
 * the entry in place of once for each read: with it a hit compares one number.
 */
export function placeEntry(
  value: unknown,
  { header, sizeBytes, ageMs, policy }: { header: EntryHeader; sizeBytes: number; ageMs: number; policy: CachePolicy },
  { clock, timers, view }: Placing,
): Entry {
  const madeAt = clock.monotonic() - ageMs
  const freshUntil = madeAt + header.freshMs
  const early = policy.earlyRefresh > 0 ? -header.fillMs * policy.earlyRefresh * Math.log(1 - timers.random()) : 0
  return {
    value,
    header,
    sizeBytes: sizeBytes * decodedShare + overheadBytes + header.scopes.length * 32,
    madeAt,
    priceMicroUsd: header.priceMicroUsd,
    freshUntil,
    keepUntil: madeAt + header.keepMs,
    refreshAt: freshUntil - early,
    checked: view.now.version,
  }
}

/** Null when the bytes are no JSON: an entry that another version wrote. */
export function revive(
  stored: StoredEntry,
  { ageMs, policy }: { ageMs: number; policy: CachePolicy },
  placing: Placing,
): Entry | null {
  try {
    const value = decodeValue(stored.value)
    return placeEntry(value, { header: stored.header, sizeBytes: stored.value.byteLength, ageMs, policy }, placing)
  } catch {
    return null
  }
}
