import { describe, expect, test } from 'bun:test'
import {
  actions,
  actionTable,
  boundSchema,
  conditionSchema,
  denySchema,
  grantSchema,
  inspectHierarchy,
  parseResource,
  parseScope,
  policyDocumentSchema,
  roleTable,
  rolesBelow,
  scenarioFileSchema,
  worldSchema,
} from '@cairn/contract'

const deny = { id: 'd', principal: 'group:all', actions: ['read'], scope: 'vault:v' }
const grant = { id: 'g', principal: 'user:ann', role: 'viewer', scope: 'vault:v' }

/** The messages of a refusal; empty when it was taken. */
function refusals(result: { success: boolean; error?: { issues: { message: string }[] } | undefined }): string[] {
  return result.error?.issues.map(({ message }) => message) ?? []
}

describe('the tables of access', () => {
  test('give each action to a role, but for the texts of the log, which nobody holds by a role', () => {
    const given = new Set(Object.values(roleTable).flatMap(({ actions: held }): readonly string[] => held))
    expect(actions.filter((action) => !given.has(action))).toEqual(['audit.content'])
  })

  test('let everything be given for the whole organisation', () => {
    expect(actions.filter((action) => !(actionTable[action].on as readonly string[]).includes('org'))).toEqual([])
  })
})

describe('identifiers', () => {
  test.each([
    'org:acme',
    'vault:v',
    'folder:v/a',
    'note:v/a/b.md',
    'note:v/...',
    'note:v/%2e%2e/a',
    'model:local/*',
    'model:openrouter/meta/llama',
    'cache:eng',
    'note:v/日本/😀.md',
  ])('%p is a resource', (id) => {
    expect(parseResource(id)?.id).toBe(id)
  })

  test.each([
    '',
    'a',
    'note:',
    'note:v',
    'folder:v/',
    'note:/a',
    'note:v//a',
    'note:v/../w/a',
    'note:v/.',
    'vault:v/a',
    'vault:..',
    'tag:x',
    'NOTE:v/a',
    'audit:x',
    'note:v/a\u0308',
    'note:v/\ud800',
    'note:v/a\0',
    `note:v/${'a'.repeat(5_000)}`,
  ])('%p is none', (id) => {
    expect(parseResource(id)).toBeNull()
  })

  test('a tag is a scope', () => {
    expect(parseScope('tag:a/b')).toEqual({ type: 'tag', id: 'tag:a/b', tag: 'a/b' })
    expect(parseScope('tag:a//b')).toBeNull()
    expect(parseScope('tag:')).toBeNull()
  })
})

describe('a statement', () => {
  test('is refused when an action means nothing on its scope', () => {
    const refused = denySchema.safeParse({ ...deny, actions: ['write'], scope: 'model:local/small' })
    expect(refusals(refused)).toEqual(['write means nothing on a model.'])
    expect(refusals(denySchema.safeParse({ ...deny, actions: ['model.use'] }))).toEqual([
      'model.use means nothing on a vault.',
    ])
    expect(refusals(denySchema.safeParse({ ...deny, scope: 'tag:secret' }))).toEqual([])
    expect(refusals(denySchema.safeParse({ ...deny, actions: ['fly'] }))).toEqual([
      'There is no such action; see the table of permissions.',
    ])
    expect(refusals(boundSchema.safeParse({ actions: ['write', 'model.use'], scopes: ['vault:v'] }))).toEqual([
      'model.use means nothing on these scopes.',
    ])
  })

  test.each([
    [['model.egress', '==', 'external'], true],
    [['now', '<', '2026-03-01T00:00Z'], true],
    [['resource.property.status', 'in', ['draft', 'final']], true],
    [['resource.label', '<', 'confidential'], true],
    [['session.mfa', '==', 'yes'], false],
    [['now', '<', 'tomorrow'], false],
    [['resource.label', '==', 'secret'], false],
    [['resource.property.', '==', 1], false],
    [['subject.name', '==', 'ann'], false],
    [['__proto__', '==', 'ann'], false],
    [['ip_zone', 'in', 'office'], false],
    [['ip_zone', '==', ['office']], false],
    [['ip_zone', 'in', []], false],
    [['resource.property.rank', 'in', [1, 'one']], false],
    [['resource.property.done', '<', true], false],
    [['ip_zone', 'matches', '.*'], false],
  ])('has conditions of the closed list only: %p', (condition, isTaken) => {
    expect(conditionSchema.safeParse(condition).success).toBe(isTaken)
  })

  test.each([
    { ...grant, scope: 'folder:v/../w' },
    { ...grant, principal: 'ann' },
    { ...grant, principal: 'group:' },
    { ...grant, until: '2026-02-30T00:00Z ' },
    { ...grant, until: '2026-03-01' },
    { ...grant, surprise: true },
    { ...grant, id: '../x' },
  ])('is refused when it is written wrongly: %p', (wrong) => {
    expect(grantSchema.safeParse(wrong).success).toBe(false)
  })
})

