/** Vaults that devices sync, as the API shows them: notes in, found and gone again; who may; what is refused. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { auditPageSchema, type NotesWritten, type SearchResult, type SyncReply, type VaultInfo } from '@cairn/contract'
import { until } from './harness.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

const [laptop, phone] = ['laptop0000000000', 'phone00000000000']
const versionOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)

let team: Team
let vault: string
let ann: Member

/** A run with named folders has no synced vaults, so the server is one without. */
beforeAll(async () => {
  team = await openTeam({})
  vault = (await take<VaultInfo>(team.owner.send('/api/vaults', { source: 'sync', name: 'Field notes' }))).id
  ann = await team.person('Ann')
})

afterAll(() => team[Symbol.asyncDispose]())

const sync = (who: Member, body: object, id = vault) =>
  who.send(`/api/vaults/${id}/sync`, { device: laptop, base: 0, ...body })
const put = (who: Member, notes: Record<string, string>, more: object = {}) =>
  who.send(
    `/api/vaults/${vault}/notes`,
    {
      device: laptop,
      notes: Object.entries(notes).map(([path, text]) => ({ path, match: null, text, mtime: 1 })),
      ...more,
    },
    'PUT',
  )
const one = (who: Member, method: string, path: string, headers: Record<string, string>, text?: string) =>
  who.send(`/api/vaults/${vault}/notes/${path}`, text === undefined ? undefined : { text }, method, {
    'cairn-device': laptop,
    ...headers,
  })
const search = async (query: string) =>
  (
    await take<{ results: SearchResult[] }>(team.owner.send('/v1/search', { vault, query, mode: 'keyword' }))
  ).results.map(({ note }) => note)
const found = (query: string, notes: string[]) =>
  until(
    `${query} finds ${notes.join()}`,
    async () => (await search(query)).toSorted().join() === notes.toSorted().join(),
  )
const codeOf = async (reply: Promise<Response>) => {
  const got = await reply
  return `${got.status} ${((await got.json()) as { code?: string }).code ?? ''}`
}
const files = (notes: Record<string, string>) =>
  Object.entries(notes).map(([path, text]) => ({ path, version: versionOf(text), size: text.length }))

describe('notes that a device sends', () => {
  test('are compared, stored, found, renamed and deleted', async () => {
    const notes = { 'Birds/heron.md': 'The heron waits at the weir.', 'tide.md': 'The tide turns at six.' }
    const asked = await take<SyncReply>(sync(team.owner, { deviceName: 'Laptop', files: files(notes) }))
    expect(asked).toMatchObject({
      need: [
        { path: 'Birds/heron.md', match: null },
        { path: 'tide.md', match: null },
      ],
      conflicts: [],
      publisher: { device: laptop, name: 'Laptop' },
      isPublisher: true,
    })
    expect((await take<NotesWritten>(put(team.owner, notes))).stored).toHaveLength(2)
    await found('heron', ['Birds/heron.md'])
    const again = await take<SyncReply>(sync(team.owner, { files: files(notes), range: { after: null, upTo: null } }))
    expect(again).toMatchObject({ need: [], conflicts: [], gone: [] })

    const moved = { path: 'Birds/heron.md', match: versionOf(notes['Birds/heron.md']) }
    await take(put(team.owner, { 'Water/heron.md': notes['Birds/heron.md'] }, { deleted: [moved] }))
    await found('heron', ['Water/heron.md'])

    const rest = await take<SyncReply>(
      sync(team.owner, { files: files({ 'tide.md': notes['tide.md'] }), range: { after: null, upTo: null } }),
    )
    expect(rest.gone).toEqual(['Water/heron.md'])
    await take(sync(team.owner, { deleted: rest.gone }))
    await found('heron', [])
    await found('tide', ['tide.md'])
  })

  test('are written one by one with If-Match', async () => {
    const stored = await one(team.owner, 'PUT', 'One/otter.md', { 'if-none-match': '*' }, 'An otter.')
    expect([stored.status, stored.headers.get('etag')]).toEqual([204, `"${versionOf('An otter.')}"`])
    expect(await codeOf(one(team.owner, 'PUT', 'One/otter.md', { 'if-none-match': '*' }, 'Two otters.'))).toBe(
      '412 note.changed',
    )
    expect(await codeOf(one(team.owner, 'PUT', 'One/otter.md', {}, 'Two otters.'))).toBe('400 request.invalid')
    const match = { 'if-match': `"${versionOf('An otter.')}"` }
    expect(await codeOf(one(team.owner, 'PUT', 'One/otter.md', { ...match, 'cairn-device': 'x' }, 'Two otters.'))).toBe(
      '400 request.invalid',
    )
    expect((await one(team.owner, 'PUT', 'One/otter.md', match, 'Two otters.')).status).toBe(204)
    await found('otters', ['One/otter.md'])
    expect(await codeOf(one(team.owner, 'DELETE', 'One/otter.md', match))).toBe('412 note.changed')
    expect(
      (await one(team.owner, 'DELETE', 'One/otter.md', { 'if-match': `"${versionOf('Two otters.')}"` })).status,
    ).toBe(204)
    await found('otters', [])
  })

  test('are gone from server and search when they are excluded, before the call is answered', async () => {
    await take(put(team.owner, { 'Private/canary.md': 'The canary sings. #private' }))
    await found('canary', ['Private/canary.md'])
    const reply = await take<SyncReply>(sync(team.owner, { excluded: ['Private/canary.md'] }))
    expect(reply.isPruned).toBe(true)
    expect(await search('canary')).toEqual([])
    expect((await team.owner.call(`/api/vaults/${vault}/notes/Private/canary.md`)).status).toBe(404)
  })

  test('are in the audit log by their number, never by their words', async () => {
    const entries = async (type: string) =>
      auditPageSchema.parse(await take(team.owner.call(`/api/audit/events?fresh=true&type=${type}&limit=50`))).entries
    const synced = await entries('vault.synced')
    const sum = (field: string) => synced.reduce((all, { fields }) => all + Number(fields[field] ?? 0), 0)
    expect([sum('stored'), sum('deleted'), sum('excluded')]).toEqual([6, 3, 1])
    expect(JSON.stringify(synced)).not.toMatch(/canary|otter|heron/)
    expect(await entries('vault.taken-over')).toHaveLength(1)
    // Each was on record before it was done.
    const intended = new Set((await entries('call.intended')).map(({ context }) => context['requestId']))
    for (const { context } of synced) expect(intended.has(context['requestId'] ?? '')).toBe(true)
  })
})

