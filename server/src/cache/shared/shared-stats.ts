/**
 * How much of Redis the shared tier takes. The server keeps no count of a part of its keys, so a bounded walk over them
 * is made: exact while there are few, an estimate from a sample beyond. What was found is told again for half a minute.
 */
import type { Clock } from '../../base/index.ts'
import type { Redis, RedisReply } from '../../platform/index.ts'
import type { SlowTierStats } from '../tiers.ts'
import { readList, readNumber, readText } from './redis-log.ts'

export interface SharedStatsOptions {
  readonly redis: Redis
  readonly clock: Clock
  /** Of the keys of entries. */
  readonly pattern: string
}

const tellAgainMs = 30_000
const mostSteps = 10
const keysInStep = 1_000
const mostMeasured = 32

export function createSharedStats({ redis, clock, pattern }: SharedStatsOptions): () => Promise<SlowTierStats> {
  let last: { atMs: number; stats: Promise<SlowTierStats> } | null = null

  /** A part of all keys: how many steps make the whole is told by the share of the keys that was seen. */
  async function walk(): Promise<{ entries: number; sample: RedisReply[] }> {
    const total = readNumber(await redis.command('DBSIZE', []))
    const found = new Map<string, RedisReply>()
    let cursor = '0'
    for (let step = 1; step <= mostSteps; step++) {
      const reply = readList(
        await redis.command('SCAN', [cursor, 'MATCH', escapePattern(pattern), 'COUNT', keysInStep]),
      )
      cursor = readText(reply[0])
      for (const key of readList(reply[1])) found.set(readText(key), key)
      if (cursor === '0') return { entries: found.size, sample: [...found.values()].slice(0, mostMeasured) }
    }
    const share = Math.min(1, (mostSteps * keysInStep) / Math.max(1, total))
    return { entries: Math.round(found.size / share), sample: [...found.values()].slice(0, mostMeasured) }
  }

  async function measure(): Promise<SlowTierStats> {
    const { entries, sample } = await walk()
    const sizes = await Promise.all(
      sample.map(async (key) => readNumber((await redis.command('STRLEN', [toBytes(key)])) ?? 0)),
    )
    const mean = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length)
    const info = readText(await redis.command('INFO', ['stats']))
    const evictions = Number(/^evicted_keys:(\d+)/m.exec(info)?.[1] ?? 0)
    return { entries, bytes: Math.round(mean * entries), maxBytes: null, evictions }
  }

  return async () => {
    const now = clock.monotonic()
    if (last === null || now - last.atMs >= tellAgainMs) last = { atMs: now, stats: measure() }
    const mine = last
    try {
      return await mine.stats
    } catch (thrown) {
      if (last === mine) last = null
      throw thrown
    }
  }
}

/** The braces of the hash slot are plain characters to SCAN; only the star at the end is not. */
function escapePattern(pattern: string): string {
  return pattern.replaceAll(/[[\]?\\]/g, String.raw`\$&`)
}

function toBytes(key: RedisReply): Uint8Array | string {
  return key instanceof Uint8Array ? key : readText(key)
}
