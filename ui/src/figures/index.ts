/** Figures that console and plugin share: how they are divided into steps of time, and how they are written. Pure. */
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
  formatUsdStep,
} from './format.ts'
export { describeHealth, type HealthWords } from './health-words.ts'
export { divideHistory, hitRateOf, hitRateOfKind, sayHitRate, type HitRate } from './hit-rate.ts'
export {
  divideUsage,
  startOf,
  usageSpanIds,
  usageSpans,
  valuesOf,
  type UsageSpan,
  type UsageSteps,
} from './usage-steps.ts'
