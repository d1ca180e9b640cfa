/**
 * What can happen to a Redis, done to a server of the test's own (so this belongs with the tests that need
 * CAIRN_TEST_REDIS_URL): it is killed, frozen, emptied, put back from a copy. Nothing that was invalidated is
 * ever given, and the log goes on.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type CairnError, Secret, silentLogger, systemClock } from '../src/base/index.ts'
import { defineScript, openRedis } from '../src/platform/index.ts'
import { expectSoon, nowhere, reportOf, scope, viewOf } from '../src/cache/testing/sequencer-suite.ts'
import { startOwnRedis, type OwnRedis } from './kit/own-redis.ts'
import { openRig } from './kit/redis-rig.ts'

let own: OwnRedis
beforeAll(async () => {
  own = await startOwnRedis()
})
afterAll(() => own.stop())

/** Head, as `scripts.ts` describes it, with one number changed. */
async function changeHead(server: OwnRedis, key: string, change: (words: string[]) => void): Promise<void> {
  const words = ((await server.admin.hget(key, 'head')) ?? '').split(' ')
  change(words)
  await server.admin.hset(key, 'head', words.join(' '))
}

describe('a log that has lost something', () => {
  type Rig = Awaited<ReturnType<typeof openRig>>
  const losses: [string, (rig: Rig) => Promise<unknown>][] = [
    ['FLUSHALL', () => own.admin.flushall()],
    ['the log is evicted', (rig) => own.admin.unlink(rig.key('log'))],
    ['its head is deleted', (rig) => own.admin.hdel(rig.key('log'), 'head')],
    ['its head is damaged', (rig) => own.admin.hset(rig.key('log'), 'head', 'nonsense')],
    ['its sequence is put back', (rig) => changeHead(own, rig.key('log'), (words) => void (words[0] = '2'))],
    [
      'it belongs to another run of the server',
      (rig) => changeHead(own, rig.key('log'), (words) => void (words[4] = 'f'.repeat(40))),
    ],
  ]

  test.each(losses)('begins a new epoch and gives nothing made before: %s', async (_, lose) => {
    await using rig = await openRig(own)
    await rig.follow()
    await rig.sequencer.commit('hard', [scope('other')], null)
    const before = await rig.follow()
    await rig.store('x', before, [scope('never marked')])
    expect(await rig.read('x')).toBe(true)
    expect(await rig.read('x')).toBe(true)
    await rig.sequencer.commit('hard', [scope('lost')], null)
    await rig.follow()
    await lose(rig)
    expect(await rig.read('x')).toBe(false)
    expect(await rig.readAlone('x', before)).toBe(false)
    const after = await rig.follow()
    expect(after.epoch).not.toBe(before.epoch)
    expect(await rig.store('x', before)).toBe(false)
    expect(await rig.store('x', after)).toBe(true)
    expect(await rig.read('x')).toBe(true)
    const next = await rig.sequencer.commit('hard', [scope('a')], after)
    expect(next).toEqual({ epoch: after.epoch, seq: after.seq + 1 })
    expect(await rig.read('x')).toBe(false)
  })

  test('recognises a log that was put back from a copy, even one of an epoch long ago', async () => {
    await using rig = await openRig(own)
    const first = await rig.follow()
    await rig.store('x', first, [scope('b')])
    const copy = await own.admin.dumpBuffer(rig.key('log'))
    const entry = await own.admin.dumpBuffer(rig.key('e:x'))
    await rig.sequencer.commit('hard', [scope('b')], null)
    for (let life = 0; life < 2; life++) {
      await own.admin.unlink(rig.key('log'))
      await rig.follow()
    }
    const third = await rig.sequencer.commit('hard', [scope('b')], null)
    await rig.follow()
    await own.admin.restore(rig.key('log'), 0, copy as Buffer, 'REPLACE')
    await own.admin.restore(rig.key('e:x'), 60_000, entry as Buffer, 'REPLACE')
    expect(await rig.read('x')).toBe(false)
    const after = await rig.follow()
    expect([first.epoch, third.epoch]).not.toContain(after.epoch)
    expect(await rig.read('x')).toBe(false)
  })

  test('gives a new node nothing of an epoch whose numbers it passes again', async () => {
    await using rig = await openRig(own)
    await rig.follow()
    const before = await rig.sequencer.commit('hard', [scope('b')], null)
    await rig.follow()
    await rig.store('x', before)
    await own.admin.unlink(rig.key('log'))
    await using fresh = await openRig(own, { deploymentId: rig.deploymentId })
    await fresh.follow()
    for (let index = 0; index < 5; index++) await fresh.sequencer.commit('hard', [scope('b')], null)
    const position = await fresh.follow()
    expect(position.seq).toBeGreaterThan(before.seq)
    expect(await fresh.readAlone('x', position)).toBe(false)
    expect(await fresh.store('y', before)).toBe(false)
  })

  test('goes on when the sequence was put back to where no node had been yet', async () => {
    await using rig = await openRig(own)
    await rig.follow()
    for (let index = 0; index < 5; index++) await rig.sequencer.commit('hard', [scope('a')], null)
    await changeHead(own, rig.key('log'), (words) => void (words[0] = '3'))
    const position = await rig.sequencer.commit('hard', [scope('a')], null)
    const tail = await rig.sequencer.tail(reportOf('other', nowhere))
    expect(tail).toMatchObject({ ...position, isWhole: true })
  })

  test('lists for a while a node that stands for those it has forgotten, so that nobody is not waited for', async () => {
    await using rig = await openRig(own, { forgottenMs: 1_500 })
    await rig.follow()
    const names = async () => (await rig.sequencer.nodes()).map(({ node }) => node)
    expect(await names()).toEqual(['n', 'forgotten'])
    await expectSoon(async () => expect(await names()).toEqual(['n']))
    await own.admin.unlink(rig.key('log'))
    await rig.follow()
    expect(await names()).toEqual(['n', 'forgotten'])
  })
})