describe('one device publishes', () => {
  test('others hear how they differ, change nothing, and take over only from the one they were shown', async () => {
    const other = (body: object) => sync(team.owner, { device: phone, deviceName: 'Phone', ...body })
    const before = await take<SyncReply>(
      other({ files: files({ 'new.md': 'new' }), deleted: ['tide.md'], excluded: ['tide.md'] }),
    )
    expect(before).toMatchObject({ need: [{ path: 'new.md' }], isPublisher: false, publisher: { name: 'Laptop' } })
    expect(before.conflicts).toMatchObject([{ path: 'tide.md', kind: 'changed' }])
    expect(await search('tide')).toEqual(['tide.md'])
    expect(await codeOf(put(team.owner, { 'new.md': 'new' }, { device: phone }))).toBe('409 vault.not-publisher')
    expect(await codeOf(other({ takeOver: 'somebody00000000' }))).toBe('409 vault.not-publisher')
    expect(await take<SyncReply>(other({ takeOver: laptop }))).toMatchObject({
      isPublisher: true,
      publisher: { name: 'Phone' },
    })
    expect(await codeOf(put(team.owner, { 'new.md': 'new' }))).toBe('409 vault.not-publisher')
    await take(sync(team.owner, { takeOver: phone, deviceName: 'Laptop' }))
  })
})

describe('who may', () => {
  test('a vault is made and seen by who may configure it, and published by who may write all of it', async () => {
    expect(await codeOf(ann.send('/api/vaults', { source: 'sync', name: 'Mine' }))).toBe('403 access.forbidden')
    expect(await codeOf(sync(ann, {}))).toBe('404 vault.not-found')
    await team.grant(ann.principal, 'asker', `vault:${vault}`)
    expect(await codeOf(sync(ann, { takeOver: laptop, device: phone }))).toBe('403 access.forbidden')
    const reply = await take<SyncReply>(sync(ann, { files: files({ 'tide.md': 'x', 'not-there.md': 'x' }) }))
    // The same answer for what is there and what is not.
    expect(reply.conflicts).toEqual([
      { path: 'tide.md', kind: 'forbidden', version: null },
      { path: 'not-there.md', kind: 'forbidden', version: null },
    ])
    const written = await take<NotesWritten>(put(ann, { 'evil.md': 'x' }))
    expect(written).toMatchObject({ stored: [], conflicts: [{ path: 'evil.md', kind: 'forbidden' }] })
    expect(await codeOf(one(ann, 'PUT', 'evil.md', { 'if-none-match': '*' }, 'x'))).toBe('403 access.forbidden')
    expect(await codeOf(one(ann, 'DELETE', 'tide.md', { 'if-match': `"${versionOf('x')}"` }))).toBe(
      '403 access.forbidden',
    )
    expect(await codeOf(sync(ann, { excluded: ['tide.md'] }))).toBe('403 access.forbidden')
  })

  test('an editor publishes, but for what a rule keeps from them', async () => {
    const eve = await team.person('Eve')
    await team.grant(eve.principal, 'editor', `vault:${vault}`)
    await take(put(team.owner, { 'Board/minutes.md': 'Minutes of the board.' }))
    await found('minutes', ['Board/minutes.md'])
    await team.change((document) => ({
      ...document,
      denies: [{ id: 'no-board', principal: eve.principal, actions: ['write'], scope: `folder:${vault}/Board` }],
    }))
    const notes = { 'Board/minutes.md': 'Other minutes.', 'eve.md': 'Eve was here.' }
    const reply = await take<SyncReply>(sync(eve, { files: files(notes), range: { after: null, upTo: null } }))
    expect(reply.need).toEqual([{ path: 'eve.md', match: null }])
    expect(reply.conflicts.filter(({ kind }) => kind === 'forbidden').map(({ path }) => path)).toEqual([
      'Board/minutes.md',
    ])
    expect((await take<NotesWritten>(put(eve, notes))).stored.map(({ path }) => path)).toEqual(['eve.md'])
  })
})

