/** The rows of the live tail: newest first, never more than a bound, and those that wait while it is paused. */
import type { AuditEntryView } from '@cairn/contract'

export const mostLive = 200

export interface LiveRows {
  readonly shown: readonly AuditEntryView[]
  /** Newest first too. */
  readonly waiting: readonly AuditEntryView[]
  /** That waited and found no room; a search finds them. */
  readonly dropped: number
}

export const emptyLive: LiveRows = { shown: [], waiting: [], dropped: 0 }

/** `told` in the order of the log. */
export function addLive(
  { shown, waiting, dropped }: LiveRows,
  told: readonly AuditEntryView[],
  isPaused: boolean,
): LiveRows {
  // Told twice where a connection broke between an entry and what came after it.
  const last = Math.max(waiting[0]?.seq ?? -1, shown[0]?.seq ?? -1)
  const fresh = told.filter(({ seq }) => seq > last).toReversed()
  if (!isPaused) return { shown: [...fresh, ...shown].slice(0, mostLive), waiting, dropped }
  const all = [...fresh, ...waiting]
  return { shown, waiting: all.slice(0, mostLive), dropped: dropped + Math.max(0, all.length - mostLive) }
}

/** Shows what waited. */
export function flushLive({ shown, waiting }: LiveRows): LiveRows {
  return { shown: [...waiting, ...shown].slice(0, mostLive), waiting: [], dropped: 0 }
}
