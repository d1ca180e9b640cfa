import { describe, expect, test } from 'bun:test'
import { forgottenAfterMs, mostDeployments } from './board.ts'
import { openBoard as open } from './testing/open-board.ts'
import type { HealthTrial } from './types.ts'

describe('what is measured', () => {
  test('a deployment that nobody tried fares well and unmeasured', () => {
    expect(open().view()).toMatchObject({
      state: 'ok',
      ttftMs: null,
      heardAtMs: null,
      errorRate: 0,
      inFlight: 0,
      share: 1,
    })
  })

  test('counts what is in work until its end, whatever the end, and ignores what is told after it', () => {
    const { begin, view } = open()
    const ends: ((trial: HealthTrial) => void)[] = [
      (trial) => trial.succeeded(10),
      (trial) => trial.failed('rejected', null),
      (trial) => trial.abandoned(),
    ]
    const trials = ends.map(() => begin())
    expect(view().inFlight).toBe(3)
    for (const [at, end] of ends.entries()) {
      const trial = trials[at] as HealthTrial
      end(trial)
      for (const again of ends) again(trial)
      trial.firstToken()
      expect(view().inFlight).toBe(2 - at)
    }
  })

  test('an answer that has not begun yet counts with the time it has taken so far, when that is longer', () => {
    const { begin, view, pass } = open()
    const quick = begin()
    pass(100)
    quick.firstToken()
    expect(view().ttftMs).toBe(100)
    begin()
    const later = begin()
    pass(90)
    expect(view().ttftMs).toBeLessThanOrEqual(100)
    pass(2_910)
    expect(view().ttftMs).toBe(3_000)
    later.firstToken()
    expect(view().ttftMs).toBe(3_000)
  })

  test('a caller who leaves because nothing comes leaves the time that he waited', () => {
    const { begin, view, pass } = open()
    const first = begin()
    pass(50)
    first.succeeded(null)
    const second = begin()
    pass(8_000)
    second.abandoned()
    expect(view()).toMatchObject({ ttftMs: 8_000, state: 'ok', errorRate: 0 })
  })

  test('a failure that comes at once does not make a deployment look fast', () => {
    const { begin, fail, view, pass } = open()
    const first = begin()
    pass(400)
    first.succeeded(null)
    fail()
    expect(view().ttftMs).toBe(400)
  })

  test('learns tokens per second from streams, and nothing from replies in one piece', () => {
    const { begin, view, pass } = open()
    begin().succeeded(1_000)
    expect(view().tokensPerSecond).toBeNull()
    const stream = begin()
    pass(100)
    stream.firstToken()
    pass(2_000)
    stream.succeeded(101)
    expect(view().tokensPerSecond).toBe(50)
    const faster = begin()
    faster.firstToken()
    pass(1_000)
    faster.succeeded(101)
    expect(view().tokensPerSecond).toBeCloseTo(60, 6)
  })

  test('the error rate is the share of failed attempts of the last minute, and fades', () => {
    const { fail, succeed, view, times, pass } = open({ openAfterFailures: 100 })
    times(10, succeed)
    times(9, fail)
    expect(view().errorRate).toBeCloseTo(9 / 20, 6)
    pass(30_000)
    expect(view().errorRate).toBeCloseTo(9 / 20, 6)
    pass(31_000)
    expect(view().errorRate).toBe(0)
  })
})

describe('what is told to other processes and heard from them', () => {
  test('tells what is left alone and for how long, and that it answers again, once each', () => {
    const { told, fail, succeed, begin, times, pass } = open()
    const others = Array.from({ length: 30 }, () => begin())
    fail('rate-limited', 20_000)
    for (const trial of others) trial.failed('rate-limited', 20_000)
    expect(told).toEqual([
      { deployment: 'a', state: 'cooling', reason: 'rate-limited', forMs: 20_000, needsProbe: false },
    ])
    pass(20_000)
    times(5, fail)
    pass(5_000)
    succeed()
    expect(told.slice(1)).toEqual([
      { deployment: 'a', state: 'open', reason: 'failed', forMs: 5_000, needsProbe: true },
      { deployment: 'a', state: 'ok' },
    ])
  })

  test('leaves alone what it is told of, tells nobody of it, and comes back when it is told so', () => {
    const { told, hear, view, clock } = open()
    hear({ deployment: 'a', state: 'open', reason: 'timeout', forMs: 7_000, needsProbe: true })
    expect(view()).toMatchObject({ state: 'open', reason: 'timeout', untilMs: clock.ms + 7_000, share: 0 })
    hear({ deployment: 'a', state: 'ok' })
    expect(view().state).toBe('starting')
    expect(told).toEqual([])
  })

  test('what this process saw itself is not ended by another one', () => {
    const { hear, fail, view, times } = open()
    times(5, fail)
    hear({ deployment: 'a', state: 'ok' })
    expect(view().state).toBe('open')
  })

  test('a shorter time that is told does not shorten', () => {
    const { hear, fail, view, clock } = open()
    fail('rate-limited', 50_000)
    hear({ deployment: 'a', state: 'open', reason: 'timeout', forMs: 1_000, needsProbe: true })
    expect(view()).toMatchObject({ state: 'cooling', untilMs: clock.ms + 50_000 })
  })
})

describe('memory', () => {
  test('holds a bounded number of deployments, and gives up those not used for longest, never one with work', () => {
    const { board, begin, view, pass, fail } = open()
    begin('busy')
    for (let at = 0; at < mostDeployments * 2; at++) {
      pass(1)
      board.begin(`many-${at}`)?.failed('rate-limited', 3_600_000)
    }
    expect(view('busy').inFlight).toBe(1)
    fail('rate-limited', 1_000)
    expect(view(`many-${mostDeployments * 2 - 1}`).state).toBe('cooling')
    expect(view('many-0').state).toBe('ok')
    const kept = Array.from({ length: mostDeployments * 2 }, (_, at) => view(`many-${at}`).state === 'cooling')
    expect(kept.filter(Boolean).length).toBeLessThanOrEqual(mostDeployments)
  })

  test('forgets a deployment that was not tried for hours when another one comes', () => {
    const { begin, view, pass } = open()
    const trial = begin()
    pass(10)
    trial.succeeded(null)
    expect(view().ttftMs).toBe(10)
    pass(forgottenAfterMs + 1)
    begin('b')
    expect(view().ttftMs).toBeNull()
  })

  test('looking at a deployment keeps nothing', () => {
    const { board, view, hear } = open()
    for (let at = 0; at < 1_000; at++) board.view(`never-${at}`)
    hear({ deployment: 'unseen', state: 'ok' })
    expect(view('unseen')).toBe(view('never-1'))
  })
})
