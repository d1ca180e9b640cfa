/**
 * Our statements in Cedar’s language, so that an engine with a proof behind it can be asked the same. Cedar skips a policy
 * that cannot be evaluated; what our model says of such conditions is therefore written out: a permit asks whether the
 * attribute is there, a forbid also holds when it is not. Keys, delegations and emergencies are not translated.
 */
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import {
  isAction,
  isValidOn,
  labels,
  parseResource,
  roleTable,
  type Bound,
  type Condition,
  type World,
} from '@cairn/contract'
import type { Question } from '../engine/index.ts'

/** The part of a world that Cedar is asked about. Its entities form no ring, so a group is in those after it only. */
export function translatable(world: World): World {
  const at = new Map(world.groups.map(({ id }, index) => [id, index]))
  const isAfter = (group: string, index: number) => (at.get(group) ?? 0) > index
  const groups = world.groups.map(({ id, memberOf }, index) => ({
    id,
    memberOf: memberOf.filter((group) => isAfter(group, index)),
  }))
  return { ...world, groups, delegations: [], breakGlass: [], keys: [] }
}

/** Notes with former places are left out: they are several questions, of which Cedar would answer one. */
export function isTranslatable({ subject, action, resource, facts }: Question, world: World): boolean {
  if ((facts?.places ?? []).length > 0) return false
  const type = parseResource(resource)?.type
  if (type === undefined || (type === 'org' && resource !== world.org)) return false
  const isKnown = [...world.users, ...world.services].some(({ id }) => subject.principal?.endsWith(`:${id}`) === true)
  const isAgent = subject.agent === undefined || world.agents.some(({ id }) => id === subject.agent)
  return isKnown && isAgent && subject.key === undefined && isAction(action) && isValidOn(action, type)
}

/**
 * Decides questions of one world. Each call gives Cedar its policies anew under the same name. `onlyOwn` leaves out the
 * entities of all other people, for a measurement.
 */
export function createCedar(
  world: World,
  { onlyOwn = false }: { readonly onlyOwn?: boolean } = {},
): (question: Question) => boolean {
  const name = 'world'
  const bounds = new Map(world.agents.map(({ id, bound }) => [`agent ${id}`, bound]))
  const load = () => {
    const policies = [...translatePolicy(world), ...[...bounds].map(([id, bound]) => translateBound(id, bound))]
    const answer = preparsePolicySet(name, { staticPolicies: policies.join('\n') })
    if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('\n'))
  }
  load()
  const principals = translatePrincipals(world)
  const isOther = ({ uid }: Entity, own: string | undefined) =>
    onlyOwn && 'id' in uid && uid.id.startsWith('user:') && uid.id !== own
  return (question) => {
    const { subject, action, resource, context, now } = question
    const own = (subject.bounds ?? []).map((bound, at): [string, Bound] => [`session ${at}`, bound])
    const applied = [...own.map(([id]) => id), ...(subject.agent === undefined ? [] : [`agent ${subject.agent}`])]
    for (const [id, bound] of own) bounds.set(id, bound)
    if (own.length > 0) load()
    const answer = statefulIsAuthorized({
      principal: { type: 'P', id: subject.principal ?? '' },
      action: { type: 'Action', id: action },
      resource: { type: 'R', id: resource },
      context: {
        now,
        bounds: applied,
        ...(subject.agent === undefined ? {} : { agent_id: subject.agent }),
        ...Object.fromEntries(Object.entries(context ?? {}).map(([key, value]) => [key.replaceAll('.', '_'), value])),
      },
      preparsedPolicySetId: name,
      entities: [
        ...principals.filter((each) => !isOther(each, subject.principal)),
        ...translateResource(world, question),
      ],
    })
    if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('\n'))
    const errors = answer.response.diagnostics.errors.filter(({ error }) => !error.message.includes('active'))
    if (errors.length > 0) throw new Error(errors.map(({ error }) => error.message).join('\n'))
    return answer.response.decision === 'allow'
  }
}

