/**
 * Advisory locks: at most one process fills a key, and the others learn at once when it has finished. Nothing is wrong
 * when two hold the same lock; it only costs a second fill.
 */
import type { Redis } from '../../platform/index.ts'
import type { Timers } from '../log/timers.ts'
import type { SharedTier } from '../tiers.ts'
import { readNumber, type RedisLogKeys } from './redis-log.ts'
import { renewScript, unlockScript } from './scripts.ts'

export interface LocksOptions {
  readonly redis: Redis
  readonly keys: RedisLogKeys
  readonly timers: Timers
}

type Locks = Pick<SharedTier, 'lock' | 'renew' | 'unlock' | 'waitForUnlock' | 'close'>

/** In case a message is lost, or the holder died and its lock ran out. */
const lookEveryMs = 100

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createLocks({ redis, keys, timers }: LocksOptions): Locks {
  const waiting = new Map<string, Set<() => void>>()
  let subscription: Promise<() => void> | null = null

  /** After a broken subscription any lock may have been released. */
  const tell = (name: string | null) => {
    const woken = name === null ? [...waiting.values()] : [waiting.get(name) ?? new Set()]
    for (const wakes of woken) for (const wake of wakes) wake()
  }

  async function isLocked(name: string): Promise<boolean> {
    try {
      return readNumber(await redis.command('EXISTS', [keys.lock(name)])) === 1
    } catch {
      // Whether it is locked cannot be known; the caller's own limit of time ends the wait.
      return true
    }
  }

  /** Resolves to true when something was heard of the lock. */
  function listen(name: string, ms: number): { heard: Promise<boolean>; stop: () => void } {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const wakes = waiting.get(name) ?? new Set()
    waiting.set(name, wakes)
    const wake = () => resolve(true)
    wakes.add(wake)
    const cancel = timers.after(ms, () => resolve(false))
    const stop = () => {
      cancel()
      wakes.delete(wake)
      if (wakes.size === 0 && waiting.get(name) === wakes) waiting.delete(name)
    }
    return { heard: promise.finally(stop), stop }
  }

  return {
    async lock(name, token, ttlMs) {
      return (await redis.command('SET', [keys.lock(name), token, 'NX', 'PX', Math.ceil(ttlMs)])) !== null
    },
    async renew(name, token, ttlMs) {
      return (await redis.run(renewScript, [keys.lock(name)], [token, Math.ceil(ttlMs)])) === 1
    },
    async unlock(name, token) {
      await redis.run(unlockScript, [keys.lock(name)], [token, keys.unlocked, name])
    },
    async waitForUnlock(name, ms) {
      let isOver = false
      const cancel = timers.after(ms, () => (isOver = true))
      subscription ??= redis.subscribe(keys.unlocked, tell)
      await subscription
      try {
        while (!isOver) {
          // Listened before looked, so that a release in between is not missed.
          const { heard, stop } = listen(name, Math.min(ms, lookEveryMs))
          if (!(await isLocked(name))) {
            stop()
            return
          }
          if ((await heard) && !(await isLocked(name))) return
        }
      } finally {
        cancel()
      }
    },
    async close() {
      tell(null)
      const stop = await subscription
      stop?.()
    },
  }
}
