/** How often reads are answered from the cache: in all, and in even steps of time for the chart. */
import type { CacheHistoryPoint, CacheNamespace } from '@cairn/contract'
import type { SeriesValues } from '../time-series/stack.ts'
import { formatCounted, formatShare } from './format.ts'

export interface HitRate {
  /** 0 to 1; null without a read. What was served stale counts as read, not as hit. */
  readonly share: number | null
  readonly reads: number
}

type Reads = Pick<CacheHistoryPoint, 'memory' | 'disk' | 'shared' | 'stale' | 'misses'>

export function hitRateOf(points: readonly Reads[]): HitRate {
  const hits = points.reduce((sum, { memory, disk, shared }) => sum + memory + disk + shared, 0)
  const others = points.reduce((sum, { stale, misses }) => sum + stale + misses, 0)
  const reads = hits + others
  return { share: reads === 0 ? null : hits / reads, reads }
}

export function hitRateOfKind({ hits, stale, misses }: CacheNamespace): HitRate {
  return hitRateOf([{ ...hits, stale, misses }])
}

export interface Steps {
  /** Start of each step, milliseconds since 1970. */
  readonly times: readonly number[]
  readonly stepMs: number
  readonly rates: readonly HitRate[]
  /** Shares of the reads of each step; null in a step without a read. */
  readonly shares: Readonly<Record<keyof Reads, SeriesValues>>
}

const minuteMs = 60_000

/** The last `minutes` up to now, in steps of `stepMinutes` that begin at whole multiples of the step. */
export function divideHistory(
  history: readonly CacheHistoryPoint[],
  { minutes, stepMinutes, now }: { minutes: number; stepMinutes: number; now: number },
): Steps {
  const stepMs = stepMinutes * minuteMs
  const count = minutes / stepMinutes
  const end = Math.floor(now / stepMs) * stepMs
  const times = Array.from({ length: count }, (_, index) => end - (count - 1 - index) * stepMs)
  const steps = times.map(() => ({ memory: 0, disk: 0, shared: 0, stale: 0, misses: 0 }))
  for (const point of history) {
    const step = steps[Math.floor((point.at - (times[0] ?? 0)) / stepMs)]
    if (step) for (const name of names) step[name] += point[name]
  }
  const rates = steps.map((step) => hitRateOf([step]))
  const shareOf = (name: keyof Reads) =>
    steps.map((step, index) => {
      const reads = rates[index]?.reads ?? 0
      return reads === 0 ? null : step[name] / reads
    })
  const shares = {
    memory: shareOf('memory'),
    disk: shareOf('disk'),
    shared: shareOf('shared'),
    stale: shareOf('stale'),
    misses: shareOf('misses'),
  }
  return { times, stepMs, rates, shares }
}

const names = ['memory', 'disk', 'shared', 'stale', 'misses'] as const

/** In words, such as “36 % of 366 reads”. */
export function sayHitRate(rate: HitRate | undefined): string {
  if (!rate || rate.share === null) return 'nothing read'
  return `${formatShare(rate.share)} of ${formatCounted(rate.reads, 'read')}`
}
