/**
 * The permission model written down naively: every statement is looked at for every question, nothing is prepared, and
 * nothing is shared with the engine but the tables. It is slow and meant to be read; the engine must agree with it.
 */
import { roleTable, type Condition, type World } from '@cairn/contract'
import type { NoteFacts } from '../../base/index.ts'
import type { Question } from '../engine/index.ts'

type Told = 'yes' | 'no' | 'unknown'

export function specify(world: World, question: Question): boolean {
  const { subject, action, resource, now } = question
  if (!validOn(action, resource.split(':')[0] ?? '') || !isWellFormed(resource)) return false
  if (resource.startsWith('org:') && resource !== world.org) return false

  // 1. An active subject with a valid credential.
  const chain: World['keys'] = []
  for (let id = subject.key; id !== undefined;) {
    const key = world.keys.find((each) => each.id === id)
    if (!key || chain.length > 4 || key.revoked || (key.until !== undefined && now >= Date.parse(key.until)))
      return false
    chain.push(key)
    id = key.parent
  }
  const owners = new Set(chain.map((key) => key.owner))
  if (subject.principal !== undefined) owners.add(subject.principal)
  const [person] = owners
  if (owners.size !== 1 || person === undefined || !isActive(world, person)) return false

  // 2. Every bound.
  const bounds = [...chain.map((key) => key.bound), ...(subject.bounds ?? [])]
  if (subject.agent !== undefined) {
    const agent = world.agents.find((each) => each.id === subject.agent)
    if (!agent) return false
    bounds.push(agent.bound)
  }
  for (const bound of bounds) {
    if (!bound.actions.some((each) => each === action)) return false
    if (!bound.scopes.some((scope) => ancestors(world, resource).includes(scope))) return false
    if (holds(bound.when, question) !== 'yes') return false
  }

  // 3. Where it is, and where it was: allowed in each of these places.
  const vault = resource.slice('note:'.length).split('/')[0]
  const former = resource.startsWith('note:') ? (question.facts?.places ?? []) : []
  const places = [resource, ...former.map((path) => `note:${vault}/${path}`)]
  return places.every((place) => isAllowedAt(world, { ...question, resource: place }, person))
}

function isAllowedAt(world: World, question: Question, person: string): boolean {
  const { subject, action, resource, now } = question
  if (!isWellFormed(resource)) return false

  // Emergency access, in person.
  const inPerson = subject.key === undefined && subject.agent === undefined
  const emergency = world.breakGlass.some((each) => {
    const [from, until] = [Date.parse(each.from), Date.parse(each.until)]
    const isFit = each.user === person && person.startsWith('user:') && each.actions.some((named) => named === action)
    const isApproved = each.approvedBy !== undefined && each.approvedBy !== each.user
    const isOpen = now >= from && now < until && until - from <= 4 * 3_600_000
    return isFit && isApproved && isOpen && ancestors(world, resource).includes(each.scope)
  })
  if (inPerson && emergency) return true

  // Denies and grants.
  return byStatements(world, question, person, true)
}

function byStatements(world: World, question: Question, person: string, withDelegations: boolean): boolean {
  if (!isActive(world, person)) return false
  const { action, resource, now } = question
  const names = principalsOf(world, person)
  for (const deny of world.policy.denies) {
    if (!names.includes(deny.principal) || deny.except?.some((each) => names.includes(each)) === true) continue
    if (!deny.actions.some((denied) => denied === action || follows(denied, action))) continue
    const isThere = inScope(world, question, deny.scope)
    if (isThere !== 'no' && holds(deny.when, question) !== 'no') return false
  }
  const passedOn = world.delegations
    .filter((each) => withDelegations && byStatements(world, question, each.by, false))
    .map((each) => ({ ...each, principal: each.to, when: undefined }))
  return [...world.policy.grants, ...passedOn].some((grant) => {
    if (!names.includes(grant.principal) || !actionsOf(world, grant.role).includes(action)) return false
    if (grant.from !== undefined && now < Date.parse(grant.from)) return false
    if (grant.until !== undefined && now >= Date.parse(grant.until)) return false
    if (inScope(world, question, grant.scope) !== 'yes' || holds(grant.when, question) !== 'yes') return false
    // A barrier stands in the way when the grant stands above it, or on a tag.
    return !world.policy.barriers.some(({ scope: barrier }) => {
      if (!ancestors(world, resource).includes(barrier)) return false
      return !ancestors(world, grant.scope).includes(barrier)
    })
  })
}

// --- Words of the model -----------------------------------------------------------------------------------------------

const typesOf: Record<string, string> = {
  discover: 'org vault folder note',
  read: 'org vault folder note',
  retrieve: 'org vault folder note',
  cite: 'org vault folder note',
  create: 'org vault folder note',
  write: 'org vault folder note',
  move: 'org vault folder note',
  delete: 'org vault folder note',
  tag: 'org vault folder note',
  share: 'org vault folder note',
  restrict: 'org vault folder note',
  export: 'org vault folder note',
  'vault.configure': 'org vault',
  'cache.purge': 'org vault cache',
  'model.use': 'org model',
  'model.configure': 'org model',
  'cache.hit': 'org cache',
  'cache.fill': 'org cache',
}

