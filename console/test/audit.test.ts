/** Promises of the audit page that need no browser: filters in addresses, stretches of time, and entries in words. */
import { describe, expect, test } from 'bun:test'
import { auditCategoryTable, auditEventTable, type AuditEntryView } from '@cairn/contract'
import fc from 'fast-check'
import type { Names } from '../src/access/names.ts'
import {
  describeTarget,
  isExact,
  isOwnLook,
  listFields,
  listParticulars,
  nameActor,
} from '../src/audit/describe-entry.ts'
import {
  categories,
  conditionsOf,
  countConditions,
  eventTypes,
  noFilter,
  queryOf,
  readFilter,
  textFilters,
  toggle,
  writeFilter,
  type AuditFilter,
} from '../src/audit/filter.ts'
import { filterOfGroup, nameGroup, readDimensions, writeDimensions } from '../src/audit/groups.ts'
import { readLocal, writeLocal } from '../src/audit/local-time.ts'
import { bucketOf, divideActivity, outcomes, rangeIds, ranges, spanOf, stepStart } from '../src/audit/ranges.ts'
import { categoryWords, describeType, nameCategory, nameField, nameType } from '../src/audit/words.ts'
import { isClosed, pagesOf } from '../src/shell/router.ts'

const hour = 3_600_000
const day = 24 * hour
/** A Wednesday. */
const now = Date.UTC(2026, 10, 25, 14, 20)
const read = (address: string) => readFilter(new URLSearchParams(address))

const names: Names = {
  principals: new Map([
    ['user:person_ann', { id: 'user:person_ann', name: 'Ann Larsen', isActive: true }],
    ['service:person_bot', { id: 'service:person_bot', name: 'Release bot', isActive: true }],
    ['group:group_fw', { id: 'group:group_fw', name: 'Firmware', isActive: true }],
  ]),
  vaults: new Map([['vault_1', 'Handbook']]),
}

const entry = (change: Partial<AuditEntryView>): AuditEntryView => ({
  seq: 7,
  at: now,
  category: 'content',
  type: 'note.read',
  outcome: 'ok',
  actor: 'person_ann',
  fields: {},
  hidden: false,
  context: {},
  blocks: { actor: 'open' },
  ...change,
})

describe('filters', () => {
  const filters = fc.record<AuditFilter>({
    range: fc.constantFrom(...rangeIds),
    own: fc.constant({ from: null, to: null }),
    category: fc.subarray([...categories]),
    type: fc.subarray([...eventTypes]),
    outcome: fc.subarray([...outcomes]),
    actor: fc.string({ maxLength: 40 }).map((text) => text.trim()),
    person: fc.string({ maxLength: 40 }).map((text) => text.trim()),
    vault: fc.constant('vault_1'),
    note: fc.string({ maxLength: 40 }).map((text) => text.trim()),
    model: fc.constantFrom('', 'gpt-4o', '&model=x'),
    provider: fc.constant(''),
    request: fc.constant(''),
    q: fc.string({ maxLength: 40 }).map((text) => text.trim()),
  })

  test('come back from their address as they were', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const address = new URLSearchParams(writeFilter(filter)).toString()
        expect(read(address)).toEqual(filter)
      }),
    )
  })

  test('of one’s own time come back to the minute, and overrule a range', () => {
    const own = { from: Date.UTC(2026, 2, 1, 9), to: null }
    const written = writeFilter({ ...noFilter, range: null, own })
    expect(written).toEqual({ from: '2026-03-01T09:00Z' })
    expect(read(new URLSearchParams({ ...written, range: 'year' }).toString())).toMatchObject({ range: null, own })
  })

  test('that are usual leave the address empty', () => {
    expect(writeFilter(noFilter)).toEqual({})
    expect(countConditions(noFilter)).toBe(0)
  })

  test('of an address that somebody made up are left out, and cut where they are too long', () => {
    const filter = read(
      `category=auth,nothing,__proto__&type=constructor&outcome=maybe&range=aeon&from=yesterday&to=-5`,
    )
    expect(filter).toEqual({ ...noFilter, category: ['auth'] })
    expect(read(`actor=${'x'.repeat(5_000)}`).actor).toHaveLength(300)
    expect(read(`q=${'x'.repeat(5_000)}`).q).toHaveLength(200)
  })

  test('are sent to the live tail without their time', () => {
    const filter = read('range=week&outcome=failed&actor=server')
    expect(conditionsOf(filter)).toEqual({ outcome: 'failed', actor: 'server' })
    expect(queryOf(filter, { from: 5, to: null })).toEqual({ outcome: 'failed', actor: 'server', from: '5' })
    expect(Object.keys(queryOf(filter, { from: null, to: null }))).not.toContain('range')
  })

  test('are counted without their time', () => {
    expect(countConditions(read('range=year&category=auth,key&outcome=ok&q=a+b&actor=x'))).toBe(5)
    expect(textFilters.every((name) => noFilter[name] === '')).toBe(true)
  })

  test('are put in and taken out', () => {
    expect(toggle(['a', 'b'], 'b')).toEqual(['a'])
    expect(toggle<string>(['a'], 'b')).toEqual(['a', 'b'])
  })
})