describe('a policy', () => {
  const policy = (more: object) => refusals(policyDocumentSchema.safeParse({ version: 1, ...more }))

  test('of nothing is a policy, with the separation of duty that is built in', () => {
    expect(policyDocumentSchema.parse({ version: 1 }).separation.map(({ id }) => id)).toEqual([
      'audit-and-vaults',
      'audit-and-security',
    ])
  })

  test.each([
    ['a doubled id', { grants: [grant, grant] }, 'The id “g” is given twice.'],
    [
      'an id that a grant and a deny share',
      { grants: [grant], denies: [{ ...deny, id: 'g' }] },
      'The id “g” is given twice.',
    ],
    ['an unknown role', { grants: [{ ...grant, role: 'wizard' }] }, 'There is no role “wizard”.'],
    ['an unknown role to inherit', { roles: [{ id: 'r', inherits: ['wizard'] }] }, 'There is no role “wizard”.'],
    [
      'an unknown role to keep apart',
      { separation: [{ id: 's', roles: ['viewer', 'wizard'] }] },
      'There is no role “wizard”.',
    ],
    [
      'a role that gives nothing there',
      { grants: [{ ...grant, role: 'auditor' }] },
      'The role auditor gives nothing on a vault.',
    ],
    ['a role of a built-in name', { roles: [{ id: 'viewer' }] }, 'A built-in role has this name.'],
    [
      'a window that ends before it begins',
      { grants: [{ ...grant, from: '2026-03-01T00:00Z', until: '2026-03-01T00:00Z' }] },
      'A grant ends after it begins.',
    ],
    [
      'roles in a ring',
      {
        roles: [
          { id: 'a', inherits: ['b'] },
          { id: 'b', inherits: ['c'] },
          { id: 'c', inherits: ['b'] },
        ],
      },
      'role “b” contains itself by way of “c”.',
    ],
    ['a barrier on a note', { barriers: [{ scope: 'note:v/a' }] }, 'A barrier stands on a folder or vault.'],
  ])('with %s is refused', (_, more, message) => {
    expect(policy(more)).toContain(message)
  })

  test('knows what a role of its own inherits', () => {
    expect(policy({ roles: [{ id: 'r', inherits: ['model-user'] }], grants: [{ ...grant, role: 'r' }] })).toEqual([
      'The role r gives nothing on a vault.',
    ])
    expect(policy({ roles: [{ id: 'r', inherits: ['viewer'] }], grants: [{ ...grant, role: 'r' }] })).toEqual([])
  })

  test('with too many statements is refused', () => {
    const barriers = Array.from({ length: 2_001 }, (_, at) => ({ scope: `folder:v/${at}` }))
    expect(policy({ barriers })).toHaveLength(1)
  })
})

describe('a hierarchy', () => {
  const chain = (length: number) =>
    new Map(Array.from({ length }, (_, at) => [`n${at}`, at === 0 ? [] : [`n${at - 1}`]]))

  test('of any length is measured without a stack', () => {
    const { ring, depths } = inspectHierarchy(chain(50_000))
    expect([ring, depths.get('n49999')]).toEqual([null, 50_000])
  })

  test('with a ring is told from one without', () => {
    const edges = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['d', 'b']],
      ['d', []],
    ])
    expect(inspectHierarchy(edges).ring).toEqual(['b', 'c'])
    expect(inspectHierarchy(new Map([['a', ['a']]])).ring).toEqual(['a'])
    expect(rolesBelow('a', (name) => edges.get(name))).toEqual(['a', 'b', 'c', 'd'])
  })

  test('is refused in a world when it is a ring or too deep', () => {
    const world = (more: object) => refusals(worldSchema.safeParse({ org: 'org:a', policy: { version: 1 }, ...more }))
    expect(world({})).toEqual([])
    expect(
      world({
        groups: [
          { id: 'a', memberOf: ['b'] },
          { id: 'b', memberOf: ['a'] },
        ],
      }),
    ).toEqual(['group “a” contains itself by way of “b”.'])
    const groups = [...chain(17)].map(([id, memberOf]) => ({ id, memberOf }))
    expect(world({ groups })).toEqual(['n16 stands over more than 16 levels.'])
    expect(world({ groups: groups.slice(0, 16) })).toEqual([])
    const bound = { actions: ['read'], scopes: ['vault:v'] }
    const keys = [...chain(6)].map(([id, [parent]]) => ({ id, owner: 'user:a', bound, ...(parent ? { parent } : {}) }))
    expect(world({ keys })).toEqual(['n5 stands over more than 5 levels.'])
    expect(world({ users: [{ id: 'a', groups: ['everyone'] }] })).toEqual(['Everyone is in “everyone” already.'])
    expect(world({ users: [{ id: 'a' }, { id: 'a' }] })).toEqual(['The id “a” is given twice.'])
  })
})

test('a file of scenarios is refused when a scenario asks two things or expects none', () => {
  const check = { subject: 'user:a', action: 'read', resource: 'vault:v' }
  const file = (scenario: object) => scenarioFileSchema.safeParse({ version: 1, scenarios: [scenario] }).success
  expect(file({ name: 'n', check, expect: 'allow' })).toBe(true)
  expect(file({ name: 'n', check })).toBe(false)
  expect(file({ name: 'n', check, approve: { approver: 'user:a', proposer: 'user:b' }, expect: 'deny' })).toBe(false)
  expect(file({ name: 'n', check, expect: 'maybe' })).toBe(false)
})
