/** Entries in the formats of others: read back by readers of these formats, and held to the published schemas. */
import { describe, expect, test } from 'bun:test'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { toCef } from '../src/audit/export/cef.ts'
import { byteOrderMark, csvColumns, csvHeader, toCell, toCsv } from '../src/audit/export/csv.ts'
import { createFormat } from '../src/audit/export/format.ts'
import { toJson } from '../src/audit/export/jsonl.ts'
import { mapEntry } from '../src/audit/export/ocsf.ts'
import { kindOf, pseudonymise, showEntry, type ShownEntry } from '../src/audit/export/view.ts'
import { everyEvent } from '../src/audit/testing/every-event.ts'
import { createOcsfCheck } from './kit/ocsf.ts'

const source = { version: '0.1.0', origin: 'cairn/audit/test' }
const shown = [...everyEvent(false), ...everyEvent(true)].map((entry) => showEntry(entry, { content: true }))

const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '＝1',
    '＋1',
    '－1',
    '＠A1',
    " '=1",
    '\u200b=1',
    'a"b',
    "'",
    'a|b\\c=d',
  ),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 }),
)
const names = fc.oneof(
  fc.constantFrom('model', 'code', 'vault', 'user', 'note'),
  fc.string({ minLength: 1, maxLength: 8 }),
)
const someEntry = fc.record({
  seq: fc.nat(),
  at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  category: fc.constant('content' as const),
  type: fc.constantFrom('question.asked' as const, 'note.read' as const),
  outcome: fc.constantFrom('ok' as const, 'failed' as const, 'refused' as const),
  actor: fc.option(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('=cmd', '＝cmd', '@x'))),
  fields: fc.dictionary(names, value, { maxKeys: 4 }),
  context: fc.dictionary(fc.constantFrom('requestId', 'address', 'via'), value, { maxKeys: 3 }),
  blocks: fc.constant({ actor: 'open' as const }),
  hidden: fc.boolean(),
}) as fc.Arbitrary<ShownEntry>

