/**
 * What a read of the disk tier costs beside LMDB: against a bare get of the same sealed bytes with the same opening and
 * parsing, and against a bare get of the same value in plain JSON. Subjects take turns in short blocks, so that whatever
 * else the machine does hits all of them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadLmdb } from './load-lmdb.ts'
import { silentLogger, systemClock } from '../../server/src/base/index.ts'
import { openDiskTier } from '../../server/src/cache/disk/disk-tier.ts'
import { createTestSealer, nameOf } from '../../server/src/cache/testing/disk-churn.ts'
import type { StoredEntry } from '../../server/src/cache/tiers.ts'

export interface DiskSpeedOptions {
  /** Bytes of the JSON of one value. */
  readonly valueBytes: number
  readonly entries: number
  readonly blocks: number
}

/** Microseconds a read, the median over the blocks; and the first quartile. */
export type DiskSpeed = Record<'cairn' | 'lmdb-same-decode' | 'lmdb-plain-json', { median: number; low: number }>

const readsPerBlock = 400
const words =
  'the note says that a cache which nobody checks will serve what was true yesterday and call it an answer'.split(' ')

/** Words in an order of their own for each entry: it compresses about as well as notes do. */
function valueOf(number: number, bytes: number): Buffer {
  let state = number + 1
  let text = ''
  while (text.length < bytes - 40) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223
    text += `${words[(state >>> 16) % words.length]}${(state >>> 8) % 97} `
  }
  return Buffer.from(JSON.stringify({ number, text }))
}

function entryOf(number: number, bytes: number): StoredEntry {
  const scopes = ['all', 'namespace', 'prefix', 'key', 'note'].map((scope) => scope.padEnd(16, '-'))
  const times = { madeAt: 1_800_000_000_000, freshMs: 60_000, keepMs: 600_000, fillMs: 5, priceMicroUsd: 1 }
  return { header: { epoch: 'epoch_0123456789', asOf: number, scopes, ...times }, value: valueOf(number, bytes) }
}

export async function measureDiskReads({ valueBytes, entries, blocks }: DiskSpeedOptions): Promise<DiskSpeed> {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-disk-speed-'))
  const sealer = createTestSealer()
  const tierOptions = { directory: join(directory, 'tier'), maxBytes: 512 * 1_024 * 1_024, sealer }
  const tier = await openDiskTier({ ...tierOptions, clock: systemClock, logger: silentLogger })
  const { open } = await loadLmdb()
  const openLmdb = (name: string) =>
    open({ path: join(directory, name), noSubdir: true, mapSize: 1_024 * 1_024 * 1_024, encoding: 'binary' })
  const [sealed, plain] = [openLmdb('sealed.mdb'), openLmdb('plain.mdb')]
  try {
    for (let number = 0; number < entries; number++) {
      const name = nameOf(number)
      const entry = entryOf(number, valueBytes)
      await tier.set(name, entry)
      void sealed.put(name, Buffer.from(await sealer.seal(name, entry)))
      void plain.put(name, Buffer.from(entry.value))
    }
    await Promise.all([sealed.flushed, plain.flushed])
    const parse = (value: Uint8Array | undefined): unknown => JSON.parse(Buffer.from(value ?? Buffer.of()).toString())
    const subjects = {
      cairn: (name: string) => parse(tier.get(name)?.value),
      'lmdb-same-decode': (name: string) => parse(sealer.open(name, sealed.getBinary(name) ?? Buffer.of())?.value),
      'lmdb-plain-json': (name: string) => parse(plain.getBinary(name)),
    }
    return measureInTurns(subjects, entries, blocks)
  } finally {
    await Promise.all([tier.close(), sealed.close(), plain.close()])
    rmSync(directory, { recursive: true, force: true })
  }
}

function measureInTurns<Name extends string>(
  subjects: Record<Name, (name: string) => unknown>,
  entries: number,
  blocks: number,
): Record<Name, { median: number; low: number }> {
  const names = Object.keys(subjects) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let block = -5; block < blocks; block++) {
    for (const name of names) {
      const read = subjects[name]
      const start = performance.now()
      for (let n = 0; n < readsPerBlock; n++)
        read(nameOf((Math.imul(block * readsPerBlock + n, 2_654_435_761) >>> 0) % entries))
      if (block >= 0) times[name].push(((performance.now() - start) / readsPerBlock) * 1_000)
    }
  }
  const at = (name: Name, share: number): number =>
    times[name].toSorted((left, right) => left - right)[Math.floor(times[name].length * share)] ?? Number.NaN
  return Object.fromEntries(names.map((name) => [name, { median: at(name, 0.5), low: at(name, 0.25) }])) as Record<
    Name,
    { median: number; low: number }
  >
}

if (import.meta.main) {
  for (const valueBytes of [300, 2_000, 16_000]) {
    const speed = await measureDiskReads({ valueBytes, entries: 5_000, blocks: 100 })
    const { cairn, 'lmdb-same-decode': same, 'lmdb-plain-json': bare } = speed
    for (const [name, { median, low }] of Object.entries(speed))
      console.log(
        `${valueBytes} B  ${name.padEnd(18)} median ${median.toFixed(2)} µs, first quartile ${low.toFixed(2)} µs`,
      )
    for (const [name, other] of Object.entries({ 'the same decode': same, 'plain JSON': bare }))
      console.log(`${valueBytes} B  ${(cairn.median / other.median).toFixed(2)} × LMDB get with ${name}`)
  }
}
