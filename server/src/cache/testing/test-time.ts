/** Time in the hands of a test: a clock that stands still, and timers that run when it is moved on. */
import type { Clock } from '../../base/index.ts'
import type { Timers } from '../log/timers.ts'

export interface TestTime {
  /** Each node may have a clock of its own that is wrong by so much. */
  clock(skewMs?: number): Clock
  readonly timers: Timers
  now(): number
  /** Moves on, running what is due in its order, and lets everything that follows from it happen. */
  advance(ms: number): Promise<void>
  /** Lets everything happen that waits for no timer. */
  settle(): Promise<void>
}

export function createTestTime(random: () => number): TestTime {
  let now = 1_000_000
  let count = 0
  const due = new Map<number, { at: number; run: () => void }>()
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  function nextDue(until: number): number | undefined {
    let found: number | undefined
    let at = Number.POSITIVE_INFINITY
    for (const [id, timer] of due)
      if (timer.at <= until && timer.at < at) {
        found = id
        at = timer.at
      }
    return found
  }

  return {
    clock: (skewMs = 0) => ({ now: () => 1_700_000_000_000 + now + skewMs, monotonic: () => now }),
    timers: {
      after(ms, run) {
        const id = ++count
        due.set(id, { at: now + Math.max(0, ms), run })
        return () => void due.delete(id)
      },
      random,
    },
    now: () => now,
    async advance(ms) {
      const until = now + ms
      await settle()
      for (let id = nextDue(until); id !== undefined; id = nextDue(until)) {
        const timer = due.get(id)
        due.delete(id)
        now = Math.max(now, timer?.at ?? now)
        timer?.run()
        await settle()
      }
      now = until
    },
    settle,
  }
}
