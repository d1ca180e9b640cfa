/**
 * A hit on disk beside a bare LMDB, and a hit in the shared tier beside a bare GET; values of 1 KB. What a contestant
 * reads from LMDB or Redis is the very entry that Cairn stores: sealed, with its header. Its decoding opens the seal and
 * parses the JSON, as Cairn must.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredEntry } from '../../server/src/cache/tiers.ts'
import type { Namespace } from '../../server/src/cache/types.ts'
import { benchSealer, openCairn, openDiskOf } from './cairn.ts'
import { check, makePassage, passageKeys, type Passage } from './hits.ts'
import { loadLmdb } from '../cache-disk-soak/load-lmdb.ts'
import { loadOfProduct, type IoRedisModule } from './load-peer.ts'
import { startRedis } from './redis-server.ts'
import { timeRounds, type Contestant, type Timing } from './rounds.ts'

const valueBytes = 1_000
const diskBytes = 256 * 1024 * 1024

interface Rounds {
  readonly rounds: number
  readonly keys: number
}

const decoder = new TextDecoder()
const parse = (bytes: Uint8Array) => JSON.parse(decoder.decode(bytes)) as unknown

/** By the time of the thread: a read of a warm file computes, and waits for nobody. */
export async function timeDisk({ rounds, keys: count }: Rounds): Promise<Timing[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-bench-lmdb-'))
  const keys = passageKeys.slice(0, count)
  const { open } = await loadLmdb()
  const sealed = open({ path: join(folder, 'sealed'), encoding: 'binary' })
  const plain = open({ path: join(folder, 'plain'), encoding: 'binary' })
  const sealer = benchSealer()
  for (const key of keys) {
    const value = Buffer.from(JSON.stringify(makePassage(key, valueBytes)))
    void sealed.put(key, Buffer.from(await sealer.seal(key, entryOf(value))))
    await plain.put(key, value)
  }
  const cairn = await openCairn({
    redisUrl: null,
    openDisk: openDiskOf(diskBytes),
    leaseMs: 10_000,
    memoryBytes: 1024 * 1024,
  })
  const space = cairn.cache.namespace<Passage>('disk', { ttlMs: 3_600_000, tiers: ['disk'] })
  await fillUp(space, keys, 'disk')
  try {
    return await timeRounds(
      [
        reuseAll('cairn disk', space, keys, cairn.cache),
        readAll('lmdb get + open + parse', keys, (key) => {
          const bytes = sealed.getBinary(key)
          const entry = bytes && sealer.open(key, bytes)
          return entry ? parse(entry.value) : undefined
        }),
        readAll('lmdb get + parse, not encrypted', keys, (key) => {
          const bytes = plain.getBinary(key)
          return bytes && parse(bytes)
        }),
      ],
      { rounds, roundMs: 40, by: 'thread' },
    )
  } finally {
    await cairn.close()
    await sealed.close()
    await plain.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** By the wall clock: both wait for Redis, one call at a time over one connection. */
export async function timeShared({ rounds, keys: count }: Rounds): Promise<Timing[]> {
  const redis = await startRedis()
  const keys = passageKeys.slice(0, count)
  const { Redis } = await loadOfProduct<IoRedisModule>('ioredis')
  const bare = new Redis(redis.url)
  const sealer = benchSealer()
  for (const key of keys) {
    const value = Buffer.from(JSON.stringify(makePassage(key, valueBytes)))
    await bare.set(key, value)
    await bare.set(`sealed ${key}`, Buffer.from(await sealer.seal(key, entryOf(value))))
  }
  const cairn = await openCairn({ redisUrl: redis.url, memoryBytes: 1024 * 1024, leaseMs: 10_000 })
  const space = cairn.cache.namespace<Passage>('shared', { ttlMs: 3_600_000, tiers: ['shared'] })
  await fillUp(space, keys, 'shared')
  try {
    return await timeRounds(
      [
        reuseAll('cairn shared', space, keys, cairn.cache),
        getAll('redis GET', keys, (key) => bare.get(key)),
        getAll('redis GET + open + parse', keys, async (key) => {
          const bytes = await bare.getBuffer(`sealed ${key}`)
          const entry = bytes && sealer.open(key, bytes)
          return entry ? parse(entry.value) : undefined
        }),
      ],
      { rounds, roundMs: 60, by: 'wall' },
    )
  } finally {
    await cairn.close()
    bare.disconnect()
    await redis.stop()
  }
}

/** The header that an entry without tags has. */
function entryOf(value: Uint8Array): StoredEntry {
  const scopes = ['*', 'ns', 'prefix', 'key'].map((name) => name.padEnd(16, '0').slice(0, 16))
  const times = { madeAt: Date.now(), freshMs: 3_600_000, keepMs: 3_600_000, fillMs: 0, priceMicroUsd: 0 }
  return { header: { epoch: 'AAAAAAAAAAAAAAAA', asOf: 1, scopes, ...times }, value }
}

/** Writes go on in the background, so reads are repeated until every one of them is a hit of that tier. */
async function fillUp(space: Namespace<Passage>, keys: readonly string[], tier: 'disk' | 'shared'): Promise<void> {
  for (let tries = 0; ; tries++) {
    let missing = 0
    for (const [index, key] of keys.entries()) {
      const outcome = await space.reuse(key, () => Promise.resolve(makePassage(key, valueBytes)))
      if (outcome.tier !== tier) missing += 1
      if (index % 500 === 499) await Bun.sleep(20)
    }
    if (missing === 0) return
    if (tries === 20) throw new Error(`${missing} of ${keys.length} entries do not get into the ${tier} tier`)
    await Bun.sleep(200)
  }
}

interface Leased {
  stats(): { readonly log: { readonly isLeased: boolean } }
}

function reuseAll(name: string, space: Namespace<Passage>, keys: readonly string[], cache: Leased): Contestant {
  let at = 0
  const miss = () => Promise.reject(new Error('a hit was a miss'))
  return {
    name,
    async prepare() {
      while (!cache.stats().log.isLeased) await Bun.sleep(5)
    },
    async run(calls) {
      for (let call = 0; call < calls; call++) {
        at = (at + 7_919) % keys.length
        check((await space.reuse(keys[at] ?? '', miss)).value)
      }
    },
  }
}

function readAll(name: string, keys: readonly string[], read: (key: string) => unknown): Contestant {
  let at = 0
  return {
    name,
    run(calls) {
      for (let call = 0; call < calls; call++) {
        at = (at + 7_919) % keys.length
        check(read(keys[at] ?? ''))
      }
    },
  }
}

function getAll(name: string, keys: readonly string[], read: (key: string) => Promise<unknown>): Contestant {
  let at = 0
  return {
    name,
    async run(calls) {
      for (let call = 0; call < calls; call++) {
        at = (at + 7_919) % keys.length
        check(await read(keys[at] ?? ''))
      }
    },
  }
}
