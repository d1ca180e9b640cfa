/** Horizons, holds and what goes when, by a clock that the test puts. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { auditCategoryTable, type AuditCategory } from '@cairn/contract'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { addMonths } from '../retention/retain.ts'
import { openLogKit, type LogKit } from './log-kit.ts'

const dayMs = 24 * 60 * 60_000

// oxlint-disable-next-line max-lines-per-function -- a suite: each of its tests is short
export function describeRetention(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let kit: LogKit
    beforeEach(async () => {
      place = await makePlace()
      kit = await openLogKit(place.location)
    })
    afterEach(async () => {
      await kit.log.close()
      await place.remove()
    })
    const at = (iso: string | number) => kit.clock.put(typeof iso === 'number' ? new Date(iso).toISOString() : iso)
    const planned = async () => (await kit.log.retention.plan(kit.clock.now())).periods.map(({ period }) => period)
    const readable = async (category: AuditCategory) =>
      (await kit.log.entries({ from: 0, to: 10_000 })).filter(
        (entry) => entry.category === category && entry.actor !== null,
      ).length

    test('each month of each category stays to its last day, and is gone the day after', async () => {
      await kit.fill(8)
      for (const category of ['content', 'auth'] as const) {
        const { personalMonths } = auditCategoryTable[category]
        const due = addMonths('2026-02-01T00:00:00Z', personalMonths)
        at(due - dayMs)
        expect(await planned()).not.toContain(`${category}/2026-01`)
        await kit.log.retention.run(kit.by())
        expect(await readable(category)).toBe(4)
        at(due + dayMs)
        expect(await planned()).toContain(`${category}/2026-01`)
        expect((await kit.log.retention.run(kit.by())).periods).toContain(`${category}/2026-01`)
        expect(await readable(category)).toBe(0)
      }
      expect((await kit.log.verify()).ok).toBe(true)
    })

    test.each([
      [
        'a horizon that somebody set',
        "INSERT INTO audit_retention (category, personal_months, header_months, changed_by) VALUES ('auth', 1, 1, 3)",
      ],
      [
        'levels that somebody set',
        `INSERT INTO audit_levels (one, rules, keep_days, changed_by) VALUES (1, '[{"level":"none"}]', 1, 3)`,
      ],
      ['a hold that somebody took away', 'DELETE FROM audit_holds'],
      [
        'rows that somebody took away with their seal',
        "DELETE FROM audit_marks WHERE name = 'steering'",
        'DELETE FROM audit_holds',
      ],
    ])('nothing is let go by %s, and verify says so', async (_name, ...statements) => {
      await kit.fill(8)
      await kit.log.holds.place(kit.by(), { category: 'auth', reason: 'a case' })
      expect((await kit.log.verify()).ok).toBe(true)
      for (const statement of statements as string[]) await kit.log.connection.run(statement)
      at('2031-01-01T00:00:00Z')
      const { errors } = await kit.log.verify()
      expect(errors.map(({ code }) => code)).toEqual(['STEERING'])
      const before = await readable('auth')
      expect(kit.log.retention.run(kit.by())).rejects.toThrow('cannot be trusted')
      expect(kit.log.erase(kit.by(), ['person_1'], { reason: 'request', request: 'r' })).rejects.toThrow(
        'cannot be trusted',
      )
      expect(kit.log.holds.place(kit.by(), { category: 'auth', reason: 'more' })).rejects.toThrow('cannot be trusted')
      expect(kit.log.retention.change(kit.by(), { auth: { personalMonths: 2, headerMonths: 24 } })).rejects.toThrow(
        'cannot be trusted',
      )
      expect(await readable('auth')).toBe(before)
      await kit.log.retention.change(kit.by(), {}, { asTheyStand: true })
      expect((await kit.log.verify()).ok).toBe(true)
      const [told] = (await kit.log.entries({ from: 0, to: 100 })).filter(({ type }) => type === 'retention.changed')
      expect(String(told?.fields['categories'])).toContain('taken as they stand')
    })

    test('rows that are put back from before are found by the entry that came after', async () => {
      await kit.log.retention.change(kit.by(), { auth: { personalMonths: 3, headerMonths: 24 } })
      const { run } = kit.log.connection
      const seal = String((await run("SELECT value FROM audit_marks WHERE name = 'steering'")).rows[0]?.['value'])
      const changedBy = Number((await run('SELECT changed_by FROM audit_retention')).rows[0]?.['changed_by'])
      await kit.log.retention.change(kit.by(), { auth: { personalMonths: 9, headerMonths: 24 } })
      await run('UPDATE audit_retention SET personal_months = 3, changed_by = ?', [changedBy])
      await run("UPDATE audit_marks SET value = ? WHERE name = 'steering'", [seal])
      const { errors } = await kit.log.verify()
      expect(errors.map(({ code, detail }) => [code, detail.includes('as they were before')])).toEqual([
        ['STEERING', true],
      ])
    })

    test('texts stay for whole days, as somebody set, and their day is gone alone', async () => {
      const captured = { of: 'chat.completed', level: 'request', request: 'Where is the boat?', response: null }
      const append = (actor: string) =>
        kit.log.append({
          type: 'call.captured',
          actor,
          outcome: 'ok',
          at: kit.clock.now(),
          fields: captured,
          context: {},
        })
      const states = async () =>
        (await kit.log.entries({ from: 0, to: 10 }))
          .filter(({ type }) => type === 'call.captured')
          .map(({ blocks }) => blocks['request'])
      await append('person_1')
      at('2026-01-16T00:00:00Z')
      await append('person_1')
      await kit.log.levels.change(kit.by(), { rules: [], keepDays: 3 })
      at(Date.parse('2026-01-19T00:00:00Z') - 1)
      expect(await planned()).toEqual([])
      at('2026-01-19T00:00:00Z')
      expect(await planned()).toEqual(['capture/2026-01-15'])
      await kit.log.retention.run(kit.by())
      expect(await states()).toEqual(['erased', 'open'])
      await kit.log.holds.place(kit.by(), { category: 'capture', from: '2026-01', to: '2026-01', reason: 'Case 7' })
      at('2026-01-20T00:00:00Z')
      await kit.log.retention.run(kit.by())
      expect(await states()).toEqual(['erased', 'held'])
      expect((await kit.log.verify()).ok).toBe(true)
    })

    test('a plan changes nothing, and tells what a run then does', async () => {
      await kit.fill(40)
      at('2026-06-01T00:00:00Z')
      const plan = await kit.log.retention.plan(kit.clock.now())
      expect(plan.periods).toEqual([{ period: 'content/2026-01', blocks: 20, held: 0 }])
      expect((await kit.log.head()).size).toBe(40)
      expect(await kit.log.retention.run(kit.by())).toEqual({ periods: ['content/2026-01'], blocks: 20, pruned: null })
      // The second time there is nothing to do, and nothing is said.
      const { size } = await kit.log.head()
      expect(await kit.log.retention.run(kit.by())).toEqual({ periods: [], blocks: 0, pruned: null })
      expect((await kit.log.head()).size).toBe(size)
    })

    test('entries go from the front when all of them are old enough, and not a day before', async () => {
      await kit.fill(600)
      const due = addMonths('2026-01-15T08:00:00Z', auditCategoryTable.auth.headerMonths)
      at(due - dayMs)
      expect((await kit.log.retention.plan(kit.clock.now())).prune).toBeNull()
      at(due + dayMs)
      const plan = await kit.log.retention.plan(kit.clock.now())
      expect([plan.prune, plan.waitsFor]).toEqual([{ from: 0, to: 512 }, 'tile'])
      expect((await kit.log.retention.run(kit.by())).pruned).toEqual({ from: 0, to: 512 })
      expect(await kit.log.verify()).toMatchObject({ ok: true, minIndex: 512 })
    })

    test('a horizon that is set holds from the next run on; what was planned before is not done', async () => {
      await kit.fill(40)
      at('2026-06-01T00:00:00Z')
      expect(await planned()).toEqual(['content/2026-01'])
      await kit.log.retention.change(kit.by(), { content: { personalMonths: 12, headerMonths: 24 } })
      expect((await kit.log.retention.run(kit.by())).periods).toEqual([])
      await kit.log.retention.change(kit.by(), { auth: { personalMonths: 1, headerMonths: 24 } })
      expect((await kit.log.retention.run(kit.by())).periods).toEqual(['auth/2026-01'])
      const [changed] = (await kit.log.entries({ from: 40, to: 41 })).map(({ type, fields }) => [type, fields])
      expect(changed).toEqual(['retention.changed', { categories: ['content 3/13 to 12/24'] }])
      // The same again is no change.
      const { size } = await kit.log.head()
      await kit.log.retention.change(kit.by(), { auth: { personalMonths: 1, headerMonths: 24 } })
      expect((await kit.log.head()).size).toBe(size)
    })

    test.each([
      [{ content: { personalMonths: 14, headerMonths: 13 } }, 'longer than the entry'],
      [{ content: { personalMonths: null, headerMonths: 13 } }, 'name people'],
      [{ auth: { personalMonths: 0, headerMonths: 13 } }, 'whole numbers'],
      [{ auth: { personalMonths: 1.5, headerMonths: 13 } }, 'whole numbers'],
      [{ auth: { personalMonths: 1, headerMonths: 1_000 } }, 'whole numbers'],
    ])('%j is no policy', async (changes, message) => {
      await expect(kit.log.retention.change(kit.by(), changes)).rejects.toThrow(message)
      expect((await kit.log.head()).size).toBe(0)
    })

    describe('a hold', () => {
      test('on a person keeps what is theirs readable through shredding, and no longer than it lasts', async () => {
        await kit.fill(40)
        const hold = await kit.log.holds.place(kit.by(), { person: 'person_1', category: 'content', reason: 'Case 7' })
        at('2026-06-01T00:00:00Z')
        const [due] = (await kit.log.retention.plan(kit.clock.now())).periods
        expect(due).toMatchObject({ period: 'content/2026-01', blocks: 20, held: 4 })
        expect((await kit.log.retention.run(kit.by())).blocks).toBe(16)
        const kept = (await kit.log.entries({ from: 0, to: 100 })).filter(
          ({ category, actor }) => category === 'content' && actor !== null,
        )
        expect(new Set(kept.map(({ actor }) => actor))).toEqual(new Set(['person_1']))
        expect(new Set(kept.flatMap(({ blocks }) => Object.values(blocks)))).toEqual(new Set(['held']))
        expect((await kit.log.verify()).ok).toBe(true)
        await kit.log.holds.release(kit.by(), { id: hold.id, reason: 'It is over' })
        expect(await readable('content')).toBe(0)
        expect((await kit.log.verify()).ok).toBe(true)
        await expect(kit.log.holds.release(kit.by(), { id: hold.id, reason: 'It is over' })).rejects.toThrow(
          'no such hold',
        )
      })

      test('keeps through the erasure of its person too, and its entry names that person to nobody else', async () => {
        await kit.fill(40)
        await kit.log.holds.place(kit.by(), { person: 'person_1', reason: 'Case 7' })
        await kit.erase('person_1')
        const kept = (await kit.log.entries({ from: 0, to: 40 })).filter(({ actor }) => actor === 'person_1')
        expect(kept).toHaveLength(8)
        const { rows } = await kit.log.connection.run(
          "SELECT header FROM audit_entries WHERE header LIKE '%hold-placed%'",
        )
        expect(String(rows[0]?.['header'])).not.toContain('person_1')
        expect((await kit.log.verify()).ok).toBe(true)
      })

      test('on months keeps the entries from being pruned', async () => {
        await kit.fill(600)
        const hold = await kit.log.holds.place(kit.by(), { from: '2026-01', to: '2026-01', reason: 'Case 8' })
        at('2030-01-01T00:00:00Z')
        expect(await kit.log.retention.plan(kit.clock.now())).toMatchObject({ prune: null, waitsFor: 'hold' })
        expect((await kit.log.retention.run(kit.by())).pruned).toBeNull()
        await kit.log.holds.release(kit.by(), { id: hold.id, reason: 'It is over' })
        expect((await kit.log.retention.run(kit.by())).pruned).toEqual({ from: 0, to: 512 })
      })

      test.each([
        [{ reason: 'x' }, 'Say what is held'],
        [{ category: 'nothing', reason: 'x' }, 'category'],
        [{ from: '2026-13', reason: 'x' }, 'from'],
        [{ from: '2026-05', to: '2026-01', reason: 'x' }, 'from'],
      ])('%j is none', async (request, message) => {
        await expect(kit.log.holds.place(kit.by(), request)).rejects.toThrow(message)
        expect((await kit.log.head()).size).toBe(0)
      })

      test('on somebody who is erased is refused', async () => {
        await kit.fill(10)
        await kit.erase('person_1')
        await expect(kit.log.holds.place(kit.by(), { person: 'person_1', reason: 'x' })).rejects.toThrow('erased')
      })
    })

    test('months end as the calendar has them', () => {
      expect(new Date(addMonths('2024-01-31T10:00:00Z', 1)).toISOString()).toBe('2024-02-29T10:00:00.000Z')
      expect(new Date(addMonths('2023-01-31T10:00:00Z', 1)).toISOString()).toBe('2023-02-28T10:00:00.000Z')
      expect(new Date(addMonths('2023-12-01T00:00:00Z', 13)).toISOString()).toBe('2025-01-01T00:00:00.000Z')
    })
  })
}
