/**
 * The lock under which one process of the deployment makes a value. It saves calls and nothing else: whoever cannot
 * take it in time, or at all, makes the value too.
 */
import { createToken } from '../base/index.ts'
import type { Timers } from './log/timers.ts'
import type { SharedLink } from './read.ts'

export interface FillLock {
  /** `unknown`: the shared tier does not say. */
  take(): Promise<'ours' | 'taken' | 'unknown'>
  /** Until it was released somewhere, at most so long. */
  wait(ms: number): Promise<void>
  /** After the value is stored, so that those who wait find it. Does nothing when the lock was not taken. */
  release(): void
}

const lockMs = 5_000

export function createFillLock({
  shared,
  name,
  timers,
  settled,
}: {
  shared: SharedLink
  name: string
  timers: Timers
  /** Resolves when the writes of this process are done. */
  settled: () => Promise<void>
}): FillLock {
  const token = createToken(12)
  let cancel: () => void = () => undefined
  let isOurs = false
  let isOver = false

  function renewLater(): void {
    cancel = timers.after(lockMs / 3, () => {
      if (isOver) return
      void shared.tier.renew(name, token, lockMs).catch(() => undefined)
      renewLater()
    })
  }

  return {
    async take() {
      try {
        isOurs = await shared.breaker.run(() => shared.tier.lock(name, token, lockMs))
        if (!isOurs) return 'taken'
        renewLater()
        return 'ours'
      } catch {
        return 'unknown'
      }
    },
    wait: (ms) => shared.tier.waitForUnlock(name, Math.max(0, ms)).catch(() => undefined),
    release() {
      if (!isOurs) return
      isOver = true
      cancel()
      void settled().then(() => shared.tier.unlock(name, token).catch(() => undefined))
    },
  }
}
