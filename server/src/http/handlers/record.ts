/** What handlers share with `access` and `audit`: a question with a yes or no, and one entry per deed. */
import type { AuditEventType, Permission } from '@cairn/contract'
import { CairnError, type Principal } from '../../base/index.ts'
import type { Access, AuditEntry, Call } from '../dependencies.ts'
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

export function isAllowed(access: Access, principal: Principal, permission: Permission, resource: string): boolean {
  try {
    access.require(principal, permission, resource)
    return true
  } catch (thrown) {
    if (thrown instanceof CairnError && thrown.code === 'access.forbidden') return false
    throw thrown
  }
}
