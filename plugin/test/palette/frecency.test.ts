/** Habit: what counts how much, and that devices can be merged in any order. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  addArguments,
  addQuery,
  findArguments,
  forgetCommand,
  forgetUses,
  listHabits,
  mergeFrecency,
  noFrecency,
  noHistory,
  parseFrecency,
  parseHistory,
  queryBack,
  readHabits,
  recordUse,
  type Frecency,
} from '../../src/core/palette/index.ts'
import { halfLifeMs, mostEntries, readUses } from '../../src/core/palette/frecency.ts'
import { mostQueries } from '../../src/core/palette/history.ts'

const start = 1_760_000_000_000
const used = (command: string, times: number, atMs = start, device = 'laptop') =>
  Array.from({ length: times }).reduce<Frecency>((state) => recordUse(state, device, command, atMs), noFrecency)

describe('what counts', () => {
  test('a use counts one, half after a half-life, a quarter after two', () => {
    const state = used('open', 1)
    for (const [lives, count] of [
      [0, 1],
      [1, 0.5],
      [2, 0.25],
    ] as const)
      expect(readUses(state, start + lives * halfLifeMs).get('open')).toBeCloseTo(count, 6)
  })

  test('uses add up over time and over devices', () => {
    const both = mergeFrecency(used('open', 2), used('open', 3, start, 'phone'))
    expect(readUses(both, start).get('open')).toBeCloseTo(5, 6)
    expect(readUses(recordUse(both, 'phone', 'open', start + halfLifeMs), start + halfLifeMs).get('open')).toBeCloseTo(
      3.5,
      6,
    )
  })

  test('what was used lately and often comes first', () => {
    let state = used('often', 4)
    state = recordUse(state, 'laptop', 'once', start)
    state = recordUse(state, 'laptop', 'lately', start + 5 * halfLifeMs)
    expect(listHabits(state, start + 5 * halfLifeMs, 2)).toEqual(['lately', 'often'])
    expect(readHabits(state, start + 5 * halfLifeMs)('lately')).toBeCloseTo(0.5, 6)
    expect(readHabits(state, start)('never')).toBe(0)
  })

  test('what is forgotten counts nothing, also when an older state of another device comes in, and can begin again', () => {
    const phone = used('open', 3, start, 'phone')
    const before = mergeFrecency(used('open', 2), phone)
    const after = forgetUses(before, 'open')
    expect(readUses(mergeFrecency(phone, after), start).has('open')).toBe(false)
    const again = recordUse(after, 'laptop', 'open', start)
    expect(readUses(mergeFrecency(before, again), start).get('open')).toBeCloseTo(1, 6)
  })

  test('a command whose name has spaces is itself', () => {
    expect(listHabits(used('app: go to line', 1), start, 5)).toEqual(['app: go to line'])
  })

  test('what is stored is bounded, and the most used stay', () => {
    let state = used('favourite', 50, start + halfLifeMs)
    for (let at = 0; at < mostEntries + 50; at++) state = recordUse(state, 'laptop', `c${at}`, start)
    expect(Object.keys(state.uses)).toHaveLength(mostEntries)
    expect(listHabits(state, start, 1)).toEqual(['favourite'])
  })

  test('what is no state is none', () => {
    const broken = [
      null,
      3,
      'x',
      [],
      {},
      { uses: [], forgotten: {} },
      { uses: { a: 'x' }, forgotten: {} },
      { uses: { a: 1e9 }, forgotten: {} },
    ]
    for (const each of broken) expect(parseFrecency(each)).toEqual(noFrecency)
    const state = used('open', 2)
    expect(parseFrecency(JSON.parse(JSON.stringify(state)))).toEqual(state)
  })
})

const devices = ['laptop', 'phone', 'tablet']
const step = fc.record({
  device: fc.constantFrom(...devices),
  command: fc.integer({ min: 0, max: 600 }).map((at) => `command ${at}`),
  days: fc.integer({ min: 0, max: 400 }),
  isForgotten: fc.integer({ min: 0, max: 9 }).map((at) => at === 0),
})
/** Big enough that some are dropped. */
const state = fc
  .oneof(fc.array(step, { maxLength: 30 }), fc.array(step, { minLength: mostEntries, maxLength: mostEntries + 60 }))
  .map((steps) =>
    steps.reduce<Frecency>(
      (all, { device, command, days, isForgotten }) =>
        isForgotten ? forgetUses(all, command) : recordUse(all, device, command, start + days * 86_400_000),
      noFrecency,
    ),
  )

describe('merging', () => {
  test('is the same in any order and grouping, and when repeated', () => {
    fc.assert(
      fc.property(state, state, state, (a, b, c) => {
        expect(mergeFrecency(a, b)).toEqual(mergeFrecency(b, a))
        expect(mergeFrecency(a, a)).toEqual(a)
        const all = mergeFrecency(mergeFrecency(a, b), c)
        expect(mergeFrecency(a, mergeFrecency(b, c))).toEqual(all)
        expect(mergeFrecency(all, b)).toEqual(all)
      }),
      { numRuns: 60 },
    )
  })
})

describe('history', () => {
  test('goes back through queries, each once, latest first', () => {
    const history = ['one', 'two', ' one ', ''].reduce(addQuery, noHistory)
    expect([1, 2, 3].map((steps) => queryBack(history, steps))).toEqual(['one', 'two', null])
  })

  test('is bounded', () => {
    const history = Array.from({ length: mostQueries + 9 }, (_, at) => `q${at}`).reduce(addQuery, noHistory)
    expect(history.queries).toHaveLength(mostQueries)
    expect(addQuery(noHistory, 'x'.repeat(10_000))).toEqual(noHistory)
  })

  test('offers the last arguments of a command, and forgets them', () => {
    const history = addArguments(addArguments(noHistory, 'summarise', 'short'), 'summarise', 'long')
    expect(findArguments(history, 'summarise')).toBe('long')
    expect(findArguments(forgetCommand(history, 'summarise'), 'summarise')).toBeNull()
  })

  test('leaves out what is no part of one', () => {
    expect(
      parseHistory({
        queries: ['a', 3, 'x'.repeat(999)],
        questions: ['why', null],
        lastArguments: [{ command: 'c' }, null, { command: 'c', text: 't' }],
      }),
    ).toEqual({
      queries: ['a'],
      questions: ['why'],
      lastArguments: [{ command: 'c', text: 't' }],
    })
    expect(parseHistory(undefined)).toEqual(noHistory)
  })
})
