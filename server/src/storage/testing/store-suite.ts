/** What every store promises, whatever its engine. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { fileURLToPath } from 'node:url'
import { CairnError } from '../../base/index.ts'
import type { Schema, Statement, Store } from '../index.ts'
import type { MakePlace, Place } from './places.ts'

const openingProgram = fileURLToPath(new URL('./opening-program.ts', import.meta.url))

export const thingsSchema: Schema = {
  scope: 'things',
  migrations: [
    {
      id: 1,
      name: 'things',
      statements: [
        'CREATE TABLE things (id TEXT PRIMARY KEY, whole {int}, fraction {real}, body {blob})',
        'CREATE TABLE parts (id {int} PRIMARY KEY, thing TEXT)',
      ],
    },
  ],
}

export function describeStore(name: string, makePlace: MakePlace): void {
  describe(name, () => {
    let place: Place
    let store: Store
    beforeEach(async () => {
      place = await makePlace()
      store = await place.open([thingsSchema])
    })
    afterEach(async () => {
      await store.close().catch(() => undefined)
      await place.remove()
    })
    const current = {
      store: () => store,
      place: () => place,
      reopen: async () => (store = await place.open([thingsSchema])),
    }
    describeValues(current)
    describeStatements(current)
    describeWrites(current)
    describeClosing(current)
    describeMigrations(current)
  })
}

interface Current {
  store: () => Store
  place: () => Place
  reopen: () => Promise<Store>
}

type Values = { whole?: number | null; fraction?: number | null; body?: Uint8Array | null }

function put(id: string, { whole = null, fraction = null, body = null }: Values = {}): Statement {
  return {
    text: 'INSERT INTO things (id, whole, fraction, body) VALUES (?, ?, ?, ?)',
    params: [id, whole, fraction, body],
  }
}

async function countThings(store: Store): Promise<number> {
  return Number((await store.read('SELECT COUNT(*) AS n FROM things'))[0]?.['n'])
}

async function failureOf(work: Promise<unknown>): Promise<CairnError> {
  const outcome = await work.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  )
  expect(outcome).toBeInstanceOf(CairnError)
  return outcome as CairnError
}

// --- Values -----------------------------------------------------------------------------------------------------------

function describeValues({ store }: Current): void {
  const wholes = [0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32 + 1, 1_763_850_000_123, 2 ** 53 - 1, -(2 ** 53 - 1)]
  test.each(wholes)('keeps the whole number %p exactly', async (whole) => {
    await store().write([put('a', { whole })])
    expect(await store().read('SELECT whole FROM things WHERE whole = ?', [whole])).toEqual([{ whole }])
  })

  test.each([0, 0.1 + 0.2, -1.5e-300, 1.797e308, 2 ** 53, 5])('keeps the real number %p exactly', async (fraction) => {
    await store().write([put('a', { fraction })])
    expect(await store().read('SELECT fraction FROM things')).toEqual([{ fraction }])
  })

  test('counts and sums come back as numbers that Number() keeps', async () => {
    await store().write([put('a', { whole: 2 ** 40 }), put('b', { whole: 3 })])
    const [row] = await store().read('SELECT COUNT(*) AS n, SUM(whole) AS total, MAX(whole) AS most FROM things')
    expect([Number(row?.['n']), Number(row?.['total']), Number(row?.['most'])]).toEqual([2, 2 ** 40 + 3, 2 ** 40])
  })

  const texts = {
    'no characters': '',
    'quotes, percent signs, question marks': `it's "50 %" ? \\ $1 -- ;`,
    'line ends and control characters': 'a\r\n\tb\u0001\u001f\u007f\u0085\u2028',
    'accents, composed and not': 'é e\u0301',
    'the basic plane': '漢字かな עברית العربية ไทย \ud7ff\ue000\uffff',
    'the supplementary planes': '𐍈 😀 👩‍👩‍👧 𠜎 \u{e0041} \u{f0000} \u{10ffff}',
    'a million characters': 'x€'.repeat(500_000),
  }
  test.each(Object.entries(texts))('keeps text with %s, as a value and in a comparison', async (_, text) => {
    await store().write([{ text: 'INSERT INTO parts (id, thing) VALUES (1, ?)', params: [text] }])
    expect(await store().read('SELECT thing FROM parts WHERE thing = ?', [text])).toEqual([{ thing: text }])
  })

  test('refuses text with a zero character, when writing and when reading, and says so', async () => {
    const failures = [
      await failureOf(store().write([put('before'), put('secret\0text')])),
      await failureOf(store().read('SELECT id FROM things WHERE id = ?', ['secret\0text'])),
    ]
    for (const failure of failures) {
      expect(failure.code).toBe('request.invalid')
      expect(failure.message).toContain('U+0000')
      expect(Bun.inspect(failure)).not.toContain('secret')
    }
    expect(await countThings(store())).toBe(0)
  })

  test('refuses numbers that are none', async () => {
    for (const fraction of [Number.NaN, Infinity, -Infinity])
      expect((await failureOf(store().write([put('a', { fraction })]))).code).toBe('internal.error')
    expect(await countThings(store())).toBe(0)
  })

  const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)
  const large = new Uint8Array(8 * 1_024 * 1_024).map((_, index) => (index * 31) ^ (index >>> 8))
  test.each([
    ['empty', new Uint8Array()],
    ['with every byte', everyByte],
    ['of a part of a larger buffer', everyByte.subarray(7, 99)],
    ['of 8 MB', large],
  ])('keeps bytes %s', async (_, body) => {
    await store().write([put('a', { body })])
    const [row] = await store().read('SELECT body FROM things')
    const kept = row?.['body'] as Uint8Array
    expect(kept.constructor).toBe(Uint8Array)
    expect(Buffer.compare(kept, body)).toBe(0)
  })

  test('null is null in every type, also as the first value a statement meets', async () => {
    await store().write([put('a')])
    await store().write([{ text: 'INSERT INTO parts (id, thing) SELECT ?, ? WHERE 1 = 1', params: [1, null] }])
    await store().write([{ text: 'INSERT INTO parts (id, thing) SELECT ?, ? WHERE 1 = 1', params: [2 ** 40, 'x'] }])
    expect(await store().read('SELECT whole, fraction, body FROM things')).toEqual([
      { whole: null, fraction: null, body: null },
    ])
    expect(await store().read('SELECT id, thing FROM parts ORDER BY id')).toEqual([
      { id: 1, thing: null },
      { id: 2 ** 40, thing: 'x' },
    ])
  })

  test('a boolean is kept as 1 or 0', async () => {
    await store().write([{ text: 'INSERT INTO parts (id) VALUES (?)', params: [true] }])
    await store().write([{ text: 'INSERT INTO parts (id) VALUES (?)', params: [false] }])
    expect(await store().read('SELECT id FROM parts ORDER BY id')).toEqual([{ id: 0 }, { id: 1 }])
  })
}

// --- Statements -------------------------------------------------------------------------------------------------------

function describeStatements({ store }: Current): void {
  test('a question mark inside quotes is no parameter', async () => {
    await store().write([put('what?')])
    const rows = await store().read(
      `SELECT 'why? it''s so?' AS "odd?name", id FROM things WHERE id = ? AND id <> '?' AND id LIKE '%?'`,
      ['what?'],
    )
    expect(rows).toEqual([{ 'odd?name': "why? it's so?", id: 'what?' }])
  })

  test('too few and too many parameters are refused', async () => {
    for (const params of [['a'], ['a', 1, 2, null, 5]])
      expect(
        (
          await failureOf(
            store().write([{ text: 'INSERT INTO things (id, whole, fraction, body) VALUES (?, ?, ?, ?)', params }]),
          )
        ).code,
      ).toBe('internal.error')
    expect(await countThings(store())).toBe(0)
  })

  test('a list of 10,000 parameters', async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => index)
    await store().write([
      { text: `INSERT INTO parts (id) VALUES ${ids.map(() => '(?)').join(', ')}`, params: ids, expectChanges: 10_000 },
    ])
    const rows = await store().read(
      `SELECT id FROM parts WHERE id IN (${ids.map(() => '?').join(', ')}) ORDER BY id`,
      ids,
    )
    expect(rows.map(({ id }) => id)).toEqual(ids)
  })

  test('RETURNING gives rows, for each statement its own; changes are counted', async () => {
    const written = await store().write([
      { ...put('a', { whole: 1 }), text: `${put('a').text} RETURNING id, whole` },
      put('b'),
      { text: 'UPDATE things SET whole = 7 RETURNING whole' },
      { text: 'DELETE FROM things WHERE id = ?', params: ['nobody'] },
      { text: 'UPDATE things SET whole = 8' },
    ])
    expect(written).toEqual({
      changes: [1, 1, 2, 0, 2],
      rows: [[{ id: 'a', whole: 1 }], [], [{ whole: 7 }, { whole: 7 }], [], []],
    })
  })

  test('a failure is storage.failed and tells no value', async () => {
    await store().write([put('secret-value')])
    const failures = [
      await failureOf(store().write([put('secret-value')])),
      await failureOf(store().read('SELECT * FROM nowhere WHERE x = ?', ['secret-value'])),
      await failureOf(store().write([{ text: 'INSERT INTO nowhere (x) VALUES (?)', params: ['secret-value'] }])),
      await failureOf(store().read('SELEKT')),
    ]
    for (const failure of failures) {
      expect(failure.code).toBe('storage.failed')
      expect(failure.internal).not.toBeNull()
      expect(`${failure.message} ${failure.internal}`).not.toContain('secret-value')
    }
  })
}

// --- Writes -----------------------------------------------------------------------------------------------------------

function describeWrites({ store }: Current): void {
  test('a write is all or none', async () => {
    await store().write([put('there')])
    await failureOf(store().write([put('a'), put('b'), put('there'), put('c')]))
    expect(await store().read('SELECT id FROM things')).toEqual([{ id: 'there' }])
  })

  test('an unmet expectation resolves to null and changes nothing', async () => {
    const written = await store().write([
      put('a'),
      { text: 'UPDATE things SET whole = 1 WHERE id = ?', params: ['nobody'], expectChanges: 1 },
      put('b'),
    ])
    expect(written).toBeNull()
    expect(await countThings(store())).toBe(0)
    expect(await store().write([{ ...put('a'), expectChanges: 1 }])).toEqual({ changes: [1], rows: [[]] })
  })

  test('a write of no statements is done', async () => {
    expect(await store().write([])).toEqual({ changes: [], rows: [] })
  })

  test('what a write acknowledged, the next read sees', async () => {
    for (let index = 0; index < 50; index++) {
      await store().write([put(`n${index}`)])
      expect(await countThings(store())).toBe(index + 1)
    }
  })

  test('200 writes at once all arrive, and each gets its own answer', async () => {
    const written = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        store().write([{ ...put(`n${index}`, { whole: index }), text: `${put('').text} RETURNING whole` }]),
      ),
    )
    expect(written.map((each) => each?.rows[0]?.[0]?.['whole'])).toEqual(written.map((_, index) => index))
    expect(await countThings(store())).toBe(200)
  })

  test('one failing write among many takes no other with it', async () => {
    const writes = Array.from({ length: 120 }, (_, index) => {
      if (index % 3 === 1) return store().write([put(`lost${index}`), put('same'), put('same')])
      if (index % 3 === 2) return store().write([put(`unmet${index}`), { ...put(`more${index}`), expectChanges: 2 }])
      return store().write([put(`kept${index}`)])
    })
    const outcomes = await Promise.allSettled(writes)
    const kinds = outcomes.map((outcome) => (outcome.status === 'rejected' ? 'failed' : outcome.value && 'done'))
    expect(kinds).toEqual(outcomes.map((_, index) => (['done', 'failed', null] as const)[index % 3] as 'done'))
    const rows = await store().read('SELECT id FROM things')
    expect(rows.map(({ id }) => String(id)).toSorted()).toEqual(
      Array.from({ length: 40 }, (_, index) => `kept${index * 3}`).toSorted(),
    )
  })

  test('writes that race for one row: exactly one finds it as expected', async () => {
    await store().write([put('a', { whole: 0 })])
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store().write([
          {
            text: 'UPDATE things SET whole = ? WHERE id = ? AND whole = 0',
            params: [index + 1, 'a'],
            expectChanges: 1,
          },
        ]),
      ),
    )
    expect(outcomes.filter((outcome) => outcome !== null)).toHaveLength(1)
  })

  test('writes awaited one after another stand in that order', async () => {
    for (let index = 0; index < 20; index++)
      await store().write([
        {
          text: 'INSERT INTO parts (id, thing) SELECT COALESCE(MAX(id), 0) + 1, ? FROM parts',
          params: [`n${index}`],
        },
      ])
    const rows = await store().read('SELECT thing FROM parts ORDER BY id')
    expect(rows.map(({ thing }) => thing)).toEqual(Array.from({ length: 20 }, (_, index) => `n${index}`))
  })
}

// --- Closing ----------------------------------------------------------------------------------------------------------

function describeClosing({ store, reopen }: Current): void {
  test('closing lets writes under way end, one way or the other, and keeps what it acknowledged', async () => {
    const writes = Array.from({ length: 300 }, (_, index) => store().write([put(`n${index}`)]))
    const closed = store().close()
    const outcomes = await Promise.allSettled(writes)
    await closed
    const acknowledged = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [`n${index}`] : []))
    const again = await reopen()
    const kept = new Set((await again.read('SELECT id FROM things')).map(({ id }) => id))
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
  })

  test('a closed store refuses and does not hang; closing twice is no failure', async () => {
    await store().close()
    await store().close()
    expect((await failureOf(store().write([put('a')]))).code).toBe('storage.failed')
    expect((await failureOf(store().read('SELECT 1 AS one'))).code).toBe('storage.failed')
  })

  test('opened again it holds what it held', async () => {
    await store().write([put('a', { whole: 2 ** 40, fraction: 0.5, body: new Uint8Array([1, 0, 255]) })])
    await store().close()
    const again = await reopen()
    expect(await again.read('SELECT * FROM things')).toEqual([
      { id: 'a', whole: 2 ** 40, fraction: 0.5, body: new Uint8Array([1, 0, 255]) },
    ])
  })
}

// --- Migrations -------------------------------------------------------------------------------------------------------

const laterStep = { id: 2, name: 'colour', statements: ['ALTER TABLE things ADD COLUMN colour TEXT'] }
const brokenStep = {
  id: 2,
  name: 'broken',
  statements: ['CREATE TABLE half (id TEXT)', 'INSERT INTO half (id) VALUES (1)', 'CREATE TABLE things (id TEXT)'],
}

function describeMigrations({ store, place }: Current): void {
  const withStep = (step: Schema['migrations'][number]): Schema => ({
    scope: 'things',
    migrations: [...thingsSchema.migrations, step],
  })

  test('a later step is added to what is there, once', async () => {
    await store().write([put('a')])
    await store().close()
    for (let round = 0; round < 3; round++) {
      const later = await place().open([withStep(laterStep)])
      expect(await later.read('SELECT id, colour FROM things')).toEqual([{ id: 'a', colour: null }])
      await later.close()
    }
  })

  test('a store of a newer version is refused, with words, and left as it is', async () => {
    await store().close()
    await (await place().open([withStep(laterStep)])).close()
    const failure = await failureOf(place().open([thingsSchema]))
    expect(failure.code).toBe('storage.failed')
    expect(failure.message).toContain('newer Cairn (schema things 2, this version knows 1)')
    await (await place().open([withStep(laterStep)])).close()
  })

  test('a step that fails leaves nothing, of itself and of other modules', async () => {
    await store().close()
    const other: Schema = {
      scope: 'other',
      migrations: [{ id: 1, name: 'other', statements: ['CREATE TABLE other (id TEXT)'] }],
    }
    const failure = await failureOf(place().open([other, withStep(brokenStep)]))
    expect(failure.code).toBe('storage.failed')
    const again = await place().open([thingsSchema])
    for (const table of ['half', 'other']) await failureOf(again.read(`SELECT * FROM ${table}`))
    expect(await again.read('SELECT scope, id FROM schema_migrations')).toEqual([{ scope: 'things', id: 1 }])
    await again.close()
  })

  test('four processes that open a new store at once make it once', async () => {
    await store().close()
    const children = Array.from({ length: 4 }, (_, index) =>
      Bun.spawn([process.execPath, openingProgram, JSON.stringify(place().location), `process${index}`], {
        stderr: 'pipe',
      }),
    )
    const said = await Promise.all(children.map(({ stderr }) => new Response(stderr).text()))
    expect(said).toEqual(['', '', '', ''])
    const again = await place().open([])
    expect(await again.read('SELECT COUNT(*) AS n FROM made')).toEqual([{ n: 4 }])
    await again.close()
  })
}
