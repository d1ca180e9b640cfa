/**
 * The part of the contract that threads need: tables and words, without the shapes of the API. To build all shapes takes
 * longer than everything else that a thread does when it starts.
 */
export { apiLevel, apiLevelHeader } from './api-level.ts'
export {
  auditCategoryTable,
  auditEventTable,
  auditHorizonLimits,
  auditLevelCategories,
  auditLevelLimits,
} from './audit-events.ts'
export { auditReportParameters, auditReportTable, reportWords } from './audit-report-table.ts'
export { errorTable } from './errors.ts'
export { labels, labelSchema, highestLabel } from './labels.ts'
export { propertyPrefix } from './access.ts'
export { isUnderTag } from './access-resources.ts'
export { comparePaths, countBytes, findPathFault, notePathLimits } from './note-path.ts'
