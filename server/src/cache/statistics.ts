/** Counts what reads find, by namespace and tier, and keeps the last day by the minute. */
import type { Clock } from '../base/index.ts'
import type { HistoryPoint, NamespaceStats, Tier } from './types.ts'

export interface ReadCounts {
  readonly name: string
  readonly hits: Record<Tier, number>
  stale: number
  misses: number
  bypasses: number
  fills: number
  failures: number
  savedMicroUsd: number
}

export interface Statistics {
  open(name: string): ReadCounts
  /** Lookups that a tier could not answer. */
  readonly tierMisses: Record<Tier, number>
  readonly tierErrors: Record<Tier, number>
  namespaces(): NamespaceStats[]
  total(tier: Tier): number
  /** Closes a minute; called at its end. */
  closeMinute(): void
  history(): readonly HistoryPoint[]
}

const minutesKept = 24 * 60

export function createStatistics(clock: Clock): Statistics {
  const all: ReadCounts[] = []
  const history: HistoryPoint[] = []
  let minuteStart = clock.now()
  let before = sum()

  function sum(): Omit<HistoryPoint, 'at'> {
    const total = { memory: 0, disk: 0, shared: 0, stale: 0, misses: 0 }
    for (const { hits, stale, misses } of all) {
      total.memory += hits.memory
      total.disk += hits.disk
      total.shared += hits.shared
      total.stale += stale
      total.misses += misses
    }
    return total
  }

  function sinceLast(): HistoryPoint {
    const now = sum()
    return {
      at: minuteStart,
      memory: now.memory - before.memory,
      disk: now.disk - before.disk,
      shared: now.shared - before.shared,
      stale: now.stale - before.stale,
      misses: now.misses - before.misses,
    }
  }

  return {
    open(name) {
      const counts: ReadCounts = {
        name,
        hits: { memory: 0, disk: 0, shared: 0 },
        stale: 0,
        misses: 0,
        bypasses: 0,
        fills: 0,
        failures: 0,
        savedMicroUsd: 0,
      }
      all.push(counts)
      return counts
    },
    tierMisses: { memory: 0, disk: 0, shared: 0 },
    tierErrors: { memory: 0, disk: 0, shared: 0 },
    namespaces: () => all.map((counts) => ({ ...counts, hits: { ...counts.hits } })),
    total: (tier) => all.reduce((total, { hits }) => total + hits[tier], 0),
    closeMinute() {
      history.push(sinceLast())
      if (history.length > minutesKept) history.shift()
      before = sum()
      minuteStart = clock.now()
    },
    history: () => [...history, sinceLast()],
  }
}
