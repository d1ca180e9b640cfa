/** What was used and what it cost; budgets and limits that calls are held against. */
export { openMeter, type MeterOptions, type OpenMeter } from './meter.ts'
export { meteringSchema } from './schema.ts'
export { createMeteringMetrics, type MeterStats } from './metrics.ts'
export { noUsage } from './usage.ts'
export { createHostLimits, limitsTopic } from './limits/host-limits.ts'
export type { Booking, Estimate, Meter, MeteredAttempt, MeteredCall, MeteredModel, MeteredRequest } from './types.ts'
