import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createHandClock } from './health/testing/rig.ts'
import { createRetryBudget, mostCallers, refillMs } from './retry-budget.ts'

function open(ratio: number, burst: number) {
  const clock = createHandClock()
  const budget = createRetryBudget({ ratio, clock, burst })
  const takeAll = (caller = 'a') => {
    let taken = 0
    while (budget.take(caller)) taken++
    return taken
  }
  return { clock, budget, takeAll }
}

test('a caller starts with the burst, then has what the requests paid in', () => {
  const { budget, takeAll } = open(0.2, 10)
  expect(takeAll()).toBe(10)
  for (let request = 0; request < 4; request++) budget.deposit('a')
  expect(takeAll()).toBe(0)
  budget.deposit('a')
  expect(takeAll()).toBe(1)
})

test('saves up no more than the burst', () => {
  const { budget, takeAll } = open(5, 3)
  for (let request = 0; request < 100; request++) budget.deposit('a')
  expect(takeAll()).toBe(3)
})

test('one caller does not spend what another one has', () => {
  const { takeAll } = open(0.5, 4)
  expect(takeAll('a')).toBe(4)
  expect(takeAll('b')).toBe(4)
})

test('a ratio of zero allows no further attempt', () => {
  const { budget, takeAll } = open(0, 10)
  budget.deposit('a')
  expect(takeAll()).toBe(0)
})

test('fills up by itself within its time, so that a quiet caller can fall back again', () => {
  const { clock, takeAll } = open(0.1, 10)
  takeAll()
  clock.ms += refillMs / 2
  expect(takeAll()).toBe(5)
  clock.ms += refillMs * 10
  expect(takeAll()).toBe(10)
})

test('never allows more than the burst, the share of the requests, and what time fills up', () => {
  const step = fc.record({ waitMs: fc.nat(2_000), requests: fc.nat(20), tries: fc.nat(40) })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.double({ min: 0.01, max: 3, noNaN: true }),
      fc.integer({ min: 1, max: 30 }),
      (steps, ratio, burst) => {
        const { clock, budget } = open(ratio, burst)
        let [passedMs, requests, taken] = [0, 0, 0]
        for (const each of steps) {
          clock.ms += each.waitMs
          passedMs += each.waitMs
          for (let at = 0; at < each.requests; at++) budget.deposit('a')
          requests += each.requests
          for (let at = 0; at < each.tries; at++) if (budget.take('a')) taken++
          expect(taken).toBeLessThanOrEqual(burst + ratio * requests + (burst * passedMs) / refillMs + 1e-6)
        }
      },
    ),
  )
})

test('remembers a bounded number of callers and forgets the one not heard of for longest', () => {
  const { budget, takeAll } = open(0.1, 2)
  takeAll('first')
  takeAll('second')
  for (let caller = 0; caller < mostCallers - 2; caller++) budget.deposit(`caller-${caller}`)
  expect(budget.take('first')).toBe(false)
  budget.deposit('one too many')
  expect(budget.take('first')).toBe(false)
  expect(takeAll('second')).toBe(2)
})