describe('time', () => {
  test('is divided so that a chart has some tens of bars', () => {
    const bars = rangeIds
      .filter((id) => ranges[id].ms !== null && id !== 'hour')
      .map((id) => {
        const span = spanOf(id, now)
        return [id, bucketOf(span, now), divideActivity(none, span, bucketOf(span, now), now).times.length]
      })
    expect(bars).toEqual([
      ['day', 'hour', 24],
      ['week', 'day', 7],
      ['month', 'day', 30],
      ['quarter', 'day', 90],
      ['year', 'week', 52],
    ])
  })

  test('begins with a whole hour, day or Monday in UTC', () => {
    expect(spanOf('day', now).from).toBe(Date.UTC(2026, 10, 24, 15))
    expect(spanOf('week', now).from).toBe(Date.UTC(2026, 10, 19))
    expect(stepStart(now, 'week')).toBe(Date.UTC(2026, 10, 23))
    expect(stepStart(Date.UTC(2026, 10, 23), 'week')).toBe(Date.UTC(2026, 10, 23))
    expect(stepStart(Date.UTC(2026, 10, 23) - 1, 'week')).toBe(Date.UTC(2026, 10, 16))
    expect(spanOf('all', now)).toEqual({ from: null, to: null })
  })

  test('that one chose is divided by its length', () => {
    expect(bucketOf({ from: now - 3 * day, to: now }, now)).toBe('hour')
    expect(bucketOf({ from: now - 3 * day - 1, to: now }, now)).toBe('day')
    expect(bucketOf({ from: now - 121 * day, to: null }, now)).toBe('week')
    expect(bucketOf({ from: null, to: now }, now)).toBe('week')
  })

  const none = { rows: [], truncated: false }
  const row = (outcome: string, start: number, count: number) => ({
    group: [outcome],
    hidden: false,
    start,
    count,
    tokensIn: 0,
    tokensOut: 0,
  })

  test('has a count for each step and outcome, 0 where nothing was, and loses none in the sums', () => {
    const span = { from: now - 3 * hour - 20 * 60_000, to: now }
    const at = Date.UTC(2026, 10, 25, 12)
    const rows = [row('ok', at, 4), row('failed', at, 1), row('refused', at + hour, 2), row('ok', at - 40 * day, 9)]
    const activity = divideActivity({ rows, truncated: true }, span, 'hour', now)
    expect(activity.times.map((each) => new Date(each).getUTCHours())).toEqual([11, 12, 13, 14])
    expect(activity.counts).toEqual({ ok: [0, 4, 0, 0], failed: [0, 1, 0, 0], refused: [0, 0, 2, 0] })
    expect(activity.totals).toEqual({ ok: 13, failed: 1, refused: 2 })
    expect(activity.isCut).toBe(true)
  })

  test('without a beginning begins with the first entry, and has never more steps than a chart can hold', () => {
    const span = { from: null, to: null }
    const few = divideActivity(
      { rows: [row('ok', stepStart(now - 21 * day, 'week'), 1)], truncated: false },
      span,
      'week',
      now,
    )
    expect(few.times).toHaveLength(4)
    const old = divideActivity({ rows: [row('ok', stepStart(0, 'week'), 1)], truncated: false }, span, 'week', now)
    expect(old.times.length).toBeLessThanOrEqual(400)
    expect(divideActivity(none, span, 'week', now).times).toHaveLength(1)
  })

  test('of a field of the browser comes back to the minute', () => {
    expect(readLocal(writeLocal(now))).toBe(now)
    expect([readLocal(''), readLocal('soon'), writeLocal(null)]).toEqual([null, null, ''])
  })
})

