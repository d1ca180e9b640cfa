/** What questions to the log promise, whatever the engine: the same as opening everything, in pages that fit together. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { sleep } from '../../base/index.ts'
import type { MakePlace, Place } from '../../storage/testing/places.ts'
import type { AuditFilter, AuditOrder, AuditPage, SummaryDimension } from '../query/types.ts'
import { findKeyRef } from './log-kit.ts'
import { notes, openQueryKit, people, vaults, type QueryKit } from './query-kit.ts'

const day = Date.parse('2026-01-15T00:00:00Z')
const hour = 3_600_000

const optional = <T>(from: fc.Arbitrary<T>) => fc.option(from, { nil: undefined, freq: 1 })
const filters: fc.Arbitrary<AuditFilter> = fc.record({
  from: optional(fc.integer({ min: day, max: day + 24 * hour })),
  to: optional(fc.integer({ min: day, max: day + 24 * hour })),
  categories: optional(fc.subarray(['content', 'model', 'user', 'key'], { minLength: 1 })),
  types: optional(fc.subarray(['note.read', 'chat.completed', 'user.changed'], { minLength: 1 })),
  outcomes: optional(fc.subarray(['ok', 'failed', 'refused'] as const, { minLength: 1 })),
  actor: optional(fc.constantFrom(...people, 'nobody_there')),
  person: optional(fc.constantFrom('person_0', 'person_1', 'person_9')),
  vault: optional(fc.constantFrom(...vaults, 'vault_9')),
  note: optional(fc.record({ vault: fc.constantFrom(...vaults), path: fc.constantFrom(...notes) })),
  model: optional(fc.constantFrom('gpt-x', 'Ä%')),
  provider: optional(fc.constantFrom('lab', 'cloud')),
  requestId: optional(fc.constantFrom('request_1', 'request_9')),
  words: optional(fc.subarray(['LLAMA_', 'lab', 'ä%', '!', 'forbidden', 'name', '/api/'], { minLength: 1 })),
})
/** Mostly few at once, or nothing would be found. */
const sparse = filters.chain((filter) =>
  fc
    .subarray(Object.keys(filter), { maxLength: 3 })
    .map((kept) => Object.fromEntries(Object.entries(filter).filter(([name]) => kept.includes(name))) as AuditFilter),
)
const drawn = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 40 })

