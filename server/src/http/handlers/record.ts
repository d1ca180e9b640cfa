/** What handlers share with `audit`: one entry per deed. */
import type { AuditEventType } from '@cairn/contract'
import type { AuditEntry, Call } from '../dependencies.ts'
import type { RouteServices } from '../route.ts'

/** Durable before it resolves. */
export async function recordCall(
  { audit }: RouteServices,
  call: Call,
  type: AuditEventType,
  fields: NonNullable<AuditEntry['fields']>,
): Promise<void> {
  await audit.record({ type, actor: call.principal.id, requestId: call.requestId, outcome: 'ok', fields })
}
