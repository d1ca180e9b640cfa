/** A board that a test drives: time passes when it says so. */
import { silentLogger } from '../../../base/index.ts'
import type { FailureKind } from '../../../providers/index.ts'
import { createHealthBoard } from '../board.ts'
import type { HealthNews, HealthShare, HealthTrial } from '../types.ts'
import { createHandClock } from './rig.ts'

const usual = { openAfterFailures: 5, cooldownMs: 5_000, slowStartMs: 10_000 }

/** A board with a clock in the hands of the test, and what it tells to others. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function openBoard(settings: Partial<typeof usual> = {}, random: () => number = () => 0) {
  const clock = createHandClock()
  const told: HealthNews[] = []
  let hear: (news: HealthNews) => void = () => undefined
  const share: HealthShare = {
    tell: (news) => void told.push(news),
    follow: (listener) => void (hear = listener),
    close: () => Promise.resolve(),
  }
  const board = createHealthBoard({ clock, settings: { ...usual, ...settings }, share, logger: silentLogger, random })
  const begin = (id = 'a'): HealthTrial => {
    const trial = board.begin(id)
    if (trial === null) throw new Error('not to be tried now')
    return trial
  }
  return {
    clock,
    board,
    told,
    hear: (news: HealthNews) => hear(news),
    begin,
    view: (id = 'a') => board.view(id),
    pass: (ms: number) => void (clock.ms += ms),
    fail: (kind: FailureKind = 'failed', retryAfterMs: number | null = null) => begin().failed(kind, retryAfterMs),
    succeed: () => begin().succeeded(null),
    times(count: number, run: () => void) {
      for (let at = 0; at < count; at++) run()
    },
  }
}
