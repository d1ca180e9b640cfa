import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRandom } from '../../base/testing/random.ts'
import type { FailureKind } from '../../providers/index.ts'
import { probeShare, wrongMs } from './breaker.ts'
import { failureEffects } from './failure-effects.ts'
import { openBoard as open } from './testing/open-board.ts'
import type { HealthTrial } from './types.ts'

const counting = (Object.keys(failureEffects) as FailureKind[]).filter((kind) => failureEffects[kind] === 'counts')
const silent = (Object.keys(failureEffects) as FailureKind[]).filter((kind) => failureEffects[kind] === 'nothing')
const wrong = (Object.keys(failureEffects) as FailureKind[]).filter((kind) => failureEffects[kind] === 'wrong')

describe('the breaker', () => {
  test('twenty-five failures in a row take a deployment out of rotation at the fifth', () => {
    const { board, view } = open()
    const trials = Array.from({ length: 25 }, () => board.begin('a'))
    const states = trials.map((trial) => {
      trial?.failed('failed', null)
      return view().state
    })
    expect(states.join(' ')).toBe(['ok '.repeat(4), 'open '.repeat(21)].join('').trim())
  })

  test.each(counting)('counts %s', (kind) => {
    const { fail, view, times } = open()
    times(5, () => fail(kind))
    expect(view()).toMatchObject({ state: 'open', reason: kind, share: 0 })
  })

  test.each(silent)('%s says nothing about the deployment, however often', (kind) => {
    const { fail, view, times, told } = open()
    times(100, () => fail(kind, 1_000))
    expect(view()).toMatchObject({ state: 'ok', errorRate: 0, share: 1 })
    expect(told).toEqual([])
  })

  test('a success in between begins the row anew; what says nothing does not', () => {
    const { fail, succeed, view, times } = open()
    times(4, fail)
    succeed()
    times(4, fail)
    expect(view().state).toBe('ok')
    fail('rejected')
    fail()
    expect(view().state).toBe('open')
  })

  test('opens when more than half of at least twenty attempts of the last minute failed', () => {
    const { fail, succeed, view, times } = open()
    times(9, () => {
      succeed()
      fail()
    })
    fail()
    expect(view().state).toBe('ok')
    fail()
    expect(view()).toMatchObject({ state: 'open', reason: 'failed' })
  })

  test('does not count what is older than the window', () => {
    const { fail, succeed, view, times, pass } = open()
    times(9, () => {
      succeed()
      fail()
    })
    pass(61_000)
    fail()
    fail()
    expect(view().state).toBe('ok')
  })

  test('is open for the cooldown, then lets one request through at a time', () => {
    const { board, fail, view, times, pass, begin, clock } = open()
    times(5, fail)
    expect(view()).toMatchObject({ state: 'open', untilMs: clock.ms + 5_000 })
    pass(4_999)
    expect(view().state).toBe('open')
    pass(1)
    expect(view()).toMatchObject({ state: 'probing', untilMs: null, share: probeShare })
    const probe = begin()
    expect(board.begin('a')).toBeNull()
    expect(view()).toMatchObject({ state: 'probing', share: 0 })
    probe.abandoned()
    const next = begin()
    expect(board.begin('a')).toBeNull()
    next.failed('rejected', null)
    begin().succeeded(5)
    expect(view().state).toBe('starting')
    expect(board.begin('a')).not.toBeNull()
    expect(board.begin('a')).not.toBeNull()
  })

  test('doubles the time with every failed probe up to a minute, and begins from the first after a success', () => {
    const { fail, succeed, view, times, pass, clock } = open()
    times(5, fail)
    const waits: number[] = []
    for (let probe = 0; probe < 6; probe++) {
      const waitMs = (view().untilMs ?? 0) - clock.ms
      waits.push(waitMs)
      pass(waitMs)
      fail()
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
    pass(60_000)
    succeed()
    times(5, fail)
    expect(view().untilMs).toBe(clock.ms + 5_000)
  })

  test('a cooldown that is longer than a minute does not grow', () => {
    const { fail, view, times, pass, clock } = open({ cooldownMs: 90_000 })
    times(5, fail)
    pass(90_000)
    fail()
    expect(view().untilMs).toBe(clock.ms + 90_000)
  })

  test('spreads probes: cooldowns are longer by up to a quarter, never shorter', () => {
    const random = createRandom(7)
    const waits = Array.from({ length: 200 }, () => {
      const { fail, view, times, clock } = open({}, random)
      times(5, fail)
      return (view().untilMs ?? 0) - clock.ms
    })
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(5_000)
    expect(Math.max(...waits)).toBeLessThan(6_250)
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(1_000)
  })

  test('may be tried by one at a time as a last resort while it is open; a failure then changes nothing, a success closes', () => {
    const { board, fail, succeed, view, times, pass, begin } = open()
    times(5, fail)
    const { untilMs } = view()
    pass(1_000)
    const resort = begin()
    expect(board.begin('a')).toBeNull()
    resort.failed('failed', null)
    expect(view()).toMatchObject({ state: 'open', untilMs })
    succeed()
    expect(view().state).toBe('starting')
  })

  test('requests from before it opened neither close it nor lengthen it, nor count after it is closed', () => {
    const { fail, succeed, view, times, pass, begin } = open()
    const old = Array.from({ length: 12 }, () => begin())
    times(5, fail)
    const { untilMs } = view()
    old[0]?.succeeded(null)
    for (const trial of old.slice(1, 6)) trial.failed('timeout', null)
    expect(view()).toMatchObject({ state: 'open', untilMs })
    pass(5_000)
    succeed()
    for (const trial of old.slice(6)) trial.failed('timeout', null)
    expect(view()).toMatchObject({ state: 'starting', inFlight: 0, errorRate: 0 })
  })

  test('the beginning of a reply closes it; the next failure before a whole one opens it again, for longer', () => {
    const { fail, view, times, pass, begin, clock } = open()
    times(5, fail)
    pass(5_000)
    const probe = begin()
    probe.firstToken()
    expect(view().state).toBe('starting')
    probe.failed('broken-stream', null)
    expect(view()).toMatchObject({ state: 'open', untilMs: clock.ms + 10_000 })
  })

  test('forgets how slow it was when it comes back', () => {
    const { view, times, pass, begin } = open()
    begin().succeeded(null)
    times(5, () => {
      const trial = begin()
      pass(30_000)
      trial.failed('timeout', null)
    })
    expect(view().ttftMs).toBe(30_000)
    pass(5_000)
    const probe = begin()
    pass(120)
    probe.succeeded(null)
    expect(view().ttftMs).toBe(120)
  })
})

describe('the slow start', () => {
  function recovered(slowStartMs: number) {
    const rig = open({ slowStartMs })
    rig.times(5, rig.fail)
    rig.pass(5_000)
    rig.succeed()
    return rig
  }

  test('gives at most a tenth of a share in the first tenth of its time and a whole one at its end, and only grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 600_000 }), (slowStartMs) => {
        const { view, pass } = recovered(slowStartMs)
        const shares: number[] = []
        for (let step = 0; step < 100; step++) {
          shares.push(view().share)
          pass(slowStartMs / 100)
        }
        expect(Math.max(...shares.slice(0, 11))).toBeLessThanOrEqual(0.1)
        expect(shares).toEqual(shares.toSorted((one, other) => one - other))
        expect(shares[99]).toBeGreaterThan(0.9)
        pass(1)
        expect(view()).toMatchObject({ state: 'ok', share: 1 })
      }),
      { numRuns: 50 },
    )
  })

  test('is over at once where it takes no time', () => {
    expect(recovered(0).view()).toMatchObject({ state: 'ok', share: 1 })
  })
})

