/** How much an entry asks for attention, as OCSF counts: 1 for information, to 5 for critical. */
import type { ShownEntry } from './view.ts'

export type Severity = 1 | 2 | 3 | 4 | 5

export const severityNames: Readonly<Record<Severity, string>> = {
  1: 'Informational',
  2: 'Low',
  3: 'Medium',
  4: 'High',
  5: 'Critical',
}

export function severityOf({ type, outcome, fields }: Pick<ShownEntry, 'type' | 'outcome' | 'fields'>): Severity {
  if (type === 'audit.fork') return 5
  if (type === 'audit.verified' && outcome === 'failed') return 5
  if (type === 'audit.gap') return Number(fields['lost'] ?? 0) > 0 ? 4 : 2
  if (type.startsWith('emergency.')) return 3
  return outcome === 'ok' ? 1 : outcome === 'refused' ? 2 : 3
}
