/**
 * What the route table says of the audit log, carried out: what changes something is on record before it begins, and what
 * shows others’ data when it was answered. What came of a change its handler records, who alone knows it.
 */
import { CairnError, errorFields } from '../base/index.ts'
import type { HttpReply } from './reply.ts'
import type { Exchange, Route, RouteServices } from './route.ts'

export interface Audited {
  readonly route: Route
  readonly exchange: Pick<Exchange, 'requestId'>
  /** The id of a principal, or `anonymous`. */
  readonly actor: string
}

/** Throws what `work` throws, and `audit.unavailable` before anything is done. */
export async function underAudit(
  { route, exchange: { requestId }, actor }: Audited,
  { audit, logger }: Pick<RouteServices, 'audit' | 'logger'>,
  work: () => Promise<HttpReply> | HttpReply,
): Promise<HttpReply> {
  const about = { actor, requestId }
  const { audit: spec, method, path } = route
  if ('reads' in spec) {
    const reply = await work()
    await audit.record({ ...about, type: spec.reads, outcome: 'ok', fields: { what: path } })
    return reply
  }
  if (!('changes' in spec)) return work()
  const fields = { route: `${method} ${path}`, changes: spec.changes }
  await audit.record({ ...about, type: 'call.intended', outcome: 'ok', fields })
  try {
    return await work()
  } catch (thrown) {
    const code = thrown instanceof CairnError ? thrown.code : 'internal.error'
    await audit
      .record({ ...about, type: 'call.failed', outcome: 'failed', fields: { route: fields.route, code } })
      .catch((problem: unknown) => logger.error('a failure could not be recorded', errorFields(problem)))
    throw thrown
  }
}
