/** Promises of Integrity, Export and Retention that need no browser. */
import { describe, expect, test } from 'bun:test'
import { auditCategoryTable, auditHorizonLimits, auditVerdicts, type AuditVerifyReport } from '@cairn/contract'
import fc from 'fast-check'
import { csvHeader } from '../../server/src/audit/export/csv.ts'
import { verifyCodes } from '../../server/src/audit/verify/verify.ts'
import type { Reply } from '../src/api/failure.ts'
import { createRowCounter, runDownload } from '../src/audit/export/download.ts'
import { exportQuery, formats, formatWords, leftOutOf, selectionOf } from '../src/audit/export/formats.ts'
import { noFilter, onlyRequest, writeFilter } from '../src/audit/filter.ts'
import { explainFinding, findingWords } from '../src/audit/integrity/finding-words.ts'
import { verdictWords } from '../src/audit/integrity/verdict-words.ts'
import { runVerification, speedOf } from '../src/audit/integrity/verify-run.ts'
import { checkHold, countDue, emptyHold, namePeriod, readHorizons, sayScope } from '../src/audit/retention/periods.ts'

const stream = (text: string): Reply<ReadableStream<Uint8Array>> => ({
  ok: true,
  value: new Blob([text]).stream() as ReadableStream<Uint8Array>,
})

describe('a verification', () => {
  const report: AuditVerifyReport = {
    ok: true,
    origin: 'o',
    size: 9,
    minIndex: 0,
    root: 'r',
    entries: 9,
    checkpoints: 1,
    blocks: { full: 9, sealed: 0, gone: 0, held: 0 },
    errors: [],
    errorCount: 0,
  }
  const run = async (text: string, controller = new AbortController()) => {
    const told: number[] = []
    const reply = await runVerification({
      onProgress: ({ done }) => told.push(done),
      signal: controller.signal,
      open: async () => stream(text),
    })
    return { reply, told }
  }
  const progress = 'event: progress\ndata: {"done":5,"size":9}\n\n'

  test('tells how far it is and then what came of it', async () => {
    const { reply, told } = await run(
      `${progress}event: later\ndata: 1\n\nevent: report\ndata: ${JSON.stringify(report)}\n\n`,
    )
    expect([told, reply]).toEqual([[5], { ok: true, value: report }])
  })

  test('that breaks off, is refused or cannot be read is a failure, and one that was ended is nothing', async () => {
    const codeOf = async (text: string) => {
      const { reply } = await run(text)
      return reply?.ok === false ? reply.failure.code : reply
    }
    expect(await codeOf(progress)).toBe('console.broken-off')
    expect(await codeOf('event: report\ndata: {"ok": 1}\n\n')).toBe('console.malformed')
    expect(await codeOf('event: error\ndata: {"error":{"code":"server.busy","message":"Again"}}\n\n')).toBe(
      'server.busy',
    )
    const ended = new AbortController()
    ended.abort()
    expect((await run(progress, ended)).reply).toBeNull()
  })

  test('has a speed and an end as soon as something is done', () => {
    expect(speedOf({ done: 0, size: 9 }, 100)).toBeNull()
    expect(speedOf({ done: 50, size: 200 }, 500)).toEqual({ rate: 100, secondsLeft: 1.5 })
    expect(speedOf({ done: 200, size: 200 }, 500)?.secondsLeft).toBe(0)
  })

  test('has words for each code of the server, and for one that it does not know', () => {
    expect(Object.keys(findingWords).toSorted()).toEqual(Object.keys(verifyCodes).toSorted())
    expect(explainFinding('toString').title).toBe('toString')
    expect(Object.keys(verdictWords).toSorted()).toEqual([...auditVerdicts].toSorted())
  })
})

