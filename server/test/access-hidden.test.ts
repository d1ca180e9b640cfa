/** What somebody may not know of looks like what is not there, to those too who share the place around it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { VaultInfo } from '@cairn/contract'
import { until } from './harness.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(120_000)

const vaults = {
  eng: {
    'open/a.md': '# A\n\nThe limpet waits.',
    'hushed/b.md': '# B\n\nThe canaryhushed sings.',
    'open/quiet.md': '---\ntags: [quiet]\n---\n# Quiet\n\nThe canaryquiet sings.',
  },
}

let team: Team
/** Shares the vault, and is outside of what is restricted in it. */
let cora: Member
/** Is inside. */
let leo: Member
/** Reads the vault. */
let rita: Member

beforeAll(async () => {
  team = await openTeam({ vaults })
  ;[cora, leo, rita] = [await team.person('Cora'), await team.person('Leo'), await team.person('Rita')]
  await team.grant(cora.principal, 'curator', 'vault:eng')
  await team.grant(rita.principal, 'viewer', 'vault:eng')
  await team.grant(leo.principal, 'curator', 'folder:eng/hushed')
  await team.change((document) => ({
    ...document,
    barriers: [{ scope: 'folder:eng/hushed' }],
    denies: [{ id: 'quiet', principal: cora.principal, actions: ['discover'], scope: 'tag:quiet' }],
  }))
})
afterAll(() => team[Symbol.asyncDispose]())

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** Everything that a reader can ask, but for what each reply has of its own. */
async function walk(member: Member): Promise<Record<string, string>> {
  const vault = team.vaultIds['eng']
  const asked: Record<string, Promise<Response>> = {
    vaults: member.call('/api/vaults'),
    notes: member.call(`/api/vaults/${vault}/notes`),
    note: member.call(`/api/vaults/${vault}/notes/open/a.md`),
    'hidden note': member.call(`/api/vaults/${vault}/notes/hushed/b.md`),
    related: member.call(`/api/vaults/${vault}/related/open/a.md`),
    held: member.call('/api/held'),
    keyword: member.send('/v1/search', { query: 'the limpet waits', mode: 'keyword' }),
    semantic: member.send('/v1/search', { query: 'the limpet waits', mode: 'semantic' }),
    hybrid: member.send('/v1/search', { query: 'the limpet waits' }),
    ask: member.send('/v1/ask', { question: 'What does the limpet do?' }),
    'dry run': member.send('/v1/ask', { question: 'What does the limpet do?', dryRun: true }),
    session: member.call('/auth/session'),
    matrix: member.call('/api/access/matrix'),
    statements: member.call(`/api/access/statements?scope=vault%3A${vault}`),
    explain: member.send('/api/access/explain', { action: 'read', resource: team.scope('note:eng/hushed/b.md') }),
    models: member.call('/api/models'),
  }
  const told: Record<string, string> = {}
  for (const [name, reply] of Object.entries(asked)) {
    const got = await reply
    const headers = [...got.headers].filter(
      ([key]) => !/^(date|.*request-id|x-cairn-overhead.*|content-length)$/.test(key),
    )
    told[name] = `${got.status} ${JSON.stringify(headers)} ${await got.text()}`
      .replace(/req_[a-z0-9]+/g, 'req')
      .replace(/"(?:overheadMs|auditSeq|ms|lastUsedAt)":[\d.]+/g, '"number"')
  }
  return told
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

const get = (path: string, query: Record<string, string>): Sent => ({
  method: 'GET',
  path: `${path}?${new URLSearchParams(query).toString()}`,
})
const post = (path: string, body: unknown): Sent => ({ method: 'POST', path, body })

/** What is asked about a place; none of it changes anything for who may not. */
const rows: Readonly<Record<string, (scope: string) => Sent | null>> = {
  statements: (scope) => get('/api/access/statements', { scope }),
  who: (scope) => get('/api/access/who', { action: 'read', resource: scope }),
  principals: (scope) => get('/api/access/principals', { scope }),
  grant: (scope) => post('/api/access/grants', { principal: rita.principal, role: 'viewer', scope }),
  'grant of a role that is none': (scope) =>
    post('/api/access/grants', { principal: rita.principal, role: 'wizard', scope }),
  'grant to nobody': (scope) => post('/api/access/grants', { principal: 'user:nobody', role: 'viewer', scope }),
  barrier: (scope) => (scope.startsWith('note:') ? null : post('/api/access/barriers', { scope })),
  'lifting a barrier': (scope) => ({ ...get('/api/access/barriers', { scope }), method: 'DELETE' }),
  'why, of oneself': (scope) => post('/api/access/explain', { action: 'read', resource: scope }),
  'why not share': (scope) => post('/api/access/explain', { action: 'share', resource: scope }),
  'why, of another': (scope) =>
    post('/api/access/explain', { subject: rita.principal, action: 'read', resource: scope }),
}

async function bytesOf(member: Member, { method, path, body }: Sent, scope: string): Promise<string> {
  const reply = await (method === 'GET' || method === 'DELETE'
    ? member.call(path, { method })
    : member.send(path, body, method))
  const headers = [...reply.headers].filter(([name]) => !/^(date|x-request-id|content-length)$/.test(name))
  const name = scope.slice(scope.indexOf('/') + 1)
  return `${reply.status}\n${JSON.stringify(headers)}\n${await reply.text()}`
    .replaceAll(name, '{name}')
    .replace(/req_[a-z0-9]+/g, 'req')
}

describe('who shares a vault is answered about what is hidden in it as about what is missing', () => {
  const pairs = [
    ['a restricted folder', 'folder:eng/hushed', 'folder:eng/nobody'],
    ['a note in it', 'note:eng/hushed/b.md', 'note:eng/hushed/x.md'],
    ['a note with a hidden tag', 'note:eng/open/quiet.md', 'note:eng/open/none0.md'],
  ] as const
  for (const [what, hidden, missing] of pairs)
    for (const [name, make] of Object.entries(rows))
      test(`${name}: ${what}`, async () => {
        for (const member of [cora, rita]) {
          const [there, gone] = [team.scope(hidden), team.scope(missing)]
          const sent = make(there)
          const other = make(gone)
          // Who may discover the note has nothing hidden from them there.
          if (sent === null || other === null || (member === rita && what === 'a note with a hidden tag')) continue
          expect(await bytesOf(member, sent, there)).toBe(await bytesOf(member, other, gone))
        }
      })

  test('and is answered about what they see', async () => {
    const open = team.scope('folder:eng/open')
    for (const name of ['statements', 'who', 'why, of another']) {
      const sent = rows[name]?.(open)
      if (sent) expect((await bytesOf(cora, sent, open)).slice(0, 3)).toBe('200')
    }
    const hushed = rows['statements']?.(team.scope('folder:eng/hushed'))
    if (hushed) expect((await bytesOf(leo, hushed, '/x')).slice(0, 3)).toBe('200')
  })
})

test('who shares a folder or vault sees no statement that stands above it', async () => {
  const grants = async (member: Member, scope: string) => {
    const path = `/api/access/statements?scope=${encodeURIComponent(team.scope(scope))}`
    return (await take<{ grants: { scope: string }[] }>(member.call(path))).grants.map((grant) => grant.scope)
  }
  const vault = team.scope('vault:eng')
  expect(new Set(await grants(cora, 'vault:eng'))).toEqual(new Set([vault]))
  expect(new Set(await grants(leo, 'folder:eng/hushed'))).toEqual(new Set([team.scope('folder:eng/hushed')]))
  expect(new Set(await grants(team.owner, 'vault:eng'))).toEqual(new Set([vault, 'org:cairn']))
  const asked = `/api/access/who?${new URLSearchParams({ action: 'read', resource: vault }).toString()}`
  const { subjects } = await take<{ subjects: { principal: string; because: string[] }[] }>(cora.call(asked))
  const because = Object.fromEntries(subjects.map((each) => [each.principal, each.because]))
  expect(because[team.owner.principal]).toEqual(['A rule that you may not see decides this.'])
  expect(because[rita.principal]?.[0]).toContain('viewer')
})

test('an edit of a hidden note moves nothing that somebody else sees, and is no event', async () => {
  const leave = new AbortController()
  const stream = await rita.call('/api/vaults', { headers: { accept: 'text/event-stream' }, signal: leave.signal })
  let events = ''
  const reading = (async () => {
    for await (const chunk of stream.body ?? []) events += new TextDecoder().decode(chunk)
  })().catch(() => undefined)
  await walk(rita)
  const before = await walk(rita)
  const versionOf = async () => {
    const { vaults: listed } = await take<{ vaults: VaultInfo[] }>(team.owner.call('/api/vaults'))
    return [listed[0]?.index.version, listed[0]?.index.state]
  }
  const [version] = await versionOf()
  const told = events
  expect(told.match(/^event: vaults/gm)).toHaveLength(1)
  const text = '# B\n\nThe limpet waits, the limpet waits and the canaryhushed sings of a limpet.\n\n'
  await team.write('eng', 'hushed/b.md', text.repeat(20))
  await team.write('eng', 'hushed/new.md', text)
  await until('the hidden edit is indexed', async () => {
    const [now, state] = await versionOf()
    return (
      state === 'ready' &&
      now !== version &&
      (await leo.call(`/api/vaults/${team.vaultIds['eng']}/notes`).then((r) => r.text())).includes('new.md')
    )
  })
  await pause(600)
  expect(await walk(rita)).toEqual(before)
  expect(events.replaceAll(/^:.*\n\n/gm, '')).toBe(told.replaceAll(/^:.*\n\n/gm, ''))
  leave.abort()
  await reading
})

test('a simulation counts what its asker may not know of, and names none of it', async () => {
  const sam = await team.person('Sam')
  const auditor = await team.grant(sam.principal, 'auditor', 'org:cairn')
  await team.grant(sam.principal, 'viewer', 'folder:eng/open')
  const { document } = await team.policy()
  const grants = document.grants.filter(({ principal }) => principal !== leo.principal && principal !== rita.principal)
  type Simulated = { notes: { subject: string; lost: number; examples: { lost: string[] } }[] }
  const asked = await sam.send('/api/access/simulate', { document: { ...document, grants }, actions: ['read'] })
  const { notes } = await take<Simulated>(asked)
  const lostBy = (member: Member) => notes.find(({ subject }) => subject === member.principal)
  expect(lostBy(leo)?.lost).toBeGreaterThan(0)
  expect(lostBy(leo)?.examples.lost).toEqual([])
  expect(lostBy(rita)?.examples.lost).toContain(team.scope('note:eng/open/a.md'))
  expect(JSON.stringify(notes)).not.toContain('hushed')
  await team.revoke(auditor)
})
