/** Taking the audit log out of a running server, and proving it: who may, what they get, and what is left in the log. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHash } from 'node:crypto'
import type { AuditVerifyReport } from '@cairn/contract'
import { verifyArchive, type AuditEntry, type OpenedEntry } from '../src/audit/index.ts'
import { leafHash } from '../src/audit/tree/merkle.ts'
import { parseCheckpoint } from '../src/audit/tree/checkpoint.ts'
import { parseVerifier, verifyNote } from '../src/audit/tree/signed-note.ts'
import { readBundle } from '../src/audit/tree/tiles.ts'
import { followProof, parseProof } from '../src/audit/tree/tlog-proof.ts'
import { createOcsfCheck } from './kit/ocsf.ts'
import { openTeam, type Member, type Team } from './kit/team.ts'
import { until } from './harness.ts'

setDefaultTimeout(60_000)

/** Stands in notes, and must stand in no file without content. */
const canary = 'zebrafinch'

let team: Team
let auditor: Member
let insider: Member
let member: Member

beforeAll(async () => {
  team = await openTeam({ vaults: { [canary]: { [`${canary}.md`]: '# Notes\n\nThe pier has four boats.' } } })
  auditor = await team.service('auditor')
  insider = await team.service('insider')
  member = await team.person('Otto')
  await team.change((document) => ({
    ...document,
    roles: [...document.roles, { id: 'content-auditor', inherits: ['auditor'], actions: ['audit.content'] }],
  }))
  await team.grant(auditor.principal, 'auditor', 'org:cairn')
  await team.grant(insider.principal, 'content-auditor', 'org:cairn')
  const note = `/api/vaults/${team.vaultIds[canary]}/notes/${canary}.md`
  for (let at = 0; at < 3; at++) expect((await team.owner.call(note)).status).toBe(200)
})
afterAll(() => team[Symbol.asyncDispose]())

const linesOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as OpenedEntry & { hidden: boolean; time: string; class_uid?: number })

const take = async (who: Member, query: string) => {
  const reply = await who.call(`/api/audit/export?${query}`)
  return { reply, text: reply.ok ? await reply.text() : '', status: reply.status }
}

/** The newest entries of a type, oldest first. */
async function entriesOf(type: AuditEntry['type']): Promise<OpenedEntry[]> {
  const { text } = await take(insider, `type=${type}&content=true`)
  return linesOf(text)
}

describe('who may', () => {
  test('an auditor: who, what and when of everything, and no name of a note', async () => {
    const { reply, text } = await take(auditor, 'format=jsonl')
    expect(reply.headers.get('content-type')).toBe('application/x-ndjson')
    const size = Number(reply.headers.get('x-cairn-audit-size'))
    const entries = linesOf(text)
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: size }, (_, at) => at))
    expect(reply.headers.get('content-disposition')).toContain(`cairn-audit-${size}.jsonl`)
    expect(text).not.toContain(canary)
    expect(text).not.toContain(team.vaultIds[canary] ?? 'none')
    const read = entries.find(({ type }) => type === 'note.read')
    expect(read).toMatchObject({ actor: team.owner.id, fields: {}, hidden: true })
  })

  test('with content: who holds audit.content', async () => {
    expect((await take(auditor, 'content=true')).status).toBe(403)
    const { text } = await take(insider, 'content=true&type=note.read')
    expect(linesOf(text)[0]).toMatchObject({ fields: { note: `${canary}.md` }, hidden: false })
  })

  test('nobody else, and the refusal is recorded', async () => {
    expect((await take(member, 'format=csv')).status).toBe(403)
    await until('the refusal is recorded', async () =>
      (await entriesOf('access.refused')).some(
        ({ actor, fields }) => actor === member.id && fields['route'] === '/api/audit/export',
      ),
    )
  })

  test('unknown and senseless parameters are refused by name', async () => {
    for (const [query, param] of [
      ['formt=csv', 'formt'],
      ['format=xml', 'format'],
      ['category=moon', 'category'],
      ['type=session.created,moon.landed', 'type'],
      ['fromSeq=-1', 'fromSeq'],
      ['bom=true', 'bom'],
      ['format=archive&type=note.read', 'format'],
    ] as const) {
      const reply = await auditor.call(`/api/audit/export?${query}`)
      expect([query, reply.status]).toEqual([query, 400])
      expect(await reply.text()).toContain(param)
    }
  })
})

