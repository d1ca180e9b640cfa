/**
 * Load for a disk tier whose every hit can be judged: an entry's bytes follow from its number and version. Run as a
 * program it is one of several processes that share a directory; it prints what it saw as one line of JSON a second, so
 * that the counts of a killed one are known too.
 */
import { createRandom } from '../../base/testing/random.ts'
import { createHash } from 'node:crypto'
import { silentLogger, systemClock } from '../../base/index.ts'
import type { SealingKeys } from '../../platform/index.ts'
import { openDiskTier } from '../disk/disk-tier.ts'
import { createSealer, type Sealer } from '../sealing.ts'
import type { DiskTier, StoredEntry } from '../tiers.ts'

/** Keys that follow from a word, so that several processes have the same ones without a keyring. */
export function createTestKeys(word: string): SealingKeys {
  const key = createHash('sha256').update(word).digest()
  const current = { id: createHash('sha256').update(key).digest().readUInt32BE(0), key }
  return { current: () => current, find: (id) => (id === current.id ? current : undefined) }
}

export function createTestSealer(word = 'churn'): Sealer {
  return createSealer({ keys: createTestKeys(word), deploymentId: 'deployment_1', cache: 'test' })
}

const longestNoise = 256 * 1_024
const noise = Buffer.concat(
  Array.from({ length: 16_384 }, (_, index) => createHash('sha256').update(`noise ${index}`).digest()),
)

/** Mixed sizes: many small, some just over a page, few large. */
export function sizeOf(number: number): number {
  const spread = Math.imul(number, 0x9e3779b1) >>> 0
  const kind = spread % 100
  if (kind < 60) return 100 + ((spread >>> 8) % 900)
  if (kind < 80) return 1_000 + ((spread >>> 8) % 7_000)
  if (kind < 90) return 4_000 + ((spread >>> 8) % 300)
  if (kind < 99) return 8_000 + ((spread >>> 8) % 56_000)
  return 64_000 + ((spread >>> 8) % 136_000)
}

export const nameOf = (number: number): string => `entry-${number}`

export function entryOf(number: number, version: number): StoredEntry {
  const value = Buffer.allocUnsafe(8 + Math.min(longestNoise, sizeOf(number)))
  value.writeUInt32LE(number, 0)
  value.writeUInt32LE(version, 4)
  noise.copy(value, 8, (Math.imul(number + version, 2_654_435_761) >>> 0) % longestNoise)
  const scopes = [`scope-${String(number % 100).padStart(10, '0')}`]
  const times = { madeAt: 1_800_000_000_000, freshMs: 60_000, keepMs: 600_000, fillMs: 5, priceMicroUsd: 1 }
  return { header: { epoch: 'epoch_1', asOf: version, scopes, ...times }, value }
}

/** Whether an entry is, byte for byte, one that was written under this number. */
export function isTrueEntry(number: number, entry: StoredEntry): boolean {
  const value = Buffer.from(entry.value.buffer, entry.value.byteOffset, entry.value.length)
  if (value.length < 8 || value.readUInt32LE(0) !== number) return false
  const expected = entryOf(number, value.readUInt32LE(4))
  return Buffer.compare(value, expected.value) === 0 && JSON.stringify(entry.header) === JSON.stringify(expected.header)
}

export interface ChurnCounts {
  gets: number
  hits: number
  /** Hits that were not what had been written: must stay 0. */
  wrong: number
  sets: number
  deletes: number
  /** Methods that threw: must stay 0. */
  thrown: number
  mostBytes: number
  errors: number
  entries: number
}

export interface ChurnOptions {
  readonly seed: number
  /** New entries are numbered on from here by `step`, so that processes write entries of their own. */
  readonly first: number
  readonly step: number
  readonly sets: number
  /** Share of new entries that are deleted again, 0 to 1. */
  readonly deletes: number
  readonly onProgress?: (counts: ChurnCounts) => void
}

const together = 64

/** Writes `sets` new entries and meanwhile reads: half of it the 1,000 first ones, half recent ones of all processes. */
export async function churn(tier: DiskTier, options: ChurnOptions): Promise<ChurnCounts> {
  const { seed, first, step, sets, deletes } = options
  const counts = { gets: 0, hits: 0, wrong: 0, sets: 0, deletes: 0, thrown: 0, mostBytes: 0, errors: 0, entries: 0 }
  const random = createRandom(seed)
  const look = (number: number): void => {
    counts.gets++
    const entry = tier.get(nameOf(number))
    if (entry) counts.hits++
    if (entry && !isTrueEntry(number, entry)) counts.wrong++
  }
  const act = (number: number): Promise<void> => {
    const write = tier.set(nameOf(number), entryOf(number, Math.floor(random() * 4)))
    counts.sets++
    look(Math.floor(random() * 1_000))
    look(Math.max(0, number - Math.floor(random() * 2_000 * step)))
    if (random() < deletes) {
      tier.delete(nameOf(Math.max(0, number - (64 + Math.floor(random() * 500)) * step)))
      counts.deletes++
    }
    return write
  }
  for (let done = 0; done < sets; done += together) {
    const numbers = Array.from({ length: Math.min(together, sets - done) }, (_, index) => first + (done + index) * step)
    try {
      await Promise.all(numbers.map(act))
    } catch {
      counts.thrown++
    }
    const { bytes, errors, entries } = tier.stats()
    Object.assign(counts, { mostBytes: Math.max(counts.mostBytes, bytes), errors, entries })
    options.onProgress?.(counts)
  }
  return counts
}

if (import.meta.main) {
  const [directory = '', ...numbers] = process.argv.slice(2)
  const [maxBytes = 0, seed = 0, first = 0, step = 1, sets = 0, deletes = 0] = numbers.map(Number)
  const options = { directory, maxBytes, sealer: createTestSealer(), clock: systemClock, logger: silentLogger }
  const tier = await openDiskTier(options)
  let saidAt = 0
  const say = (counts: ChurnCounts): void => {
    if (systemClock.monotonic() - saidAt < 200) return
    saidAt = systemClock.monotonic()
    process.stdout.write(`${JSON.stringify(counts)}\n`)
  }
  const counts = await churn(tier, { seed, first, step, sets, deletes, onProgress: say })
  await tier.close()
  process.stdout.write(`${JSON.stringify({ ...counts, isDone: true })}\n`)
}
