/** Limits that several servers share through Redis, and what happens when it is gone. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createId, Secret, silentLogger, systemClock } from '../src/base/index.ts'
import { createLimitOwner } from '../src/metering/limits/owners.ts'
import { createRedisLimits } from '../src/metering/limits/redis-limits.ts'
import type { LimitOwner } from '../src/metering/limits/types.ts'
import { openRedis, type Redis } from '../src/platform/index.ts'
import { startOwnRedis } from './kit/own-redis.ts'

const url = process.env['CAIRN_TEST_REDIS_URL'] ?? ''
const one = (limit: number, amount = 1, key = 'user:ada r') => [{ key, limit, amount }]
const connect = (address: string) =>
  openRedis({ url: new Secret(address), clock: systemClock, logger: silentLogger, deadlineMs: 2_000 })
const ownerOver = (redis: Redis, deploymentId: string, workers = 1): LimitOwner =>
  createLimitOwner({ clock: systemClock, logger: silentLogger, deploymentId, redis, askOwner: null, workers })

describe('limits in Redis', () => {
  let redis: Redis
  let second: Redis
  beforeAll(async () => {
    redis = await connect(url)
    second = await connect(url)
  })
  afterAll(async () => {
    await redis.close()
    await second.close()
  })

  test('two servers together are granted what the limit allows', async () => {
    const id = createId('dep')
    const owners = [ownerOver(redis, id), ownerOver(second, id)]
    const began = systemClock.monotonic()
    const outcomes = await Promise.all(Array.from({ length: 600 }, (_, index) => owners[index % 2]?.take(one(300))))
    const granted = outcomes.filter((outcome) => outcome?.refused === null).length
    expect(granted).toBeGreaterThanOrEqual(300)
    expect(granted).toBeLessThanOrEqual(300 + ((systemClock.monotonic() - began) * 300) / 60_000 + 1)
  })

  test('the time to come back is what the wait takes', async () => {
    const limits = createRedisLimits({ redis, deploymentId: createId('dep') })
    expect(await limits.take(one(300, 300))).toBeNull()
    const refused = await limits.take(one(300, 2))
    expect(refused?.index).toBe(0)
    expect(refused?.retryAfterMs).toBeLessThanOrEqual(400)
    await Bun.sleep((refused?.retryAfterMs ?? 0) + 2)
    expect(await limits.take(one(300, 2))).toBeNull()
    expect(await limits.take(one(300, 2))).not.toBeNull()
  })

  test('of several limits all are taken or none; more than a minute allows is refused for good', async () => {
    const limits = createRedisLimits({ redis, deploymentId: createId('dep') })
    await limits.take(one(10, 10, 'b'))
    expect((await limits.take([...one(10, 10, 'a'), ...one(10, 5, 'b')]))?.index).toBe(1)
    expect(await limits.take(one(10, 10, 'a'))).toBeNull()
    expect(await limits.take(one(10, 11, 'c'))).toEqual({ index: 0, retryAfterMs: null })
  })

  test('what was not used comes back, what was used beyond is waited for, two minutes at most', async () => {
    const limits = createRedisLimits({ redis, deploymentId: createId('dep') })
    await limits.take(one(100, 100))
    await limits.adjust(one(100, -60))
    expect(await limits.take(one(100, 60))).toBeNull()
    await limits.adjust(one(100, 1_000_000))
    const wait = (await limits.take(one(100, 100)))?.retryAfterMs ?? 0
    expect(wait).toBeGreaterThan(115_000)
    expect(wait).toBeLessThanOrEqual(120_000)
    await limits.adjust(one(100, -1_000_000))
    expect(await limits.take(one(100, 100))).toBeNull()
    expect(await limits.take(one(100, 100))).not.toBeNull()
  })
})

test('when Redis is gone this process counts by itself without an error, and asks again when it is back', async () => {
  const own = await startOwnRedis()
  const redis = await connect(own.url)
  try {
    const owner = ownerOver(redis, 'deployment')
    expect((await owner.take(one(5, 5))).refused).toBeNull()
    expect((await owner.take(one(5))).refused).not.toBeNull()
    const names = await own.admin.keys('*')
    expect(names).toHaveLength(1)
    expect(names[0]).not.toContain('ada')
    expect(await own.admin.pttl(names[0] ?? '')).toBeGreaterThan(0)
    await own.kill()
    let granted = 0
    while ((await owner.take(one(5))).refused === null) granted++
    expect(granted).toBe(5)
    await own.start()
    const until = performance.now() + 10_000
    while (performance.now() < until && (await own.admin.keys('*')).length === 0) {
      await owner.take(one(5, 1, `new ${performance.now()}`))
      await Bun.sleep(50)
    }
    expect((await own.admin.keys('*')).length).toBeGreaterThan(0)
  } finally {
    await redis.close()
    await own.stop()
  }
})
