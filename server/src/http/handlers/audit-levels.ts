/** Handlers of what the log keeps of the use of notes and models, and of texts it has kept. */
import type { AuditLevelRule, AuditLevels } from '@cairn/contract'
import { fail } from '../../base/index.ts'
import { json, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import type { Call } from '../dependencies.ts'
import { lookAt, type Place } from './audit-sight.ts'
import { recordCall } from './record.ts'

type Input<B = undefined, P extends string = string> = ProtectedInput<P, B, undefined>

/** Everybody may know what is kept of them. A place that one may not know of stands there as a rule without a place. */
export async function readLevels({ call, services }: Input): Promise<HttpReply> {
  const { rules, keepDays } = await services.audit.levels.read()
  return json({ rules: await showRules(services, call, rules), keepDays } satisfies AuditLevels)
}

export async function changeLevels({ call, services, body }: Input<AuditLevels>): Promise<HttpReply> {
  for (const [at, { vault }] of body.rules.entries())
    if (vault !== undefined && services.vaults.find(vault) === undefined)
      fail('request.invalid', { param: `rules.${at}.vault`, message: `rules.${at}.vault: there is no such vault.` })
  return json(await services.audit.levels.change({ actor: call.principal.id, requestId: call.requestId }, body))
}

async function showRules(services: RouteServices, { principal }: Call, rules: readonly AuditLevelRule[]) {
  if (services.access.may(principal, 'audit.read')) return [...rules]
  const placeOf = ({ vault, folder }: AuditLevelRule): Place[] =>
    vault === undefined ? [] : [{ vault, path: folder ?? null }]
  const sight = await lookAt(services, principal, rules.flatMap(placeOf))
  return rules.map((rule) => {
    const { vault: _, folder: __, ...rest } = rule
    return placeOf(rule).every((place) => sight.sees(place)) ? rule : rest
  })
}

export async function readTexts({ call, services, params }: Input<undefined, '/:seq/texts'>): Promise<HttpReply> {
  const missing = () => fail('audit.entry-missing', { message: 'The log has no such entry, or it keeps no texts.' })
  const seq = /^\d{1,15}$/.test(params.seq) ? Number(params.seq) : missing()
  const { entry } = await services.auditReader.find(seq)
  if (entry === null || entry.type !== 'call.captured') return missing()
  // Before they are read: a look that is not on record does not happen.
  await recordCall(services, call, 'capture.read', { entry: seq, of: entry.actor ?? '' })
  const { request = null, response = null } = await services.auditReader.textsOf(seq)
  const { of, purpose } = entry.fields
  return json({
    seq,
    of: typeof of === 'string' ? of : '',
    purpose: typeof purpose === 'string' ? purpose : null,
    request,
    response,
    blocks: entry.blocks,
  })
}
