/** Random worlds that fit in a hand, so that statements meet: few names, deep folders, everything at once. */
import fc from 'fast-check'
import { type AccessContext, type Action, type Bound, type Condition, type World } from '@cairn/contract'
import type { NoteFacts } from '../../base/index.ts'
import type { Question, Subject } from '../engine/index.ts'

export const start = Date.parse('2026-03-05T12:00Z')

const users = ['ana', 'ben', 'cho', 'dia', 'eli']
const groups = ['g1', 'g2', 'g3', 'g4']
/** Names that sort around the slash, look like other names, or begin like them. */
const names = ['a', 'a-b', 'a b', 'a!', 'a0', 'a.b', 'aa', 'ä', '日本', '😀', '～', '%2e%2e', 'A']
const tags = ['x', 'x/y', 'xy', 'x/y/z', 'w']

const times = [-2, -1, 0, 1, 2].map((hours) => new Date(start + hours * 3_600_000).toISOString())
const time = fc.constantFrom(...times)

const vault = fc.constantFrom('v1', 'v2')
/** Mostly the same name, so that what one statement is about is below what another is about. */
const segment = fc.oneof(
  { weight: 5, arbitrary: fc.constant('a') },
  { weight: 4, arbitrary: fc.constantFrom(...names) },
)
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const folderId = fc.tuple(vault, path).map(([v, p]) => `folder:${v}/${p}`)
const noteId = fc.tuple(vault, path).map(([v, p]) => `note:${v}/${p}`)
const vaultId = vault.map((v) => `vault:${v}`)
const otherId = fc.constantFrom(
  'model:local/s',
  'model:local/t',
  'model:local/*',
  'model:big',
  'cache:eng',
  'cache:eng/1',
  'cache:eng/*',
)
const placeId = fc.oneof(
  { weight: 4, arbitrary: folderId },
  { weight: 3, arbitrary: vaultId },
  { weight: 1, arbitrary: noteId },
  { weight: 1, arbitrary: fc.constant('org:acme') },
)
const tagId = fc.constantFrom(...tags).map((tag) => `tag:${tag}`)
const scopeId = fc.oneof(
  { weight: 6, arbitrary: placeId },
  { weight: 2, arbitrary: tagId },
  { weight: 1, arbitrary: otherId },
)

const person = fc.constantFrom(...users.map((id) => `user:${id}`), 'service:bot')
const principal = fc.oneof(
  { weight: 4, arbitrary: person },
  { weight: 3, arbitrary: fc.constantFrom(...groups.map((id) => `group:${id}`)) },
  { weight: 1, arbitrary: fc.constant('group:everyone') },
)

const noteActions = ['discover', 'read', 'retrieve', 'cite', 'write', 'create', 'share', 'restrict', 'delete'] as const
const action = fc.constantFrom(...noteActions)

const condition: fc.Arbitrary<Condition> = fc.constantFrom<Condition[]>(
  ['model.egress', '==', 'external'],
  ['model.egress', 'in', ['local']],
  ['session.mfa', '==', true],
  ['ip_zone', 'in', ['office', 'home']],
  ['now', '<', times[3] ?? ''],
  ['agent.id', '==', 'scribe'],
  ['resource.owner', '==', 'ana'],
  ['resource.label', '<', 'confidential'],
  ['resource.label', 'in', ['restricted']],
  ['resource.property.status', '==', 'draft'],
  ['resource.property.rank', '<', 5],
)
const when = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.array(condition, { minLength: 1, maxLength: 2 }) },
)

const bound: fc.Arbitrary<Bound> = fc.record({
  actions: fc.oneof(fc.constant<Action[]>([...noteActions]), fc.uniqueArray(action, { minLength: 1, maxLength: 6 })),
  scopes: fc.array(placeId, { minLength: 1, maxLength: 3 }),
  when,
})

