/**
 * Another implementation of the same model, given as a module with `ROLES` and `engine(world).check(question)`. It
 * compares times as texts, takes one condition for a statement and knows neither labels as an order, nor values of
 * another kind, nor where a note was before it was moved, so worlds and questions are cut to what it can be asked.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { isAction, isValidOn, parseResource, type Bound, type Condition, type World } from '../../contract/src/index.ts'
import type { compile, Question } from '../../server/src/access/engine/index.ts'
import { questionArbitrary, worldArbitrary } from '../../server/src/access/testing/worlds.ts'
import type { Compared } from './cedar.ts'

interface Reference {
  readonly ROLES: Record<string, { inherits: readonly string[]; actions: readonly string[] }>
  readonly engine: (world: object) => { check: (question: object) => { decision: boolean } }
}

export async function compareWithReference(
  path: string,
  compileWorld: typeof compile,
  worlds: number,
): Promise<Compared> {
  const reference = (await import(pathToFileURL(resolve(process.env['INIT_CWD'] ?? '.', path)).href)) as Reference
  const compared: Compared = { asked: 0, different: 0 }
  const questions = fc.array(questionArbitrary, { minLength: 15, maxLength: 25 })
  for (const [any, asked] of fc.sample(fc.tuple(worldArbitrary, questions), { numRuns: worlds, seed: 3 })) {
    const world = cut(any)
    for (const role of world.policy.roles) reference.ROLES[role.id] = role
    const theirs = translate(world)
    const [engine, other] = [compileWorld(world), reference.engine(theirs)]
    for (const question of asked.map(withoutFormerPlaces).filter((each) => canBeAsked(each, world))) {
      theirs.tags = question.resource.startsWith('note:') ? { [question.resource]: question.facts?.tags ?? [] } : {}
      compared.asked += 1
      if (engine.check(question) !== other.check(translateQuestion(question)).decision) compared.different += 1
    }
  }
  return compared
}

function cut(world: World): World {
  const when = <Statement extends { when?: Condition[] | undefined }>(statement: Statement): Statement => {
    const kept = statement.when
      ?.filter(([attribute, operator]) => !(attribute === 'resource.label' && operator === '<'))
      .slice(0, 1)
    const { when: _, ...rest } = statement
    return (kept === undefined || kept.length === 0 ? rest : { ...rest, when: kept }) as Statement
  }
  const { policy, keys, agents, breakGlass } = world
  const groupAt = new Map(world.groups.map(({ id }, at) => [id, at]))
  return {
    ...world,
    policy: { ...policy, grants: policy.grants.map(when), denies: policy.denies.map(when) },
    groups: world.groups.map((group, at) => ({
      ...group,
      memberOf: group.memberOf.filter((id) => (groupAt.get(id) ?? 0) > at),
    })),
    // No rings, and one owner.
    keys: keys.map(({ parent, ...key }, at) => ({
      ...key,
      owner: 'user:ana',
      bound: when(key.bound),
      ...(parent !== undefined && Number(parent.slice(1)) > at ? { parent } : {}),
    })),
    agents: agents.map((agent) => ({ ...agent, bound: { ...agent.bound, when: undefined } })),
    breakGlass: breakGlass.filter(({ user }) => user.startsWith('user:')),
  }
}

function withoutFormerPlaces(question: Question): Question {
  if (!question.facts) return question
  const { places: _, ...facts } = question.facts
  return { ...question, facts }
}

function canBeAsked({ subject, action, resource, facts }: Question, world: World): boolean {
  const type = parseResource(resource)?.type
  if (type === undefined || (type === 'org' && resource !== world.org) || !isAction(action) || !isValidOn(action, type))
    return false
  if (subject.bounds !== undefined || (subject.key !== undefined && subject.principal !== undefined)) return false
  if (subject.key !== undefined && !world.keys.some(({ id }) => id === subject.key)) return false
  // It lets emergencies through agents.
  if (subject.agent !== undefined && world.breakGlass.length > 0) return false
  const { status, rank } = facts?.properties ?? {}
  return (
    facts !== undefined &&
    (status === undefined || typeof status === 'string') &&
    (rank === undefined || typeof rank === 'number')
  )
}

const bare = (principal: string) => principal.replace(/^(user|service):/, '')
const asUser = (principal: string) => principal.replace(/^service:/, 'user:')
const first = ({ when, ...rest }: { when?: readonly Condition[] | undefined }) => ({
  ...rest,
  ...(when?.[0] ? { when: when[0] } : {}),
})
const boundOf = (bound: Bound) => first(bound)

function translate(world: World): { tags: Record<string, readonly string[]> } & Record<string, unknown> {
  const { policy } = world
  const byId = <Item extends { id: string }, Value>(items: readonly Item[], value: (item: Item) => Value) =>
    Object.fromEntries(items.map((item) => [item.id, value(item)]))
  return {
    tags: {},
    users: {
      ...byId(world.users, ({ groups, suspended }) => ({ groups, suspended })),
      ...byId(world.services, ({ groups, suspended }) => ({ groups, suspended, service: true })),
    },
    groups: byId(world.groups, ({ memberOf }) => ({ memberOf })),
    grants: policy.grants.map((grant) => ({ ...first(grant), principal: asUser(grant.principal) })),
    denies: policy.denies.map((deny) => ({
      ...first(deny),
      principal: asUser(deny.principal),
      except: (deny.except ?? []).map(asUser),
    })),
    barriers: new Set(policy.barriers.map(({ scope }) => scope)),
    keys: byId(world.keys, (key) => ({ ...key, owner: bare(key.owner), bound: boundOf(key.bound) })),
    agents: byId(world.agents, ({ bound }) => bound),
    delegations: world.delegations.map((each) => ({ ...each, by: bare(each.by), to: bare(each.to) })),
    breakGlass: world.breakGlass.map((each) => ({
      ...each,
      user: bare(each.user),
      approvedBy: each.approvedBy === undefined ? undefined : bare(each.approvedBy),
    })),
  }
}

function translateQuestion({ subject, action, resource, facts, context = {}, now }: Question): object {
  const nested: Record<string, unknown> = { now: new Date(now).toISOString() }
  if (context['model.egress'] !== undefined) nested['model'] = { egress: context['model.egress'] }
  if (context['session.mfa'] !== undefined) nested['session'] = { mfa: context['session.mfa'] }
  if (context.ip_zone !== undefined) nested['ip_zone'] = context.ip_zone
  if (subject.agent !== undefined) nested['agent'] = { id: subject.agent }
  if (resource.startsWith('note:'))
    nested['resource'] = { owner: facts?.owner, label: facts?.label, property: facts?.properties ?? {} }
  const { principal, key, agent } = subject
  return {
    subject: { ...(principal === undefined ? {} : { user: bare(principal) }), key, agent },
    action,
    resource,
    context: nested,
  }
}