describe('the stream of the log', () => {
  const damages: [string, (key: string) => Promise<unknown>][] = [
    ['trimmed under a reader', (key) => own.admin.xtrim(key, 'MAXLEN', 2)],
    ['gone', (key) => own.admin.unlink(key)],
    ['of another kind', (key) => own.admin.pipeline().unlink(key).xadd(key, '1000000-0', 'm', 'hxxxx').exec()],
  ]
  test.each(damages)('when it is %s, a reader is told everything anew and nothing is missed', async (_, damage) => {
    await using rig = await openRig(own)
    const start = await rig.follow()
    await rig.store('x')
    for (let index = 0; index < 10; index++) await rig.sequencer.commit('hard', [scope(index)], null)
    await rig.sequencer.commit('hard', [scope('a')], null)
    await damage(rig.key('tail'))
    const { read, tail } = await rig.tier.get('x', reportOf('n', start))
    expect(read.entry).toBeNull()
    expect(tail).toMatchObject({ epoch: start.epoch, seq: start.seq + 11, isWhole: true })
    const view = viewOf(tail)
    for (let index = 0; index < 10; index++)
      expect(view.judge({ epoch: start.epoch, asOf: start.seq + index, scopes: [scope(index)] })).toBe('invalid')
    expect(view.judge({ epoch: start.epoch, asOf: start.seq, scopes: [scope('unmarked')] })).toBe('valid')
    expect((await rig.sequencer.tail(reportOf('n', start))).isWhole).toBe(true)
    // What comes after is told as before, or as a whole; never with a gap.
    await rig.follow()
    await rig.sequencer.commit('hard', [scope('b')], null)
    await rig.follow()
    expect(rig.view.newestMark(scope('b'))).toBe(rig.view.applied)
  })

  test('bounds marks and lines while 10,000 scopes are invalidated, and forgets none of them', async () => {
    await using rig = await openRig(own, { mostMarks: 500 })
    const start = await rig.follow()
    await rig.store('x', start, [scope('s3')])
    for (let index = 0; index < 1_000; index++)
      await rig.sequencer.commit(
        index % 3 === 0 ? 'soft' : 'hard',
        Array.from({ length: 10 }, (_, one) => scope(`s${index * 10 + one}`)),
        null,
      )
    expect(await own.admin.hlen(rig.key('log'))).toBeLessThan(520)
    expect(await own.admin.xlen(rig.key('tail'))).toBeLessThanOrEqual(500)
    const view = viewOf(await rig.sequencer.tail(reportOf('late', nowhere)))
    expect(view.marks).toBeLessThanOrEqual(500)
    for (let index = 0; index < 10_000; index += 97) {
      const asOf = start.seq + Math.floor(index / 10)
      expect(view.judge({ epoch: start.epoch, asOf, scopes: [scope(`s${index}`)] })).not.toBe('valid')
    }
    expect(await rig.read('x')).toBe(false)
    // Its mark is forgotten; the floor says the same, also to one who reads at the newest position.
    expect(await rig.readAlone('x', await rig.follow())).toBe(false)
    expect(await rig.store('x', start, [scope('s3')])).toBe(false)
    expect(await rig.store('x', rig.view.position(), [scope('s3')])).toBe(true)
    expect(await rig.read('x')).toBe(true)
  })

  test('forgets an old mark of a scope when folding and keeps its newer one', async () => {
    await using rig = await openRig(own, { mostMarks: 50 })
    const start = await rig.follow()
    await rig.sequencer.commit('hard', [scope('twice'), scope('softly')], null)
    for (let index = 0; index < 45; index++) await rig.sequencer.commit('hard', [scope(index)], null)
    const before = await rig.follow()
    await rig.store('x', before, [scope('twice')])
    await rig.store('y', before, [scope('softly')])
    const again = await rig.sequencer.commit('hard', [scope('twice')], null)
    const softly = await rig.sequencer.commit('soft', [scope('softly')], null)
    for (let index = 50; index < 80; index++) await rig.sequencer.commit('hard', [scope(index)], null)
    const position = await rig.follow()
    expect(rig.view.floor).toBeGreaterThan(start.seq + 1)
    expect(rig.view.floor).toBeLessThan(before.seq)
    expect(rig.view.newestMark(scope('twice'))).toBe(again.seq)
    expect(rig.view.newestMark(scope('softly'))).toBe(softly.seq)
    const late = viewOf(await rig.sequencer.tail(reportOf('late', nowhere)))
    expect(late.newestMark(scope('twice'))).toBe(again.seq)
    expect(await rig.readAlone('x', position)).toBe(false)
    const { read } = await rig.tier.get('y', reportOf('n', position))
    expect(read).toMatchObject({ isSoft: true })
  })

  test('folds also when its lines were lost: all marks at once, and the nodes stay registered', async () => {
    await using rig = await openRig(own, { mostMarks: 100 })
    const start = await rig.follow()
    for (let index = 0; index < 90; index++) await rig.sequencer.commit('hard', [scope(index)], null)
    await own.admin.unlink(rig.key('tail'))
    for (let index = 90; index < 130; index++) await rig.sequencer.commit('hard', [scope(index)], null)
    expect(await own.admin.hlen(rig.key('log'))).toBeLessThan(110)
    expect((await rig.sequencer.nodes()).map(({ node }) => node)).toEqual(['n'])
    await rig.follow()
    expect(rig.view.epoch).toBe(start.epoch)
    for (let index = 0; index < 130; index++) {
      const validity = rig.view.judge({ epoch: start.epoch, asOf: start.seq + index, scopes: [scope(index)] })
      expect(validity).toBe('invalid')
    }
    expect(rig.view.applied).toBe(start.seq + 130)
  })
})

