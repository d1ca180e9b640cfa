/** Handlers of the policy: what it is, changing it, and questions about it. */
import {
  isAction,
  type AccessContext,
  type Action,
  type Barrier,
  type Grant,
  type GrantCreate,
  type PolicyChanged,
  type PolicyDocument,
  type PrincipalName,
  type ScenarioFile,
} from '@cairn/contract'
import {
  listFindings,
  listLostPlaces,
  listPlaces,
  listStatements,
  listWho,
  makeMatrix,
  needsShare,
  refuseAction,
  runScenarios,
  withPolicy,
  type Actor,
  type Place,
} from '../../access/index.ts'
import { admitsNote, fail, someNotes, type JudgedNote } from '../../base/index.ts'
import type { Call } from '../dependencies.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'
import { seesPlace } from './visible.ts'

type Input<B = undefined, Q = undefined> = ProtectedInput<string, B, Q>
type IdInput<B = undefined> = ProtectedInput<'/:id', B, undefined>

/** Who acts, as the engine is asked. */
export function actorOf({ principal }: Call, { access }: RouteServices): Actor {
  const subject = access.subjectOf(principal)
  return { subject, principal: subject.principal ?? '', context: access.contextOf(principal) }
}

export async function describePolicy({ services }: Input): Promise<HttpReply> {
  const { policy } = services.access
  const engine = policy.engine()
  const revision = await policy.revisions.current()
  const places = listPlaces(engine)
  const findings = [
    ...listFindings(engine, services.clock.now()),
    ...listLostPlaces(engine, await findPlaces(services.vaults, places)),
  ]
  return json({ ...revision, epoch: engine.world.epoch, findings })
}

/** Tells of each of these places whether a note is there. */
async function findPlaces(
  vaults: RouteServices['vaults'],
  places: readonly Place[],
): Promise<(place: Place) => boolean> {
  const known = new Set<string>()
  const inVaults = Map.groupBy(places, ({ vault }) => vault)
  for (const { id } of await vaults.list()) {
    known.add(`vault:${id}`)
    const pathsOf = (type: 'folder' | 'note') =>
      (inVaults.get(id) ?? []).flatMap((place) => (place.type === type ? place.path : []))
    for (const path of (await vaults.factsOf(id, pathsOf('note'))).keys()) known.add(`note:${id}/${path}`)
    for (const path of await vaults.findFolders(id, pathsOf('folder'))) known.add(`folder:${id}/${path}`)
  }
  return ({ id }) => known.has(id)
}

export async function writePolicy({
  call,
  services,
  body,
}: Input<{ base: number; note: string; document: PolicyDocument }>): Promise<HttpReply> {
  const changed = await services.access.policy.administration.change(actorOf(call, services), body)
  return tellChange(changed, call, services)
}

export async function restorePolicy({
  call,
  services,
  params,
  body: { base, note },
}: IdInput<{ base: number; note: string }>): Promise<HttpReply> {
  const seq = takeRevision(params.id)
  const changed = await services.access.policy.administration.restore(actorOf(call, services), seq, base, note)
  return tellChange(changed, call, services)
}

async function tellChange(changed: PolicyChanged, call: Call, services: RouteServices): Promise<HttpReply> {
  if (changed.status === 'proposed') {
    await recordCall(services, call, 'policy.proposed', { proposal: changed.proposal.id, base: changed.proposal.base })
    return json(changed, 202)
  }
  await recordCall(services, call, 'policy.changed', {
    revision: changed.revision,
    epoch: changed.epoch,
    what: 'policy',
  })
  return json(changed)
}

export async function listRevisions({
  services,
  query: { before, limit },
}: Input<undefined, { before?: number | undefined; limit: number }>): Promise<HttpReply> {
  return json({ revisions: await services.access.policy.revisions.list({ before: before ?? null, limit }) })
}

export async function readRevision({ services, params }: IdInput): Promise<HttpReply> {
  return json(await services.access.policy.revisions.find(takeRevision(params.id)))
}

function takeRevision(id: string): number {
  return /^\d{1,9}$/.test(id) ? Number(id) : fail('access.revision-missing')
}

export async function listProposals({ services }: Input): Promise<HttpReply> {
  return json({ proposals: await services.access.policy.proposals.list() })
}

export async function readProposal({ services, params }: IdInput): Promise<HttpReply> {
  return json(await services.access.policy.proposals.find(params.id))
}

export async function decideProposal({
  call,
  services,
  params,
  body: { approve },
}: IdInput<{ approve: boolean }>): Promise<HttpReply> {
  const saved = await services.access.policy.administration.decide(actorOf(call, services), params.id, approve)
  await recordCall(services, call, 'policy.decided', {
    proposal: params.id,
    approved: approve,
    revision: saved?.seq ?? null,
  })
  return saved === null ? noContent() : json({ revision: saved.seq, epoch: saved.epoch })
}

