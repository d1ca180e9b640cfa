/** What the log keeps of the use of notes and models, set on a running server: nothing, who and when, or also texts. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditEntryView, AuditLevels, AuditPageView } from '@cairn/contract'
import { openTeam, take, type Member, type Team } from './kit/team.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'
import { until } from './harness.ts'

setDefaultTimeout(60_000)

/** Stands in what is asked and in what is answered, and in no file in clear. */
const canary = 'zebrafinch'
const purpose = 'A trial of a week.'

let upstream: Upstream
let team: Team
let ben: Member
let insider: Member
let auditor: Member

beforeAll(async () => {
  upstream = await startUpstream({ models: ['test-chat', 'test-embed'] })
  team = await openTeam({
    vaults: {
      eng: { 'Pier.md': `# Pier\n\nThe pier has four boats.`, 'HR/Pay.md': '# Pay\n\nThe captain earns nine shells.' },
    },
    config: {
      upstreams: [{ id: 'kit', dialect: 'openai', baseUrl: upstream.url, models: ['test-chat', 'test-embed'] }],
    },
  })
  ;[ben, insider, auditor] = [await team.person('Ben'), await team.person('Ida'), await team.person('Audrey')]
  await team.change((document) => ({
    ...document,
    roles: [...document.roles, { id: 'text-auditor', inherits: ['auditor'], actions: ['audit.content'] }],
  }))
  for (const role of ['asker', 'model-user']) await team.grant(ben.principal, role, 'org:cairn')
  await team.grant(insider.principal, 'text-auditor', 'org:cairn')
  await team.grant(auditor.principal, 'auditor', 'org:cairn')
})
afterAll(async () => {
  await team[Symbol.asyncDispose]()
  await upstream.close()
})

const set = (rules: AuditLevels['rules'], keepDays = 7) =>
  take<AuditLevels>(team.owner.send('/api/audit/levels', { rules, keepDays }, 'PUT'))
const events = async (query: string): Promise<AuditEntryView[]> =>
  (await take<AuditPageView>(auditor.call(`/api/audit/events?fresh=true&${query}`))).entries
const chat = (body: object) => ({
  model: 'test-chat',
  messages: [{ role: 'user', content: `Say ${canary}.` }],
  ...body,
})
const textsOf = async ({ seq }: AuditEntryView) =>
  take<{ request: string | null; response: string | null; purpose: string; of: string }>(
    insider.call(`/api/audit/events/${seq}/texts`),
  )

/** Of one call, once its end is on record; a stream is read to its end. */
async function entriesOf(reply: Response, isWhole: (entries: readonly AuditEntryView[]) => boolean) {
  expect(reply.status).toBe(200)
  await reply.text()
  let found: AuditEntryView[] = []
  await until('the call is on record', async () => {
    found = await events(`request=${reply.headers.get('x-request-id')}`)
    return isWhole(found)
  })
  return found
}

async function captured(reply: Response): Promise<AuditEntryView> {
  const isCapture = ({ type }: AuditEntryView) => type === 'call.captured'
  const entries = await entriesOf(reply, (found) => found.some(isCapture))
  return entries.find(isCapture) as AuditEntryView
}

/** A capture stands right after the end of its call. */
async function expectNoTexts(reply: Response): Promise<void> {
  const entries = await entriesOf(reply, (found) => found.length > 0)
  await set((await take<AuditLevels>(team.owner.call('/api/audit/levels'))).rules)
  expect((await events(`request=${reply.headers.get('x-request-id')}`)).length).toBe(entries.length)
  expect(entries.map(({ type }) => type)).not.toContain('call.captured')
}

test('by default texts are kept of nothing, and everybody may see that', async () => {
  expect(await take<AuditLevels>(ben.call('/api/audit/levels'))).toEqual({ rules: [], keepDays: 7 })
  await expectNoTexts(await ben.send('/v1/chat/completions', chat({})))
})

test('who sets them is allowed to, says why, and it is on record', async () => {
  expect((await auditor.send('/api/audit/levels', { rules: [], keepDays: 7 }, 'PUT')).status).toBe(403)
  const wrong = await team.owner.send('/api/audit/levels', { rules: [{ level: 'request' }], keepDays: 7 }, 'PUT')
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('purpose')])
  const lost = await team.owner.send(
    '/api/audit/levels',
    { rules: [{ level: 'none', vault: 'none' }], keepDays: 7 },
    'PUT',
  )
  expect([lost.status, await lost.text()]).toEqual([400, expect.stringContaining('rules.0.vault')])
  await set([{ level: 'request', provider: 'kit', purpose }], 9)
  const [entry] = await events('type=levels.changed')
  expect(entry?.fields).toMatchObject({ levels: ['all: request'], keepDays: 9 })
})

