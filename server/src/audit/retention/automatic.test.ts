import { expect, test } from 'bun:test'
import { doubtClock } from './automatic.ts'

const hour = 3_600_000
const day = 24 * hour
const start = Date.UTC(2026, 10, 23)

function fakeClock() {
  let [wall, ran] = [start, 5_000]
  return {
    now: () => wall,
    monotonic: () => ran,
    pass: (ms: number) => void ([wall, ran] = [wall + ms, ran + ms]),
    leap: (ms: number) => void (wall += ms),
  }
}

test('a clock that goes on is believed, also after a week of rest and with nothing before it', () => {
  for (const lastSeen of [null, start, start - 7 * day, start + 400 * day]) {
    const clock = fakeClock()
    const doubt = doubtClock(clock, lastSeen)
    for (let hours = 0; hours < 100; hours++) {
      expect(doubt.isOver()).toBe(true)
      clock.pass(hour)
    }
  }
})

test('one that stands long after the last entry is believed after a day', () => {
  const clock = fakeClock()
  const doubt = doubtClock(clock, start - 7 * day - 1)
  expect(doubt.isOver()).toBe(false)
  clock.pass(day - 1)
  expect(doubt.isOver()).toBe(false)
  clock.pass(1)
  expect(doubt.isOver()).toBe(true)
})

test('one that leaps while the server runs is believed after a day, one that is put back at once', () => {
  const clock = fakeClock()
  const doubt = doubtClock(clock, start)
  clock.leap(6 * day)
  expect(doubt.isOver()).toBe(true)
  clock.leap(1_500 * day)
  expect(doubt.isOver()).toBe(false)
  clock.pass(6 * hour)
  clock.leap(-1_500 * day)
  expect(doubt.isOver()).toBe(false)
  clock.pass(18 * hour)
  expect(doubt.isOver()).toBe(true)
})
