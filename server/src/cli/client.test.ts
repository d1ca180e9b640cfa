import { expect, test } from 'bun:test'
import { routes } from '../http/index.ts'
import { answers, createClient } from './client.ts'
import { CommandFailure } from './failure.ts'

test('every address that a command calls is in the route table', async () => {
  const called: string[] = []
  const signal = AbortSignal.timeout(5_000)
  const fetchAnything = (url: string, init: RequestInit) => {
    const { pathname } = new URL(url)
    called.push(`${init.method ?? 'GET'} ${pathname}`)
    const vault = { id: 'v', name: 'v', source: 'folder', path: null, notes: 0, passages: 0, index: {} }
    return Promise.resolve(Response.json({ vaults: [vault] }, { status: init.method === undefined ? 200 : 500 }))
  }
  const input = { fetch: fetchAnything, signal }
  const client = createClient({ address: 'http://127.0.0.1:1', credential: 'c', input })
  const { store } = client
  const index = { report: () => {}, signal }
  const vault = { path: '/x' }
  const calls: (() => Promise<unknown>)[] = [
    () => answers(client.address, input),
    () => client.isReady(),
    () => client.createSignInLink(),
    () => client.listKeys(),
    () => client.createKey({ name: 'k' }),
    () => client.revokeKey('key 1'),
    () => client.listUsers(),
    () => client.inviteUser({ name: 'n', email: 'e' }),
    () => client.changeUser('u/1', { status: 'active' }),
    () => client.createResetLink('u/1'),
    () => client.confirmLink('u/1', 'l'),
    () => client.listGroups(),
    () => client.addGroup({ name: 'n' }),
    () => client.removeGroup('g/1'),
    () => client.addGroupMember('g/1', { kind: 'user', id: 'u' }),
    () => client.removeGroupMember('g/1', { kind: 'group', id: 'g/2' }),
    () => client.listModels(),
    () => client.post('/v1/ask', {}),
    () => client.stream('/v1/ask', {}).next(),
    () => store.listVaults(),
    () => store.addVault(vault),
    () => store.removeVault('v/1'),
    () => store.search({ query: 'q' }),
    () => store.index('v', index),
  ]
  for (const call of calls) {
    await call().catch((thrown: unknown) => {
      if (!(thrown instanceof CommandFailure)) throw thrown
    })
  }
  const known = routes.map(({ method, path }) => new RegExp(`^${method} ${path.replace(/[:*]\w+/g, '[^/]+')}$`))
  expect(called.length).toBeGreaterThanOrEqual(calls.length)
  expect(called.filter((address) => !known.some((pattern) => pattern.test(address)))).toEqual([])
})
