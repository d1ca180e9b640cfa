/** Labels, tags and properties that an edit in a watched folder takes away, against the whole server and its folder. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HeldNoteInfo, NoteView, UserInfo, VaultInfo } from '@cairn/contract'
import { until } from './harness.ts'
import { readAuditLog } from './kit/audit-log.ts'
import { createJar } from './kit/cookie-jar.ts'
import { openServer, type OpenServer } from './kit/open-server.ts'

const words =
  'The heron stands in the reeds beside the old slipway and waits for a fish, and the keeper of the lighthouse writes down when.'
const secret = `---\ntags: [secret]\n---\n${words}`

let folder: string
let home: string
let server: OpenServer
let vault: string

async function open(): Promise<void> {
  server = await openServer({ vaults: [{ path: folder }] }, { home, keepsHome: true })
  await until('the vault is ready', async () => {
    const { vaults } = (await (await server.call('/api/vaults')).json()) as { vaults: VaultInfo[] }
    vault = vaults[0]?.id ?? ''
    return vaults[0]?.index.state === 'ready'
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-held-'))
  home = await mkdtemp(join(tmpdir(), 'cairn-home-'))
  await write('Heron.md', secret)
  await write('Other.md', 'The tide comes in at six.')
  await open()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
  await rm(home, { recursive: true, force: true })
})

const write = (note: string, text: string) => writeFile(join(folder, note), text)

const json = (body: unknown, method = 'POST'): RequestInit => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', origin: server.url },
})

type Call = (path: string, init?: RequestInit) => Promise<Response>
const owner: Call = (path, init) => server.call(path, init)
let bobsKey = ''
const bob: Call = (path, init = {}) =>
  owner(path, { ...init, headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${bobsKey}` } })

async function find(call: Call, query: string): Promise<string[]> {
  const reply = await call('/v1/search', json({ query, mode: 'keyword' }))
  return ((await reply.json()) as { results: { note: string }[] }).results.map(({ note }) => note).toSorted()
}

const held = async (call: Call) => ((await (await call('/api/held')).json()) as { held: HeldNoteInfo[] }).held
const read = async (note: string) => (await (await owner(`/api/vaults/${vault}/notes/${note}`)).json()) as NoteView
const indexed = (note: string, word: string) =>
  until(`${note} with ${word} is indexed`, async () => (await find(owner, word)).includes(note))
const confirm = (call: Call, note: string, revision?: number) =>
  call('/api/held/confirm', json({ vault, note, ...(revision === undefined ? {} : { revision }) }))

async function setDenies(denies: readonly unknown[]): Promise<void> {
  const { seq, document } = (await (await owner('/api/access/policy')).json()) as { seq: number; document: object }
  const reply = await owner(
    '/api/access/policy',
    json({ base: seq, note: 'test', document: { ...document, denies } }, 'PUT'),
  )
  expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining('applied')])
}

const denySecret = { id: 'd1', principal: 'group:everyone', actions: ['read'], scope: 'tag:secret', except: [] }

test('one person is held to nothing', async () => {
  await write('Heron.md', `${words} first`)
  await indexed('Heron.md', 'first')
  expect(await held(owner)).toEqual([])
  await write('Heron.md', secret)
  await until('the tag is back', async () => (await find(owner, 'tag:secret')).length === 1)
})

test('in a team, a protected tag that is edited away stays in force, and who may lift it sees it', async () => {
  const made = await owner('/api/access/users', json({ name: 'Bob', email: 'bob@example.org' }))
  const { user, link } = (await made.json()) as { user: UserInfo; link: { url: string } }
  const token = /#set-password=(.+)$/.exec(link.url)?.[1]
  const jar = createJar()
  const enter = (path: string, body: unknown) => jar.fetch(`${server.url}${path}`, json(body))
  await enter('/auth/links/redeem', { token, password: 'vier ruhige Boote am Steg' })
  // A session’s cookie is that of one port, and the server will be started again.
  bobsKey = ((await (await enter('/api/access/keys', { name: 'search' })).json()) as { key: string }).key
  const granted = await owner(
    '/api/access/grants',
    json({ principal: `user:${user.id}`, role: 'asker', scope: `vault:${vault}` }),
  )
  expect(granted.status).toBe(201)
  expect(await find(bob, 'heron')).toEqual(['Heron.md'])
  await setDenies([{ ...denySecret, principal: `user:${user.id}` }])
  expect(await find(bob, 'heron')).toEqual([])

  await write('Heron.md', `${words} second`)
  await indexed('Heron.md', 'second')
  expect(await find(bob, 'heron')).toEqual([])
  expect((await bob(`/api/vaults/${vault}/notes/Heron.md`)).status).toBe(404)
  expect((await read('Heron.md')).tags).toEqual(['secret'])
  expect(await held(owner)).toMatchObject([{ vault, note: 'Heron.md', label: null, tags: ['secret'], attributes: [] }])
  expect(await held(bob)).toEqual([])
})

test('neither a new name, nor another place, nor a copy, nor coming back sets it free', async () => {
  await rename(join(folder, 'Heron.md'), join(folder, 'Bird.md'))
  await until('the note is moved', async () => (await find(owner, 'heron')).join() === 'Bird.md')
  expect(await find(bob, 'heron')).toEqual([])
  await write('Copy.md', `${words} second`)
  await until('the copy is there', async () => (await find(owner, 'heron')).length === 2)
  expect(await find(bob, 'heron')).toEqual([])
  await unlink(join(folder, 'Bird.md'))
  await unlink(join(folder, 'Copy.md'))
  await until('both are gone', async () => (await find(owner, 'heron')).length === 0)
  await write('Bird.md', 'Something else about a heron altogether.')
  await until('another note is in its place', async () => (await find(owner, 'heron')).length === 1)
  expect(await find(bob, 'heron')).toEqual([])
  await write('Third.md', `${words} second`)
  await until('the text is back', async () => (await find(owner, 'heron')).length === 2)
  expect(await find(bob, 'heron')).toEqual([])
  expect((await held(owner)).map(({ note }) => note)).toEqual(['Bird.md', 'Third.md'])
  await unlink(join(folder, 'Third.md'))
  await until('one is left', async () => (await find(owner, 'heron')).length === 1)
})

test('neither a restart nor a new index sets it free', async () => {
  await server[Symbol.asyncDispose]()
  await open()
  expect(await find(bob, 'heron')).toEqual([])
  await server[Symbol.asyncDispose]()
  for (const end of ['', '-wal', '-shm']) await rm(join(home, 'data', `index.db${end}`), { force: true })
  await open()
  expect(await find(owner, 'heron')).toEqual(['Bird.md'])
  expect(await find(bob, 'heron')).toEqual([])
  // The stream of events ends when the new index is whole; in between there is a moment without one.
  const again = { method: 'POST', headers: { accept: 'text/event-stream' } }
  expect(await (await owner(`/api/vaults/${vault}/reindex`, again)).text()).toContain('event: done')
  await until('it is indexed again', async () => (await find(owner, 'heron')).length === 1)
  expect(await find(bob, 'heron')).toEqual([])
  expect((await held(owner)).map(({ note }) => note)).toEqual(['Bird.md'])
})

test('an edit while the server does not run is held too', async () => {
  await write('Late.md', '---\ntags: [secret]\n---\nThe lapwing nests.')
  await indexed('Late.md', 'lapwing')
  await server[Symbol.asyncDispose]()
  await write('Late.md', 'The lapwing nests in spring.')
  await open()
  await indexed('Late.md', 'spring')
  expect(await find(bob, 'lapwing')).toEqual([])
})

test('who has `restrict` sets it free, from the next request on, and it is on record', async () => {
  const [first] = await held(owner)
  expect((await confirm(bob, 'Other.md')).status).toBe(403)
  expect((await confirm(bob, 'None.md')).status).toBe(404)
  expect((await confirm(owner, 'Other.md')).status).toBe(404)
  expect((await confirm(owner, 'Bird.md', (first?.revision ?? 0) + 1)).status).toBe(409)
  expect((await confirm(owner, 'Bird.md', first?.revision)).status).toBe(204)
  expect(await find(bob, 'heron')).toEqual(['Bird.md'])
  expect((await bob(`/api/vaults/${vault}/notes/Bird.md`)).status).toBe(200)
  expect((await held(owner)).map(({ note }) => note)).toEqual(['Late.md'])
  expect((await confirm(owner, 'Bird.md')).status).toBe(404)
  const released = (await readAuditLog(join(home, 'data'), join(home, 'config', 'keyring.json'))).filter(
    ({ type }) => type === 'note.released',
  )
  expect(released.map(({ fields }) => fields)).toMatchObject([
    { vault, note: 'Bird.md', label: null, tags: ['secret'], attributes: [] },
  ])
})

test('a label that is lowered or taken out stays, and answers are as sensitive as before', async () => {
  const ask = async () => {
    const reply = await owner('/v1/ask', json({ question: 'What does the guillemot eat?', dryRun: true }))
    return ((await reply.json()) as { label: string }).label
  }
  await write('Guillemot.md', '---\nsensitivity: restricted\n---\nThe guillemot eats sand eels.')
  await indexed('Guillemot.md', 'eels')
  await write('Guillemot.md', '---\nsensitivity: public\n---\nThe guillemot eats sand eels and sprats.')
  await indexed('Guillemot.md', 'sprats')
  expect((await read('Guillemot.md')).label).toBe('restricted')
  expect(await ask()).toBe('restricted')
  expect((await held(owner)).find(({ note }) => note === 'Guillemot.md')?.label).toEqual({
    held: 'restricted',
    said: 'public',
  })
  expect((await confirm(owner, 'Guillemot.md')).status).toBe(204)
  expect((await read('Guillemot.md')).label).toBe('public')
  expect(await ask()).toBe('public')
  // Raising it, and what was never said, needs nobody.
  await write('Guillemot.md', '---\nsensitivity: confidential\n---\nThe guillemot dives.')
  await indexed('Guillemot.md', 'dives')
  await write('New.md', 'The puffin is new.')
  await indexed('New.md', 'puffin')
  await write('New.md', '---\nsensitivity: public\n---\nThe puffin is known.')
  await indexed('New.md', 'known')
  expect((await held(owner)).map(({ note }) => note)).toEqual(['Late.md'])
})

test('owners and properties decide, and stay as far as a rule looks at them', async () => {
  const { users } = (await (await owner('/api/access/users')).json()) as { users: UserInfo[] }
  const id = users.find(({ name }) => name === 'Bob')?.id ?? ''
  const when = [['resource.property.status', '==', 'draft']]
  const deny = { id: 'd2', principal: `user:${id}`, actions: ['read'], scope: `vault:${vault}`, except: [], when }
  await write('Draft.md', '---\nstatus: draft\nowner: ana\n---\nThe razorbill plan.')
  await write('Final.md', '---\nstatus: final\nowner: ben\n---\nThe razorbill report.')
  await until('both are there', async () => (await find(owner, 'razorbill')).length === 2)
  await setDenies([deny])
  expect(await find(bob, 'razorbill')).toEqual(['Final.md'])
  await write('Draft.md', '---\nstatus: final\nowner: ben\n---\nThe razorbill plan, ended.')
  await indexed('Draft.md', 'ended')
  expect(await find(bob, 'razorbill')).toEqual(['Final.md'])
  expect((await held(owner)).find(({ note }) => note === 'Draft.md')?.attributes).toEqual([
    { attribute: 'resource.property.status', held: 'draft', said: 'final' },
  ])
  expect((await confirm(owner, 'Draft.md')).status).toBe(204)
  expect(await find(bob, 'razorbill')).toEqual(['Draft.md', 'Final.md'])
  await setDenies([{ ...deny, when: [['resource.owner', '==', 'ben']] }])
  expect(await find(bob, 'razorbill')).toEqual([])
})
