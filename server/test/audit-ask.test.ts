/** Asking the audit log of a running server: who is answered, what they are shown, and following it live. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  auditEventTable,
  auditPageSchema,
  auditSummarySchema,
  type AuditEntryView,
  type AuditPageView,
  type AuditSummaryView,
} from '@cairn/contract'
import { createAuditReader } from '../src/audit/index.ts'
import { createLogger, systemClock } from '../src/base/index.ts'
import { placeFields, placelessFields } from '../src/http/handlers/audit-sight.ts'
import { pause, until } from './harness.ts'
import { openTeam, take, type Member, type Team } from './kit/team.ts'

setDefaultTimeout(60_000)

let team: Team
let ann: Member
let auditor: Member
let reader: Member

beforeAll(async () => {
  team = await openTeam({
    vaults: { eng: { 'open/plan.md': '# Plan\n\nBoats.', 'secret/heron.md': '# Heron\n\nThe heron nests here.' } },
  })
  ann = await team.person('Ann')
  auditor = await team.person('Audrey')
  reader = await team.person('Rex')
  await team.grant(ann.principal, 'asker', 'vault:eng')
  await team.grant(auditor.principal, 'auditor', 'org:cairn')
  await team.grant(reader.principal, 'auditor', 'org:cairn')
  await team.grant(reader.principal, 'viewer', 'folder:eng/open')
  for (const note of ['open/plan.md', 'secret/heron.md'])
    await take(ann.call(`/api/vaults/${team.vaultIds['eng']}/notes/${note}`))
  await take(ann.send('/v1/search', { query: 'heron' }))
})
afterAll(() => team[Symbol.asyncDispose]())

const eng = () => team.vaultIds['eng'] ?? ''
const events = (who: Member, query: Record<string, string | number> = {}) =>
  take<AuditPageView>(who.call(`/api/audit/events?${words({ fresh: 'true', ...query })}`))
const words = (query: Record<string, string | number>) =>
  new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])).toString()
const own = (who: Member, query = '') => fetch(`${team.url}/api/account/events?${query}`, { headers: who.session })
const problem = async (reply: Response) => {
  const { code, detail } = (await reply.json()) as { code: string; detail: string }
  return { status: reply.status, code, detail }
}

describe('who is answered', () => {
  test('the owner, who set the server up alone, and an auditor are told who did what and when', async () => {
    for (const who of [team.owner, auditor]) {
      const page = auditPageSchema.parse(await events(who, { actor: ann.id, type: 'note.read,search.run' }))
      expect(page.entries.map(({ type, actor }) => [type, actor])).toEqual([
        ['search.run', ann.id],
        ['note.read', ann.id],
        ['note.read', ann.id],
      ])
      expect(page).toMatchObject({ behind: 0, next: null })
    }
  })

  test('somebody without `audit.read` is refused everywhere but for what is their own', async () => {
    for (const path of ['events', 'events/0', 'summary', 'stream'])
      expect(await problem(await ann.call(`/api/audit/${path}`))).toMatchObject({ code: 'access.forbidden' })
    const { entries } = await take<AuditPageView>(own(ann, 'fresh=true&limit=500'))
    expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set([ann.id]))
    expect(entries.filter(({ type }) => type === 'note.read').map(({ fields }) => fields)).toEqual([
      { vault: eng(), note: 'secret/heron.md' },
      { vault: eng(), note: 'open/plan.md' },
    ])
    expect(entries.every(({ blocks }) => Object.keys(blocks).every((name) => name === 'actor'))).toBe(true)
  })

  test('one’s own entries take a signed-in person, and name no filter by whom', async () => {
    expect(await problem(await ann.call('/api/account/events'))).toMatchObject({ code: 'access.forbidden' })
    expect(await problem(await own(ann, `actor=${auditor.id}`))).toMatchObject({ code: 'request.invalid' })
  })

  test('what one did to another is told to oneself without their name', async () => {
    const session = { ...team.owner, session: await sessionOf(team) }
    const { entries } = await take<AuditPageView>(own(session, 'type=user.created&limit=1'))
    expect(entries[0]).toMatchObject({ hidden: true, fields: { user: null, kind: 'user' } })
    const [told] = (await events(auditor, { type: 'user.created', limit: 1 })).entries
    expect(told).toMatchObject({ hidden: false, fields: { user: reader.id, kind: 'user' } })
  })
})

describe('what is shown', () => {
  const read = { type: 'note.read' }
  const places = ({ entries }: AuditPageView) =>
    entries.map(({ fields, hidden }) => [fields['vault'], fields['note'], hidden])

  test('paths and vaults only to who may know of them', async () => {
    const all = [
      [eng(), 'secret/heron.md', false],
      [eng(), 'open/plan.md', false],
    ]
    expect(places(await events(team.owner, { ...read, actor: ann.id }))).toEqual(all)
    expect(places(await events(auditor, { ...read, actor: ann.id }))).toEqual([
      [null, null, true],
      [null, null, true],
    ])
    expect(places(await events(reader, { ...read, actor: ann.id }))).toEqual([
      [eng(), null, true],
      [eng(), 'open/plan.md', false],
    ])
  })

  test('whoever may not know of a note cannot learn of it by asking for it', async () => {
    const find = async (who: Member, query: Record<string, string>) =>
      (await events(who, { ...query, actor: ann.id })).entries.length
    const of = (path: string) => ({ note: `${eng()}/${path}` })
    expect(await find(team.owner, of('secret/heron.md'))).toBe(1)
    expect(await find(reader, of('open/plan.md'))).toBe(1)
    expect(await find(reader, of('secret/heron.md'))).toBe(0)
    expect(await find(reader, { vault: eng() })).toBe(3)
    for (const query of [of('secret/heron.md'), of('open/plan.md'), { vault: eng() }, { vault: 'vault_nowhere' }])
      expect(await find(auditor, query)).toBe(0)
    const counts = await Promise.all(
      [auditor, reader].map(async (who) =>
        auditSummarySchema.parse(await take(who.call(`/api/audit/summary?by=vault&type=note.read&actor=${ann.id}`))),
      ),
    )
    expect(counts.map(({ rows }) => rows)).toMatchObject([
      [{ group: [null], hidden: true, count: 2 }],
      [{ group: [eng()], hidden: false, count: 2 }],
    ])
  })

  test('one entry with what became of its parts; one that is not there is missing', async () => {
    const [{ seq } = { seq: -1 }] = (await events(auditor, { ...read, limit: 1 })).entries
    const entry = await take<AuditEntryView>(auditor.call(`/api/audit/events/${seq}`))
    expect(entry).toMatchObject({ seq, actor: ann.id, hidden: true, blocks: { actor: 'open' } })
    for (const none of ['999999', 'x', '-1'])
      expect(await problem(await auditor.call(`/api/audit/events/${none}`))).toMatchObject({
        status: 404,
        code: 'audit.entry-missing',
      })
  })

  test('every personal field of the table is one that is shown by place, or one that names none', () => {
    const personal = Object.values(auditEventTable).flatMap(({ fields }) =>
      Object.entries(fields).flatMap(([name, kind]) => (kind === 'personal' ? [name] : [])),
    )
    expect(personal.filter((name) => !placelessFields.has(name) && !placeFields.has(name))).toEqual([])
  })
})

describe('questions', () => {
  test('a wrong parameter is named, an unknown one refused', async () => {
    for (const [query, about] of [
      ['limit=501', 'limit: at most 500, got "501"'],
      ['limit=99999999999999999999', 'limit: '],
      ['category=auth,nothing', 'category: there is no “nothing”'],
      ['type=x', 'type: there is no “x”'],
      ['outcome=maybe', 'outcome: there is no “maybe”'],
      ['from=5&to=5', 'to: must be later'],
      ['asOf=99999999', 'asOf: the log has'],
      ['cursor=abc.def', 'cursor: not one that this server has given out'],
      ['note=plan', 'note: write VAULT/PATH'],
      ['q=a+b+c+d+e+f+g+h+i', 'q: at most 8 words'],
      ['actors=x', 'the body: unknown field "actors"'],
    ]) {
      const { status, code, detail } = await problem(await auditor.call(`/api/audit/events?${query}`))
      expect([status, code, detail]).toEqual([400, 'request.invalid', expect.stringContaining(about ?? '')])
    }
    const by = await problem(await auditor.call('/api/audit/summary?by=type,model,actor'))
    expect(by.detail).toContain('by: at most two dimensions')
  })

  test('each look is an entry, with the names of its filters and without what was looked for', async () => {
    await events(auditor, { q: 'zebrafinch', request: 'req_zebrafinch' })
    const looks = await events(team.owner, { type: 'audit.searched', actor: auditor.id, limit: 1 })
    expect(looks.entries[0]?.fields).toMatchObject({ filters: ['q', 'request'], results: 0 })
    expect(JSON.stringify(looks)).not.toContain('zebrafinch')
  })

  test('the pages of one size fit together, and come again the same', async () => {
    const { size } = await events(auditor)
    const walk = async () => {
      const pages: AuditPageView[] = []
      for (let cursor: string | null = ''; cursor !== null; cursor = pages.at(-1)?.next ?? null)
        pages.push(await events(auditor, { asOf: size, order: 'asc', limit: 7, ...(cursor === '' ? {} : { cursor }) }))
      return pages
    }
    const first = await walk()
    expect(first.flatMap(({ entries }) => entries.map(({ seq }) => seq))).toEqual([...Array(size).keys()])
    expect(await walk()).toEqual(first)
  })

  test('counts by two dimensions and by day', async () => {
    const { rows, by, bucket } = await take<AuditSummaryView>(
      auditor.call(`/api/audit/summary?by=actor,type&bucket=day&actor=${ann.id}&category=content&fresh=true`),
    )
    expect([by, bucket]).toEqual([['actor', 'type'], 'day'])
    const counts = Map.groupBy(rows, ({ group }) => String(group))
    expect([...counts.keys()].toSorted()).toEqual([`${ann.id},note.read`, `${ann.id},search.run`])
    expect((rows[0]?.start ?? 1) % 86_400_000).toBe(0)
  })
})

describe('the live tail', () => {
  const open = (who: Member, query = '', headers: Record<string, string> = {}) =>
    who.call(`/api/audit/stream?${query}`, { headers: { accept: 'text/event-stream', ...headers } })

  /** Collects what a stream tells. */
  function listen(reply: Response) {
    const heard = {
      text: '',
      ended: false,
      ids: (): number[] => [...heard.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)),
    }
    const source = reply.body?.getReader()
    const pump = async () => {
      const decoder = new TextDecoder()
      for (;;) {
        const { done = true, value } = (await source?.read()) ?? {}
        if (done) break
        heard.text += decoder.decode(value, { stream: true })
      }
      heard.ended = true
    }
    const over = pump().catch(() => undefined)
    return Object.assign(heard, {
      leave: async () => {
        await source?.cancel()
        await over
      },
    })
  }
  const readNote = () => take(ann.call(`/api/vaults/${eng()}/notes/open/plan.md`))

  test('tells what fits as it comes, masked as in a question, and goes on after the last that was heard', async () => {
    const heard = listen(await open(auditor, 'type=note.read'))
    await readNote()
    await until('an entry is told', () => heard.ids().length === 1)
    expect(heard.text).toContain('event: entry')
    expect(heard.text).toContain(`"actor":"${ann.id}"`)
    expect(heard.text).not.toContain('plan.md')
    await heard.leave()
    await readNote()
    await readNote()
    const again = listen(await open(auditor, 'type=note.read', { 'last-event-id': String(heard.ids()[0]) }))
    await until('what was missed is told', () => again.ids().length === 2)
    await readNote()
    await until('what comes is told', () => again.ids().length === 3)
    await again.leave()
    const all = (await events(auditor, { type: 'note.read', order: 'asc' })).entries.map(({ seq }) => seq)
    expect([...heard.ids(), ...again.ids()]).toEqual(all.slice(-4))
  })

  test('its beginning is an entry; a wrong last id is refused', async () => {
    const heard = listen(await open(auditor, 'category=auth'))
    await heard.leave()
    const [look] = (await events(team.owner, { type: 'audit.searched', actor: auditor.id, limit: 1 })).entries
    expect(look?.fields['filters']).toEqual(['category', 'stream'])
    expect(await problem(await open(auditor, '', { 'last-event-id': 'x' }))).toMatchObject({ code: 'request.invalid' })
    expect(await problem(await open(auditor, 'from=1'))).toMatchObject({ code: 'request.invalid' })
  })

  test('ends with the permission of who listens, also while nothing is to tell', async () => {
    const passing = await team.person('Pia')
    const grant = await team.grant(passing.principal, 'auditor', 'org:cairn')
    const heard = listen(await open(passing, 'type=server.stopped'))
    await pause(300)
    expect(heard.ended).toBe(false)
    await team.revoke(grant)
    await until('the stream ends', () => heard.ended, 5_000)
    await readNote()
    expect(heard.ids()).toEqual([])
  })
})