// oxlint-disable-next-line max-lines-per-function -- a suite: each of its tests is short
export function describeQueries(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let kit: QueryKit
    beforeEach(async () => {
      place = await makePlace()
      kit = await openQueryKit(place)
      kit.clock.put('2026-01-15T12:00:00Z')
    })
    afterEach(async () => {
      await kit.close()
      await place.remove()
    })

    const ask = (
      filter: AuditFilter,
      more: { order?: AuditOrder; limit?: number; cursor?: string; asOf?: number } = {},
    ) => kit.reader.query({ filter, order: 'asc', limit: 500, fresh: more.cursor === undefined, ...more })
    const seqs = ({ entries }: AuditPage) => entries.map(({ seq }) => seq)
    async function readAll(filter: AuditFilter, more: { order: AuditOrder; limit: number; asOf?: number }) {
      const pages: AuditPage[] = []
      for (let cursor: string | undefined; pages.length < 1_000;) {
        const page = await ask(filter, { ...more, ...(cursor === undefined ? {} : { cursor }) })
        pages.push(page)
        if (page.next === null || page.entries.length < more.limit) return pages
        cursor = page.next
      }
      throw new Error('the pages do not end')
    }
    const reasonOf = (thrown: unknown) => {
      const { code, param } = thrown as { code?: string; param?: string }
      return `${code} ${param}`
    }

    test('a question finds what opening every entry finds, in both orders and in pages', async () => {
      let found = 0
      await fc.assert(
        fc.asyncProperty(drawn, fc.array(sparse, { minLength: 5, maxLength: 10 }), async (numbers, asked) => {
          await kit.append(...numbers)
          for (const filter of asked) {
            const expected = await kit.naively(filter)
            found += expected.length
            expect(seqs(await ask(filter))).toEqual(expected)
            const pages = await readAll(filter, { order: 'desc', limit: 7 })
            expect(pages.flatMap(seqs)).toEqual(expected.toReversed())
          }
        }),
        { numRuns: 8, seed: 61 },
      )
      // The filters are not such that nothing fits.
      expect(found).toBeGreaterThan(200)
    }, 60_000)

    test('what is told of an entry is what the log has of it', async () => {
      await kit.append(1, 22, 333, 4_444, 55_555, 666_666)
      const { entries, size, behind } = await ask({})
      expect([size, behind]).toEqual([6, 0])
      expect(entries).toEqual(await kit.log.entries({ from: 0, to: 6 }))
      expect(await kit.reader.find(3)).toEqual({ entry: entries[3] ?? null, size: 6, minIndex: 0 })
      expect(await kit.reader.find(6)).toEqual({ entry: null, size: 6, minIndex: 0 })
    })

    test('pages under appends: no entry twice, none missed, and the same again for the same size', async () => {
      await kit.append(...Array.from({ length: 60 }, (_, at) => at * 37))
      for (const order of ['asc', 'desc'] as const) {
        const seen: number[] = []
        const first = await ask({ outcomes: ['ok'] }, { order, limit: 7 })
        let page = first
        const { size } = page
        for (seen.push(...seqs(page)); page.next !== null && page.entries.length === 7; seen.push(...seqs(page))) {
          await kit.append(seen.length * 41, seen.length * 43)
          await kit.settle()
          page = await ask({ outcomes: ['ok'] }, { order, limit: 7, cursor: page.next })
          expect(page.size).toBe(size)
        }
        const expected = (await kit.naively({ outcomes: ['ok'] })).filter((seq) => seq < size)
        expect(seen).toEqual(order === 'asc' ? expected : expected.toReversed())
        // Rows, order and cursors, as often as one asks.
        const asOf = await readAll({ outcomes: ['ok'] }, { order, limit: 7, asOf: size })
        expect(await readAll({ outcomes: ['ok'] }, { order, limit: 7, asOf: size })).toEqual(asOf)
        expect(asOf.flatMap(seqs)).toEqual(seen)
        expect(asOf.at(-1)?.next).toBeNull()
        await kit.reopen()
        expect(await readAll({ outcomes: ['ok'] }, { order, limit: 7, asOf: size })).toEqual(asOf)
      }
    }, 60_000)

    test('in ascending order the last cursor goes on with what comes later', async () => {
      await kit.append(0, 1, 2)
      const first = await ask({ actor: 'person_1' })
      expect(seqs(first)).toEqual([1])
      await kit.append(1, 2, 1)
      await kit.settle()
      const second = await ask({ actor: 'person_1' }, { cursor: first.next ?? '' })
      expect([seqs(second), second.size]).toEqual([[3, 5], 6])
      expect(seqs(await ask({ actor: 'person_1' }, { cursor: second.next ?? '' }))).toEqual([])
    })

    test('a cursor that was made up, changed, or belongs to another question is refused by name', async () => {
      await kit.append(...Array.from({ length: 9 }, (_, at) => at))
      const { next } = await ask({ actor: 'server' }, { limit: 1, order: 'desc' })
      const good = await ask({}, { limit: 1, order: 'desc' })
      const cursor = good.next ?? ''
      const [body = '', tag = ''] = cursor.split('.')
      const payload = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
      const forged = `${Buffer.from(JSON.stringify({ ...payload, s: 99 })).toString('base64url')}.${tag}`
      for (const bad of ['', '.', 'x', body, forged, `${body}.${tag}A`.slice(0, -3), next ?? ''])
        expect(await ask({}, { limit: 1, order: 'desc', cursor: bad }).catch(reasonOf)).toBe('request.invalid cursor')
      for (const other of [{ order: 'asc' as const }, { order: 'desc' as const, asOf: 3 }])
        expect(await ask({}, { limit: 1, cursor, ...other }).catch(reasonOf)).toStartWith('request.invalid')
      expect(seqs(await ask({}, { limit: 1, order: 'desc', cursor }))).toEqual([7])
    })

    test('a size that the log has not reached is refused, one that it had is answered', async () => {
      await kit.append(0, 1, 2, 3)
      expect(await ask({}, { asOf: 5 }).catch(reasonOf)).toBe('request.invalid asOf')
      expect(seqs(await ask({}, { asOf: 2 }))).toEqual([0, 1])
      expect(await ask({}, { asOf: 0 })).toEqual({ entries: [], next: null, through: -1, size: 0, behind: 0 })
    })

    test('groups are counted as opening every entry counts them', async () => {
      await kit.append(...Array.from({ length: 120 }, (_, at) => at * 9_973))
      const entries = await kit.log.entries({ from: 0, to: 500 })
      const valueOf = (dimension: SummaryDimension) => (entry: (typeof entries)[number]) => {
        if (dimension === 'model' || dimension === 'provider') return entry.fields[dimension] ?? null
        return dimension === 'vault' ? null : entry[dimension]
      }
      for (const by of [['category', 'outcome'], ['actor'], ['model', 'actor'], [], ['type', 'provider']] as const) {
        for (const bucket of [undefined, 'hour', 'day', 'week', 'month'] as const) {
          const { rows, truncated } = await kit.reader.summarize({ filter: {}, by, bucket, vaults: [], fresh: true })
          const expected = Map.groupBy(entries, (entry) =>
            JSON.stringify([by.map((dimension) => valueOf(dimension)(entry)), startOf(bucket, entry.at)]),
          )
          const counted = rows.map(({ group, start, count }) => [JSON.stringify([group, start]), count] as const)
          expect(new Map(counted)).toEqual(new Map([...expected].map(([key, of]) => [key, of.length])))
          expect([counted.length, truncated]).toEqual([expected.size, false])
        }
      }
      const [all] = (await kit.reader.summarize({ filter: {}, by: [], vaults: [] })).rows
      const chats = entries.filter(({ type }) => type === 'chat.completed')
      expect(all).toMatchObject({ count: 120, tokensIn: chats.length * 5, tokensOut: chats.length * 7 })
      expect((await kit.reader.summarize({ filter: { actor: 'x' }, by: [], vaults: [] })).rows).toEqual([])
    })

    test('a vault that may not be named is one hidden group with all of its kind', async () => {
      await kit.log.append({ ...event('note.read'), fields: { vault: 'vault_1', note: 'a.md' } })
      for (const vault of ['vault_2', 'vault_3'])
        await kit.log.append({ ...event('note.read'), fields: { vault, note: 'a.md' } })
      await kit.log.append(event('session.ended'))
      const { rows } = await kit.reader.summarize({ filter: {}, by: ['vault'], vaults: ['vault_1', 'x'], fresh: true })
      expect(rows).toHaveLength(3)
      const told = rows.map(({ group, hidden, count }) => `${group[0]} ${hidden} ${count}`)
      expect(new Set(told)).toEqual(new Set(['null false 1', 'null true 2', 'vault_1 false 1']))
    })

    test('who is erased can be asked for no more, and has left the index, also in its bytes', async () => {
      await kit.append(...Array.from({ length: 80 }, (_, at) => at * 7))
      await kit.settle()
      const refOf = async (person: string) => {
        const keyRef = await findKeyRef(kit.log, person)
        return kit.reader.index.use(async ({ refs }) => refs.person(keyRef))
      }
      const [gone, left] = [await refOf('person_1'), await refOf('person_2')]
      expect((await holds(kit, gone)) && (await holds(kit, left))).toBe(true)
      expect((await ask({ actor: 'person_1' })).entries).not.toEqual([])
      await kit.erase('person_1')
      await kit.settle()
      expect(await holds(kit, gone)).toBe(false)
      // The search can find something.
      expect(await holds(kit, left)).toBe(true)
      for (const filter of [{ actor: 'person_1' }, { person: 'person_1' }]) expect(seqs(await ask(filter))).toEqual([])
      for (const filter of [{ requestId: 'request_1' }, { vault: 'vault_1' }, { person: 'person_0' }])
        expect(seqs(await ask(filter))).toEqual(await kit.naively(filter))
    })

    test('nothing of anybody stands in the index in clear', async () => {
      await kit.append(...Array.from({ length: 80 }, (_, at) => at * 7_919))
      await kit.settle()
      const text = await dump(kit)
      for (const canary of ['person_', 'vault_', 'Plan.md', 'Käse', 'request_']) expect(text).not.toContain(canary)
      expect(text).toContain('chat.completed')
    })

    test('a month that is shredded, and what is pruned, leave the index', async () => {
      await kit.append(...Array.from({ length: 300 }, (_, at) => at * 7))
      kit.clock.put('2026-02-20T12:00:00Z')
      await kit.append(...Array.from({ length: 40 }, (_, at) => at * 7))
      await kit.settle()
      await kit.shred('content/2026-01')
      await kit.settle()
      for (const filter of [{ vault: 'vault_1' }, { actor: 'person_2' }, { requestId: 'request_3' }])
        expect(seqs(await ask(filter))).toEqual(await kit.naively(filter))
      await kit.log.prune(kit.by(), 256)
      await kit.settle()
      expect(seqs(await ask({}))).toEqual(await kit.naively({}))
      expect((await ask({})).entries[0]?.seq).toBe(256)
      const { rows } = await kit.reader.index.use(({ connection }) =>
        connection.run('SELECT MIN(seq) AS seq FROM audit_index_refs'),
      )
      expect(Number(rows[0]?.['seq'])).toBeGreaterThanOrEqual(256)
      expect(await kit.reader.find(3)).toMatchObject({ entry: null, minIndex: 256 })
    })

    test('an index that comes late leaves out what was forgotten before', async () => {
      await kit.append(...Array.from({ length: 280 }, (_, at) => at * 7))
      await kit.reader.close()
      await kit.erase('person_1')
      await kit.log.prune(kit.by(), 256)
      await kit.append(1, 8, 15)
      await kit.reopen()
      await kit.settle()
      for (const filter of [{}, { actor: 'person_1' }, { actor: 'person_2' }, { vault: 'vault_1' }])
        expect(seqs(await ask(filter))).toEqual(await kit.naively(filter))
    })

    test('two readers of one log share one index, and neither loses or doubles an entry', async () => {
      if (!place.takesSeveral) return
      const other = await kit.openReader()
      await Promise.all([kit.append(...Array(150).keys()), other.query({ filter: {}, order: 'asc', limit: 5 })])
      const [one, two] = await Promise.all(
        [kit.reader, other].map((reader) => reader.query({ filter: {}, order: 'asc', limit: 500, fresh: true })),
      )
      expect(one?.entries.map(({ seq }) => seq)).toEqual([...Array(150).keys()])
      expect(two).toEqual(one as AuditPage)
      await other.close()
    })

    describe('an index that cannot be used is made anew from the log, while questions come', () => {
      const expectWhole = async () => {
        await kit.settle()
        for (const filter of [{}, { actor: 'person_1' }, { note: { vault: 'vault_1', path: 'Plan.md' } }])
          expect(seqs(await ask(filter))).toEqual(await kit.naively(filter))
      }
      const files = () => (kit.indexLocation.kind === 'sqlite' ? kit.indexLocation.file : null)
      beforeEach(async () => {
        await kit.append(...Array.from({ length: 90 }, (_, at) => at * 11))
        await kit.settle()
      })

      test('its tables are gone', async () => {
        await kit.reader.index.use(async ({ connection }) => {
          await connection.run('DROP TABLE audit_index_refs')
          await connection.run('DROP TABLE audit_index_state')
        })
        await expectWhole()
        expect(kit.resets.length).toBeGreaterThan(0)
      })

      test('it is of another version, of another keyring, or of another log', async () => {
        for (const change of ['version = 0', "ref_key = 'x'", "origin = 'cairn/audit/other'"]) {
          await kit.reader.index.use(({ connection }) => connection.run(`UPDATE audit_index_state SET ${change}`))
          await expectWhole()
          await kit.reader.index.use(({ connection }) => connection.run(`UPDATE audit_index_state SET ${change}`))
          await kit.reopen()
          await expectWhole()
        }
      })

      test('it knows more than the log, or something else at the same place: the log was put back', async () => {
        for (const change of ['upto = 5000', "leaf = x'00'"].map((each) =>
          place.location.kind === 'postgres' ? each.replace("x'00'", "'\\x00'") : each,
        )) {
          const before = kit.resets.length
          await kit.reader.index.use(({ connection }) => connection.run(`UPDATE audit_index_state SET ${change}`))
          for (kit.reader.wake(); kit.resets.length === before; kit.reader.wake()) await sleep(5)
          await expectWhole()
        }
      })

      test('its file is deleted, or holds something else', async () => {
        const file = files()
        if (file === null) return
        for (const ending of ['', '-wal', '-shm']) await rm(`${file}${ending}`, { force: true })
        await expectWhole()
        await kit.reader.close()
        await writeFile(file, 'no database at all, but longer than a header of one'.repeat(100))
        await kit.reopen()
        await expectWhole()
      })

      test('its pages are overwritten while it is in use', async () => {
        const file = files()
        if (file === null) return
        await kit.reader.index.use(({ connection }) => connection.run('PRAGMA wal_checkpoint(TRUNCATE)'))
        const bytes = await readFile(file)
        await writeFile(file, bytes.fill(0xa5, 4_096))
        // What this connection has read is in its memory; a change of the file makes it look again.
        await kit.reader.index.use(({ connection }) => connection.run('PRAGMA cache_size = 1')).catch(() => undefined)
        await kit.append(1, 2, 3)
        await expectWhole()
        expect(kit.resets).toContain('it is damaged')
      })
    })
  })
}

