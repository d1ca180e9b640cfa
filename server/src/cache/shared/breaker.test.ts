/** The circuit breaker on a clock that the test holds in its hands. */
import { describe, expect, test } from 'bun:test'
import { CairnError } from '../../base/index.ts'
import { createBreaker, type BreakerOptions } from './breaker.ts'

const down = () => Promise.reject(new CairnError('cache.shared-unreachable'))
const works = () => Promise.resolve('done')

function createRig(more: Partial<BreakerOptions> = {}) {
  let now = 0
  let asked = 0
  const changes: string[] = []
  const breaker = createBreaker({
    clock: { now: () => 0, monotonic: () => now },
    random: () => 0,
    onChange: (state) => changes.push(state),
    ...more,
  })
  const ask = (work: () => Promise<unknown>) =>
    breaker
      .run(() => {
        asked++
        return work()
      })
      .then(
        () => 'done',
        (thrown: CairnError) => thrown.internal ?? thrown.code,
      )
  return {
    breaker,
    changes,
    ask,
    asked: () => asked,
    pass: (ms: number) => (now += ms),
    async fail(times: number) {
      for (let time = 0; time < times; time++) await ask(down)
    },
  }
}

const refused = 'redis: not asked, it has failed again and again'

describe('the breaker', () => {
  test('opens after three failures in a row and then does not ask', async () => {
    const rig = createRig()
    await rig.fail(2)
    expect(rig.breaker.state).toBe('closed')
    await rig.ask(works)
    await rig.fail(3)
    expect(rig.breaker.state).toBe('open')
    expect(rig.breaker.opened).toBe(1)
    const before = rig.asked()
    expect(await rig.ask(works)).toBe(refused)
    expect(rig.asked()).toBe(before)
  })

  test('opens when half of the last calls fail, though never three in a row', async () => {
    const rig = createRig({ window: 20 })
    for (let time = 0; time < 9; time++) {
      await rig.ask(works)
      await rig.ask(down)
    }
    expect(rig.breaker.state).toBe('closed')
    await rig.ask(works)
    await rig.ask(down)
    expect(rig.breaker.state).toBe('open')
  })

  test('does not open for a few failures among many calls', async () => {
    const rig = createRig({ window: 20 })
    for (let time = 0; time < 300; time++) await rig.ask(time % 3 === 0 ? down : works)
    expect(rig.breaker.state).toBe('closed')
  })

  test('lets one call at a time try when its time is over, and closes when that succeeds', async () => {
    const rig = createRig()
    await rig.fail(3)
    rig.pass(499)
    expect(await rig.ask(works)).toBe(refused)
    rig.pass(1)
    expect(rig.breaker.state).toBe('half-open')
    const slow = Promise.withResolvers<string>()
    const probe = rig.ask(() => slow.promise)
    const others = await Promise.all([rig.ask(works), rig.ask(works)])
    expect(others).toEqual([refused, refused])
    slow.resolve('done')
    expect(await probe).toBe('done')
    expect(rig.breaker.state).toBe('closed')
    expect(await rig.ask(works)).toBe('done')
    expect(rig.changes).toEqual(['open', 'half-open', 'closed'])
  })

  test('waits twice as long after each failed try, at most thirty seconds, and begins small again after a success', async () => {
    const rig = createRig()
    await rig.fail(3)
    const waits: number[] = []
    for (let time = 0; time < 9; time++) {
      let waited = 0
      for (; rig.breaker.state === 'open'; waited += 100) rig.pass(100)
      waits.push(waited)
      await rig.ask(down)
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    expect(rig.breaker.opened).toBe(10)
    rig.pass(30_000)
    await rig.ask(works)
    await rig.fail(3)
    rig.pass(500)
    expect(rig.breaker.state).toBe('half-open')
  })

  test('takes up to a quarter off the wait by chance', async () => {
    const rig = createRig({ random: () => 0.999 })
    await rig.fail(3)
    rig.pass(374)
    expect(rig.breaker.state).toBe('open')
    rig.pass(2)
    expect(rig.breaker.state).toBe('half-open')
  })

  test('does not count an error that says the asking is wrong, as a failure or as a reason to stay open', async () => {
    const rig = createRig()
    const wrong = () => Promise.reject(new CairnError('config.invalid'))
    for (let time = 0; time < 10; time++) expect(await rig.ask(wrong)).toBe('config.invalid')
    expect(rig.breaker.state).toBe('closed')
    await rig.fail(3)
    rig.pass(500)
    await rig.ask(wrong)
    expect(rig.breaker.state).toBe('closed')
  })

  test('counts what began before it opened neither for nor against what is now', async () => {
    const rig = createRig()
    const late = Array.from({ length: 4 }, () => Promise.withResolvers<string>())
    const calls = late.map(({ promise }) => rig.ask(() => promise))
    await rig.fail(3)
    rig.pass(500)
    await rig.ask(works)
    for (const { reject } of late) reject(new CairnError('cache.shared-unreachable'))
    await Promise.all(calls)
    expect(rig.breaker.state).toBe('closed')
    expect(rig.breaker.opened).toBe(1)
  })

  test('tries again after a probe that threw before it did anything', async () => {
    const rig = createRig()
    await rig.fail(3)
    rig.pass(500)
    await rig.ask(() => {
      throw new Error('at once')
    })
    expect(rig.breaker.state).toBe('open')
    rig.pass(1_000)
    expect(await rig.ask(works)).toBe('done')
    expect(rig.breaker.state).toBe('closed')
  })
})