describe('what is taken', () => {
  test('filters by category, type, place and minute', async () => {
    const all = linesOf((await take(auditor, 'format=jsonl')).text)
    const some = linesOf((await take(auditor, 'category=content,user')).text)
    expect(some.map(({ seq }) => seq)).toEqual(
      all.filter(({ category }) => category === 'content' || category === 'user').map(({ seq }) => seq),
    )
    expect(linesOf((await take(auditor, 'fromSeq=2&toSeq=5')).text).map(({ seq }) => seq)).toEqual([2, 3, 4])
    expect(linesOf((await take(auditor, `from=${Date.now() + 120_000}`)).text)).toEqual([])
    const before = linesOf((await take(auditor, `to=${Date.now() + 120_000}`)).text)
    expect(before.length).toBeGreaterThanOrEqual(all.length)
  })

  test('every event as OCSF is valid by the published schema', async () => {
    const check = createOcsfCheck()
    const { text } = await take(insider, 'format=ocsf&content=true')
    const events = linesOf(text)
    expect(events.length).toBeGreaterThan(20)
    for (const event of events) expect(check({ ...event })).toEqual([])
  })

  test('CSV has a row for each entry', async () => {
    const { reply, text } = await take(auditor, 'format=csv&bom=true')
    expect(text.split('\r\n').length - 2).toBe(Number(reply.headers.get('x-cairn-audit-size')))
    const bytes = new Uint8Array(await (await auditor.call('/api/audit/export?format=csv&bom=true')).arrayBuffer())
    expect(bytes.slice(0, 3)).toEqual(new Uint8Array([0xef, 0xbb, 0xbf]))
  })

  test('an archive verifies without the server, and has names only with content', async () => {
    const key = await (await auditor.call('/api/audit/key')).text()
    for (const [who, content] of [
      [auditor, 'false'],
      [insider, 'true'],
    ] as const) {
      const reply = await who.call(`/api/audit/export?format=archive&content=${content}`)
      const bytes = new Uint8Array(await reply.arrayBuffer())
      const size = Number(reply.headers.get('x-cairn-audit-size'))
      async function* open() {
        yield bytes
      }
      const report = await verifyArchive({ open, key })
      expect([report.ok, report.size]).toEqual([true, size])
      expect(Buffer.from(bytes).includes(canary)).toBe(content === 'true')
      expect(Buffer.from(bytes).includes(team.owner.id)).toBe(content === 'true')
    }
  })
})

describe('what is left in the log', () => {
  test('the intent before, the outcome after, with the hash of what was given', async () => {
    const { reply, text } = await take(auditor, 'type=note.read,user.created')
    const outcome = (await entriesOf('audit.exported')).findLast(({ actor }) => actor === auditor.id)
    const size = Number(reply.headers.get('x-cairn-audit-size'))
    expect(outcome).toMatchObject({
      outcome: 'ok',
      fields: {
        format: 'jsonl',
        filters: ['type'],
        content: false,
        size,
        results: linesOf(text).length,
        bytes: Buffer.byteLength(text),
        sha256: createHash('sha256').update(text).digest('hex'),
      },
    })
    const intent = (await entriesOf('audit.export-intended')).find(({ seq }) => seq === outcome?.fields['intent'])
    expect(intent).toMatchObject({ actor: auditor.id, outcome: 'ok', fields: { format: 'jsonl', size } })
    expect(intent?.context['requestId']).toBe(outcome?.context['requestId'] as string)
    // Of what comes after the beginning nothing is in it.
    expect(intent?.seq).toBeGreaterThanOrEqual(size)
  })

  test('a download that its receiver breaks off has failed', async () => {
    const leaving = new AbortController()
    // More than sockets hold back: the server is still at it when the receiver leaves.
    const audit = team.app.audit
    for (let round = 0; round < 12; round++)
      await Promise.all(
        Array.from({ length: 1_000 }, (_, at) =>
          audit.record({
            type: 'chat.completed',
            actor: 'server',
            requestId: `req_${round}_${at}`,
            outcome: 'ok',
            fields: { model: 'm'.repeat(400), provider: 'lab', tokensIn: at, tokensOut: 1 },
          }),
        ),
      )
    const reply = await auditor.call('/api/audit/export?format=ocsf', { signal: leaving.signal })
    const reader = reply.body?.getReader()
    await reader?.read()
    leaving.abort()
    await reader?.cancel().catch(() => undefined)
    await until(
      'the end is recorded',
      async () => (await entriesOf('audit.exported')).some(({ outcome }) => outcome === 'failed'),
      20_000,
    )
    const failed = (await entriesOf('audit.exported')).find(({ outcome }) => outcome === 'failed')
    expect(failed).toMatchObject({ actor: auditor.id, fields: { format: 'ocsf' } })
    expect(Number(failed?.fields['results'])).toBeLessThan(Number(failed?.fields['size']))
  })

  test('nothing is given when the intent cannot be recorded', async () => {
    const { audit } = team.app
    const record = audit.record
    let given = 0
    try {
      Object.assign(audit, {
        record: async (entry: AuditEntry) => {
          if (entry.type === 'audit.export-intended') throw new Error('the disk is full')
          given += Number(entry.type === 'audit.exported')
          return record(entry)
        },
      })
      const reply = await auditor.call('/api/audit/export')
      expect(reply.status).toBe(500)
      expect(await reply.text()).not.toContain('"seq"')
    } finally {
      Object.assign(audit, { record })
    }
    expect(given).toBe(0)
  })

  test('a file whose end cannot be recorded is no whole file', async () => {
    const { audit } = team.app
    const record = audit.record
    try {
      Object.assign(audit, {
        record: async (entry: AuditEntry) => {
          if (entry.type === 'audit.exported') throw new Error('the disk is full')
          return record(entry)
        },
      })
      const reply = await auditor.call('/api/audit/export?type=note.read')
      expect(reply.status).toBe(200)
      await expect(reply.text()).rejects.toThrow()
    } finally {
      Object.assign(audit, { record })
    }
  })
})