// --- Entities ---------------------------------------------------------------------------------------------------------

type Entity = Parameters<typeof statefulIsAuthorized>[0]['entities'][number]

function translatePrincipals({ users, services, groups }: World): Entity[] {
  const entity = (id: string, parents: readonly string[], attrs: Entity['attrs']): Entity => ({
    uid: { type: 'P', id },
    attrs,
    parents: parents.map((parent) => ({ type: 'P', id: parent })),
  })
  const named = (ids: readonly string[]) => ids.map((id) => `group:${id}`)
  return [
    ...groups.map(({ id, memberOf }) => entity(`group:${id}`, named(memberOf), {})),
    entity('group:everyone', [], {}),
    ...users.map(({ id, groups: of, suspended }) =>
      entity(`user:${id}`, [...named(of), 'group:everyone'], { active: !suspended }),
    ),
    ...services.map(({ id, groups: of, suspended }) => entity(`service:${id}`, named(of), { active: !suspended })),
  ]
}

function translateResource(world: World, { resource, facts }: Question): Entity[] {
  const [type, name] = [resource.slice(0, resource.indexOf(':')), resource.slice(resource.indexOf(':') + 1)]
  const parts = name.split('/')
  const chain = [resource]
  if (type === 'note' || type === 'folder') {
    for (let end = parts.length - 1; end > 1; end--) chain.push(`folder:${parts.slice(0, end).join('/')}`)
    chain.push(`vault:${parts[0]}`)
  } else if (parts.length > 1 && resource !== `${type}:${parts[0]}/*`) chain.push(`${type}:${parts[0]}/*`)
  if (resource !== world.org) chain.push(world.org)
  const attrs: Entity['attrs'] = { isNote: type === 'note' }
  if (type === 'note' && facts !== undefined) {
    const carried = facts?.tags ?? []
    attrs['tags'] = carried.flatMap((tag) => tag.split('/').map((_, at, all) => all.slice(0, at + 1).join('/')))
    if (facts?.label !== undefined) attrs['label'] = labels.indexOf(facts.label)
    if (facts?.owner !== undefined) attrs['owner'] = facts.owner
    for (const [key, value] of Object.entries(facts?.properties ?? {}))
      if (typeof value === 'string' || typeof value === 'number') attrs[`${key}_${typeof value}`] = value
  }
  return chain.map((id, at) => ({
    uid: { type: 'R', id },
    attrs: at === 0 ? attrs : { isNote: false },
    parents: chain.slice(at + 1, at + 2).map((parent) => ({ type: 'R', id: parent })),
  }))
}

// --- Policies ---------------------------------------------------------------------------------------------------------

const quote = (text: string) => JSON.stringify(text)
const P = (id: string) => `P::${quote(id)}`
const R = (id: string) => `R::${quote(id)}`
const setOf = (named: Iterable<string>) => `[${[...named].map((action) => `Action::${quote(action)}`).join(', ')}]`
const and = (parts: readonly string[]) => (parts.length === 0 ? 'true' : parts.map((part) => `(${part})`).join(' && '))
const or = (parts: readonly string[]) => (parts.length === 0 ? 'false' : parts.map((part) => `(${part})`).join(' || '))