// --- Single statements ------------------------------------------------------------------------------------------------

/** Throws `access.forbidden` in the words of the rule that would refuse a place outside one’s own. */
async function requirePlace(call: Call, services: RouteServices, scope: string, message: string): Promise<void> {
  if (services.access.may(call.principal, 'policy.view')) return
  if (!(await seesPlace(services, call.principal, scope))) fail('access.forbidden', { message })
}

export async function createGrant({ call, services, body }: Input<GrantCreate>): Promise<HttpReply> {
  await requirePlace(call, services, body.scope, needsShare)
  const { grant, seq, epoch } = await services.access.policy.administration.grant(actorOf(call, services), body)
  await recordChange(services, call, 'grant', { revision: seq, epoch, statement: grant.id })
  return json({ grant, revision: seq, epoch }, 201)
}

export async function revokeGrant({ call, services, params }: IdInput): Promise<HttpReply> {
  const { seq, epoch } = await services.access.policy.administration.revokeGrant(actorOf(call, services), params.id)
  await recordChange(services, call, 'grant-revoked', { revision: seq, epoch, statement: params.id })
  return json({ revision: seq, epoch })
}

export async function createBarrier({ call, services, body }: Input<Barrier>): Promise<HttpReply> {
  await requirePlace(call, services, body.scope, `You need \`restrict\` on ${body.scope}.`)
  const { seq, epoch } = await services.access.policy.administration.restrict(actorOf(call, services), body)
  await recordChange(services, call, 'barrier', { revision: seq, epoch, statement: null })
  return json({ revision: seq, epoch }, 201)
}

export async function liftBarrier({
  call,
  services,
  query: { scope },
}: Input<undefined, { scope: string }>): Promise<HttpReply> {
  const { seq, epoch } = await services.access.policy.administration.liftBarrier(actorOf(call, services), scope)
  await recordChange(services, call, 'barrier-lifted', { revision: seq, epoch, statement: null })
  return json({ revision: seq, epoch })
}

function recordChange(
  services: RouteServices,
  call: Call,
  what: string,
  told: { revision: number; epoch: number; statement: string | null },
): Promise<void> {
  return recordCall(services, call, 'policy.changed', { what, ...told })
}

export async function describeScope({
  call,
  services,
  query: { scope },
}: Input<undefined, { scope: string }>): Promise<HttpReply> {
  const { access } = services
  const seesAll = access.may(call.principal, 'policy.view')
  if (!seesAll) await requireShare(call, services, scope)
  // What stands further up is for who shares there.
  const sees = (place: string) => seesAll || place === scope || access.may(call.principal, 'share', place)
  const statements = listStatements(access.policy.engine(), scope, sees)
  return json({ ...statements, may: await listActions(call, services, scope) })
}

/** Also for a place that the caller sees nothing of, whether it is there or not. Throws `access.forbidden`. */
async function requireShare(call: Call, services: RouteServices, scope: string): Promise<void> {
  const { access } = services
  access.require(call.principal, 'share', scope)
  if (!(await seesPlace(services, call.principal, scope))) refuseAction('share', scope)
}

/** What the caller may do on a resource; nothing on a tag, which is none. */
export async function listActions(call: Call, services: RouteServices, resource: string): Promise<Action[]> {
  const { access, clock } = services
  const { subject, context } = actorOf(call, services)
  const facts = await access.policy.factsOf(resource)
  return access.policy.engine().whichActions({ subject, resource, facts, context, now: clock.now() })
}

// --- Questions --------------------------------------------------------------------------------------------------------

export async function describeMatrix({ call, services }: Input): Promise<HttpReply> {
  const { access } = services
  const engine = access.policy.engine()
  const { principal } = actorOf(call, services)
  const seesAll = access.may(call.principal, 'policy.view')
  const own = ownPrincipals(call, principal)
  const matrix = makeMatrix(engine, (grant: Grant) => seesAll || own.has(grant.principal))
  return json({ ...matrix, reader: principal, may: await listActions(call, services, matrix.org) })
}

const namingActions = ['policy.view', 'user.assign', 'user.manage', 'group.manage'] as const

/**
 * Names of everybody for who sees or changes who may do what, on the server or by sharing the named scope. Others are
 * told of themselves and their groups.
 */
export async function listPrincipals({
  call,
  services,
  query: { scope },
}: Input<undefined, { scope?: string | undefined }>): Promise<HttpReply> {
  return json({ principals: await listPrincipalNames(call, services, scope) })
}

