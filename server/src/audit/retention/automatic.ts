/**
 * Retention by itself. What it destroys is gone for good, and it goes by the clock: one that has leapt ahead is believed only
 * after a day, in which somebody can put it right. `cairn audit retention run` waits for nothing.
 */
import { createId, errorFields, type Clock, type Logger } from '../../base/index.ts'
import type { Keeping } from '../keeping.ts'

const everyMs = 6 * 60 * 60_000
const firstAfterMs = 60_000
const dayMs = 24 * 60 * 60_000
/** Longer than a machine is usually off or asleep; shorter than any horizon. */
const leapMs = 7 * dayMs

export interface ClockDoubt {
  /** Whether the clock is to be believed now. */
  isOver(): boolean
}

/** `lastSeen`: milliseconds since 1970 of the last thing before this start that is known to have happened; null for none. */
export function doubtClock(clock: Pick<Clock, 'now' | 'monotonic'>, lastSeen: number | null): ClockDoubt {
  let [wall, ran] = [clock.now(), clock.monotonic()]
  let until = lastSeen !== null && wall - lastSeen > leapMs ? ran + dayMs : -Infinity
  return {
    isOver() {
      const [wallNow, ranNow] = [clock.now(), clock.monotonic()]
      if (wallNow - wall - (ranNow - ran) > leapMs) until = ranNow + dayMs
      ;[wall, ran] = [wallNow, ranNow]
      return ranNow >= until
    },
  }
}

export interface AutomaticOptions {
  readonly retention: Keeping['retention']
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly lastSeen: number | null
  readonly logger: Logger
}

/** Does what is due soon after the start and a few times a day; a run that finds nothing due changes nothing. */
export function startRetention({ retention, clock, lastSeen, logger }: AutomaticOptions): { stop(): void } {
  const doubt = doubtClock(clock, lastSeen)
  let timer = setTimeout(look, firstAfterMs)
  timer.unref?.()

  function look(): void {
    timer = setTimeout(look, everyMs)
    timer.unref?.()
    if (doubt.isOver()) return run()
    logger.warn('the clock has leapt ahead: nothing of the audit log is shredded or pruned for a day', {
      doNow: 'cairn audit retention run',
    })
  }

  function run(): void {
    retention
      .run({ actor: 'server', requestId: createId('retention') })
      .then(({ periods, blocks, pruned }) => {
        if (periods.length > 0 || blocks > 0 || pruned !== null)
          logger.info('retention of the audit log', { periods: periods.length, blocks, prunedTo: pruned?.to ?? null })
      })
      .catch((thrown: unknown) => logger.error('retention of the audit log failed', errorFields(thrown)))
  }

  return { stop: () => clearTimeout(timer) }
}