describe('with texts', () => {
  beforeAll(() => set([{ level: 'request-response', provider: 'kit', purpose }]))

  const messages = { model: 'test-chat', max_tokens: 50, messages: [{ role: 'user', content: `Say ${canary}.` }] }
  const calls: [name: string, path: string, body: object, of: string][] = [
    ['a chat', '/v1/chat/completions', chat({}), 'chat.completed'],
    ['a streamed chat', '/v1/chat/completions', chat({ stream: true }), 'chat.completed'],
    ['messages', '/v1/messages', messages, 'messages.completed'],
    ['streamed messages', '/v1/messages', { ...messages, stream: true }, 'messages.completed'],
    ['responses', '/v1/responses', { model: 'test-chat', input: `Say ${canary}.` }, 'responses.completed'],
    [
      'streamed responses',
      '/v1/responses',
      { model: 'test-chat', input: `Say ${canary}.`, stream: true },
      'responses.completed',
    ],
  ]
  test.each(calls)('%s is kept as it was asked and as it was told', async (_name, path, body, of) => {
    const reply = await ben.send(path, body)
    const told = await reply.clone().text()
    const entry = await captured(reply)
    expect(entry.fields).toMatchObject({ of, level: 'request-response', isCut: false })
    expect(JSON.stringify(entry)).not.toContain(canary)
    const texts = await textsOf(entry)
    expect(texts).toMatchObject({ of, purpose, request: JSON.stringify(body) })
    expect(texts.response).not.toBe('')
    // Of a stream the pieces of its text, one after another.
    if ('stream' in body) expect(texts.response).not.toContain('data:')
    else expect(texts.response).toBe(told)
  })

  test('embeddings have what was asked alone', async () => {
    const entry = await captured(await ben.send('/v1/embeddings', { model: 'test-embed', input: canary }))
    expect(await textsOf(entry)).toMatchObject({ of: 'embeddings.created', response: null })
  })

  test('what is too long is cut, and the entry says so', async () => {
    const long = chat({ messages: [{ role: 'user', content: 'ä😀'.repeat(40_000) }] })
    const entry = await captured(await ben.send('/v1/chat/completions', long))
    expect(entry.fields).toMatchObject({ isCut: true, requestLength: JSON.stringify(long).length })
    expect((await textsOf(entry)).request).toHaveLength(65_536)
  })

  test('reading them needs a permission that no role has, and is on record for the one they are of', async () => {
    const entry = await captured(await ben.send('/v1/chat/completions', chat({ seed: 1 })))
    for (const who of [team.owner, auditor, ben])
      expect((await who.call(`/api/audit/events/${entry.seq}/texts`)).status).toBe(403)
    await textsOf(entry)
    const [read] = await events('type=capture.read')
    expect(read).toMatchObject({ actor: insider.id, fields: { entry: entry.seq, of: ben.id } })
    expect((await insider.call('/api/audit/events/0/texts')).status).toBe(404)
  })
})

describe('by place', () => {
  const ask = (question: string) => ben.send('/v1/ask', { question, model: 'extractive' })
  const eng = () => team.vaultIds['eng'] ?? ''

  test('a question over notes of a folder is kept with its answer, another is not', async () => {
    await set([{ level: 'request-response', vault: eng(), folder: 'HR', purpose }])
    const question = 'What does the captain earn?'
    const entry = await captured(await ask(question))
    const texts = await textsOf(entry)
    expect(texts).toMatchObject({ of: 'question.asked', request: question })
    expect(texts.response).toContain('nine shells')
    await expectNoTexts(await ask('How many boats has the pier?'))
  })

  test('a folder of which nothing is kept leaves no entry, and the others stay', async () => {
    await set([{ level: 'none', vault: eng(), folder: 'HR' }])
    await team.grant(ben.principal, 'viewer', 'vault:eng')
    const before = (await events(`actor=${ben.id}&type=note.read`)).length
    for (const note of ['HR/Pay.md', 'Pier.md']) await take(ben.call(`/api/vaults/${eng()}/notes/${note}`))
    const after = await events(`actor=${ben.id}&type=note.read`)
    expect(after.length).toBe(before + 1)
    expect((await take<AuditLevels>(auditor.call('/api/audit/levels'))).rules).toHaveLength(1)
  })

  test('who may not know of the place is told the rule without it', async () => {
    const stranger = await team.person('Ola')
    expect((await take<AuditLevels>(stranger.call('/api/audit/levels'))).rules).toEqual([{ level: 'none' }])
  })
})

test('whoever is forgotten is so in texts too; nothing of them ever stood in a file in clear', async () => {
  await set([{ level: 'request-response', purpose }])
  const entry = await captured(await ben.send('/v1/chat/completions', chat({ seed: 2 })))
  expect((await textsOf(entry)).request).toContain(canary)
  await team.app.audit.erase({ actor: team.owner.id, requestId: null }, [ben.id], { reason: 'request', request: 'r' })
  expect(await textsOf(entry)).toMatchObject({ request: null, response: null, blocks: { request: 'erased' } })
  const folder = join(team.folderOf(''), '..', 'data')
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
  const audit = files.filter(({ name }) => name.startsWith('audit'))
  expect(audit.length).toBeGreaterThan(1)
  for (const { parentPath, name } of audit)
    expect([name, (await readFile(join(parentPath, name))).includes(canary)]).toEqual([name, false])
})