describe('proofs', () => {
  const text = async (path: string) => (await auditor.call(path)).text()

  test('checkpoint and key fit', async () => {
    const key = parseVerifier((await text('/api/audit/key')).trim())
    const note = parseCheckpoint(await text('/api/audit/checkpoint'))
    expect(key && note && verifyNote(note.note, [key])?.length).toBe(1)
  })

  test('an entry is proved with the checkpoint, and reading it is recorded', async () => {
    const proof = parseProof(await text('/api/audit/proof/3'))
    expect(proof?.index).toBe(3)
    const header = Buffer.from(proof?.extra ?? []).toString()
    expect(JSON.parse(header)).toMatchObject({ seq: 3 })
    expect(proof && followProof(proof, leafHash(header))).not.toBeNull()
    expect(proof && followProof(proof, leafHash(`${header} `))).toBeNull()
    await until('the look is recorded', async () =>
      (await entriesOf('audit.searched')).some(({ fields }) => String(fields['filters']) === 'proof'),
    )
    expect((await auditor.call('/api/audit/proof/999999999')).status).toBe(404)
    for (const wrong of ['-1', '01', 'x', '1e3'])
      expect((await auditor.call(`/api/audit/proof/${wrong}`)).status).toBe(400)
  })

  test('tiles and their entries agree; a full one may be kept for ever, a part of it stays there', async () => {
    const tile = await auditor.call('/api/audit/tile/0/000')
    expect(tile.headers.get('cache-control')).toContain('immutable')
    expect(tile.headers.get('content-type')).toBe('application/octet-stream')
    const hashes = new Uint8Array(await tile.arrayBuffer())
    expect(hashes.length).toBe(256 * 32)
    const bundle = readBundle(new Uint8Array(await (await auditor.call('/api/audit/tile/entries/000')).arrayBuffer()))
    expect(bundle?.length).toBe(256)
    for (const [at, entry] of (bundle ?? []).entries())
      expect(Buffer.from(leafHash(Buffer.from(entry).toString())).equals(hashes.subarray(at * 32, at * 32 + 32))).toBe(
        true,
      )
    const part = await auditor.call('/api/audit/tile/0/000.p/7')
    expect(part.headers.get('cache-control')).not.toContain('immutable')
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(hashes.slice(0, 7 * 32))
    const partBundle = await auditor.call('/api/audit/tile/entries/000.p/7')
    expect(readBundle(new Uint8Array(await partBundle.arrayBuffer()))?.length).toBe(7)
    for (const none of ['0/999', '9/000', 'entries/x999/000', '0/0', '0/000.p/256', '../0/000', 'x'])
      expect([none, (await auditor.call(`/api/audit/tile/${none}`)).status]).toEqual([none, 404])
  })
})

describe('verifying', () => {
  const verify = (body: object, headers: Record<string, string> = {}) =>
    auditor.send('/api/audit/verify', body, 'POST', headers)

  test('the whole log is ok, and that it was done is recorded', async () => {
    const report = (await (await verify({})).json()) as AuditVerifyReport
    expect([report.ok, report.errorCount, report.entries > 20]).toEqual([true, 0, true])
    const note = parseCheckpoint(await (await auditor.call('/api/audit/checkpoint')).text())
    expect(note?.size).toBeGreaterThan(report.size - 1)
    expect((await entriesOf('audit.verified')).at(-1)).toMatchObject({
      actor: auditor.id,
      outcome: 'ok',
      fields: { size: report.size, errors: 0 },
    })
  })

  test('a checkpoint that this log never signed is found', async () => {
    const other = (await (await auditor.call('/api/audit/checkpoint')).text()).replace(
      /\n([A-Za-z0-9+/=]{44})\n/,
      `\n${'A'.repeat(43)}=\n`,
    )
    const report = (await (await verify({ against: [other] })).json()) as AuditVerifyReport
    expect(report.ok).toBe(false)
    expect(report.errors.map(({ code }) => code)).toEqual(['SIG'])
    expect((await entriesOf('audit.verified')).at(-1)?.outcome).toBe('failed')
  })

  test('progress comes as events, one verification at a time', async () => {
    const [first, second] = await Promise.all([
      verify({}, { accept: 'text/event-stream' }).then((reply) => reply.text()),
      new Promise((go) => setTimeout(go, 30)).then(() => verify({})),
    ])
    expect(first).toContain('event: progress')
    expect(first.match(/event: report\ndata: (.*)\n/)?.[1]).toContain('"ok":true')
    expect([200, 503]).toContain(second.status)
    const replies = await Promise.all([verify({}), verify({})])
    expect(replies.map(({ status }) => String(status)).toSorted()).toEqual(['200', '503'])
  })

  test('is refused to others, and with what is no request', async () => {
    expect((await member.send('/api/audit/verify', {})).status).toBe(403)
    expect((await verify({ agains: [] })).status).toBe(400)
    expect((await verify({ against: ['x'.repeat(20_000)] })).status).toBe(400)
  })
})