describe('an export', () => {
  const filter = { ...noFilter, category: ['auth'] as const, outcome: ['failed'] as const, actor: 'a', q: 'x' }
  const span = { from: 60_000, to: null }

  test('takes time, categories and types of the search, and says what it leaves out', () => {
    expect(leftOutOf(filter)).toEqual(['Outcome', 'Who', 'Words'])
    const selection = selectionOf(filter, span)
    expect(selection).toEqual({ from: '60000', category: 'auth' })
    const query = (format: (typeof formats)[number]) => exportQuery({ format, content: true, bom: true }, selection)
    expect(query('csv')).toEqual({ format: 'csv', ...selection, content: 'true', bom: 'true' })
    expect(query('jsonl')).toEqual({ format: 'jsonl', ...selection, content: 'true' })
    expect(query('archive')).toEqual({ format: 'archive', content: 'true' })
    expect(query('proofs')).toEqual({ format: 'proofs', ...selection })
    expect(Object.keys(formatWords)).toEqual([...formats])
    expect(writeFilter(onlyRequest('req_1'))).toEqual({ range: 'all', request: 'req_1' })
  })

  test('counts rows of CSV however its bytes come, line breaks and quotes in cells included', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 20 }), fc.array(fc.nat({ max: 40 })), (cells, cuts) => {
        const rows = cells.map((cell) => `1,"${cell.replaceAll('"', '""')}\n",x\n`)
        const bytes = new TextEncoder().encode(csvHeader() + rows.join(''))
        const count = createRowCounter('csv')
        let [at, found]: [number, number | null] = [0, 0]
        for (const cut of [...cuts, bytes.length]) {
          found = count(bytes.subarray(at, at + cut))
          at += cut
        }
        expect(found).toBe(rows.length)
      }),
      { numRuns: 200, seed: 20261123 },
    )
  })

  test('is whole or nothing', async () => {
    const headers = {
      'content-disposition': 'attachment; filename="cairn-audit-9.jsonl"',
      'x-request-id': 'req_1',
    }
    const run = (body: BodyInit | ReadableStream, signal = new AbortController().signal) =>
      runDownload({
        query: {},
        format: 'jsonl',
        onProgress: () => {},
        signal,
        open: async () => ({ ok: true, value: new Response(body, { headers }) }),
      })
    const whole = await run('{}\n{}\n')
    expect(whole?.ok && { ...whole.value, file: await whole.value.file.text() }).toEqual({
      file: '{}\n{}\n',
      name: 'cairn-audit-9.jsonl',
      bytes: 6,
      entries: 2,
      requestId: 'req_1',
    })
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{}\n'))
      },
      pull(controller) {
        controller.error(new Error('gone'))
      },
    })
    expect(await run(broken)).toMatchObject({ ok: false, failure: { code: 'console.broken-off' } })
    const ended = new AbortController()
    ended.abort()
    expect(await run('{}\n', ended.signal)).toBeNull()
    headers['content-disposition'] = 'attachment; filename="../../etc/passwd"'
    const odd = await run('')
    expect(odd?.ok && odd.value.name).toBe('cairn-audit.jsonl')
  })
})

describe('retention', () => {
  test('takes the horizons that the server takes, and no others', () => {
    const { least, most } = auditHorizonLimits
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 300 }), fc.integer({ min: -5, max: 300 }), (people, entries) => {
        const read = readHorizons({ personal: ` ${people}`, header: String(entries) }, true)
        const isIn = (count: number) => count >= least && count <= most
        const isGood = isIn(people) && isIn(entries) && people <= entries
        expect('horizons' in read).toBe(isGood)
      }),
      { numRuns: 300, seed: 20261123 },
    )
    expect(readHorizons({ personal: '', header: '24' }, false)).toEqual({
      horizons: { personalMonths: null, headerMonths: 24 },
    })
    for (const text of ['', '1.5', '1e2', 'x', '-1'])
      expect('errors' in readHorizons({ personal: text, header: '24' }, true)).toBe(true)
  })

  test('counts what is due and names it', () => {
    const periods = [
      { period: 'auth/2026-01', blocks: 5, held: 2 },
      { period: 'moon/later', blocks: 1, held: 0 },
    ]
    expect(countDue({ at: 0, periods, prune: { from: 256, to: 768 }, waitsFor: 'tile' })).toEqual({
      blocks: 6,
      held: 2,
      entries: 512,
    })
    expect(namePeriod('auth/2026-01')).toMatch(/^Sign-in, January 2026$/)
    expect(namePeriod('capture/2026-11-24')).toMatch(/^Kept texts, .*24.*2026/)
    expect(namePeriod('moon/later')).toBe('moon, later')
    expect(Object.keys(auditCategoryTable)).toContain('auth')
  })

  test('a hold says what it holds, within a time that is one', () => {
    const wrong = (change: object) => Object.keys(checkHold({ ...emptyHold, reason: 'Case 7', ...change })).toSorted()
    expect(wrong({})).toEqual(['person'])
    expect(wrong({ category: 'auth' })).toEqual([])
    expect(wrong({ category: 'moon' })).toEqual(['category'])
    expect(wrong({ from: '2026-13', to: '26-01' })).toEqual(['from', 'to'])
    expect(wrong({ from: '2026-05', to: '2026-04' })).toEqual(['to'])
    expect(wrong({ person: 'ann', reason: '  x ' })).toEqual(['reason'])
    expect(sayScope('Ann', { category: 'content', from: '2026-05', to: null })).toBe('Ann, Notes, from May 2026')
    expect(sayScope(null, { category: null, from: '2026-05', to: '2026-05' })).toBe('in May 2026')
    expect(sayScope(null, { category: null, from: '2026-05', to: '2026-07' })).toBe('from May 2026 to July 2026')
  })
})
