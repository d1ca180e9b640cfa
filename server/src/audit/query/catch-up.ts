/** Runs a follower: by itself, from time to time and when it is woken, and at once for a question that waits for it. */
import type { Clock } from '../../base/index.ts'
import type { LogFollower, Step } from './follow-log.ts'

export interface Following {
  /** Something was appended. */
  wake(): void
  /** Waits until the index has what is before this place, for two seconds at most. */
  catchUp(size: number): Promise<void>
  /** Ends after the step under way. */
  stop(): Promise<void>
}

export interface FollowingOptions {
  readonly follower: LogFollower
  /** How far the index is. */
  readonly reached: () => Promise<number>
  readonly clock: Clock
  /** Hears how far the index is whenever it went on. */
  readonly onReached: (size: number) => void
  /** Hears of a step that failed; the next one is tried with the next look. */
  readonly onProblem: (thrown: unknown) => void
}

/** For what other processes append. */
const lookEveryMs = 1_000
const patienceMs = 2_000
const elsewhereMs = 25

export function followLog({ follower, reached, clock, onReached, onProblem }: FollowingOptions): Following {
  let running: Promise<Step> | null = null
  let pumping: Promise<void> | null = null
  let isStopped = false
  let waiting = 0
  let told = -1

  /** One at a time: a step is a transaction of the one connection. */
  function step(): Promise<Step> {
    return (running ??= follower.step().finally(() => (running = null)))
  }

  async function tell(): Promise<void> {
    const size = await reached()
    if (size === told) return
    told = size
    onReached(size)
  }

  async function pump(): Promise<void> {
    try {
      for (let last: Step = 'more'; last === 'more' && !isStopped;) {
        const from = clock.monotonic()
        last = await step()
        // Half of the time is for others, as long as nobody waits for this.
        await rest(waiting > 0 ? 0 : clock.monotonic() - from)
        await tell()
      }
    } catch (thrown) {
      if (!isStopped) onProblem(thrown)
    }
  }

  function wake(): void {
    if (!isStopped) pumping ??= pump().finally(() => (pumping = null))
  }

  const timer = setInterval(wake, lookEveryMs)
  timer.unref?.()
  wake()
  return {
    wake,
    async catchUp(size) {
      const end = clock.monotonic() + patienceMs
      waiting++
      try {
        while ((await reached()) < size && clock.monotonic() < end && !isStopped) {
          const last = await step()
          await rest(last === 'elsewhere' ? elsewhereMs : 0)
        }
      } finally {
        waiting--
      }
      wake()
    },
    async stop() {
      isStopped = true
      clearInterval(timer)
      await pumping
      await running?.catch(() => undefined)
      await follower.release().catch(() => undefined)
    },
  }
}

/** A turn of the event loop at least: SQLite holds the thread while it works. */
function rest(ms: number): Promise<void> {
  return new Promise((resolve) => (ms < 1 ? setImmediate(resolve) : setTimeout(resolve, ms)))
}
