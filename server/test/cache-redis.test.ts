/** The fenced log and the shared tier on a real Redis: the promises of every sequencer and tier, and the connection's. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { CairnError, createLogger, Secret, silentLogger, systemClock } from '../src/base/index.ts'
import { defineScript, openRedis, type Redis } from '../src/platform/index.ts'
import { describeSequencer, expectSoon, nowhere, reportOf, scope } from '../src/cache/testing/sequencer-suite.ts'
import { describeSharedTier, entryAt } from '../src/cache/testing/shared-tier-suite.ts'
import { cacheName, openRedisPart, openRedisPlace } from './kit/redis-rig.ts'

const url = process.env['CAIRN_TEST_REDIS_URL'] ?? ''
let connections: readonly [Redis, Redis]

beforeAll(async () => {
  const open = () => openRedis({ url: new Secret(url), clock: systemClock, logger: silentLogger, deadlineMs: 5_000 })
  connections = [await open(), await open()]
})
afterAll(async () => {
  for (const connection of connections) await connection.close()
})

const keyOf = (deploymentId: string, rest: string) => `cairn:{${deploymentId}:${cacheName}}:${rest}`

describeSequencer(
  'the sequencer in Redis',
  async () => {
    const place = await openRedisPlace(url, connections)
    return {
      ...place,
      another: async () => (await place.open()).sequencer,
      loseData: async () => void (await place.redis.command('UNLINK', [keyOf(place.deploymentId, 'log')])),
    }
  },
  { canLose: true },
)

for (const isJudged of [false, true])
  describeSharedTier(
    `the shared tier in Redis, ${isJudged ? 'with the judgement of a node' : 'alone'}`,
    async () => {
      const place = await openRedisPlace(url, connections)
      return { ...place, another: async (skewMs: number) => (await place.openSkewed(skewMs)).tier }
    },
    { isJudged, now: systemClock.now },
  )

describe('one Redis for several', () => {
  test('keeps deployments apart: neither log nor entries nor locks of one are seen by another', async () => {
    await using one = await openRedisPlace(url, connections)
    await using other = await openRedisPlace(url, connections)
    const position = await one.sequencer.commit('hard', [scope('a')], null)
    const elsewhere = await other.sequencer.tail(reportOf('n', nowhere))
    expect(elsewhere.epoch).not.toBe(position.epoch)
    expect(elsewhere.marks).toEqual([])
    expect(await one.tier.set('x', entryAt(position, systemClock.now()))).toBe(true)
    await one.sequencer.tail(reportOf('n', position))
    expect((await one.tier.get('x', reportOf('n', position))).read.entry).not.toBeNull()
    expect((await other.tier.get('x', reportOf('n', elsewhere))).read.entry).toBeNull()
    expect(await one.tier.lock('x', 'one', 60_000)).toBe(true)
    expect(await other.tier.lock('x', 'other', 60_000)).toBe(true)
    expect((await other.tier.stats()).entries).toBe(0)
  })

  test('refuses a server whose keyring is another one, in every way that it could ask', async () => {
    await using place = await openRedisPlace(url, connections)
    const position = await place.sequencer.commit('hard', [scope('a')], null)
    const entry = entryAt(position, systemClock.now())
    await using stranger = await openRedisPart({
      url,
      deploymentId: place.deploymentId,
      redis: connections[1],
      names: 'another',
    })
    const ways = [
      () => stranger.sequencer.tail(reportOf('stranger', nowhere)),
      () => stranger.sequencer.commit('hard', [scope('a')], position),
      () => stranger.tier.get('x', reportOf('stranger', position)),
      () => stranger.tier.set('x', entry),
    ]
    for (const way of ways) {
      const thrown = await way().catch((error: unknown) => error)
      expect(thrown).toBeInstanceOf(CairnError)
      expect((thrown as CairnError).code).toBe('config.invalid')
      expect((thrown as CairnError).message).toContain('Copy the keyring of the deployment to this server')
    }
    const tail = await place.sequencer.tail(reportOf('n', position))
    expect(tail).toMatchObject({ ...position, marks: [] })
  })

  test('reads an entry that was damaged or put in the place of another one as absent, and deletes it', async () => {
    for (const isJudged of [false, true]) {
      await using place = await openRedisPlace(url, connections)
      const position = await place.sequencer.commit('hard', [scope('a')], null)
      await place.sequencer.tail(reportOf('n', position))
      const key = (name: string) => keyOf(place.deploymentId, `e:${name}`)
      const get = async (name: string) =>
        (await place.tier.get(name, reportOf('n', position), isJudged ? () => 'valid' : undefined)).read.entry
      await place.tier.set('x', entryAt(position, systemClock.now(), { value: new Uint8Array(300) }))
      expect(await get('x')).not.toBeNull()
      expect(await get('x')).not.toBeNull()
      const bytes = (await place.redis.command('GET', [key('x')])) as Uint8Array
      const damaged = Uint8Array.from(bytes)
      damaged[bytes.length - 40] = (damaged[bytes.length - 40] ?? 0) ^ 1
      const stamped = Uint8Array.from(bytes)
      new DataView(stamped.buffer).setFloat64(24, position.seq - 0.5, true)
      const variants: [string, Uint8Array][] = [
        ['x', damaged],
        ['y', bytes],
        ['x', bytes.subarray(0, 100)],
        ['x', stamped],
        ['x', new Uint8Array(80)],
      ]
      for (const [name, variant] of variants) {
        await place.redis.command('SET', [key(name), variant, 'PX', 60_000])
        expect(await get(name)).toBeNull()
      }
      await place.redis.command('SET', [key('z'), damaged, 'PX', 60_000])
      await get('z')
      expect(await place.redis.command('EXISTS', [key('z')])).toBe(0)
    }
  })
})

describe('the wake-up', () => {
  test('reaches the other processes of the deployment and nobody else', async () => {
    await using place = await openRedisPlace(url)
    await using stranger = await openRedisPlace(url)
    const other = await place.open()
    let wakes = 0
    let strangersWakes = 0
    other.sequencer.onWake(() => wakes++)
    stranger.sequencer.onWake(() => strangersWakes++)
    const commit = ({ sequencer }: Pick<typeof place, 'sequencer'>) => sequencer.commit('hard', [scope('a')], null)
    const until = (isSo: () => boolean) =>
      expectSoon(async () => {
        if (!isSo()) throw new Error('not yet')
      })
    // A subscription that is made wakes once; afterwards only commits do.
    await until(() => wakes === 1 && strangersWakes === 1)
    for (let index = 0; index < 20; index++) await commit(place)
    await commit(stranger)
    await until(() => wakes === 21 && strangersWakes >= 2)
    expect(strangersWakes).toBe(2)
  })
})

describe('the connection', () => {
  const open = (address: string, more = {}) =>
    openRedis({ url: new Secret(address), clock: systemClock, logger: silentLogger, ...more })

  test('carries every byte in both directions, in commands, pipelines and scripts', async () => {
    const [redis] = connections
    const bytes = Uint8Array.from({ length: 1_024 }, (_, index) => index % 256)
    const key = `bytes-${crypto.randomUUID()}`
    await redis.command('SET', [key, bytes.subarray(100), 'PX', 60_000])
    const expected = Buffer.from(bytes.subarray(100))
    const echo = defineScript('return {ARGV[1], redis.call("GET", KEYS[1]), false, 7}')
    const [argument, stored, none, seven] = (await redis.run(echo, [key], [expected])) as Uint8Array[]
    for (const found of [
      await redis.command('GET', [key]),
      (await redis.pipeline([['GET', key]]))[0],
      argument,
      stored,
    ])
      expect(expected.equals(found as Uint8Array)).toBe(true)
    expect([none, seven] as unknown[]).toEqual([null, 7])
  })

  test('says what a server refused, with a code and without the arguments', async () => {
    const [redis] = connections
    const thrown = await redis.command('SET', ['k', 'private text', 'NONSENSE']).catch((error: unknown) => error)
    expect((thrown as CairnError).code).toBe('cache.shared-unreachable')
    expect((thrown as CairnError).internal).toContain('syntax error')
    expect(JSON.stringify(thrown) + String((thrown as CairnError).internal)).not.toContain('private text')
    await expect(redis.pipeline([['GET', 'k'], ['NOSUCHCOMMAND']])).rejects.toMatchObject({
      code: 'cache.shared-unreachable',
    })
  })

  test('takes the password out of what a server says', async () => {
    const [redis] = connections
    const { password } = new URL(url)
    const thrown = await redis.command('NOSUCHCOMMAND', [`before ${password} after`]).catch((error: unknown) => error)
    expect((thrown as CairnError).internal).toContain('before [secret] after')
    expect(Bun.inspect(thrown)).not.toContain(password)
  })

  test('refuses an address that is none, without repeating it', async () => {
    for (const address of ['redis//secret-word', 'http://secret-word@host', 'secret-word', 'redis://']) {
      const thrown = await open(address).catch((error: unknown) => error)
      expect((thrown as CairnError).code).toBe('config.invalid')
      expect(Bun.inspect(thrown)).not.toContain('secret-word')
    }
  })

  test('opens without a server, fails at once then, and tells no password in any line or error', async () => {
    let lines = ''
    const logger = createLogger({
      level: 'debug',
      format: 'json',
      clock: systemClock,
      write: (line) => (lines += line),
    })
    const wrong = new URL(url)
    wrong.password = 'pass%20word-that-is-wrong'
    for (const address of [wrong.href, 'redis://:pass%20word-that-is-wrong@127.0.0.1:1/0']) {
      const redis = await open(address, { logger })
      const thrown = await redis.command('GET', ['x']).catch((error: unknown) => error)
      expect((thrown as CairnError).code).toBe('cache.shared-unreachable')
      expect(redis.runId).toBeNull()
      lines += Bun.inspect(thrown)
      await redis.close()
    }
    expect(lines).toContain('cannot be reached')
    expect(lines).not.toMatch(/pass.{1,3}word-that-is-wrong/)
  })
})