/** A reader of RFC 4180 that shares nothing with the writer. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex
    const [, quoted, bare = '', end] = cell.exec(text) ?? fail(`no cell begins at ${at}`)
    rows.at(-1)?.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'))
    if (end === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}

function fail(message: string): never {
  throw new Error(message)
}

const isFormula = (cell: string) => /^[\s\p{Cf}\p{Cc}]*[=+\-@＝＋－＠]/u.test(cell) || /^[\t\r\n]/.test(cell)
const unguard = (cell: string) => (cell.startsWith("'") ? cell.slice(1) : cell)

describe('CSV', () => {
  test('reads back as it was, with as many cells as columns, and no cell is a formula', () => {
    fc.assert(
      fc.property(fc.array(someEntry, { maxLength: 5 }), (entries) => {
        const rows = parseCsv(csvHeader() + entries.map(toCsv).join(''))
        expect(rows.shift()).toEqual([...csvColumns])
        expect(rows.length).toBe(entries.length)
        for (const [at, row] of rows.entries()) {
          expect(row.length).toBe(csvColumns.length)
          expect(row.filter(isFormula)).toEqual([])
          const cells = Object.fromEntries(csvColumns.map((name, column) => [name, unguard(row[column] ?? '')]))
          const { fields, actor, context, seq } = entries[at] as ShownEntry
          expect([cells['seq'], cells['actor']]).toEqual([String(seq), actor ?? ''])
          expect(cells['fields']).toBe(canonicalize(fields) ?? '')
          if (typeof context['requestId'] === 'string') expect(cells['request']).toBe(context['requestId'])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('any text as a cell reads back, and is no formula', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), value.map(String)), (text) => {
        const [[cell = ''] = []] = parseCsv(`${toCell(text)}\r\n`)
        expect([unguard(cell), isFormula(cell)]).toEqual([text, false])
      }),
      { numRuns: 300 },
    )
  })

  test('begins with a byte order mark when asked', () => {
    expect(createFormat('csv', { ...source, mark: true }).begin).toBe(`${byteOrderMark}${csvHeader()}`)
    expect(createFormat('csv', { ...source, mark: false }).begin).toBe(csvHeader())
  })
})

test('JSONL is canonical: one line, the bytes that another implementation writes', () => {
  fc.assert(
    fc.property(someEntry, (entry) => {
      const line = toJson(entry)
      expect(line).not.toMatch(/[\n\r]/)
      expect(line).toBe(canonicalize(JSON.parse(line)) ?? '')
      expect(JSON.parse(line)).toMatchObject({ seq: entry.seq, actor: entry.actor, fields: entry.fields })
    }),
    { numRuns: 300 },
  )
})

describe('OCSF', () => {
  const check = createOcsfCheck()

  test('every type of event, with all its fields and with none, is valid by the published schema', () => {
    const wrong = shown.flatMap((entry) => check(mapEntry(entry, source)).map((words) => `${entry.type}: ${words}`))
    expect(wrong).toEqual([])
  })

  test('so is what receivers outside get, and any values', () => {
    for (const entry of [...everyEvent(false), ...everyEvent(true)])
      expect(
        check(
          mapEntry(
            pseudonymise(entry, (block) => (block === 'actor' ? null : `ref_${block}`)),
            source,
          ),
        ),
      ).toEqual([])
    fc.assert(
      fc.property(someEntry, (entry) => {
        expect(check(mapEntry(entry, source))).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('the check finds what is wrong', () => {
    const event = mapEntry(shown[0] as ShownEntry, source)
    expect(check({ ...event, type_uid: 1 })).not.toEqual([])
    expect(check({ ...event, class_uid: 6001 })).not.toEqual([])
    const { metadata: _, ...rest } = event
    expect(check(rest)).not.toEqual([])
  })

  test('a call of a model has its profile, with model, provider and tokens', () => {
    const entry = shown.find(({ type, outcome }) => type === 'chat.completed' && outcome === 'ok') as ShownEntry
    expect(mapEntry(entry, source)).toMatchObject({
      class_uid: 6003,
      category_uid: 6,
      type_uid: 600301,
      ai_model: { name: 'some model', ai_provider: 'some provider' },
      message_context: { prompt_tokens: 7, completion_tokens: 7, total_tokens: 14 },
      metadata: { version: '1.8.0', profiles: ['ai_operation'], correlation_uid: entry.context['requestId'] },
    })
  })

  test('an event of a newer version of the server is mapped too', () => {
    expect(check(mapEntry({ ...(shown[0] as ShownEntry), type: 'moon.landed' as never }, source))).toEqual([])
  })
})

describe('CEF', () => {
  /** Splits as a receiver does: seven parts of the header, then pairs. */
  function parse(line: string): { head: string[]; extension: Record<string, string> } {
    const parts: string[] = ['']
    let at = 0
    for (; at < line.length && parts.length < 8; at++) {
      const isEscaped = line[at] === '\\'
      if (isEscaped) at++
      if (line[at] === '|' && !isEscaped) parts.push('')
      else parts.push(`${parts.pop() ?? ''}${line[at] ?? ''}`)
    }
    const pairs = line.slice(at).matchAll(/(?:^| )([A-Za-z0-9]+)=((?:\\.|[^\\=])*?)(?=(?: [A-Za-z0-9]+=)|$)/g)
    const unescape = (text: string) =>
      text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c === 'r' ? '\r' : c))
    return {
      head: parts.slice(0, 7),
      extension: Object.fromEntries([...pairs].map(([, name = '', text = '']) => [name, unescape(text)])),
    }
  }

  test('escapes what separates; fields read back', () => {
    fc.assert(
      fc.property(someEntry, (entry) => {
        const line = toCef(entry, '1|0\\')
        expect(line).not.toMatch(/[\n\r]/)
        const { head, extension } = parse(line)
        expect(head.slice(0, 5)).toEqual(['CEF:0', 'Cairn', 'Cairn', '1|0\\', entry.type])
        expect(extension['externalId']).toBe(String(entry.seq))
        expect(extension['cs2']).toBe(canonicalize(entry.fields) ?? '')
      }),
      { numRuns: 300 },
    )
  })

  test('an address of IPv6 has its own key', () => {
    const [entry] = everyEvent(false)
    const withAddress = { ...(entry as ShownEntry), hidden: false, context: { address: '2001:db8::1' } }
    expect(toCef(withAddress, '1')).toContain('c6a2=2001:db8::1')
    expect(toCef(withAddress, '1')).not.toContain('src=')
  })
})

