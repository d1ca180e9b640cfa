/** What happens to an event of a type when it cannot be made durable. */
import type { AuditCategory, AuditEventType, AuditMode } from '@cairn/contract'
import { auditCategoryTable, auditEventTable } from '@cairn/contract/tables'

export function modeOf(type: AuditEventType): AuditMode {
  const spec: { readonly mode?: AuditMode; readonly category: AuditCategory } = auditEventTable[type]
  return spec.mode ?? auditCategoryTable[spec.category].mode
}
