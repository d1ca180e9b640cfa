/**
 * Boards of several processes over a Redis of the test's own, so that it can be killed (this belongs with the tests
 * that need CAIRN_TEST_REDIS_URL).
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { createId, Secret, silentLogger, systemClock, type Clock } from '../src/base/index.ts'
import { openRedis, type Redis } from '../src/platform/index.ts'
import { createHealthBoard, createHealthShare } from '../src/routing/index.ts'
import type { HealthBoard } from '../src/routing/health/types.ts'
import { expectSoon } from '../src/cache/testing/sequencer-suite.ts'
import { startOwnRedis, type OwnRedis } from './kit/own-redis.ts'

let own: OwnRedis
const opened: { close(): Promise<void> }[] = []

beforeAll(async () => {
  own = await startOwnRedis()
})
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})
afterAll(() => own.stop())

interface Process {
  readonly board: HealthBoard
  readonly redis: Redis
}

/** One process of an installation: its own connection, board and clock. */
async function startProcess(deploymentId: string, clock: Clock = systemClock): Promise<Process> {
  const logger = silentLogger
  const redis = await openRedis({ url: new Secret(own.url), clock: systemClock, logger, deadlineMs: 2_000 })
  opened.push(redis)
  const share = createHealthShare({ redis, deploymentId, clock, logger })
  const settings = { openAfterFailures: 2, cooldownMs: 60_000, slowStartMs: 0 }
  const board = createHealthBoard({ clock, settings, share, logger, random: () => 0 })
  opened.push(board)
  return { board, redis }
}

const keyOf = (deploymentId: string) => `cairn:{${deploymentId}}:health`

async function untilSubscribed(deploymentId: string, count: number): Promise<void> {
  await expectSoon(async () => {
    expect(await own.admin.pubsub('NUMSUB', keyOf(deploymentId))).toEqual([keyOf(deploymentId), count])
  })
}

async function startTwo(): Promise<{ deploymentId: string; one: Process; other: Process }> {
  const deploymentId = createId('dep')
  const [one, other] = [await startProcess(deploymentId), await startProcess(deploymentId)]
  await untilSubscribed(deploymentId, 2)
  return { deploymentId, one, other }
}

function fail({ board }: Process, times: number, deployment = 'p/m'): void {
  for (let at = 0; at < times; at++) board.begin(deployment)?.failed('failed', null)
}

const leftMs = (board: HealthBoard, clock = systemClock) => (board.view('p/m').untilMs ?? 0) - clock.monotonic()

const soonIs = ({ board }: Process, state: string, deployment = 'p/m') =>
  expectSoon(async () => {
    expect(board.view(deployment).state).toBe(state as 'ok')
  })

describe('health that is shared', () => {
  test('what one process leaves alone, another one leaves alone at once, and knows why and for how long', async () => {
    const { one, other } = await startTwo()
    one.board.begin('p/m')?.failed('rate-limited', 30_000)
    await soonIs(other, 'cooling')
    const { reason, share } = other.board.view('p/m')
    expect([reason, share]).toEqual(['rate-limited', 0])
    expect(leftMs(other.board)).toBeGreaterThan(20_000)
    expect(leftMs(other.board)).toBeLessThanOrEqual(30_000)
    expect(other.board.view('p/other').state).toBe('ok')
  })

  test('an opened breaker is told, and so is that it answers again', async () => {
    const { deploymentId, one, other } = await startTwo()
    fail(one, 2)
    await soonIs(other, 'open')
    one.board.begin('p/m')?.succeeded(null)
    await soonIs(other, 'ok')
    expect(await own.admin.exists(keyOf(deploymentId))).toBe(0)
  })

  test('a process that starts later knows what the others left alone', async () => {
    const { deploymentId, one } = await startTwo()
    fail(one, 2)
    one.board.begin('p/limited')?.failed('rate-limited', 20_000)
    await expectSoon(async () => {
      expect(await own.admin.hlen(keyOf(deploymentId))).toBe(2)
    })
    const late = await startProcess(deploymentId)
    await soonIs(late, 'open')
    await soonIs(late, 'cooling', 'p/limited')
  })

  test.each([
    [50_000, 5_000],
    [5_000, 50_000],
  ])('of two times that are told at the same moment, %d and %d ms, the longer one is kept', async (first, second) => {
    const { deploymentId, one, other } = await startTwo()
    one.board.begin('p/m')?.failed('rate-limited', first)
    other.board.begin('p/m')?.failed('rate-limited', second)
    await expectSoon(async () => {
      for (const { board } of [one, other]) expect(leftMs(board)).toBeGreaterThan(30_000)
      expect(await own.admin.pttl(keyOf(deploymentId))).toBeGreaterThan(30_000)
    })
    const late = await startProcess(deploymentId)
    await soonIs(late, 'cooling')
    expect(leftMs(late.board)).toBeGreaterThan(30_000)
  })

  test('what is kept ends by itself', async () => {
    const { deploymentId, one } = await startTwo()
    one.board.begin('p/m')?.failed('rate-limited', 20_000)
    one.board.begin('p/short')?.failed('rate-limited', 300)
    await expectSoon(async () => {
      const keptMs = await own.admin.pttl(keyOf(deploymentId))
      expect(keptMs).toBeGreaterThan(10_000)
      expect(keptMs).toBeLessThanOrEqual(20_000)
    })
    await Bun.sleep(320)
    const late = await startProcess(deploymentId)
    await soonIs(late, 'cooling')
    expect(late.board.view('p/short').state).toBe('ok')
  })

  test('clocks of machines may differ by days: what is told is how long', async () => {
    const deploymentId = createId('dep')
    const days = 5 * 86_400_000
    const shifted = (ms: number): Clock => ({
      now: () => systemClock.now() + ms,
      monotonic: () => systemClock.monotonic() + ms,
    })
    const one = await startProcess(deploymentId, shifted(days))
    const clock = shifted(-days)
    const other = await startProcess(deploymentId, clock)
    await untilSubscribed(deploymentId, 2)
    one.board.begin('p/m')?.failed('rate-limited', 30_000)
    await soonIs(other, 'cooling')
    const late = await startProcess(deploymentId, clock)
    await soonIs(late, 'cooling')
    for (const { board } of [other, late]) {
      expect(leftMs(board, clock)).toBeGreaterThan(20_000)
      expect(leftMs(board, clock)).toBeLessThanOrEqual(30_000)
    }
  })

  test('installations on one Redis do not hear each other', async () => {
    const { one } = await startTwo()
    const { one: stranger } = await startTwo()
    const { one: third, other } = await startTwo()
    fail(one, 2)
    stranger.board.begin('p/m')?.failed('rate-limited', 30_000)
    fail(third, 2, 'p/marker')
    await soonIs(other, 'open', 'p/marker')
    expect(other.board.view('p/m').state).toBe('ok')
  })
})

