/** Promises of the cache's page that need no browser: rates, steps of time, words, and what a purge is sent as. */
import { describe, expect, test } from 'bun:test'
import type { CacheHistoryPoint, CacheReport, CacheTierState } from '@cairn/contract'
import { divideHistory, hitRateOf } from '@cairn/ui/figures'
import { readPurgeScope, type PurgeChoice } from '../src/cache/purge-scope.ts'
import { describeLog, describeTier, nameKind } from '../src/cache/words.ts'
import { formatBytes, formatShare } from '../src/shell/clock.ts'

const point = (at: number, change: Partial<CacheHistoryPoint> = {}): CacheHistoryPoint => ({
  at,
  memory: 0,
  disk: 0,
  shared: 0,
  stale: 0,
  misses: 0,
  ...change,
})
const minute = 60_000
const noon = 1_780_056_000_000

describe('the hit rate', () => {
  test('counts what every tier answered, and what was served stale as read but not as hit', () => {
    expect(hitRateOf([point(0, { memory: 5, disk: 2, shared: 1, stale: 1, misses: 1 })])).toEqual({
      share: 0.8,
      reads: 10,
    })
  })

  test('is unknown, not 0, where nothing was read', () => {
    expect(hitRateOf([])).toEqual({ share: null, reads: 0 })
  })

  test('never says 100 % of almost all', () => {
    expect([formatShare(0.9999), formatShare(1), formatShare(0.004)]).toEqual(['99\u00A0%', '100\u00A0%', '0\u00A0%'])
  })
})

describe('the history in steps', () => {
  test('covers the whole time to this minute, with gaps where nothing was read', () => {
    const steps = divideHistory([point(noon - minute, { memory: 3, misses: 1 }), point(noon, { disk: 1 })], {
      minutes: 5,
      stepMinutes: 1,
      now: noon + 30_000,
    })
    expect(steps.times).toEqual([4, 3, 2, 1, 0].map((back) => noon - back * minute))
    expect(steps.shares.memory).toEqual([null, null, null, 0.75, 0])
    expect(steps.shares.disk).toEqual([null, null, null, 0, 1])
    expect(steps.rates.at(3)).toEqual({ share: 0.75, reads: 4 })
  })

  test('adds the minutes of a longer step, and leaves out what is older or not yet', () => {
    const history = [-61, -16, -14, -1, 0, 14, 15].map((at) => point(noon + at * minute, { memory: 1 }))
    const { times, rates } = divideHistory(history, { minutes: 60, stepMinutes: 15, now: noon + 14 * minute })
    expect(times[0]).toBe(noon - 45 * minute)
    expect(rates.map(({ reads }) => reads)).toEqual([0, 1, 2, 2])
  })
})

describe('the words', () => {
  const log: CacheReport['log'] = {
    sequencer: 'sqlite',
    epoch: 'e',
    seq: 7,
    applied: 7,
    floor: 0,
    marks: 1,
    isLeased: true,
    leaseMs: 2_000,
    pending: 0,
  }
  const node = (isLeased: boolean) => ({ node: 'n', applied: 7, isLeased, pending: 0, breaker: 'closed' as const })
  const say = (change: Partial<typeof log>, nodes = [node(true)]) => {
    const { tone, title, text } = describeLog({ log: { ...log, ...change }, nodes })
    return `${tone}: ${title}. ${text}`
  }

  test('say whether every invalidation is known, the worst first', () => {
    expect(say({})).toBe('accent: In step with the log. Every invalidation up to number 7 is applied.')
    expect(say({ seq: 0, applied: 0 })).toContain('Nothing has been invalidated yet.')
    expect(say({ seq: 8 })).toBe('warn: Catching up. 1 invalidation still to apply.')
    expect(say({ seq: 8, pending: 2 })).toContain('2 wait to be written to the log; kept and tried again.')
    const lost = say({ sequencer: 'redis', isLeased: false, pending: 1 }, [node(true), node(false)])
    expect(lost).toStartWith('danger: Lost touch with the log. 1 of 2 processes cannot reach the log in Redis.')
  })

  test('say of a tier whether it is used, and why not', () => {
    const tier = (change: Partial<CacheTierState>): CacheTierState => ({
      tier: 'shared',
      state: 'on',
      entries: 0,
      bytes: 0,
      maxBytes: null,
      hits: 0,
      misses: 0,
      evictions: 0,
      errors: 0,
      ...change,
    })
    expect(describeTier(tier({ state: 'off' }), 'closed').text).toContain('CAIRN_REDIS_URL')
    expect(describeTier(tier({}), 'closed').title).toBe('On')
    expect(describeTier(tier({ state: 'failing' }), 'open').title).toBe('Resting')
    expect(describeTier(tier({ tier: 'disk', state: 'failing' }), 'open')).toMatchObject({
      tone: 'danger',
      title: 'Failing',
    })
  })

  test('name a kind that the console does not know by its own name', () => {
    expect([nameKind('answers'), nameKind('later')]).toEqual(['Answers from notes', 'later'])
  })

  test('write bytes as a person would', () => {
    expect([0, 999, 1_500, 64_000_000, 41_300_000, 1_000_000_000].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.5 kB',
      '64 MB',
      '41.3 MB',
      '1 GB',
    ])
  })
})

describe('a purge', () => {
  const choice: PurgeChoice = { target: 'everything', kind: '', vault: '', note: '', model: '', scope: '' }
  const scopeOf = (change: Partial<PurgeChoice>) => {
    const read = readPurgeScope({ ...choice, ...change })
    return read.ok ? read.scope : read.error
  }

  test('is sent as the scope of what was picked', () => {
    expect([
      scopeOf({}),
      scopeOf({ target: 'kind', kind: 'answers' }),
      scopeOf({ target: 'vault', vault: 'v1' }),
      scopeOf({ target: 'note', vault: 'v1', note: ' /Trips/Rome.md ' }),
      scopeOf({ target: 'model', model: 'gpt-x' }),
      scopeOf({ target: 'scope', scope: ' tag:a ' }),
    ]).toEqual(['*', 'ns:answers', 'vault:v1', 'note:v1/Trips/Rome.md', 'model:gpt-x', 'tag:a'])
  })

  test('never becomes a wider one because something was not picked', () => {
    for (const target of ['kind', 'vault', 'note', 'model', 'scope'] as const)
      expect(readPurgeScope({ ...choice, target, note: target === 'note' ? 'A.md' : '' }).ok).toBe(false)
    expect(readPurgeScope({ ...choice, target: 'note', vault: 'v1', note: ' / ' }).ok).toBe(false)
  })
})
