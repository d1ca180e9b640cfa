/**
 * The shared cache in a Redis that is short of memory, and the list of nodes that it keeps. A server of the test's own,
 * so this belongs with the tests that need CAIRN_TEST_REDIS_URL.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createLogger, systemClock } from '../src/base/index.ts'
import { expectSoon, nowhere, reportOf, scope } from '../src/cache/testing/sequencer-suite.ts'
import type { Position } from '../src/cache/tiers.ts'
import { startOwnRedis, type OwnRedis } from './kit/own-redis.ts'
import { openRig } from './kit/redis-rig.ts'

let own: OwnRedis
beforeAll(async () => {
  own = await startOwnRedis()
})
afterAll(() => own.stop())

describe('memory', () => {
  test('evicting any keys under pressure never makes an invalid entry valid, and the log goes on', async () => {
    const server = await startOwnRedis([
      ['maxmemory', '4mb'],
      ['maxmemory-policy', 'allkeys-random'],
    ])
    try {
      await using rig = await openRig(server)
      await rig.follow()
      const made = new Map<string, Position>()
      const epochs = new Set<string>()
      let given = 0
      // The victims are chosen by chance: on until the log was one of them.
      for (let round = 0; round < 30 || (epochs.size < 2 && round < 500); round++) {
        epochs.add((await rig.follow()).epoch)
        await rig.store(`old${round}`, rig.view.position(), [scope(round)])
        await rig.sequencer.commit('hard', [scope(round)], rig.view.position())
        made.set(`old${round}`, rig.view.position())
        const filler = Array.from({ length: 60 }, (_, index) => `${round}-${index}`)
        await Promise.all(filler.map((name) => rig.store(name, rig.view.position(), [], randomBytes(2_000))))
        for (const [name, at] of [...made].slice(-40)) {
          expect(await rig.read(name)).toBe(false)
          expect(await rig.readAlone(name, at)).toBe(false)
        }
        given += (await Promise.all(filler.map((name) => rig.read(name)))).filter(Boolean).length
      }
      const evicted = Number(/evicted_keys:(\d+)/.exec(await server.admin.info('stats'))?.[1])
      expect(evicted).toBeGreaterThan(500)
      expect(given).toBeGreaterThan(100)
      expect(epochs.size).toBeGreaterThan(1)
      expect((await rig.tier.stats()).evictions).toBeGreaterThan(0)
    } finally {
      await server.stop()
    }
  })

  test('a full server that evicts nothing takes no commit by half', async () => {
    const server = await startOwnRedis([['maxmemory-policy', 'noeviction']])
    try {
      await using rig = await openRig(server)
      const before = await rig.follow()
      await server.admin.config('SET', 'maxmemory', '1mb')
      const commits = Array.from({ length: 5 }, () => rig.sequencer.commit('hard', [scope('a')], before))
      for (const outcome of await Promise.allSettled(commits)) expect(outcome.status).toBe('rejected')
      await server.admin.config('SET', 'maxmemory', '0')
      expect(await rig.follow()).toEqual(before)
      expect((await rig.sequencer.commit('hard', [scope('a')], before)).seq).toBe(before.seq + 1)
    } finally {
      await server.stop()
    }
  })

  test.each([
    ['allkeys-lru', '100mb', /volatile-lfu or volatile-ttl/],
    ['noeviction', '100mb', /refuses writes when its memory is full/],
    ['volatile-lfu', '100mb', null],
    ['noeviction', '0', null],
  ])('warns of %s with a limit of %s only when it harms', async (policy, limit, warning) => {
    await own.admin.config('SET', 'maxmemory-policy', policy)
    await own.admin.config('SET', 'maxmemory', limit)
    let lines = ''
    const logger = createLogger({ level: 'warn', format: 'text', clock: systemClock, write: (line) => (lines += line) })
    await using rig = await openRig(own, { logger })
    await rig.follow()
    await rig.follow()
    // The look was sent before these, so its answers have come.
    await own.admin.config('SET', 'maxmemory', '0')
    if (warning) await expectSoon(async () => expect(lines).toMatch(warning))
    else expect(lines).toBe('')
  })

  test('says nothing of it to a user who may not ask, and works', async () => {
    await own.admin.call('ACL', 'SETUSER', 'plain', 'on', '>plain-password', '~cairn:*', '&cairn:*', '+@all', '-config')
    const url = new URL(own.url)
    url.username = 'plain'
    url.password = 'plain-password'
    let lines = ''
    const logger = createLogger({
      level: 'debug',
      format: 'text',
      clock: systemClock,
      write: (line) => (lines += line),
    })
    await using rig = await openRig(own, { url: url.href, logger })
    await rig.follow()
    await rig.store('x')
    expect(await rig.read('x')).toBe(true)
    expect(lines).not.toContain('plain-password')
    expect(lines).not.toContain('WARN')
  })
})

describe('nodes', () => {
  test('drops one that has fallen silent, never one that speaks, and takes it back when it speaks again', async () => {
    let now = 0
    const clock = { now: () => now, monotonic: () => now }
    await using rig = await openRig(own, { clock, silentMs: 60_000 })
    const { sequencer } = rig
    const names = async () => (await sequencer.nodes()).map(({ node }) => node).toSorted()
    const tail = (node: string) => sequencer.tail(reportOf(node, nowhere))
    await tail('silent')
    await tail('speaks')
    for (let second = 0; second <= 90; second += 5) {
      now = second * 1_000
      await tail('speaks')
      await tail('watches')
      // The look at the others is not waited for; one round trip later it has been made.
      await sequencer.nodes()
      if (second < 60) expect(await names()).toEqual(['silent', 'speaks', 'watches'])
    }
    await expectSoon(async () => expect(await names()).toEqual(['speaks', 'watches']))
    await tail('silent')
    expect(await names()).toEqual(['silent', 'speaks', 'watches'])
  })
})