function translatePolicy(world: World): string[] {
  const barriers = world.policy.barriers.map(({ scope }) => scope)
  const permits = world.policy.grants.flatMap(({ principal, role, scope, from, until, when }) => {
    const actions = actionsOf(world, role)
    if (actions.size === 0) return []
    const isTag = scope.startsWith('tag:')
    const stopping = barriers.filter((barrier) => isTag || isStrictlyInside(barrier, scope, world.org))
    const conditions = [
      ...(isTag ? [`resource has tags && resource.tags.contains(${quote(scope.slice(4))})`] : []),
      ...(from === undefined ? [] : [`context.now >= ${Date.parse(from)}`]),
      ...(until === undefined ? [] : [`context.now < ${Date.parse(until)}`]),
      ...(when ?? []).map((each) => translateCondition(each, 'grant')),
    ]
    const where = isTag ? 'resource' : `resource in ${R(scope)}`
    return `permit(principal in ${P(principal)}, action in ${setOf(actions)}, ${where}) when { ${and(conditions)} } unless { ${or(stopping.map((id) => `resource in ${R(id)}`))} };`
  })
  const forbids = world.policy.denies.map(({ principal, except = [], actions, scope, when = [] }) => {
    const order = ['discover', 'read', 'retrieve', 'cite']
    const denied = new Set<string>(
      actions.flatMap((action) => [action, ...(order.includes(action) ? order.slice(order.indexOf(action)) : [])]),
    )
    const isTag = scope.startsWith('tag:')
    const conditions = [
      ...(isTag
        ? [`resource.isNote && (!(resource has tags) || resource.tags.contains(${quote(scope.slice(4))}))`]
        : []),
      ...when.map((each) => translateCondition(each, 'deny')),
    ]
    const where = isTag ? 'resource' : `resource in ${R(scope)}`
    return `forbid(principal in ${P(principal)}, action in ${setOf(denied)}, ${where}) when { ${and(conditions)} } unless { ${or(except.map((id) => `principal in ${P(id)}`))} };`
  })
  return [
    ...permits,
    ...forbids,
    'forbid(principal, action, resource) unless { principal has active && principal.active };',
  ]
}

function translateBound(id: string, { actions, scopes, when = [] }: Bound): string {
  const within = [
    `action in ${setOf(actions)}`,
    or(scopes.map((scope) => `resource in ${R(scope)}`)),
    ...when.map((each) => translateCondition(each, 'grant')),
  ]
  return `forbid(principal, action, resource) when { context.bounds.contains(${quote(id)}) } unless { ${and(within)} };`
}

function isStrictlyInside(barrier: string, scope: string, org: string): boolean {
  if (scope === org) return true
  const [path, above] = [barrier, scope].map((id) => `${id.slice(id.indexOf(':') + 1)}/`)
  return barrier !== scope && /^(vault|folder):/.test(scope) && path !== above && path?.startsWith(above ?? '') === true
}

/** Where the attribute is missing or of another kind, a grant’s condition fails and a deny’s holds. */
function translateCondition([attribute, operator, value]: Condition, of: 'grant' | 'deny'): string {
  const values = [value].flat() as (string | number | boolean)[]
  const read = (each: string | number | boolean) => {
    if (attribute === 'now') return String(Date.parse(String(each)))
    return attribute === 'resource.label'
      ? String((labels as readonly string[]).indexOf(String(each)))
      : JSON.stringify(each)
  }
  const [holder, name] = nameOf(attribute, typeof values[0])
  const actual = `${holder}.${name}`
  const test =
    operator === '<'
      ? `${actual} < ${read(values[0] as string)}`
      : `[${values.map(read).join(', ')}].contains(${actual})`
  return of === 'grant' ? `${holder} has ${name} && ${test}` : `!(${holder} has ${name}) || ${test}`
}

function nameOf(attribute: string, kind: string): [holder: string, name: string] {
  if (attribute.startsWith('resource.property.'))
    return ['resource', `${attribute.slice('resource.property.'.length)}_${kind}`]
  return attribute.startsWith('resource.')
    ? ['resource', attribute.slice('resource.'.length)]
    : ['context', attribute.replaceAll('.', '_')]
}

function actionsOf({ policy }: World, role: string): Set<string> {
  const found = new Set<string>()
  const seen = new Set<string>()
  const visit = (id: string) => {
    if (seen.has(id)) return
    seen.add(id)
    const spec = Object.hasOwn(roleTable, id)
      ? roleTable[id as keyof typeof roleTable]
      : policy.roles.find((each) => each.id === id)
    for (const action of spec?.actions ?? []) found.add(action)
    for (const junior of spec?.inherits ?? []) visit(junior)
  }
  visit(role)
  return found
}