const grant = fc
  .record({
    principal,
    role: fc.constantFrom(
      'viewer',
      'asker',
      'contributor',
      'editor',
      'curator',
      'custom1',
      'custom2',
      'model-user',
      'cache-user',
    ),
    scope: scopeId,
    window: fc.oneof(
      { weight: 4, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.record({ from: time, until: time }, { requiredKeys: [] }) },
    ),
    when,
  })
  .map(({ window, ...rest }) => ({ ...rest, ...window }))

const deny = fc.record(
  {
    principal,
    actions: fc.uniqueArray(action, { minLength: 1, maxLength: 2 }),
    scope: fc.oneof(placeId, tagId),
    except: fc.array(principal, { maxLength: 2 }),
    when,
  },
  { requiredKeys: ['principal', 'actions', 'scope'] },
)

const memberships = fc.uniqueArray(fc.constantFrom(...groups), { maxLength: 2 })

/** Rings among groups and keys and roles that give nothing on their scope are allowed: the engine must bear them. */
export const worldArbitrary: fc.Arbitrary<World> = fc
  .record({
    grants: fc.array(grant, { minLength: 3, maxLength: 12 }),
    denies: fc.array(deny, { maxLength: 3 }),
    barriers: fc.array(fc.oneof({ weight: 5, arbitrary: folderId }, { weight: 1, arbitrary: vaultId }), {
      maxLength: 3,
    }),
    members: fc.array(memberships, { minLength: 6, maxLength: 6 }),
    nested: fc.array(memberships, { minLength: 4, maxLength: 4 }),
    suspended: fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7), { minLength: 6, maxLength: 6 }),
    custom: fc.array(fc.uniqueArray(action, { maxLength: 3 }), { minLength: 2, maxLength: 2 }),
    keys: fc.array(
      fc.record({
        bound,
        parent: fc.option(fc.integer({ min: 0, max: 4 })),
        until: fc.option(time),
        owner: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
      }),
      { minLength: 5, maxLength: 5 },
    ),
    agent: bound,
    delegations: fc.array(
      fc.record({
        by: person,
        to: person,
        role: fc.constantFrom('viewer', 'asker', 'editor'),
        scope: fc.oneof(placeId, tagId),
        from: time,
        until: time,
      }),
      { maxLength: 3 },
    ),
    breakGlass: fc.array(
      fc.record({
        user: person,
        approvedBy: fc.option(person, { nil: undefined }),
        actions: fc.uniqueArray(action, { minLength: 1, maxLength: 2 }),
        scope: placeId,
        from: time,
        until: time,
      }),
      { maxLength: 2 },
    ),
  })
  .map((parts) => assemble(parts as Parts))

interface Parts {
  grants: World['policy']['grants']
  denies: World['policy']['denies']
  barriers: string[]
  members: string[][]
  nested: string[][]
  suspended: number[]
  custom: Action[][]
  keys: { bound: Bound; parent: number | null; until: string | null; owner: number }[]
  agent: Bound
  delegations: World['delegations']
  breakGlass: World['breakGlass']
}

function assemble(parts: Parts): World {
  const number = <Item>(items: readonly Item[], letter: string) =>
    items.map((item, at) => ({ ...item, id: `${letter}${at}` }))
  const memberOf = (at: number) => ({ groups: parts.members[at] ?? [], suspended: parts.suspended[at] === 0 })
  return {
    org: 'org:acme',
    epoch: 1,
    revision: 'r1',
    policy: {
      version: 1,
      roles: [
        { id: 'custom1', inherits: ['custom2', 'model-user'], actions: parts.custom[0] ?? [] },
        { id: 'custom2', inherits: ['custom1'], actions: parts.custom[1] ?? [] },
      ],
      grants: number(parts.grants, 'g'),
      denies: number(parts.denies, 'd'),
      barriers: parts.barriers.map((scope) => ({ scope })),
      separation: [],
      breakGlass: ['group:g1'],
    },
    users: users.map((id, at) => ({ id, ...memberOf(at) })),
    services: [{ id: 'bot', ...memberOf(5) }],
    groups: groups.map((id, at) => ({ id, memberOf: parts.nested[at] ?? [] })),
    keys: parts.keys.map(({ bound: cap, parent, until, owner }, at) => ({
      id: `k${at}`,
      // Mostly one owner, so that chains hold; sometimes another, so that they must not.
      owner: owner === 0 ? 'user:ben' : 'user:ana',
      bound: cap,
      revoked: owner === 9,
      ...(parent === null ? {} : { parent: `k${parent}` }),
      ...(until === null ? {} : { until }),
    })),
    agents: [{ id: 'scribe', bound: parts.agent }],
    delegations: number(parts.delegations, 'p'),
    breakGlass: number(parts.breakGlass, 'b'),
  }
}