const event = (type: 'note.read' | 'session.ended') => ({
  type,
  actor: 'person_1',
  outcome: 'ok' as const,
  at: day,
  fields: {},
  context: {},
})

function startOf(bucket: 'hour' | 'day' | 'week' | 'month' | undefined, at: number): number | null {
  if (bucket === undefined) return null
  const date = new Date(at)
  if (bucket === 'hour') return date.setUTCMinutes(0, 0, 0)
  date.setUTCHours(0, 0, 0, 0)
  if (bucket === 'month') date.setUTCDate(1)
  if (bucket === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
  return date.getTime()
}

/** Every byte of the index: of its files on SQLite, of its rows on PostgreSQL. */
async function bytesOf({ indexLocation, reader }: QueryKit): Promise<Buffer> {
  if (indexLocation.kind === 'sqlite') {
    const folder = dirname(indexLocation.file)
    const names = (await readdir(folder)).filter((each) => each.startsWith('audit-index'))
    return Buffer.concat(await Promise.all(names.map((each) => readFile(join(folder, each)))))
  }
  const rows = await reader.index.use(async ({ connection }) => {
    const tables = ['state', 'shapes', 'entries', 'refs', 'hours']
    const found = await Promise.all(tables.map((each) => connection.run(`SELECT * FROM audit_index_${each}`)))
    return found.flatMap((each) => each.rows)
  })
  return Buffer.concat(
    rows
      .flatMap((row) => Object.values(row))
      .map((value) => Buffer.from(value instanceof Uint8Array ? value : String(value))),
  )
}

async function holds(kit: QueryKit, bytes: Uint8Array): Promise<boolean> {
  return (await bytesOf(kit)).includes(bytes)
}

async function dump(kit: QueryKit): Promise<string> {
  const bytes = await bytesOf(kit)
  return `${bytes.toString('latin1')}\n${bytes.toString('utf8')}`
}