describe('the thread that reads', () => {
  test('is started again when it has died, and a question that it took with it is refused', async () => {
    const lines: string[] = []
    const nowhere = { kind: 'sqlite', file: '/nowhere/audit.db', durability: 'normal' } as const
    const key = new Uint8Array(32)
    const asks = createAuditReader({
      location: nowhere,
      indexLocation: nowhere,
      secrets: { wrapping: key, naming: key, signing: key },
      logger: createLogger({ level: 'debug', format: 'json', clock: systemClock, write: (line) => lines.push(line) }),
      program: new URL('./kit/dying-reader.ts', import.meta.url),
    })
    const failed = await asks.find(-1).catch((thrown: { code: string }) => thrown.code)
    expect(failed).toBe('storage.failed')
    expect(await asks.find(7)).toMatchObject({ size: 7 })
    const many = await Promise.allSettled(Array.from({ length: 80 }, () => asks.find(3)))
    expect(many.filter(({ status }) => status === 'rejected').length).toBe(80 - 64)
    await asks.close()
    expect(await asks.find(1).catch((thrown: { code: string }) => thrown.code)).toBe('server.stopping')
  })
})

/** A page of the owner’s own. */
async function sessionOf({ url, owner }: Team): Promise<Record<string, string>> {
  const link = await take<{ url: string }>(owner.send('/auth/links'))
  const token = new URL(link.url).hash.slice('#sign-in='.length)
  const entered = await fetch(`${url}/auth/sign-in`, {
    method: 'POST',
    body: JSON.stringify({ token }),
    headers: { 'content-type': 'application/json', origin: url },
  })
  return { cookie: (entered.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '', origin: url }
}
