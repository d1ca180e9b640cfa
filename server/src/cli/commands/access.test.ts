import { describe, expect, test } from 'bun:test'
import type { Explanation, Matrix } from '@cairn/contract'
import { handbook, run, startTinyServer } from '../testing/tiny-server.ts'

const vault = { ...handbook, id: 'vault_1', name: 'Handbook' }
const principals = [
  { id: 'group:everyone', name: 'Everyone', isActive: true },
  { id: 'user:person_1', name: 'Ann', isActive: true },
  { id: 'user:person_2', name: 'Bo', isActive: true },
  { id: 'service:service_3', name: 'bo', isActive: true },
]
const names = {
  'GET /api/access/principals': () => ({ json: { principals } }),
  'GET /api/vaults': () => ({ json: { vaults: [vault] } }),
}
const plain = { columns: 120, env: { NO_COLOR: '1' } }

const explanation: Explanation = {
  decision: true,
  reason: 'granted',
  audience: 'auditor',
  epoch: 1,
  revision: '1',
  request: { subject: 'user:person_1', action: 'read', resource: 'note:vault_1/a_b.md', context: {} },
  deny: [],
  grants: [{ id: 'grant_1', sentence: 'User person_1 has the role asker on folder vault_1/Projects.', via: [] }],
  bounds: [],
  near_misses: [],
  fix: [],
}

describe('access explain', () => {
  test('takes names of people and vaults, and tells by name', async () => {
    const asked: unknown[] = []
    await using server = await startTinyServer({
      ...names,
      'POST /api/access/explain': ({ body }) => {
        asked.push(body)
        return { json: explanation }
      },
    })
    const words = ['access', 'explain', 'read', 'note:handbook/a_b.md', '--as', 'ann']
    const { exitCode, out } = await run(words, { server, ...plain })
    expect([exitCode, asked]).toEqual([
      0,
      [{ subject: 'user:person_1', action: 'read', resource: 'note:vault_1/a_b.md' }],
    ])
    expect(out).toContain('✓ Ann may read note:Handbook/a_b.md.')
    expect(out).toContain('Ann has the role asker on folder Handbook/Projects.')
  })

  test('says who it does not know, and of whom there are several, and asks nothing', async () => {
    await using server = await startTinyServer(names)
    const nobody = await run(['access', 'check', 'read', 'note:vault_1/a.md', '--as', 'eve'], { server, ...plain })
    expect([nobody.exitCode, nobody.err]).toEqual([1, expect.stringContaining('There is nobody called “eve”.')])
    const two = await run(['access', 'check', 'read', 'note:vault_1/a.md', '--as', 'BO'], { server, ...plain })
    expect(two.err).toContain('Several are called “BO”.')
    expect(two.err).toContain('user:person_2, service:service_3')
  })
})

describe('access matrix', () => {
  const matrix: Matrix = {
    org: 'org:cairn',
    reader: 'user:person_1',
    may: [],
    roles: [
      {
        id: 'asker',
        builtIn: true,
        inherits: [],
        description: '',
        own: [],
        all: ['discover', 'read'],
        holders: [
          { grant: 'g1', principal: 'user:person_2', scope: 'folder:vault_1/Projects' },
          { grant: 'g2', principal: 'group:everyone', scope: 'org:cairn' },
        ],
      },
    ],
    actions: [],
  }

  test('names the holders, with the id where a name is not enough', async () => {
    await using server = await startTinyServer({ ...names, 'GET /api/access/matrix': () => ({ json: matrix }) })
    const { out } = await run(['access', 'matrix'], { server, ...plain })
    expect(out).toContain('Bo (user:person_2) on folder:Handbook/Projects; Everyone')
  })
})
