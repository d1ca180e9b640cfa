/** A report on a hundred thousand entries, in bounded memory. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { auditReportParameters } from '@cairn/contract'
import { beginReport, finishReport } from '../src/audit/reports/make-report.ts'
import { noState, type ReportAsked } from '../src/audit/reports/types.ts'
import { writeReportCsv } from '../src/audit/reports/write-csv.ts'
import { openLogKit, testSecrets } from '../src/audit/testing/log-kit.ts'
import { listEngines } from '../src/storage/testing/places.ts'

setDefaultTimeout(300_000)

const entries = 100_000
const atOnce = 2_000
/** What the entries of a page and the groups need; all entries opened at once would take several times as much. */
const mostBytes = 200 * 1_048_576

const [, makePlace] = listEngines(undefined)[1] ?? []

test('usage of a hundred thousand calls is counted whole, with memory for a page of them', async () => {
  const place = (await makePlace?.()) ?? expect.unreachable()
  const { log } = await openLogKit(place.location)
  try {
    const start = Date.parse('2026-01-15T08:00:00Z')
    for (let at = 0; at < entries; at += atOnce)
      await Promise.all(
        Array.from({ length: atOnce }, (_, offset) =>
          log.append({
            type: 'chat.completed',
            actor: `person_${(at + offset) % 50}`,
            outcome: 'ok',
            at: start + at + offset,
            fields: { model: 'm', provider: 'p', egress: 'external', tokensIn: 3, tokensOut: 2, costNanoUsd: 7 },
            context: {},
          }),
        ),
      )
    Bun.gc(true)
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50)
    const usual = Object.entries(auditReportParameters).map(([name, spec]) => [name, spec.usual])
    const parameters = Object.fromEntries(usual) as ReportAsked['parameters']
    const asked: ReportAsked = { id: 'usage', asOf: null, from: null, to: null, limit: 10, parameters }
    const basis = await beginReport(log, testSecrets, asked)
    const draft = await finishReport({ basis, asked, secrets: testSecrets, log }, noState, null)
    clearInterval(watch)
    expect(draft.read).toEqual({ entries, erased: 0 })
    expect(draft.totals.map(({ value }) => value)).toEqual([entries, 0, 3 * entries, 2 * entries, 0.000_7, 0])
    const people = draft.parts.find(({ id }) => id === 'people')
    expect([people?.total, people?.rows.length]).toEqual([50, 10])
    const { pin, period } = basis
    const words = { id: 'usage' as const, parameters: {}, query: '', stateSha256: '', names: {} }
    expect(writeReportCsv({ ...words, pin, period, ...draft }).length).toBeLessThan(20_000)
    expect(most - before).toBeLessThan(mostBytes)
  } finally {
    await log.close()
    await place.remove()
  }
})