describe('a server that goes away', () => {
  test.each([
    ['without persistence', []],
    [
      'with its journal',
      [
        ['appendonly', 'yes'],
        ['appendfsync', 'always'],
      ],
    ],
  ] as [string, string[][]][])('is found again after kill -9, %s, and gives nothing of before', async (_, settings) => {
    const server = await startOwnRedis(settings)
    try {
      await using rig = await openRig(server)
      await rig.follow()
      const { epoch } = await rig.sequencer.commit('hard', [scope('b')], null)
      const before = await rig.follow()
      await rig.store('x')
      expect(await rig.read('x')).toBe(true)
      const run = rig.redis.runId
      let ready = 0
      rig.redis.onReady(() => ready++)
      await server.kill()
      await expectSoon(async () => expect(rig.redis.runId).toBeNull())
      for (const ask of [
        () => rig.follow(),
        () => rig.sequencer.commit('hard', [scope('a')], before),
        () => rig.read('x'),
      ])
        await expect(ask()).rejects.toMatchObject({ code: 'cache.shared-unreachable' })
      await server.start()
      await expectSoon(async () => expect(rig.redis.runId).not.toBeNull())
      expect(rig.redis.runId).not.toBe(run)
      expect(ready).toBe(2)
      expect(await rig.read('x')).toBe(false)
      const after = await rig.follow()
      expect(after.epoch).not.toBe(epoch)
      expect(after.seq).toBeGreaterThan(before.seq)
      expect(await rig.store('x')).toBe(true)
      expect(await rig.read('x')).toBe(true)
    } finally {
      await server.stop()
    }
  })

  test('loses the newest commits with an old snapshot: nothing they invalidated is given, to nodes new and old', async () => {
    const server = await startOwnRedis()
    try {
      await using rig = await openRig(server)
      const start = await rig.follow()
      await rig.store('x', start, [scope('a')])
      await server.admin.save()
      await rig.sequencer.commit('hard', [scope('a')], null)
      await server.kill()
      await server.start()
      await using fresh = await openRig(server, { deploymentId: rig.deploymentId })
      expect(await server.admin.exists(rig.key('e:x'))).toBe(1)
      expect(await fresh.readAlone('x', start)).toBe(false)
      expect(await fresh.read('x')).toBe(false)
      await expectSoon(() => rig.follow())
      expect(await rig.read('x')).toBe(false)
    } finally {
      await server.stop()
    }
  })

  test('is asked again over a new connection when CLIENT KILL cut the old one; the epoch stays', async () => {
    await using rig = await openRig(own)
    const before = await rig.follow()
    await rig.store('x')
    await own.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    const after = await expectSoon(() => rig.follow())
    expect(after).toEqual(before)
    expect(await rig.read('x')).toBe(true)
  })

  test('wakes listeners again after CLIENT KILL TYPE pubsub, since a commit may have been missed', async () => {
    await using rig = await openRig(own)
    await using other = await openRig(own, { deploymentId: rig.deploymentId })
    let wakes = 0
    rig.sequencer.onWake(() => wakes++)
    await expectSoon(async () => expect(wakes).toBeGreaterThan(0))
    const before = wakes
    await own.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await expectSoon(async () => expect(wakes).toBeGreaterThan(before))
    const again = wakes
    await expectSoon(async () => {
      await other.sequencer.commit('hard', [scope('a')], null)
      expect(wakes).toBeGreaterThan(again)
    })
  })
})

