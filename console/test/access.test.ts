/** The pure parts of the page of access: what is asked, what changed, what is shown to whom. */
import { describe, expect, test } from 'bun:test'
import { actionTable, policyDocumentSchema, roleTable, rolesBelow, type Matrix } from '@cairn/contract'
import { readChildren } from '../src/access/folder-children.ts'
import { givableRoles } from '../src/access/give-dialog.tsx'
import { cellOf, filterActions, groupActions, inheritedFrom } from '../src/access/matrix.ts'
import { humanise, namesOf, sayDeny } from '../src/access/names.ts'
import { nestable } from '../src/access/people.ts'
import { diffPolicies } from '../src/access/policy-diff.ts'
import { readPolicy } from '../src/access/policy-json.tsx'
import { findClosed, viewsFor } from '../src/access/views.ts'
import { questionOf, readWhy, writeWhy } from '../src/access/why-params.ts'
import { pagesOf } from '../src/shell/router.ts'
import { refusalText, refusedAction } from '../src/shell/why-link.tsx'

const roles: Matrix['roles'] = Object.entries(roleTable).map(([id, role]) => {
  const find = (name: string) => roleTable[name as keyof typeof roleTable]
  const below = rolesBelow(id, (name) => find(name).inherits)
  return {
    id,
    builtIn: true,
    inherits: [...role.inherits],
    description: role.description,
    own: [...role.actions],
    all: [...new Set(below.flatMap((name): readonly string[] => find(name).actions))],
    holders: [],
  }
})
const actions: Matrix['actions'] = Object.entries(actionTable).map(([id, { on, description }]) => ({
  id,
  on: [...on],
  description,
}))
const roleOf = (id: string) => roles.find((role) => role.id === id) ?? expect.unreachable()
const names = namesOf(
  [
    { id: 'user:person_1', name: 'Ann', isActive: true },
    { id: 'group:g1', name: 'Contractors', isActive: true },
  ],
  [{ id: 'vault_1', name: 'Acme' } as never],
)

describe('the matrix', () => {
  test('has every action in exactly one group', () => {
    const grouped = groupActions(actions).flatMap((group) => group.actions.map(({ id }) => id))
    expect(grouped.toSorted()).toEqual(Object.keys(actionTable).toSorted())
  })

  test('tells what a role lists itself from what it inherits, and from which', () => {
    expect(cellOf(roleOf('editor'), 'move')).toBe('own')
    expect(cellOf(roleOf('editor'), 'read')).toBe('inherited')
    expect(cellOf(roleOf('editor'), 'share')).toBe('none')
    expect(inheritedFrom(roles, roleOf('editor'), 'read')).toBe('viewer')
    expect(inheritedFrom(roles, roleOf('viewer'), 'read')).toBeUndefined()
  })

  test('is filtered by words of name and description, by type and by role', () => {
    const find = (filter: object) =>
      filterActions(actions, roles, { text: '', role: '', on: '', ...filter }).map(({ id }) => id)
    expect(find({ on: 'model' })).toEqual(['model.use', 'model.configure'])
    expect(find({ role: 'viewer' })).toEqual(['discover', 'read'])
    expect(find({ text: 'enter prompt' })).toEqual(['retrieve'])
  })
})

describe('roles that may be given', () => {
  const scope = 'folder:vault_1/HR'

  test('are within what the giver holds there, the smallest of those that allow the same', () => {
    const may = roleOf('editor').all
    expect(givableRoles(roles, { scope, may }, false).map(({ id }) => id)).toEqual([
      'viewer',
      'asker',
      'contributor',
      'editor',
    ])
    const all = givableRoles(roles, { scope, may: [] }, true).map(({ id }) => id)
    expect(all).toContain('curator')
    expect(all).not.toContain('vault-admin')
    expect(all).not.toContain('auditor')
  })
})

describe('what somebody may not do is absent', () => {
  test('in the views of access and the pages of the console', () => {
    expect(viewsFor({ may: [], roles })).toEqual(['matrix', 'why'])
    const holder = { grant: 'g', principal: 'user:person_1', scope: 'folder:vault_1/HR' }
    const sharing = roles.map((role) => (role.id === 'curator' ? { ...role, holders: [holder] } : role))
    expect(viewsFor({ may: [], roles: sharing })).toEqual(['matrix', 'folders', 'held', 'why'])
    expect(viewsFor({ may: ['policy.view'], roles })).toEqual(['matrix', 'folders', 'policy', 'why'])
    expect(findClosed('held', viewsFor({ may: [], roles }))).toBe('Held back')
    expect(findClosed('held', viewsFor({ may: [], roles: sharing }))).toBeNull()
    expect(findClosed('no-such-view', ['matrix'])).toBeNull()
    expect(pagesOf([]).some(({ id }) => id === 'cache')).toBe(false)
    expect(pagesOf(['cache.read']).some(({ id }) => id === 'cache')).toBe(true)
  })

  test('and a group is never offered to itself or to one within it', () => {
    const group = (id: string, ...within: string[]) => ({
      id,
      members: within.map((name) => ({ kind: 'group', id: name })),
    })
    const groups = [group('a', 'b'), group('b', 'c'), group('c'), group('d')]
    expect(nestable(groups, groups[2] ?? expect.unreachable()).map(({ id }) => id)).toEqual(['d'])
    expect(nestable(groups, groups[0] ?? expect.unreachable()).map(({ id }) => id)).toEqual(['c', 'd'])
  })
})