/** As far as the caller may know them. */
export async function listPrincipalNames(
  call: Call,
  services: RouteServices,
  scope?: string,
): Promise<PrincipalName[]> {
  const { access } = services
  const seesAll =
    namingActions.some((action) => access.may(call.principal, action)) ||
    (scope !== undefined &&
      access.may(call.principal, 'share', scope) &&
      (await seesPlace(services, call.principal, scope)))
  const own = ownPrincipals(call, actorOf(call, services).principal)
  const [people, groups] = await Promise.all([access.identity.people.list(), access.identity.groups.list()])
  const principals = [
    { id: 'group:everyone', name: 'Everyone', isActive: true },
    ...groups.map(({ id, name }) => ({ id: `group:${id}`, name, isActive: true })),
    ...people.map(({ id, name, kind, status }) => ({ id: `${kind}:${id}`, name, isActive: status === 'active' })),
  ]
  return principals.filter(({ id }) => seesAll || own.has(id))
}

function ownPrincipals({ principal: { groups = [] } }: Call, principal: string): Set<string> {
  return new Set([principal, 'group:everyone', ...groups.map((id) => `group:${id}`)])
}

export async function explainAccess({
  call,
  services,
  body: { subject, action, resource, context = {} },
}: Input<{
  subject?: string | undefined
  action: string
  resource: string
  context?: AccessContext | undefined
}>): Promise<HttpReply> {
  const { access, clock } = services
  const engine = access.policy.engine()
  const reader = access.subjectOf(call.principal)
  const isOneself = subject === undefined || subject === reader.principal
  const question = {
    subject: isOneself ? reader : { principal: subject },
    action,
    resource,
    context: isOneself ? { ...access.contextOf(call.principal), ...context } : context,
    facts: await access.policy.factsOf(resource),
    now: clock.now(),
  }
  const claimed = engine.audienceOf(reader, question)
  const isHidden = claimed !== 'auditor' && !(await seesPlace(services, call.principal, resource, question.context))
  const audience = isHidden && claimed === 'curator' ? (isOneself ? 'requester' : null) : claimed
  if (audience === null) fail('access.forbidden', { message: 'You may ask about yourself, and about what you share.' })
  if (audience === 'curator') return json(engine.explain(question, { audience, subject: reader }))
  return json(engine.explain(question, audience === 'auditor' ? { audience } : { audience, isHidden }))
}

export async function listWhoCan({
  call,
  services,
  query: { action, resource },
}: Input<undefined, { action: string; resource: string }>): Promise<HttpReply> {
  const { access, clock } = services
  if (!isAction(action)) return json({ subjects: [] })
  const seesAll = access.may(call.principal, 'policy.view')
  if (!seesAll) await requireShare(call, services, resource)
  const facts = await access.policy.factsOf(resource)
  const reader = seesAll
    ? { audience: 'auditor' as const }
    : { audience: 'curator' as const, subject: access.subjectOf(call.principal) }
  return json(listWho(access.policy.engine(), { action, resource, facts, now: clock.now() }, reader))
}

/**
 * What a policy would change: notes gained and lost for each person. Nothing is stored. Whoever administers and may not
 * know of a note sees it counted and not named.
 */
export async function simulatePolicy({
  call,
  services,
  body: { document, actions, context },
}: Input<{
  document: PolicyDocument
  actions?: string[] | undefined
  context?: AccessContext | undefined
}>): Promise<HttpReply> {
  const { access, clock, vaults } = services
  const engine = access.policy.engine()
  const notes = new Map<string, JudgedNote[]>()
  for (const { id } of await vaults.list()) notes.set(id, await vaults.allFacts(id))
  const after = withPolicy(engine.world, document)
  const known = new Map([...notes.keys()].map((id) => [id, access.filter(call.principal, 'discover', id)]))
  const mayName = (vault: string, note: JudgedNote) => admitsNote(known.get(vault) ?? someNotes({}), note)
  const simulated = engine.simulate(after, { notes, actions, context, mayName, now: clock.now() })
  return json({ ...simulated, notesCompared: [...notes.values()].reduce((sum, list) => sum + list.length, 0) })
}

/** An administrator’s own scenarios, asked of the policy in force. */
export async function testPolicy({ services, body }: Input<ScenarioFile>): Promise<HttpReply> {
  if (body.world !== undefined)
    fail('request.invalid', {
      param: 'world',
      message: 'world: the scenarios are asked of this server. For a world of its own run `cairn access test FILE`.',
    })
  const { access, clock } = services
  const named = new Set(body.scenarios.flatMap(notesOf).filter((note) => !Object.hasOwn(body.notes, note)))
  const found = await Promise.all(
    [...named].slice(0, mostNotes).map(async (note) => [note, await access.policy.factsOf(note)] as const),
  )
  const notes = { ...body.notes }
  for (const [note, facts] of found)
    if (facts) notes[note] = { ...facts, tags: [...facts.tags] } as (typeof notes)[string]
  return json({ outcomes: runScenarios(access.policy.engine(), { ...body, notes }, clock.now()) })
}

const mostNotes = 10_000

function notesOf(scenario: ScenarioFile['scenarios'][number]): string[] {
  if ('check' in scenario) return [scenario.check.resource]
  if ('ask' in scenario) return scenario.ask.notes
  return 'cacheHit' in scenario ? scenario.cacheHit.sources : []
}