describe('a provider that asks to be left alone', () => {
  test('is left alone for what it asks, then starts slowly without a probe', () => {
    const { board, fail, view, pass, clock } = open()
    fail('rate-limited', 20_000)
    expect(view()).toMatchObject({ state: 'cooling', reason: 'rate-limited', untilMs: clock.ms + 20_000, share: 0 })
    pass(20_000)
    expect(view().state).toBe('starting')
    expect(board.begin('a')).not.toBeNull()
    expect(board.begin('a')).not.toBeNull()
    pass(10_000)
    expect(view()).toMatchObject({ state: 'ok', share: 1 })
  })

  test('is believed for at most an hour, and for at least a moment', () => {
    for (const [asked, isMs] of [
      [86_400_000, 3_600_000],
      [Number.POSITIVE_INFINITY, 3_600_000],
      [0, 250],
    ] as const) {
      const { fail, view, clock } = open()
      fail('rate-limited', asked)
      expect(view().untilMs).toBe(clock.ms + isMs)
    }
  })

  test('gets the usual cooldown when it does not say how long, doubled when it says so again', () => {
    for (const asked of [null, Number.NaN, -1]) {
      const { fail, view, pass, clock } = open()
      fail('rate-limited', asked)
      expect(view().untilMs).toBe(clock.ms + 5_000)
      pass(5_000)
      fail('rate-limited', asked)
      expect(view().untilMs).toBe(clock.ms + 10_000)
    }
  })

  test('a longer time is never shortened by a later, shorter one, nor by an opened breaker', () => {
    const { fail, view, begin, clock, times } = open()
    const others = Array.from({ length: 7 }, () => begin())
    fail('rate-limited', 60_000)
    const untilMs = clock.ms + 60_000
    others[0]?.failed('rate-limited', 1_000)
    others[1]?.failed('rate-limited', null)
    for (const trial of others.slice(2)) trial.failed('failed', null)
    times(3, fail)
    expect(view()).toMatchObject({ state: 'cooling', reason: 'rate-limited', untilMs })
    fail('rate-limited', 90_000)
    expect(view().untilMs).toBe(clock.ms + 90_000)
  })

  test('with another failure it is believed for at most a minute', () => {
    const { fail, view, clock } = open()
    fail('failed', 3_000_000)
    expect(view()).toMatchObject({ state: 'cooling', reason: 'failed', untilMs: clock.ms + 60_000 })
  })

  test.each(wrong)('%s: is left alone at once, then probed', (kind) => {
    const { fail, view, pass, clock } = open()
    fail(kind)
    expect(view()).toMatchObject({ state: 'cooling', reason: kind, untilMs: clock.ms + wrongMs })
    pass(wrongMs)
    expect(view().state).toBe('probing')
  })
})

