/** Where receivers outside are in the log, on either engine: one process at a time, and on only by acknowledgement. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import { createKeys } from '../export/take-out.ts'
import { mostEntries, type SinkPlan } from '../sinks/batch.ts'
import { createSinkStore, holdMs, type NextStep, type SinkStore } from '../sinks/sink-store.ts'
import { openLogKit, someEvent, testOrigin, testSecrets, type LogKit } from './log-kit.ts'

const plan: SinkPlan = { id: 'siem', kind: 'webhook', format: 'jsonl', names: false }
const { id } = plan

export function describeSinkStore(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let kit: LogKit
    let store: SinkStore

    beforeEach(async () => {
      place = await makePlace()
      kit = await openLogKit(place.location)
      const { connection } = kit.log
      store = createSinkStore(connection, {
        keys: createKeys(connection, testSecrets),
        version: '0',
        origin: testOrigin,
      })
      await kit.fill(10)
    })
    afterEach(async () => {
      await kit.log.close()
      await place.remove()
    })

    const next = (holder = 'one', at = 0) => store.next({ plan, holder, at })
    const append = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, at) => kit.log.append(someEvent(at, kit.clock.now()))))

    /** Known, and at the end of the log. */
    async function begin(): Promise<void> {
      expect((await next()).kind).toBe('configure')
      await store.configure({ id, holder: 'one', at: 0, plan })
      expect((await next()).kind).toBe('idle')
    }

    async function take(step: NextStep, holder = 'one') {
      if (step.kind !== 'batch') throw new Error(`no batch but ${step.kind}`)
      const { body, ...batch } = step
      return store.done({ ...batch, id, holder, at: 5, bytes: body.length })
    }

    const extentOf = (step: NextStep) => (step.kind === 'batch' ? [step.first, step.to] : step.kind)

    test('begins where the log is, goes on when a batch is taken, and leaves receipts', async () => {
      await begin()
      await append(mostEntries + 20)
      const first = await next()
      expect(extentOf(first)).toEqual([10, 10 + mostEntries])
      expect(extentOf(await next())).toEqual(extentOf(first))
      expect(await take(first)).toEqual({ recovered: null })
      expect(await take(first)).toBeNull()
      await take(await next())
      expect((await next()).kind).toBe('idle')
      const receipts = await store.receipts({ id, after: 0, limit: 10 })
      expect(receipts.map((each) => [each.first, each.last, each.entries])).toEqual([
        [10, 9 + mostEntries, mostEntries],
        [10 + mostEntries, 29 + mostEntries, 20],
      ])
      expect(await store.receipts({ id, after: 11, limit: 10 })).toEqual(receipts.slice(1))
      expect(await store.progress(id)).toMatchObject({
        cursor: 30 + mostEntries,
        size: 30 + mostEntries,
        deliveredAt: 5,
      })
    })

    test('a batch that failed comes again with the same extent, and the first failure is told once', async () => {
      await begin()
      await append(5)
      const step = await next()
      if (step.kind !== 'batch') throw new Error('no batch')
      const failed = { id, holder: 'one', at: 3, to: step.to, error: 'upstream.failed: status 500' }
      expect(await store.failed(failed)).toEqual({ isFirst: true })
      expect(await store.failed({ ...failed, at: 4 })).toEqual({ isFirst: false })
      await append(5)
      const again = await next()
      expect(extentOf(again)).toEqual([10, 15])
      expect(again.progress).toMatchObject({ failingSince: 3, attempts: 2, lastError: failed.error })
      expect(await take(again)).toEqual({ recovered: { since: 3, attempts: 2 } })
      expect(extentOf(await next())).toEqual([15, 20])
      expect(await store.progress(id)).toMatchObject({ failingSince: null, attempts: 0, lastError: null })
    })

    test('a batch that nobody answered comes again with the same extent, whatever came after it', async () => {
      await begin()
      await append(5)
      const step = await next()
      await append(5)
      expect(extentOf(await next())).toEqual(extentOf(step))
      expect(extentOf(step)).toEqual([10, 15])
    })

    test('is one process’s at a time; one that lost it moves nothing', async () => {
      await begin()
      await append(5)
      const step = await next()
      expect((await next('two', 1)).kind).toBe('held')
      expect((await next('two', holdMs + 1)).kind).toBe('batch')
      expect(await take(step, 'one')).toBeNull()
      expect((await next('one', holdMs + 2)).kind).toBe('held')
      await store.release({ id, holder: 'two', at: holdMs + 3 })
      expect(await take(await next('one', holdMs + 4))).toEqual({ recovered: null })
    })

    test('what was pruned is passed over only when that is said, and receipts go with their entries', async () => {
      await begin()
      await append(250)
      await take(await next())
      await append(400)
      await kit.log.checkpoints.sign()
      await kit.log.prune(kit.by(), 512)
      const step = await next()
      expect(step).toMatchObject({ kind: 'skip', from: 260, to: 512 })
      expect((await next()).kind).toBe('skip')
      await store.skip({ id, holder: 'one', at: 1, from: 260, to: 512 })
      expect(extentOf(await next())).toEqual([512, (await kit.log.head()).size])
      await take(await next())
      expect((await store.receipts({ id, after: 0, limit: 10 })).map(({ first }) => first)).toEqual([512])
    })

    test('another way of telling is to be said before anything is sent that way', async () => {
      await begin()
      await append(5)
      const other = { ...plan, names: true }
      expect((await store.next({ plan: other, holder: 'one', at: 0 })).kind).toBe('configure')
      await store.configure({ id, holder: 'one', at: 0, plan: other })
      expect((await store.next({ plan: other, holder: 'one', at: 0 })).kind).toBe('batch')
    })
  })
}