describe('a Redis that goes and comes back', () => {
  test('what happened meanwhile is told when it is back, also when it has lost everything; nothing waits for it', async () => {
    const { deploymentId, one, other } = await startTwo()
    await own.kill()
    await expectSoon(async () => {
      expect([one.redis.runId, other.redis.runId]).toEqual([null, null])
    })
    fail(one, 2)
    expect(one.board.view('p/m').state).toBe('open')
    other.board.begin('q/m')?.failed('rate-limited', 40_000)
    expect(other.board.view('p/m').state).toBe('ok')
    await own.start()
    await soonIs(other, 'open')
    await soonIs(one, 'cooling', 'q/m')
    await untilSubscribed(deploymentId, 2)
    other.board.begin('r/m')?.failed('credentials', null)
    await soonIs(one, 'cooling', 'r/m')
    const late = await startProcess(deploymentId)
    for (const deployment of ['q/m', 'r/m']) await soonIs(late, 'cooling', deployment)
    await soonIs(late, 'open')
  })

  test('a lost message is read after the connection of the subscription was made again', async () => {
    const { deploymentId, one, other } = await startTwo()
    const subscribers = String(await own.admin.client('LIST'))
      .split('\n')
      .filter((line) => / sub=1 /.test(line))
    expect(subscribers.length).toBeGreaterThan(0)
    for (const line of subscribers) await own.admin.client('KILL', 'ID', /^id=(\d+)/.exec(line)?.[1] ?? '')
    // Told while nobody listens: only the re-read can bring it.
    one.board.begin('p/m')?.failed('rate-limited', 30_000)
    await soonIs(other, 'cooling')
    await untilSubscribed(deploymentId, 2)
  })
})

describe('garbage', () => {
  const good = { from: 'x', deployment: 'p/m', state: 'open', reason: 'failed', forMs: 9_000, needsProbe: true }
  const garbage: readonly string[] = [
    '',
    'nonsense',
    '{}',
    'null',
    '[]',
    JSON.stringify({ ...good, forMs: -1 }),
    JSON.stringify({ ...good, forMs: 1e15 }),
    JSON.stringify({ ...good, forMs: '9000' }),
    JSON.stringify({ ...good, state: 'ill' }),
    JSON.stringify({ ...good, reason: 'Said <b>something</b>' }),
    JSON.stringify({ ...good, deployment: 'x'.repeat(600) }),
    JSON.stringify({ ...good, padding: 'x'.repeat(5_000) }),
    JSON.stringify(good).slice(0, -1),
  ]

  test('in the channel and in what is kept is ignored, and what comes after it is heard', async () => {
    const { deploymentId, one, other } = await startTwo()
    const key = keyOf(deploymentId)
    for (const message of garbage) await own.admin.publish(key, message)
    const soon = Math.round(systemClock.now() + 60_000)
    await own.admin.hset(key, 'one', 'nonsense', 'two', `${soon} {"half`, 'three', '', 'four', `${'9'.repeat(40)} {}`)
    for (const [at, message] of garbage.entries()) await own.admin.hset(key, `g${at}`, `${soon} ${message}`)
    await own.admin.hset(key, 'far', `${'9'.repeat(30)} ${JSON.stringify(good)}`)
    fail(one, 2, 'q/m')
    await soonIs(other, 'open', 'q/m')
    expect(other.board.view('p/m').state).toBe('ok')
    const late = await startProcess(deploymentId)
    await soonIs(late, 'open', 'q/m')
    expect(late.board.view('p/m').state).toBe('ok')
    // The same with nothing wrong in it is believed, so it was the garbage that was not.
    await own.admin.publish(key, JSON.stringify(good))
    await soonIs(other, 'open')
  })

  test('a key of another type is no reason to fail, and when it is gone it goes on', async () => {
    const { deploymentId, one, other } = await startTwo()
    await own.admin.set(keyOf(deploymentId), 'not a hash')
    fail(one, 2)
    expect(one.board.view('p/m').state).toBe('open')
    await own.admin.unlink(keyOf(deploymentId))
    fail(one, 2, 'q/m')
    await soonIs(other, 'open', 'q/m')
  })
})
