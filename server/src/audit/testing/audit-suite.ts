/** What `audit` promises, whatever the engine of its store. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { CairnError, type Clock } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { auditSchema, createAudit, type Audit, type AuditEntry } from '../index.ts'

const clock: Clock = { now: () => 1_763_850_000_123, monotonic: () => 0 }
const entry: AuditEntry = {
  type: 'question.asked',
  actor: 'person_1',
  requestId: 'request_1',
  outcome: 'ok',
  fields: { vaults: ['vault_1'], notes: 3, model: 'extractive', tokensIn: null },
}

export function describeAudit(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let store: Store
    let audit: Audit
    beforeEach(async () => {
      place = await makePlace()
      store = await place.open([auditSchema])
      audit = createAudit({ store, clock })
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
    })

    const numbers = async () => (await store.read('SELECT seq FROM audit_entries ORDER BY seq')).map(({ seq }) => seq)

    test('an entry is kept with all it says', async () => {
      expect(await audit.record(entry)).toBe(1)
      const [row] = await store.read('SELECT * FROM audit_entries')
      expect(row).toEqual({
        seq: 1,
        id: expect.stringMatching(/^audit_/),
        at: 1_763_850_000_123,
        category: 'question',
        type: 'question.asked',
        actor: 'person_1',
        request_id: 'request_1',
        outcome: 'ok',
        fields: JSON.stringify(entry.fields),
      })
    })

    test('an entry without a request and without fields, first of all', async () => {
      expect(await audit.record({ type: 'server.stopped', actor: 'server', requestId: null, outcome: 'ok' })).toBe(1)
      expect(await audit.record(entry)).toBe(2)
      expect(await store.read('SELECT request_id, fields FROM audit_entries WHERE seq = 1')).toEqual([
        { request_id: null, fields: '{}' },
      ])
    })

    test('200 entries at once get the numbers 1 to 200, each once', async () => {
      const given = await Promise.all(Array.from({ length: 200 }, () => audit.record(entry)))
      const wanted = Array.from({ length: 200 }, (_, index) => index + 1)
      expect(given.toSorted((a, b) => a - b)).toEqual(wanted)
      expect(await numbers()).toEqual(wanted)
    })

    test('two servers on one store share one row of numbers', async () => {
      if (!place.takesSeveral) return
      const other = await place.open([auditSchema])
      const second = createAudit({ store: other, clock })
      await Promise.all(Array.from({ length: 100 }, (_, index) => (index % 2 ? audit : second).record(entry)))
      await other.close()
      expect(await numbers()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    })

    test('an entry that fails leaves no gap', async () => {
      const tries = Array.from({ length: 60 }, (_, index) =>
        audit.record(index % 3 === 0 ? { ...entry, actor: 'zero\0' } : entry),
      )
      const outcomes = await Promise.allSettled(tries)
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(20)
      expect(await numbers()).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    })

    test('a field that the event table does not name is refused, and nothing is written', async () => {
      const refused = audit.record({ ...entry, fields: { question: 'what is my salary' } })
      expect(((await refused.catch((thrown: unknown) => thrown)) as CairnError).code).toBe('internal.error')
      expect(await numbers()).toEqual([])
    })

    test('the interface has no way to change or remove an entry', () => {
      expect(Object.keys(audit)).toEqual(['record'])
    })

    test('the database itself refuses to change or remove an entry', async () => {
      await audit.record(entry)
      for (const text of [
        "UPDATE audit_entries SET actor = 'nobody'",
        "UPDATE audit_entries SET actor = 'nobody' WHERE seq = 1",
        'DELETE FROM audit_entries WHERE seq = 1',
        'DELETE FROM audit_entries',
        ...(store.dialect === 'postgres' ? ['TRUNCATE audit_entries'] : []),
      ]) {
        const refused = await store.write([{ text }]).catch((thrown: unknown) => thrown)
        expect(refused).toBeInstanceOf(CairnError)
      }
      expect(await store.read('SELECT seq, actor FROM audit_entries')).toEqual([{ seq: 1, actor: 'person_1' }])
      expect(await audit.record(entry)).toBe(2)
    })
  })
}