test('whatever happens in whatever order, an open or cooling deployment has one request at most, and every end frees it', () => {
  const kinds = Object.keys(failureEffects) as FailureKind[]
  const step = fc.oneof(
    fc.record({ do: fc.constant('begin' as const) }),
    fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(20),
      kind: fc.constantFrom(...kinds, null),
      retry: fc.option(fc.nat(90_000)),
    }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.nat(20_000) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const { board, view, pass } = open()
      const all: HealthTrial[] = []
      let probe: HealthTrial | null = null
      for (const each of steps) {
        if (each.do === 'pass') pass(each.ms)
        else if (each.do === 'begin') {
          const { state } = view()
          const trial = board.begin('a')
          const isLeft = state === 'open' || state === 'cooling' || state === 'probing'
          if (isLeft && probe !== null) expect(trial).toBeNull()
          else expect(trial).not.toBeNull()
          if (trial) all.push(trial)
          if (isLeft && trial) probe = trial
        } else {
          const trial = all.splice(each.which % Math.max(1, all.length), 1)[0]
          if (each.kind === null) trial?.succeeded(null)
          else trial?.failed(each.kind, each.retry)
          if (trial === probe) probe = null
        }
        const { state, share, inFlight } = view()
        if (state === 'ok' || state === 'starting') probe = null
        expect(inFlight).toBe(all.length)
        expect(share).toBeGreaterThanOrEqual(0)
        expect(share).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 300 },
  )
})
