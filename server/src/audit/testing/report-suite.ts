/** What reports promise, whatever the engine: numbers of a day that is known, pins that repeat, nobody who is forgotten. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { auditReportIds, auditReportTable } from '@cairn/contract'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { compareText } from '../reports/cells.ts'
import { writeReportPdf } from '../reports/pdf/write-pdf.ts'
import { noState, type ReportState } from '../reports/types.ts'
import { writeReportCsv } from '../reports/write-csv.ts'
import { dayState, fillDay, minute, openReportKit, reviewState, start, type ReportKit } from './report-kit.ts'

const sum = (row: object) => ({
  cached: 0,
  failed: 0,
  costUsd: 0,
  unpriced: 0,
  ...row,
})

// oxlint-disable-next-line max-lines-per-function -- a suite: each of its tests is short
export function describeReports(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let kit: ReportKit
    beforeEach(async () => {
      place = await makePlace()
      kit = await openReportKit(place)
    })
    afterEach(async () => {
      await kit.log.close()
      await place.remove()
    })

    const record: ReportKit['record'] = (...args) => kit.record(...args)
    const ask: ReportKit['ask'] = (...args) => kit.ask(...args)

    describe('every report', () => {
      test.each(auditReportIds)('%s of an empty log says nothing of anybody, as a file too', async (id) => {
        const { report } = await ask(id)
        const parts = Object.keys(auditReportTable[id].parts)
        expect(report.parts.map((part) => part.id).toSorted()).toEqual(parts.toSorted())
        const told = report.parts.filter((part) => !['checks', 'keeping'].includes(part.id))
        expect(told.every(({ total }) => total === 0)).toBe(true)
        expect(new TextDecoder().decode(writeReportCsv(report)).split('\r\n').length).toBeGreaterThan(10)
        expect(new TextDecoder('latin1').decode((await writeReportPdf(report)).slice(0, 8))).toStartWith('%PDF-1.7')
      })

      test.each(auditReportIds)('%s has just the columns of the table in each row', async (id) => {
        await fillDay(record)
        const { report } = await ask(id, {}, { state: dayState })
        for (const part of report.parts) {
          const { columns } =
            (auditReportTable[id].parts as Record<string, { columns: readonly string[] }>)[part.id] ?? {}
          for (const row of part.rows) expect(Object.keys(row)).toEqual([...(columns ?? ['none'])])
        }
        expect(report.parts.some(({ rows }) => rows.length > 0)).toBe(true)
      })

      test('is the same bytes again for its size, whatever is appended meanwhile', async () => {
        await fillDay(record)
        for (const id of auditReportIds) {
          const first = await ask(id, {}, { state: dayState })
          const { size } = first.report.pin
          const [, again] = await Promise.all([
            fillDay((type, at, more) => record(type, at + 1_000, more)),
            ask(id, { asOf: size }, { state: dayState }),
          ])
          const later = await ask(id, { asOf: size }, { state: dayState })
          for (const other of [again, later]) {
            expect(other.report).toEqual(first.report)
            expect(writeReportCsv(other.report)).toEqual(writeReportCsv(first.report))
          }
          expect(await writeReportPdf(later.report)).toEqual(await writeReportPdf(first.report))
        }
      })

      test('a size is refused that the log does not have, or of which all is pruned', async () => {
        await kit.fill(600)
        await expect(ask('health', { asOf: 601 })).rejects.toThrow('the log has 600 entries')
        await kit.log.prune(kit.by(), 512)
        await expect(ask('health', { asOf: 300 })).rejects.toThrow('entries before 512 are pruned')
        const { report, rows } = await ask('health', { asOf: 600 })
        expect(report.pin).toMatchObject({ size: 600, minIndex: 512 })
        expect(rows('gaps')).toMatchObject([{ check: 'Pruned until now', value: 'before 512', state: 'authorised' }])
        expect(rows('checks')[0]).toMatchObject({ check: 'Every entry is there', state: 'ok' })
      })

      test('is signed for its size and root, the same note each time, whether a checkpoint of that size was kept or not', async () => {
        await kit.fill(10)
        const { pin } = (await ask('exports')).report
        await kit.fill(10)
        const other = (await ask('exports', { asOf: 15 })).report.pin
        expect(pin.checkpoint).toContain(`\n10\n${pin.root}\n`)
        expect(other.checkpoint).toContain(`\n15\n${other.root}\n`)
        expect(await kit.codes([pin.checkpoint, other.checkpoint])).toEqual([])
        const { rows } = await kit.log.connection.run('SELECT note FROM audit_checkpoints WHERE size = 10')
        expect(pin.checkpoint).toBe(String(rows[0]?.['note']))
        await kit.log.connection.run('DELETE FROM audit_checkpoints WHERE size = 10')
        expect((await ask('exports', { asOf: 10 })).report.pin).toEqual(pin)
      })

      test('nothing is signed of a tree that is not the one that was signed', async () => {
        await kit.fill(20)
        await kit.log.connection.run('UPDATE audit_entries SET leaf = ? WHERE seq = 3', [new Uint8Array(32)])
        await expect(ask('exports', { asOf: 15 })).rejects.toThrow('not the one that was signed')
      })

      test('rows beyond the limit are counted and not told', async () => {
        for (let at = 0; at < 5; at++) await record('audit.reported', at, { actor: 'ann', fields: { report: 'usage' } })
        const { report } = await ask('exports', { limit: 2 })
        expect(report.parts.find(({ id }) => id === 'taken')).toMatchObject({
          total: 5,
          rows: [{ entry: 4 }, { entry: 3 }],
        })
        expect(new TextDecoder().decode(writeReportCsv(report))).toContain('cut,Taken out,2 of 5 rows')
      })
    })

    describe('a person who is forgotten', () => {
      test('is “erased person” in what the log tells and in what the state tells, and is counted', async () => {
        const id = 'person_0123456789abcdefghjkmnpqrs'
        await record('policy.changed', 0, {
          actor: id,
          fields: { what: 'grant', revision: 2, epoch: 1, statement: 'g1' },
        })
        await record('note.read', 1, { actor: id, fields: { vault: 'v', note: 'A.md' } })
        await kit.erase(id)
        const state: ReportState = {
          ...noState,
          revisions: [
            {
              seq: 2,
              author: `user:${id}`,
              approver: null,
              changes: [
                { what: 'grant added', whom: `user:${id}`, scope: 'vault:v', before: null, after: `for user:${id}` },
              ],
            },
          ],
        }
        const { report, rows } = await ask('permission-changes', {}, { state })
        expect(rows('rules')).toMatchObject([
          { by: 'erased person', whom: 'erased person', after: 'for erased person' },
        ])
        expect(JSON.stringify(report)).not.toContain(id)
        expect((await ask('exports')).report.read).toEqual({ entries: 1, erased: 1 })
        await record('user.removed', 2, { actor: 'ann', fields: { user: id } })
        expect((await ask('permission-changes')).rows('people')).toMatchObject([{ by: 'ann', whom: 'erased person' }])
      })
    })

    describe('usage', () => {
      test('adds up by person, team, model and folder, and divides a question among its notes', async () => {
        await fillDay(record)
        const { rows, total } = await ask('usage', {}, { state: dayState })
        expect(rows('people')).toEqual([
          sum({ who: 'ann', calls: 3, cached: 1, tokensIn: 300, tokensOut: 30, costUsd: 0.000_004 }),
          sum({ who: 'bob', calls: 2, failed: 1, tokensIn: 50, tokensOut: 5, unpriced: 1 }),
        ])
        expect(rows('teams')).toMatchObject([
          { team: 'group:crew', calls: 5 },
          { team: 'group:ship', calls: 3 },
        ])
        expect(rows('models')).toMatchObject([
          { model: 'large', provider: 'cloud', calls: 2, costUsd: 0.000_004 },
          { model: 'small', provider: 'here', calls: 2 },
          { model: null, provider: null, calls: 1, failed: 1 },
        ])
        expect(rows('folders')).toMatchObject([
          { folder: 'folder:v/plans', calls: 3, tokensIn: 175, costUsd: 0.000_003 },
          { folder: 'vault:v', calls: 1, tokensIn: 25, costUsd: 0.000_001 },
        ])
        expect(rows('days')).toMatchObject([{ day: Date.parse('2026-01-15'), calls: 5 }])
        expect([total('Calls'), total('Cost, USD'), total('Calls without a cost')]).toEqual([5, 0.000_004, 1])
      })

      test('folders are told down to the depth that is asked for', async () => {
        await fillDay(record)
        const folders = async (depth: number) =>
          (await ask('usage', { depth })).rows('folders').map(({ folder }) => folder)
        expect(await folders(0)).toEqual(['vault:v'])
        expect(await folders(2)).toEqual(['folder:v/plans/deep', 'folder:v/plans', 'vault:v'])
      })
    })

    describe('egress', () => {
      test('tells what left, stayed, came from the cache and was refused, each by folder', async () => {
        await fillDay(record)
        const { rows, total } = await ask('egress')
        const label = 'internal'
        expect(rows('outside')).toMatchObject([
          { folder: 'folder:v/plans', provider: 'cloud', region: 'eu', label, questions: 1, notes: 3, failed: 0 },
          { folder: 'vault:v', provider: 'cloud', region: 'eu', label, questions: 1, notes: 1, failed: 0 },
        ])
        expect(rows('cached')).toMatchObject([{ folder: 'folder:v/plans', questions: 1 }])
        expect(rows('refused')).toMatchObject([{ folder: 'folder:v/plans', label: 'restricted', questions: 1 }])
        expect(rows('inside')).toEqual([])
        expect(rows('requests')).toMatchObject([{ provider: 'cloud', region: 'eu', purpose: 'answer', requests: 1 }])
        expect(total('Questions that left')).toBe(1)
      })

      test('folders whose notes the reader may not know of are one row without a name', async () => {
        await fillDay(record)
        const seen = [JSON.stringify(['v', 'Root.md'])]
        const { rows, report } = await ask('egress', {}, { seen })
        expect(rows('outside')).toMatchObject([
          { folder: 'hidden', notes: 3 },
          { folder: 'vault:v', notes: 1 },
        ])
        expect(JSON.stringify(report)).not.toContain('plans')
      })

      test('the places that a reader’s sight is asked for are all that are named', async () => {
        await fillDay(record)
        const { basis } = await ask('egress')
        expect(basis.places.map(({ path }) => path ?? '').toSorted(compareText)).toEqual([
          'Root.md',
          'plans/A.md',
          'plans/deep/B.md',
          'plans/deep/C.md',
        ])
      })
    })

    describe('failed sign-ins', () => {
      const refused = (at: number, address: string, user: string | null = 'ann') =>
        record('sign-in.refused', at, {
          actor: 'anonymous',
          outcome: 'refused',
          fields: { method: 'password', code: 'access.sign-in-refused', user },
          context: { address },
        })
      const entered = (at: number, actor: string, address: string) =>
        record('session.created', at, { actor, fields: { method: 'password' }, context: { address } })

      test('a run that ends in a success is marked with it; one that is broken or too short is none', async () => {
        for (const at of [0, 1, 2, 3]) await refused(at, '192.0.2.1')
        await entered(5, 'ann', '192.0.2.9')
        await refused(6, '192.0.2.1')
        for (const at of [100, 101, 102]) await refused(at, '192.0.2.7', null)
        await entered(103, 'bob', '192.0.2.1')
        await entered(119, 'zoe', '192.0.2.7')
        const { rows, total } = await ask('failed-sign-ins')
        expect(rows('runs')).toEqual([
          expect.objectContaining({ who: 'ann', failures: 4, success: 4, successAt: start + 5 * minute }),
          expect.objectContaining({ who: 'not known', address: '192.0.2.7', failures: 3, success: null }),
        ])
        expect(rows('accounts')).toMatchObject([
          { who: 'ann', failures: 5, addresses: 1, runs: 1 },
          { who: 'not known', failures: 3, addresses: 1, runs: 1 },
        ])
        expect(rows('addresses')).toMatchObject([
          { address: '192.0.2.1', failures: 5 },
          { address: '192.0.2.7', failures: 3 },
        ])
        expect(rows('reasons')).toMatchObject([{ method: 'password', reason: 'access.sign-in-refused', failures: 8 }])
        expect([total('Failures'), total('Runs'), total('Runs that ended in a success')]).toEqual([8, 2, 1])
        expect((await ask('failed-sign-ins', { runMinutes: 30 })).total('Runs that ended in a success')).toBe(2)
        expect((await ask('failed-sign-ins', { runFailures: 4 })).rows('runs')).toHaveLength(1)
      })

      test('an unknown key counts as one, and another refusal does not', async () => {
        const keyed = { actor: 'anonymous', outcome: 'refused', context: { address: '192.0.2.1' } } as const
        await record('access.refused', 0, { ...keyed, fields: { code: 'access.key-unknown', route: '/v1/ask' } })
        await record('access.refused', 1, { ...keyed, fields: { code: 'access.forbidden', route: '/v1/ask' } })
        expect((await ask('failed-sign-ins')).rows('reasons')).toMatchObject([{ method: 'key', failures: 1 }])
      })
    })

    describe('exports and bulk reads', () => {
      test('reads within the window make a span, those outside do not; the threshold decides', async () => {
        for (let at = 0; at < 6; at++)
          await record('note.read', at * 10, { actor: 'ann', fields: { vault: 'v', note: `${at % 4}.md` } })
        for (let at = 0; at < 6; at++)
          await record('note.read', at * 61, { actor: 'bob', fields: { vault: 'v', note: `${at}.md` } })
        const bulk = async (reads: number, windowMinutes = 60) =>
          (await ask('exports', { reads, windowMinutes })).rows('bulk')
        expect(await bulk(6)).toEqual([
          {
            who: 'ann',
            reads: 6,
            notes: 4,
            first: start,
            last: start + 50 * minute,
            firstEntry: 0,
            lastEntry: 5,
          },
        ])
        expect(await bulk(7)).toEqual([])
        expect(await bulk(2, 61)).toHaveLength(2)
      })

      test('an export with its outcome is one row; one without stands as begun', async () => {
        const fields = { format: 'csv', filters: ['from'], content: true, size: 1 }
        const intent = await record('audit.export-intended', 0, { actor: 'ann', fields })
        await record('audit.exported', 1, {
          actor: 'ann',
          fields: { ...fields, results: 1, bytes: 9, sha256: 'aa', intent },
        })
        await record('audit.export-intended', 2, { actor: 'bob', fields })
        await record('audit.searched', 3, { actor: 'bob', fields: { filters: [], size: 3, results: 1 } })
        const { rows } = await ask('exports')
        expect(rows('taken')).toMatchObject([{ who: 'ann', format: 'csv', names: 'yes', bytes: 9, outcome: 'ok' }])
        expect(rows('unfinished')).toMatchObject([{ who: 'bob', entry: 2 }])
        expect(rows('looks')).toMatchObject([{ who: 'bob', looks: 1 }])
      })
    })

    describe('permission changes', () => {
      test('each change has what stood there before and after, who made it, and who approved it', async () => {
        await record('policy.proposed', 0, { actor: 'ann', fields: { proposal: 'p1', base: 1 } })
        await record('policy.decided', 2_000, { actor: 'bob', fields: { proposal: 'p1', approved: true, revision: 2 } })
        const change = { what: 'grant changed', whom: 'user:zoe', scope: 'vault:v', before: 'viewer', after: 'editor' }
        const revisions = [{ seq: 2, author: 'user:ann', approver: 'user:bob', changes: [change] }]
        const period = { from: start + 1_000 * minute, to: start + 3_000 * minute }
        const { rows, basis } = await ask('permission-changes', period, { state: { ...noState, revisions } })
        expect(basis.revisions).toEqual([2])
        expect(rows('rules')).toEqual([
          { entry: 1, when: start + 2_000 * minute, by: 'ann', approvedBy: 'bob', revision: 2, ...change },
        ])
      })

      test('emergency access and delegations name whose they are, from request to review', async () => {
        const fields = { emergency: 'e1' }
        await record('emergency.requested', 0, { actor: 'ann', fields: { ...fields, scope: 'vault:v' } })
        await record('emergency.approved', 1, { actor: 'bob', fields: { ...fields, by: 'bob' } })
        await record('delegation.created', 2, { actor: 'ann', fields: { delegation: 'd1', to: 'zoe', role: 'viewer' } })
        const { rows } = await ask('permission-changes', {}, { seen: [] })
        expect(rows('passes')).toMatchObject([
          { what: 'delegated', by: 'ann', whom: 'zoe', after: 'role viewer' },
          { what: 'emergency access approved', by: 'bob', whom: 'ann' },
          { what: 'emergency access asked for', by: 'ann', whom: 'ann', scope: 'hidden' },
        ])
      })
    })

    describe('access review', () => {
      test('roles with who gave them and when, through groups too; what is dormant, unused or without an end is marked', async () => {
        kit.clock.put('2026-01-15T08:00:00Z')
        await record('policy.changed', 0, {
          actor: 'ann',
          fields: { what: 'grant', revision: 7, epoch: 1, statement: 'g1' },
        })
        await record('note.read', 1, { actor: 'bob', fields: {}, context: { credential: 'key_b' } })
        await record('note.read', 200 * 1_440, { actor: 'ann', fields: {}, context: { credential: 'key_a' } })
        const { rows, basis, total } = await ask('access-review', {}, { state: reviewState })
        expect(basis.revision).toBe(7)
        expect(rows('roles')).toMatchObject([
          {
            who: 'ann',
            via: null,
            role: 'auditor',
            since: start,
            by: 'ann',
            entry: 0,
            lookAt: ['owner without a second factor'],
          },
          { who: 'bob', via: 'group:crew', role: 'viewer', by: null, lookAt: ['dormant'] },
          { who: 'user:gone', role: 'viewer', lookAt: ['nobody has it'] },
          { who: 'zoe', via: 'group:crew', role: 'viewer', lookAt: ['suspended', 'never acted'] },
        ])
        expect(rows('keys')).toMatchObject([
          { who: 'ann', key: 'key_a', until: null, lookAt: ['never expires', 'may do all that its owner may'] },
          { who: 'bob', key: 'key_b', lookAt: ['not used'] },
        ])
        expect(rows('owners')).toMatchObject([{ who: 'ann' }])
        expect(rows('findings')).toEqual([{ about: 'user:ann', message: 'Look here.' }])
        expect(total('Keys that never expire')).toBe(1)
        const long = await ask('access-review', { dormantDays: 300 }, { state: reviewState })
        expect(long.rows('keys')[1]).toMatchObject({ key: 'key_b', lookAt: [] })
      })
    })

    describe('audit health', () => {
      test('a missing entry, lost events, a failed verification, another log and a start without a stop are marked', async () => {
        for (const at of [0, 1]) await record('server.started', at, { fields: { version: '1' } })
        await record('audit.gap', 2, { fields: { kept: 1, lost: 3 } })
        await record('audit.verified', 3, { actor: 'ann', outcome: 'failed', fields: { size: 3, errors: 2 } })
        await record('audit.fork', 4, { fields: { witness: 'file', verdict: 'fork', size: 3 } })
        await record('sink.failed', 5, { fields: { sink: 's', kind: 'webhook', code: 'x', cursor: 1, lag: 4 } })
        await record('server.stopped', -60)
        await kit.log.connection.run('DELETE FROM audit_entries WHERE seq = 1')
        const { rows, total } = await ask('health')
        const states = Object.fromEntries(rows('checks').map(({ check, state }) => [check, state]))
        expect(states).toEqual({
          'Every entry is there': 'look at it',
          'Every entry is the one that was signed': 'look at it',
          'Verified in this period': 'look at it',
          'Witnesses saw this log': 'look at it',
          'No event was lost': 'look at it',
          Receivers: 'look at it',
          'The server stopped in good order': 'ok',
          'The clock did not step back': 'look at it',
        })
        expect([total('Entries missing'), total('Events lost')]).toEqual([1, 3])
        expect(rows('gaps')).toMatchObject([
          { check: 'Entries missing', state: 'look at it', value: '1' },
          { check: 'Not recorded in time', state: 'look at it' },
        ])
        expect(rows('runs')[0]).toMatchObject({ check: 'Step back in time', value: '65 minutes', entry: 6 })
      })

      test('a log that is whole and looked after has nothing to look at', async () => {
        await record('server.started', 0, { fields: { version: '1' } })
        await record('audit.verified', 1, { actor: 'ann', fields: { size: 1, errors: 0 } })
        const receivers = [{ id: 's', kind: 'webhook', state: 'ok', cursor: 2, failingSince: null, lastError: null }]
        const levels = [{ level: 'none', categories: ['tool'], place: 'folder:v/diary', provider: null }]
        const state = { ...noState, receivers, levels, health: { state: 'ok', waiting: 0, lost: 0 } }
        const { rows, total } = await ask('health', {}, { state })
        expect(rows('keeping').at(-1)).toMatchObject({ check: 'Level, rule 1', value: 'none', place: 'folder:v/diary' })
        expect(rows('checks').map((row) => row['state'])).toEqual(rows('checks').map(() => 'ok'))
        expect(total('To look at')).toBe(0)
        expect(rows('receivers')).toMatchObject([{ check: 's', state: 'ok', value: 'webhook, 0 entries behind' }])
      })
    })
  })
}
