/** Reports on the audit log of a running server: who is given which, what they are shown, files, and what is recorded of it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import {
  auditReportIds,
  auditReportListSchema,
  auditReportSchema,
  type AuditPageView,
  type AuditReport,
  type AuditReportId,
} from '@cairn/contract'
import { openTeam, take, type Member, type Team } from './kit/team.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

setDefaultTimeout(60_000)

/** Formula, markup, a script that is written from the right, one without a glyph, and more than fits a line. */
const hostile = `=HYPERLINK("x")<b>שלום 山田 ${'long '.repeat(14)}`.trim()

let team: Team
let upstream: Upstream
let ann: Member
let auditor: Member
let reader: Member
let plain: Member

beforeAll(async () => {
  upstream = await startUpstream({ models: ['test-chat'] })
  team = await openTeam({
    vaults: {
      eng: {
        'open/plan.md': '# Plan\n\nThe boats leave at nine.',
        'secret/heron.md': '# Heron\n\nThe heron nests at the mill.',
      },
    },
    config: {
      upstreams: [
        {
          id: 'far',
          dialect: 'openai',
          baseUrl: upstream.url,
          egress: 'external',
          region: 'eu',
          clearance: 'internal',
          models: [{ id: 'test-chat', inputUsdPerMTok: 1, outputUsdPerMTok: 2 }],
        },
      ],
    },
  })
  ann = await team.person(hostile)
  auditor = await team.person('Audrey')
  reader = await team.person('Rex')
  plain = await team.person('Mo')
  await team.group('Crew', ann)
  for (const role of ['asker', 'model-user']) await team.grant(ann.principal, role, 'org:cairn')
  for (const who of [auditor, reader]) await team.grant(who.principal, 'auditor', 'org:cairn')
  await team.grant(reader.principal, 'viewer', 'folder:eng/open')
  await take(
    ann.send('/v1/ask', {
      question: 'When do the boats leave, and where does the heron nest?',
      model: 'far/test-chat',
    }),
  )
  for (const wrong of ['a', 'b', 'c'])
    await fetch(`${team.url}/auth/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: emailOfAnn(), password: `not the one ${wrong}` }),
    })
})
afterAll(async () => {
  await team[Symbol.asyncDispose]()
  await upstream.close()
})

const emailOfAnn = () => `${hostile.toLowerCase().replace(/\W/g, '')}@example.org`
const eng = () => team.vaultIds['eng'] ?? ''
const words = (query: Record<string, string | number>) =>
  new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])).toString()
const get = (who: Member, id: string, query: Record<string, string | number> = {}) =>
  who.call(`/api/audit/reports/${id}?${words(query)}`)
const report = async (who: Member, id: AuditReportId, query: Record<string, string | number> = {}) =>
  auditReportSchema.parse(await take(get(who, id, query)))
const rowsOf = ({ parts }: AuditReport, part: string) => parts.find(({ id }) => id === part)?.rows ?? []
const codeOf = async (reply: Response) => {
  const { code, detail } = (await reply.json()) as { code: string; detail: string }
  return `${reply.status} ${code}: ${detail}`
}

describe('who is given what', () => {
  test('the list names every report, with what it can be asked with', async () => {
    const { reports } = auditReportListSchema.parse(await take(auditor.call('/api/audit/reports')))
    expect(reports.map(({ id }) => id)).toEqual([...auditReportIds])
    expect(reports.find(({ id }) => id === 'exports')?.parameters).toMatchObject([
      { id: 'reads', usual: 50 },
      { id: 'windowMinutes', usual: 60 },
    ])
  })

  test.each(auditReportIds)('%s: the owner and an auditor are, somebody else is refused', async (id) => {
    for (const who of [team.owner, auditor]) expect((await report(who, id)).id).toBe(id)
    expect(await codeOf(await get(plain, id))).toStartWith('403 access.forbidden')
  })

  test('what another page keeps behind a permission takes that permission here too', async () => {
    await team.change((document) => ({
      ...document,
      roles: [...document.roles, { id: 'log-reader', inherits: [], actions: ['audit.read'] }],
    }))
    const lone = await team.person('Lou')
    await team.grant(lone.principal, 'log-reader', 'org:cairn')
    expect(await codeOf(await get(lone, 'access-review'))).toContain('403 access.forbidden')
    expect(await codeOf(await get(lone, 'permission-changes'))).toContain('403 access.forbidden')
    expect(await codeOf(await get(lone, 'usage'))).toContain('403 access.forbidden')
    const { names, parts } = await report(lone, 'failed-sign-ins')
    expect(parts.find(({ id }) => id === 'runs')?.total).toBe(1)
    // Who may not see who there is sees ids, and the name of themselves alone.
    expect(Object.keys(names)).toEqual([])
  })

  test('what it cannot be asked with is refused by name', async () => {
    expect(await codeOf(await get(auditor, 'nothing'))).toContain('404 request.not-found: There is no such report.')
    expect(await codeOf(await get(auditor, 'usage', { reads: 5 }))).toContain('reads: this report is not asked with it')
    expect(await codeOf(await get(auditor, 'usage', { depth: 99 }))).toContain('400 request.invalid')
    expect(await codeOf(await get(auditor, 'access-review', { from: 1 }))).toContain(
      'from: this report is about the whole',
    )
    expect(await codeOf(await get(auditor, 'usage', { from: 9, to: 9 }))).toContain('to: must be later')
    expect(await codeOf(await get(auditor, 'usage', { asOf: 1e9 }))).toContain('asOf: the log has')
    expect(await codeOf(await get(auditor, 'usage', { limit: 10_001 }))).toContain('400 request.invalid')
  })
})

describe('what is shown', () => {
  test('a question that left is told with its provider, region and cost, its folders as far as the reader may know them', async () => {
    const folders = async (who: Member) =>
      rowsOf(await report(who, 'egress'), 'outside').map(({ folder, notes }) => [folder, notes])
    expect(await folders(team.owner)).toEqual([
      [`folder:${eng()}/open`, 1],
      [`folder:${eng()}/secret`, 1],
    ])
    expect(await folders(reader)).toEqual([
      [`folder:${eng()}/open`, 1],
      ['hidden', 1],
    ])
    expect(await folders(auditor)).toEqual([['hidden', 2]])
    expect(rowsOf(await report(auditor, 'egress'), 'requests')).toMatchObject([
      { provider: 'far', region: 'eu', purpose: 'answer', label: 'internal', requests: 1 },
    ])
    const [usage] = rowsOf(await report(auditor, 'usage'), 'people')
    expect(usage).toMatchObject({ who: ann.id, calls: 1, unpriced: 0 })
    expect(usage?.['costUsd']).toBeGreaterThan(0)
    expect(rowsOf(await report(auditor, 'usage'), 'teams')).toMatchObject([{ calls: 1 }])
  })

  test('names of vaults and people come beside ids, and only those that the reader may know', async () => {
    const owners = await report(team.owner, 'egress')
    expect(owners.names).toEqual({ [eng()]: 'eng' })
    expect((await report(auditor, 'egress')).names).toEqual({})
    expect((await report(auditor, 'usage')).names[ann.id]).toBe(hostile)
  })

  test('failures are told with the account whose address was given', async () => {
    const found = await report(auditor, 'failed-sign-ins')
    expect(rowsOf(found, 'runs')).toMatchObject([{ who: ann.id, failures: 3, success: null }])
    expect(rowsOf(found, 'reasons')).toMatchObject([{ method: 'password', reason: 'access.sign-in-refused' }])
  })

  test('rules are told as they were before and after, and the review names who gave a role with which entry', async () => {
    const changes = rowsOf(await report(auditor, 'permission-changes'), 'rules')
    const given = changes.find(({ whom, after }) => whom === ann.principal && after === 'asker')
    expect(given).toMatchObject({ what: 'grant added', by: team.owner.id, before: null, scope: 'org:cairn' })
    const roles = rowsOf(await report(auditor, 'access-review'), 'roles')
    expect(roles.find(({ who, role }) => who === ann.id && role === 'asker')).toMatchObject({
      by: team.owner.id,
      entry: given?.['entry'] ?? -1,
      since: given?.['when'] ?? -1,
    })
  })

  test('of an earlier size the review has the rules that were in force then', async () => {
    const before = await report(auditor, 'access-review')
    const grant = await team.grant(plain.principal, 'viewer', 'vault:eng')
    const holds = ({ parts }: AuditReport) =>
      rowsOf({ parts } as AuditReport, 'roles').some(({ who }) => who === plain.id)
    expect(holds(await report(auditor, 'access-review'))).toBe(true)
    expect(holds(await report(auditor, 'access-review', { asOf: before.pin.size }))).toBe(false)
    await team.revoke(grant)
  })
})

describe('files', () => {
  test.each(auditReportIds)('%s as CSV and as PDF is the same again for its size', async (id) => {
    const { query, pin } = await report(team.owner, id)
    for (const format of ['csv', 'pdf'] as const) {
      const bytes = async () => {
        const reply = await team.owner.call(`${query}&format=${format}`)
        expect(reply.headers.get('x-cairn-audit-size')).toBe(String(pin.size))
        expect(reply.headers.get('content-disposition')).toBe(
          `attachment; filename="cairn-${id}-${pin.size}.${format}"`,
        )
        return new Uint8Array(await reply.arrayBuffer())
      }
      const [first] = await Promise.all([bytes(), ann.send('/v1/search', { query: 'heron' })])
      expect(await bytes()).toEqual(first)
    }
  })

  test('a cell of the CSV that a spreadsheet would run has an apostrophe in front, and each row has all columns', async () => {
    const text = await (await get(auditor, 'usage', { format: 'csv' })).text()
    const rows = parseCsv(text)
    expect(new Set(rows.map(({ length }) => length)).size).toBe(1)
    const [people = []] = rows.filter(([part, , , who]) => part === 'people' && who === ann.id)
    expect(people).toContain(`'${hostile}`)
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+@-]/)
    const facts = new Map(rows.filter(([part]) => part === 'about').map(([, name = '', value = '']) => [name, value]))
    expect(facts.get('Checkpoint')).toContain(`\n${facts.get('Entries of the log')}\n`)
  })

  test('the PDF is tagged and searchable; what its fonts do not have is spelled out', async () => {
    const bytes = Buffer.from(await (await get(auditor, 'usage', { format: 'pdf' })).arrayBuffer())
    const raw = bytes.toString('latin1')
    for (const word of ['/StructTreeRoot', '/MarkInfo', '/Table', '/TH', '/TD', '/H1', '/ToUnicode', '/Lang (en)'])
      expect(raw).toContain(word)
    expect(await drawnText(bytes)).toContain('Page 1 of ')
    expect(raw).not.toContain('/JavaScript')
    expect(await drawnText(bytes)).toContain('[U+5C71]')
    expect(await drawnText(bytes)).toContain('[U+05E9]')
  })

  test('who was given what is on record with the hash of it, before they have it', async () => {
    const reply = await get(auditor, 'health', { format: 'csv' })
    const sha256 = createHash('sha256')
      .update(new Uint8Array(await reply.arrayBuffer()))
      .digest('hex')
    const { entries } = await take<AuditPageView>(
      team.owner.call('/api/audit/events?type=audit.reported&limit=1&fresh=true'),
    )
    expect(entries[0]).toMatchObject({
      actor: auditor.id,
      outcome: 'ok',
      fields: { report: 'health', format: 'csv', parameters: ['from', 'to'], sha256 },
    })
    const taken = rowsOf(await report(auditor, 'exports'), 'taken')
    expect(taken[0]).toMatchObject({ who: auditor.id, what: 'report: health', sha256 })
  })

  test('a time in which nothing happened gives a report that says so', async () => {
    const found = await report(auditor, 'usage', { from: 1_000, to: 2_000 })
    expect(found.parts.every(({ total }) => total === 0)).toBe(true)
    expect((await get(auditor, 'usage', { from: 1_000, to: 2_000, format: 'pdf' })).status).toBe(200)
  })
})

