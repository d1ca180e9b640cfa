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
  type ScenarioFile,
} from '@cairn/contract'
import {
  listFindings,
  listLostPlaces,
  listPlaces,
  listStatements,
  listWho,
  makeMatrix,
  runScenarios,
  withPolicy,
  type Actor,
  type Place,
} from '../../access/index.ts'
import { fail, type JudgedNote } from '../../base/index.ts'
import type { Call } from '../dependencies.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'

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
    ...listLostPlaces(places, await findPlaces(services.vaults, places)),
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

export async function createGrant({ call, services, body }: Input<GrantCreate>): Promise<HttpReply> {
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
  if (!access.may(call.principal, 'policy.view')) access.require(call.principal, 'share', scope)
  const statements = listStatements(access.policy.engine(), scope)
  return json({ ...statements, may: await listActions(call, services, scope) })
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
  const { access } = services
  const seesAll =
    namingActions.some((action) => access.may(call.principal, action)) ||
    (scope !== undefined && access.may(call.principal, 'share', scope))
  const own = ownPrincipals(call, actorOf(call, services).principal)
  const [people, groups] = await Promise.all([access.identity.people.list(), access.identity.groups.list()])
  const principals = [
    { id: 'group:everyone', name: 'Everyone', isActive: true },
    ...groups.map(({ id, name }) => ({ id: `group:${id}`, name, isActive: true })),
    ...people.map(({ id, name, kind, status }) => ({ id: `${kind}:${id}`, name, isActive: status === 'active' })),
  ]
  return json({ principals: principals.filter(({ id }) => seesAll || own.has(id)) })
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
  const audience = engine.audienceOf(reader, question)
  if (audience === null) fail('access.forbidden', { message: 'You may ask about yourself, and about what you share.' })
  return json(engine.explain(question, audience === 'curator' ? { audience, subject: reader } : { audience }))
}

export async function listWhoCan({
  call,
  services,
  query: { action, resource },
}: Input<undefined, { action: string; resource: string }>): Promise<HttpReply> {
  const { access, clock } = services
  if (!isAction(action)) return json({ subjects: [] })
  if (!access.may(call.principal, 'policy.view')) access.require(call.principal, 'share', resource)
  const facts = await access.policy.factsOf(resource)
  return json(listWho(access.policy.engine(), { action, resource, facts, now: clock.now() }))
}

/** What a policy would change: notes gained and lost for each person. Nothing is stored. */
export async function simulatePolicy({
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
  const simulated = engine.simulate(after, { notes, actions, context, now: clock.now() })
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