describe('a server that does not answer', () => {
  test('is given up after the deadline, a commit it makes later is in the log, and the connection is replaced', async () => {
    await using rig = await openRig(own, { deadlineMs: 100 })
    const before = await expectSoon(() => rig.follow())
    const run = rig.redis.runId
    await own.admin.call('CLIENT', 'PAUSE', 1_500, 'ALL')
    for (const ask of [
      () => rig.follow(),
      () => rig.sequencer.commit('hard', [scope('a')], before),
      () => rig.read('x'),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'cache.shared-unreachable' })
    // Nothing has come back for four deadlines: the connection may be dead, and another one is tried.
    await expectSoon(async () => {
      await rig.follow().catch(() => undefined)
      expect(rig.redis.runId).toBeNull()
    })
    const after = await expectSoon(() => rig.follow())
    expect(rig.redis.runId).toBe(run)
    expect(after.epoch).toBe(before.epoch)
    for (let seq = before.seq + 1; seq <= after.seq; seq++)
      expect(rig.view.newestMark(scope('a'))).toBeGreaterThanOrEqual(seq)
  })

  test('is told a script again that it has forgotten', async () => {
    await using rig = await openRig(own)
    const script = defineScript('return {KEYS[1], ARGV[1]}')
    for (let time = 0; time < 2; time++) {
      const reply = (await rig.redis.run(script, ['k'], ['v'])) as Uint8Array[]
      expect(reply.map((part) => Buffer.from(part).toString())).toEqual(['k', 'v'])
      await own.admin.script('FLUSH')
    }
  })
})

test('a connection that cannot tell the run of its server is not used', async () => {
  await own.admin.call('ACL', 'SETUSER', 'blind', 'on', '>blind-password', '~*', '&*', '+@all', '-info')
  const url = new URL(own.url)
  url.username = 'blind'
  url.password = 'blind-password'
  const redis = await openRedis({ url: new Secret(url.href), clock: systemClock, logger: silentLogger })
  const thrown = await redis.command('GET', ['x']).catch((error: unknown) => error)
  expect((thrown as CairnError).code).toBe('cache.shared-unreachable')
  await redis.close()
})
