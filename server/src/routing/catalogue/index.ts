/** What is known of models from the packages that hold the catalogue, and an alarm for when it no longer fits. */
export { findModelFacts, type ModelFacts, type ModelQuestion } from './facts.ts'
export { catalogueSources } from './packages.ts'
export { createDriftWatch, type DriftWatch } from './drift.ts'
export { findUsageDoubt, type UsageDoubt } from './usage-bounds.ts'