describe('words', () => {
  test('are there for every category and type of the tables', () => {
    expect(Object.keys(categoryWords).toSorted()).toEqual(Object.keys(auditCategoryTable).toSorted())
    for (const type of Object.keys(auditEventTable)) {
      expect([type, nameType(type)]).toEqual([type, expect.stringMatching(/^[A-Z][^.]{2,}$/)])
      expect(describeType(type)).not.toBeNull()
    }
  })

  test('of a newer server are shown as they are, also when an object has them of itself', () => {
    for (const name of ['moon.landed', 'constructor', '__proto__', 'toString']) {
      expect([nameType(name), nameCategory(name), describeType(name)]).toEqual([name, name, null])
    }
    expect([nameField('headerMonths'), nameField('constructor')]).toEqual(['Header months', 'Constructor'])
  })
})

describe('an entry', () => {
  const noted = { vault: 'vault_1', note: 'People/Leave.md' }

  test('says who, by name where there is one', () => {
    const who = (actor: string) => nameActor(names, entry({ actor })).text
    expect(['person_ann', 'person_bot', 'server', 'anonymous', 'person_gone'].map(who)).toEqual([
      'Ann Larsen',
      'Release bot',
      'The server',
      'Somebody not signed in',
      'person_gone',
    ])
  })

  test('of an erased person says so, and tells the minute only', () => {
    const erased = entry({ actor: null, blocks: { actor: 'erased' } })
    expect(nameActor(names, erased)).toEqual({ text: 'erased person', state: 'erased' })
    expect([isExact(erased), isExact(entry({}))]).toEqual([false, true])
    expect(listFields(names, erased).map(({ name, text, state }) => [name, text, state])).toEqual([
      ['vault', 'erased', 'erased'],
      ['note', 'erased', 'erased'],
    ])
    expect(nameActor(names, entry({ actor: null, blocks: { actor: 'damaged' } })).state).toBe('damaged')
  })

  test('about an erased person keeps who did it', () => {
    const about = entry({ type: 'user.created', fields: { kind: 'user' }, blocks: { actor: 'open', user: 'erased' } })
    expect(nameActor(names, about).text).toBe('Ann Larsen')
    expect(describeTarget(names, about)).toEqual({ text: 'erased person', state: 'erased' })
  })

  test('says on what, and that a place is hidden', () => {
    expect(describeTarget(names, entry({ fields: noted }))).toEqual({
      text: 'Handbook / People / Leave',
      state: 'known',
    })
    const masked = entry({ fields: { vault: null, note: null }, hidden: true })
    expect(describeTarget(names, masked)).toEqual({ text: 'hidden note', state: 'hidden' })
    expect(listFields(names, masked).map(({ text }) => text)).toEqual(['hidden', 'hidden'])
    const vaults = entry({ type: 'search.run', fields: { vaults: null, results: 2 }, hidden: true })
    expect(describeTarget(names, vaults)?.text).toBe('hidden vault')
    expect(describeTarget(names, entry({ type: 'session.ended' }))).toBeNull()
  })

  test('names people and groups in its fields, and leads to the people', () => {
    const changed = entry({
      type: 'group.changed',
      fields: { group: 'group_fw', change: 'joined', member: 'person_ann' },
      blocks: { actor: 'open', member: 'open' },
    })
    expect(listFields(names, changed).map(({ label, text, person }) => [label, text, person])).toEqual([
      ['Group', 'Firmware', null],
      ['Change', 'joined', null],
      ['Member', 'Ann Larsen', 'person_ann'],
    ])
  })

  test('has few particulars in its row, and none that is not public', () => {
    const asked = {
      vaults: ['vault_1'],
      notes: ['note:vault_1/A.md'],
      model: 'gpt-4o',
      provider: 'p',
      egress: 'local',
      label: null,
      tokensIn: 1_000,
      tokensOut: 24,
    }
    expect(listParticulars(entry({ type: 'question.asked', fields: asked }))).toEqual(['gpt-4o', '1,024 tokens'])
    expect(listParticulars(entry({ type: 'note.read', fields: { ...noted, code: 'x' } }))).toEqual([])
    expect(
      listParticulars(entry({ type: 'audit.searched', fields: { filters: ['actor', 'by'], results: 2 } })),
    ).toEqual(['2 results', 'counted by actor'])
    expect(listParticulars(entry({ type: 'audit.searched', fields: { filters: [], results: 1 } }))).toEqual([
      '1 result',
    ])
  })

  test('of a type that is newer than the console still shows its fields', () => {
    const fields = listFields(names, entry({ type: 'moon.landed', fields: { crew: 3, flag: true } }))
    expect(fields.map(({ label, text }) => [label, text])).toEqual([
      ['Crew', '3'],
      ['Flag', 'yes'],
    ])
  })

  test('of a look by oneself is no news', () => {
    const look = entry({ type: 'audit.searched' })
    expect([isOwnLook(look, 'person_ann'), isOwnLook(look, 'person_bot'), isOwnLook(entry({}), 'person_ann')]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('groups', () => {
  const row = (group: (string | null)[], hidden = false) => ({
    group,
    hidden,
    start: null,
    count: 1,
    tokensIn: 0,
    tokensOut: 0,
  })

  test('are asked for by one or two dimensions, which come back from the address', () => {
    expect(readDimensions(null)).toEqual({ first: 'category', second: 'outcome' })
    expect(readDimensions('actor')).toEqual({ first: 'actor', second: null })
    expect(readDimensions('actor,actor')).toEqual({ first: 'actor', second: null })
    expect(readDimensions('nothing,__proto__')).toEqual({ first: 'category', second: 'outcome' })
    for (const by of ['model,type', 'vault']) expect(writeDimensions(readDimensions(by))).toEqual({ by })
    expect(writeDimensions(readDimensions(null))).toEqual({})
  })

  test('have names, and those without one say why', () => {
    const said = (dimension: Parameters<typeof nameGroup>[1], group: string | null, hidden = false) =>
      nameGroup(names, dimension, row([group], hidden), 0).text
    expect([
      said('category', 'auth'),
      said('type', 'note.read'),
      said('outcome', 'ok'),
      said('actor', 'person_ann'),
      said('vault', 'vault_1'),
      said('vault', null, true),
      said('actor', null),
      said('model', null),
    ]).toEqual(['Sign-in', 'Read a note', 'Done', 'Ann Larsen', 'Handbook', 'hidden', 'erased person', '–'])
  })

  test('lead to their entries, but where these cannot be asked for alone', () => {
    expect(filterOfGroup({ first: 'category', second: 'actor' }, row(['auth', 'person_ann']))).toEqual({
      category: ['auth'],
      actor: 'person_ann',
    })
    expect(filterOfGroup({ first: 'model', second: null }, row([null]))).toBeNull()
    expect(filterOfGroup({ first: 'type', second: null }, row(['moon.landed']))).toBeNull()
  })
})

describe('the page', () => {
  test('is for who may read the log, and says so to others who are led to it', () => {
    const has = (can: string[]) => pagesOf(can).some(({ id }) => id === 'audit')
    expect([has(['audit.read']), has(['cache.read']), has([])]).toEqual([true, false, false])
    expect([isClosed('audit', ['audit.read']), isClosed('audit', []), isClosed('cache', [])]).toEqual([
      false,
      true,
      false,
    ])
  })
})