/** By RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? '')
    if (end === '\r\n') rows.push([])
  }
  return rows.filter(({ length }) => length > 1)
}

/** Text of the pages as it is drawn, by the maps from glyphs to characters that the file holds. */
async function drawnText(bytes: Buffer): Promise<string> {
  const streams = [...bytes.toString('latin1').matchAll(/stream\n([\s\S]*?)\nendstream/g)].flatMap(([, body = '']) => {
    try {
      return [inflateSync(Buffer.from(body, 'latin1')).toString('latin1')]
    } catch {
      return []
    }
  })
  const maps = streams.filter((stream) => stream.includes('beginbfrange')).map(readMap)
  const drawn = streams.filter((stream) => stream.includes(' TJ'))
  const glyphs = drawn.flatMap((stream) =>
    [...stream.matchAll(/\[(.*?)\] TJ/g)].map(([, line = '']) =>
      [...line.matchAll(/<([0-9a-f]+)>/g)].map(([, hex = '']) => hex).join(''),
    ),
  )
  // Which font a run is in is told elsewhere; one of the maps reads it.
  return glyphs
    .flatMap((hex) => maps.map((map) => (hex.match(/.{4}/g) ?? []).map((glyph) => map.get(glyph) ?? '').join('')))
    .join('\n')
}

function readMap(stream: string): Map<string, string> {
  const map = new Map<string, string>()
  for (const [, from = '', , list = ''] of stream.matchAll(/<([0-9a-f]{4})> <([0-9a-f]{4})> \[(.*?)\]/g))
    [...list.matchAll(/<([0-9a-f ]+)>/g)].forEach(([, code = ''], at) =>
      map.set(
        (Number.parseInt(from, 16) + at).toString(16).padStart(4, '0'),
        String.fromCharCode(...code.split(' ').map((unit) => Number.parseInt(unit, 16))),
      ),
    )
  return map
}