const onOrg =
  'cache.read audit.read audit.content policy.view policy.simulate policy.propose policy.approve user.assign user.manage group.manage key.list key.revoke org.configure barrier.repair usage.read budget.manage provider.manage metrics.read access.evaluate'

function validOn(action: string, type: string): boolean {
  const types =
    (Object.hasOwn(typesOf, action) ? typesOf[action] : undefined) ?? (onOrg.split(' ').includes(action) ? 'org' : '')
  return types.split(' ').includes(type)
}

/** discover ⇒ read ⇒ retrieve ⇒ cite */
function follows(denied: string, action: string): boolean {
  const order = ['discover', 'read', 'retrieve', 'cite']
  return order.includes(denied) && order.indexOf(action) > order.indexOf(denied)
}

function isWellFormed(resource: string): boolean {
  const name = resource.slice(resource.indexOf(':') + 1)
  const parts = name.split('/')
  if (/^(folder|note):/.test(resource) ? parts.length < 2 : resource.startsWith('vault:') && parts.length !== 1)
    return false
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return false
  return !name.includes('\0') && name.isWellFormed() && name.normalize('NFC') === name && resource.length <= 5_000
}

/** Itself, what it is in, and the organisation. */
function ancestors(world: World, id: string): string[] {
  const [type = '', ...rest] = id.split(':')
  const parts = rest.join(':').split('/')
  if (type === 'folder' || type === 'note') {
    const folders = parts.slice(1, -1).map((_, at) => `folder:${parts.slice(0, at + 2).join('/')}`)
    return [id, ...folders, `vault:${parts[0]}`, world.org]
  }
  if (type === 'model' || type === 'cache')
    return [id, ...(parts.length > 1 ? [`${type}:${parts[0]}/*`] : []), `${type}:*`, world.org]
  return [id, world.org]
}

function inScope(world: World, { resource, facts }: Question, scope: string): Told {
  if (!scope.startsWith('tag:')) return ancestors(world, resource).includes(scope) ? 'yes' : 'no'
  if (!resource.startsWith('note:')) return 'no'
  if (facts === undefined) return 'unknown'
  const asked = scope.slice(4)
  return (facts?.tags ?? []).some((tag) => `${tag}/`.startsWith(`${asked}/`)) ? 'yes' : 'no'
}

export function isActive(world: World, person: string): boolean {
  const list = person.startsWith('user:') ? world.users : person.startsWith('service:') ? world.services : []
  return list.some(({ id, suspended }) => person.endsWith(`:${id}`) && !suspended)
}

export function principalsOf(world: World, person: string): string[] {
  const list = person.startsWith('user:') ? world.users : world.services
  let groups = list.find(({ id }) => person.endsWith(`:${id}`))?.groups ?? []
  for (let round = 0; round <= world.groups.length; round++)
    groups = [
      ...new Set([...groups, ...groups.flatMap((id) => world.groups.find((each) => each.id === id)?.memberOf ?? [])]),
    ]
  const everyone = person.startsWith('user:') ? ['group:everyone'] : []
  return [person, ...everyone, ...groups.filter((id) => id !== 'everyone').map((id) => `group:${id}`)]
}

function actionsOf(world: World, role: string): readonly string[] {
  const all: Record<string, { inherits: readonly string[]; actions: readonly string[] }> = {
    ...Object.fromEntries(world.policy.roles.map((each) => [each.id, each])),
    ...roleTable,
  }
  let roles = [role]
  for (let round = 0; round <= Object.keys(all).length; round++)
    roles = [...new Set([...roles, ...roles.flatMap((each) => all[each]?.inherits ?? [])])]
  return roles.flatMap((each) => all[each]?.actions ?? [])
}

// --- Conditions -------------------------------------------------------------------------------------------------------

function holds(when: readonly Condition[] | undefined, question: Question): Told {
  const told = (when ?? []).map((condition) => tell(condition, question))
  return told.includes('no') ? 'no' : told.includes('unknown') ? 'unknown' : 'yes'
}

function tell([attribute, operator, value]: Condition, question: Question): Told {
  let actual = valueOf(attribute, question)
  let wanted: unknown[] = [value].flat()
  if (attribute === 'now') wanted = wanted.map((each) => Date.parse(String(each)))
  if (actual === undefined || wanted.some((each) => typeof each !== typeof actual)) return 'unknown'
  if (operator !== '<') return wanted.includes(actual) ? 'yes' : 'no'
  if (attribute === 'resource.label') {
    const order = ['public', 'internal', 'confidential', 'restricted']
    actual = order.indexOf(actual as string)
    wanted = [order.indexOf(String(value))]
  }
  if (typeof actual === 'boolean') return 'unknown'
  return (actual as number) < (wanted[0] as number) ? 'yes' : 'no'
}

function valueOf(attribute: string, { subject, resource, facts, context, now }: Question): unknown {
  if (attribute === 'now') return now
  if (attribute === 'agent.id') return subject.agent
  if (!attribute.startsWith('resource.')) return (context as Record<string, unknown> | undefined)?.[attribute]
  const note: NoteFacts = (resource.startsWith('note:') ? facts : undefined) ?? { tags: [] }
  if (attribute === 'resource.owner') return note.owner
  if (attribute === 'resource.label') return note.label
  const property = note.properties?.[attribute.slice('resource.property.'.length)]
  return typeof property === 'object' ? undefined : property
}