describe('what is refused', () => {
  const paths = [
    '../up.md',
    'a//b.md',
    '/a.md',
    '.obsidian/a.md',
    'a/.hidden.md',
    'note.txt',
    'e\u0301.md',
    'a\u0000.md',
    'a\\b.md',
    ' a.md',
    `${'x'.repeat(300)}.md`,
    `${'x/'.repeat(70)}a.md`,
    '\ud800.md',
  ]
  for (const path of paths)
    test(`the path ${JSON.stringify(path.slice(0, 20))}`, async () => {
      expect(await codeOf(put(team.owner, { [path]: 'x' }))).toBe('400 request.invalid')
      expect(await codeOf(sync(team.owner, { files: [{ path, version: versionOf('x'), size: 1 }] }))).toBe(
        '400 request.invalid',
      )
    })

  test('too much at once, and text that is none', async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`${at}.md`, 'x']))
    expect(await codeOf(put(team.owner, many))).toBe('400 request.invalid')
    expect(await codeOf(put(team.owner, { 'a.md': 'zero\0byte' }))).toBe('400 request.invalid')
    const twice = { notes: ['x', 'y'].map((text) => ({ path: 'a.md', match: null, text, mtime: 1 })) }
    expect(await codeOf(put(team.owner, {}, twice))).toBe('400 request.invalid')
    expect(await codeOf(sync(team.owner, { base: -1 }))).toBe('400 request.invalid')
    expect(await codeOf(sync(team.owner, { device: 'Me' }))).toBe('400 request.invalid')
  })

  test('two names that differ in case only are two notes', async () => {
    await take(put(team.owner, { 'Case.md': 'Upper limpet.', 'case.md': 'Lower limpet.' }))
    await found('limpet', ['Case.md', 'case.md'])
  })

  test('a folder that the server watches', async () => {
    await using watched = await openTeam({ vaults: { watched: { 'note.md': 'A watched note.' } } })
    const id = watched.vaultIds['watched'] ?? ''
    const { owner } = watched
    const codes = [
      codeOf(sync(owner, {}, id)),
      codeOf(owner.send(`/api/vaults/${id}/notes`, { device: laptop }, 'PUT')),
      codeOf(owner.send(`/api/vaults/${id}/notes/note.md`, { text: 'x' }, 'PUT')),
      codeOf(owner.send(`/api/vaults/${id}/notes/note.md`, undefined, 'DELETE')),
    ]
    expect(await Promise.all(codes)).toEqual(Array.from({ length: 4 }, () => '409 vault.watched'))
    expect(await codeOf(owner.send('/api/vaults', { source: 'sync', name: 'Synced' }))).toBe('409 vault.sync-in-run')
  })
})

test('a removed vault is gone with its notes', async () => {
  expect((await team.owner.call(`/api/vaults/${vault}`, { method: 'DELETE' })).status).toBe(204)
  expect(await codeOf(sync(team.owner, {}))).toBe('404 vault.not-found')
})

test('a device that was paired may send, and no more than the person may', async () => {
  const pair = async (person: Member) => {
    const begun = await take<{ device_code: string; user_code: string }>(
      fetch(`${team.url}/api/access/devices`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ clientName: 'Obsidian on Linux' }),
      }),
    )
    await take(person.act('/api/access/devices/decide', { userCode: begun.user_code, approve: true }))
    const { access_token: key } = await take<{ access_token: string }>(
      fetch(`${team.url}/api/access/devices/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ device_code: begun.device_code }),
      }),
    )
    return (body: object) =>
      fetch(`${team.url}/api/vaults/${id}/sync`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ device: 'paired0000000000', base: 0, ...body }),
      })
  }
  const { id } = await take<VaultInfo>(team.owner.send('/api/vaults', { source: 'sync', name: 'Of a device' }))
  const [editor, asker] = [await team.person('Edda'), await team.person('Aske')]
  await team.grant(editor.principal, 'editor', `vault:${id}`)
  await team.grant(asker.principal, 'asker', `vault:${id}`)
  expect((await (await pair(asker))({})).status).toBe(403)
  const note = { path: 'a.md', version: versionOf('a'), size: 1 }
  const reply = await take<SyncReply>((await pair(editor))({ files: [note] }))
  expect(reply).toMatchObject({ isPublisher: true, need: [{ path: 'a.md', match: null }], conflicts: [] })
})