describe('the parts of a folder', () => {
  /** A server with a small page, whose calls are counted. */
  function serve(paths: readonly string[], pageSize: number) {
    const calls: string[] = []
    const sorted = paths.toSorted((a, b) => (a < b ? -1 : 1))
    const list = async (_vault: string, after: string) => {
      calls.push(after)
      const rest = sorted.filter((path) => path > after)
      const notes = rest
        .slice(0, pageSize)
        .map((note) => ({ note, title: '', version: '', tags: [], label: 'public' as const }))
      return { ok: true as const, value: { notes, next: rest.length > pageSize ? (notes.at(-1)?.note ?? null) : null } }
    }
    return { calls, list }
  }

  test('are all found, each once, with a few calls however many notes lie below', async () => {
    const many = Array.from({ length: 5_000 }, (_, at) => `Big/${String(at).padStart(5, '0')}.md`)
    const { calls, list } = serve(['A.md', ...many, 'Big0/x.md', 'Big.md', 'Small/deep/y.md', 'z.md'], 10)
    const reply = await readChildren({ vault: 'v', path: '', after: null, most: 100 }, list)
    if ('failure' in reply) return expect.unreachable()
    expect([...reply.children.folders].toSorted()).toEqual(['Big', 'Big0', 'Small'])
    expect(reply.children.notes.map(({ name }) => name)).toEqual(['A.md', 'Big.md', 'z.md'])
    expect(reply.children.next).toBeNull()
    expect(calls.length).toBeLessThan(5)
  })

  test('of a subfolder end where it ends, and go on where they stopped', async () => {
    const { list } = serve(['HR/a.md', 'HR/b.md', 'HR/c.md', 'HR2/d.md'], 1)
    const first = await readChildren({ vault: 'v', path: 'HR', after: null, most: 2 }, list)
    if ('failure' in first) return expect.unreachable()
    expect(first.children.notes.map(({ name }) => name)).toEqual(['a.md', 'b.md'])
    const rest = await readChildren({ vault: 'v', path: 'HR', after: first.children.next, most: 2 }, list)
    if ('failure' in rest) return expect.unreachable()
    expect(rest.children).toEqual({ folders: [], notes: [{ name: 'c.md', tags: [] }], next: null })
  })
})

describe('the question why', () => {
  test('comes back from its address as it was', () => {
    const form = {
      subject: 'user:person_1',
      action: 'retrieve',
      kind: 'note' as const,
      vault: 'vault_1',
      path: 'HR/Pay & more.md',
      egress: 'external' as const,
    }
    const params = new URLSearchParams(writeWhy(form, 'org:cairn'))
    expect(readWhy(params)).toEqual(form)
    expect(questionOf(params, 'org:cairn')).toEqual({
      subject: 'user:person_1',
      action: 'retrieve',
      resource: 'note:vault_1/HR/Pay & more.md',
      context: { 'model.egress': 'external' },
    })
    expect(questionOf(new URLSearchParams('view=why'), 'org:cairn')).toBeNull()
    expect(questionOf(new URLSearchParams('action=cache.read'), 'org:cairn')?.resource).toBe('org:cairn')
  })

  test('is read from a refusal, and from nothing else', () => {
    const message = 'You need `cache.read`. POST /api/access/explain says why you do not have it.'
    expect(refusedAction({ code: 'access.forbidden', message })).toBe('cache.read')
    expect(refusedAction({ code: 'vault.missing', message })).toBeNull()
    expect(refusalText(message)).toBe('You need `cache.read`.')
  })
})

describe('words', () => {
  test('have names in place of ids', () => {
    expect(humanise(names, 'User person_1 has the role viewer on folder vault_1/HR.')).toBe(
      'Ann has the role viewer on folder Acme/HR.',
    )
    expect(humanise(names, 'give user:person_1 the role viewer on note:vault_1/a.md')).toBe(
      'give Ann the role viewer on Acme/a.md',
    )
    expect(humanise(names, 'Nobody is User person_1.')).toBe('Nobody is Ann.')
    expect(humanise(names, 'User person_12 is unknown')).toBe('User person_12 is unknown')
  })

  test('say a deny whole', () => {
    expect(
      sayDeny(names, {
        principal: 'group:everyone',
        except: ['group:g1'],
        actions: ['read', 'retrieve'],
        scope: 'tag:hr',
        when: [['model.egress', '==', 'external']],
      }),
    ).toBe('Everyone except Contractors may not read or retrieve notes tagged #hr, when the model is outside')
  })
})

describe('a change of the policy', () => {
  const before = policyDocumentSchema.parse({
    version: 1,
    grants: [
      { id: 'a', principal: 'user:person_1', role: 'viewer', scope: 'vault:vault_1' },
      { id: 'b', principal: 'group:g1', role: 'viewer', scope: 'vault:vault_1' },
    ],
    separation: [],
  })

  test('is told statement by statement', () => {
    const after = policyDocumentSchema.parse({
      ...before,
      grants: [{ ...before.grants[0], role: 'asker' }],
      barriers: [{ scope: 'folder:vault_1/HR' }],
    })
    expect(diffPolicies(names, before, before)).toEqual([])
    expect(diffPolicies(names, before, after).map(({ kind, section, key }) => `${kind} ${section} ${key}`)).toEqual([
      'changed Grant a',
      'removed Grant b',
      'added Restriction folder:vault_1/HR',
    ])
  })

  test('written as JSON says what is wrong and where', () => {
    expect(readPolicy('{')).toHaveProperty('error')
    expect(readPolicy('{"version":1,"denies":[{"id":"d"}]}')).toHaveProperty(
      'error',
      expect.stringMatching(/^denies\[0\]\./),
    )
    expect(readPolicy(JSON.stringify(before))).toEqual({ document: before })
  })
})