// --- Questions --------------------------------------------------------------------------------------------------------

export const subjectArbitrary: fc.Arbitrary<Subject> = fc.oneof(
  { weight: 8, arbitrary: person.map((each): Subject => ({ principal: each })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 }).map((at): Subject => ({ key: `k${at}` })) },
  { weight: 1, arbitrary: person.map((each): Subject => ({ principal: each, key: 'k0' })) },
  { weight: 2, arbitrary: person.map((each): Subject => ({ principal: each, agent: 'scribe' })) },
  { weight: 1, arbitrary: person.map((each): Subject => ({ principal: each, agent: 'nobody' })) },
  { weight: 1, arbitrary: fc.tuple(person, bound).map(([each, cap]): Subject => ({ principal: each, bounds: [cap] })) },
  { weight: 1, arbitrary: fc.constant({ principal: 'user:zoe' }) },
)

export const contextArbitrary: fc.Arbitrary<AccessContext | undefined> = fc.option(
  fc.record(
    {
      'model.egress': fc.constantFrom('local' as const, 'external' as const),
      'session.mfa': fc.boolean(),
      ip_zone: fc.constantFrom('office', 'train'),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
)

export const factsArbitrary: fc.Arbitrary<NoteFacts> = fc.record(
  {
    tags: fc.uniqueArray(fc.constantFrom(...tags), { maxLength: 2 }),
    label: fc.constantFrom('public' as const, 'confidential' as const, 'restricted' as const),
    owner: fc.constantFrom('ana', 'ben'),
    properties: fc.constantFrom<Record<string, unknown>>(
      { status: 'draft' },
      { status: 3, rank: 7 },
      { rank: 2 },
      { status: ['draft'] },
      {},
    ),
    places: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.array(path, { minLength: 1, maxLength: 2 }) },
    ),
  },
  { requiredKeys: ['tags'] },
)

export const nowArbitrary = fc.constantFrom(...[-2, -1, -0.5, 0, 1, 2].map((hours) => start + hours * 3_600_000))

const hostile = fc.constantFrom(
  'note:v1/a/../a',
  'note:v1//a',
  'note:v1/a/',
  'note:v1/./a',
  'note:v1/a\u0308',
  'note:v1/a\0b',
  'note:v1/\ud800',
  'folder:v1',
  'vault:v1/a',
  'note:',
  'a',
  '',
  'tag:x',
  'org:other',
  'note:__proto__/constructor',
  'vault:toString',
  'model:',
  'NOTE:v1/a',
)

export const questionArbitrary: fc.Arbitrary<Question> = fc.record({
  subject: subjectArbitrary,
  action: fc.oneof(
    { weight: 9, arbitrary: action },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        'model.use',
        'cache.hit',
        'cache.purge',
        'user.assign',
        'fly',
        '__proto__',
        'audit.read',
      ),
    },
  ),
  resource: fc.oneof(
    { weight: 9, arbitrary: noteId },
    { weight: 3, arbitrary: folderId },
    { weight: 1, arbitrary: vaultId },
    { weight: 2, arbitrary: otherId },
    { weight: 1, arbitrary: fc.constant('org:acme') },
    { weight: 1, arbitrary: hostile },
  ),
  facts: fc.oneof({ weight: 6, arbitrary: factsArbitrary }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) }),
  context: contextArbitrary,
  now: nowArbitrary,
})
