/** Handlers of the receivers of the audit log: how far they are, and what they have taken. */
import { fail } from '../../base/index.ts'
import { json, type HttpReply } from '../reply.ts'
import type { ProtectedInput } from '../route.ts'

export async function listSinks({
  services: { auditSinks },
}: ProtectedInput<string, undefined, undefined>): Promise<HttpReply> {
  return json({ sinks: await auditSinks.list() })
}

export async function listReceipts({
  services: { auditSinks },
  params: { id },
  query,
}: ProtectedInput<
  '/api/audit/sinks/:id/receipts',
  undefined,
  { after: number; before?: number | undefined; limit: number }
>): Promise<HttpReply> {
  const page = await auditSinks.receipts(id, query)
  return page === null ? fail('request.not-found', { message: 'No such receiver is configured.' }) : json(page)
}