test('one entry in each format, to the byte', () => {
  const entry: ShownEntry = {
    seq: 41,
    at: Date.parse('2026-11-23T12:20:30.456Z'),
    category: 'auth',
    type: 'sign-in.refused',
    outcome: 'refused',
    actor: 'anonymous',
    fields: { method: 'password', code: 'access.credentials' },
    context: { requestId: 'req_1', address: '192.0.2.7' },
    blocks: { actor: 'open' },
    hidden: false,
  }
  expect(toJson(entry)).toBe(
    '{"actor":"anonymous","at":1795436430456,"blocks":{"actor":"open"},"category":"auth","context":{"address":"192.0.2.7","requestId":"req_1"},"fields":{"code":"access.credentials","method":"password"},"hidden":false,"outcome":"refused","seq":41,"time":"2026-11-23T12:20:30.456Z","type":"sign-in.refused"}',
  )
  expect(csvHeader() + toCsv(entry)).toBe(
    'seq,time,category,type,outcome,actor,request,address,fields,context,blocks,hidden\r\n' +
      '41,2026-11-23T12:20:30.456Z,auth,sign-in.refused,refused,anonymous,req_1,192.0.2.7,"{""code"":""access.credentials"",""method"":""password""}",{},"{""actor"":""open""}",false\r\n',
  )
  expect(toCef(entry, '0.1.0')).toBe(
    'CEF:0|Cairn|Cairn|0.1.0|sign-in.refused|An attempt to sign in failed.|5|rt=1795436430456 externalId=41 cat=auth outcome=refused suid=anonymous src=192.0.2.7 cs1Label=requestId cs1=req_1 cs2Label=fields cs2={"code":"access.credentials","method":"password"}',
  )
  expect(mapEntry(entry, source)).toEqual({
    class_uid: 3002,
    class_name: 'Authentication',
    category_uid: 3,
    activity_id: 1,
    activity_name: 'sign-in.refused',
    type_uid: 300201,
    severity_id: 2,
    severity: 'Low',
    status_id: 2,
    status: 'Failure',
    status_detail: 'refused',
    status_code: 'access.credentials',
    time: 1795436430456,
    message: 'An attempt to sign in failed.',
    metadata: {
      version: '1.8.0',
      product: { name: 'Cairn', vendor_name: 'Cairn', version: '0.1.0' },
      uid: 'cairn/audit/test#41',
      sequence: 41,
      event_code: 'sign-in.refused',
      log_name: 'audit',
      profiles: [],
      correlation_uid: 'req_1',
    },
    actor: { user: { name: 'anonymous', type_id: 0 } },
    src_endpoint: { ip: '192.0.2.7' },
    user: { name: 'anonymous', type_id: 0 },
    service: { name: 'Cairn' },
    unmapped: {
      category: 'auth',
      outcome: 'refused',
      fields: { method: 'password', code: 'access.credentials' },
      context: { requestId: 'req_1', address: '192.0.2.7' },
      blocks: { actor: 'open' },
      hidden: false,
    },
  })
})

describe('what is shown', () => {
  test('without content: nothing that the table calls personal, and what goes is said', () => {
    for (const entry of everyEvent(false)) {
      const { fields, hidden, actor } = showEntry(entry, { content: false })
      expect(Object.keys(fields).filter((name) => kindOf(entry.type, name) === 'personal')).toEqual([])
      expect(hidden).toBe(Object.keys(fields).length < Object.keys(entry.fields).length)
      expect(actor).toBe(entry.actor)
    }
    expect(
      showEntry({ ...(everyEvent(false)[0] as ShownEntry), fields: { unheard: 'x' } }, { content: false }).fields,
    ).toEqual({})
  })

  test('to receivers outside: no id of a person, no address, no name', () => {
    const refs = new Map<string, string>()
    for (const entry of everyEvent(false)) {
      const out = pseudonymise(entry, (block) =>
        entry.actor === 'user_ann' || block !== 'actor' ? `ref_${block}` : null,
      )
      refs.set(entry.type, JSON.stringify(out))
      expect(JSON.stringify(out)).not.toMatch(/user_|127\.0\.0\.1|2001:db8/)
    }
    expect(refs.get('link.created')).toContain('"user":"ref_user"')
    expect(refs.get('note.read')).not.toContain('some note')
  })
})
