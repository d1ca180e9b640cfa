/** The console's only source of time, and how times and numbers are written. */
export {
  formatBytes,
  formatCompact,
  formatCost,
  formatCount,
  formatCounted,
  formatDate,
  formatDateTime,
  formatDay,
  formatMonth,
  formatMs,
  formatSecondOfDay,
  formatSecondsLeft,
  formatShare,
  formatTimeOfDay,
  formatUsd,
} from '@cairn/ui/figures'

export const now = (): number => Date.now()
