/** The cache's addresses on a real socket: what they tell, what they take, and that a wrong request changes nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cacheReceiptSchema, cacheStatsSchema, type Problem } from '@cairn/contract'
import type { CacheStats, InvalidationRequest } from '../src/cache/index.ts'
import { sampleStats } from '../src/cache/testing/sample-stats.ts'
import { createCacheMetrics } from '../src/http/index.ts'
import { mergeFamilies, renderFamilies } from '../src/http/metrics.ts'
import { sumStats } from '../src/cache/index.ts'
import { guestKey, recordInvalidations, startRig, type Rig } from './http-kit.ts'

const nowMs = 1_780_000_000_000
const clock = { now: () => nowMs, monotonic: () => performance.now() }
const asked: InvalidationRequest[] = []
let rig: Rig

beforeAll(() => {
  rig = startRig({
    deps: {
      clock,
      cache: recordInvalidations(asked),
      metricSources: [createCacheMetrics(() => sumStats([sampleStats()]))],
    },
    settings: { maxBodyBytes: 8_000_000 },
  })
})
afterAll(() => rig.server.stop(500))

async function refusal(body: unknown): Promise<Problem> {
  const before = asked.length
  const reply = await rig.post('/api/cache/invalidate', body)
  expect(reply.status).toBe(400)
  expect(asked.length).toBe(before)
  return (await reply.json()) as Problem
}

describe('GET /api/cache/stats', () => {
  test('gives the numbers in the shape of the contract, with the minutes that were asked for', async () => {
    const all = cacheStatsSchema.parse(await (await rig.call('/api/cache/stats')).json())
    expect(all.history).toHaveLength(2)
    expect(all.namespaces[0]).toMatchObject({ name: 'answers', savedUsd: 2.5 })
    const last = cacheStatsSchema.parse(await (await rig.call('/api/cache/stats?minutes=1')).json())
    expect(last.history.map(({ at }) => at)).toEqual([nowMs - 40_000])
    const none = cacheStatsSchema.parse(await (await rig.call('/api/cache/stats?minutes=0')).json())
    expect(none.history).toEqual([])
  })

  test('is of all processes of the host when they can be asked', async () => {
    const workers: CacheStats[] = ['a', 'b', 'c'].map((node) => sampleStats({ node }))
    const host = startRig({ deps: { clock, collectCacheStats: async () => workers } })
    const report = cacheStatsSchema.parse(await (await host.call('/api/cache/stats')).json())
    expect(report.nodes.map(({ node }) => node)).toEqual(['a', 'b', 'c'])
    expect(report.tiers[0]).toMatchObject({ tier: 'memory', entries: 360, hits: 240 })
    await host.server.stop(500)
  })

  test('takes a number of minutes of at most a day', async () => {
    for (const minutes of ['1441', '-1', '1.5', 'all']) {
      const reply = await rig.call(`/api/cache/stats?minutes=${minutes}`)
      expect([minutes, reply.status]).toEqual([minutes, 400])
      expect(((await reply.json()) as Problem).detail).toContain('minutes')
    }
  })
})

describe('POST /api/cache/invalidate', () => {
  test('invalidates hard and waits for the commit unless told otherwise, each scope once', async () => {
    const reply = await rig.post('/api/cache/invalidate', { scopes: ['vault:v1', 'note:v1/A.md', 'vault:v1'] })
    expect([reply.status, await reply.json()]).toEqual([
      200,
      { seq: 42, committed: true, acked: ['node-a'], pending: [] },
    ])
    expect(asked.at(-1)).toEqual({ scopes: ['vault:v1', 'note:v1/A.md'], kind: 'hard', wait: 'commit' })
    await rig.post('/api/cache/invalidate', { scopes: ['*'], kind: 'soft', wait: 'all' })
    expect(asked.at(-1)).toEqual({ scopes: ['*'], kind: 'soft', wait: 'all' })
  })

  test('names a note as its path is stored, in NFC', async () => {
    await rig.post('/api/cache/invalidate', { scopes: [`note:v1/${'Größe'.normalize('NFD')}.md`] })
    expect(asked.at(-1)?.scopes).toEqual(['note:v1/Größe.md'])
  })

  test('records kinds and count of the scopes, and no name', async () => {
    await rig.post('/api/cache/invalidate', { scopes: ['note:v1/Salary of Ada.md', 'tag:x', 'note:v1/B.md'] })
    const entry = rig.audited.filter(({ type }) => type === 'cache.invalidated').at(-1)
    expect(entry).toMatchObject({
      actor: 'owner',
      outcome: 'ok',
      fields: { scopeKinds: ['note', 'tag'], scopes: 3, kind: 'hard', wait: 'commit', seq: 42, committed: true },
    })
    expect(JSON.stringify([rig.audited, rig.logLines])).not.toContain('Ada')
  })

  test('answers 202 while the log does not have it, and says what happens to it', async () => {
    const down = startRig({
      deps: {
        cache: recordInvalidations([], {
          seq: null,
          epoch: null,
          committed: false,
          acked: [],
          pending: ['node-a', 'node-b'],
        }),
      },
    })
    const reply = await down.post('/api/cache/invalidate', { scopes: ['*'] })
    expect(reply.status).toBe(202)
    const receipt = cacheReceiptSchema.parse(await reply.json())
    expect(receipt).toMatchObject({ seq: null, committed: false, pending: ['node-a', 'node-b'] })
    expect(receipt.message).toContain('kept on its disk and tried again')
    expect(down.audited.at(-1)?.fields).toMatchObject({ seq: null, committed: false })
    await down.server.stop(500)
  })

  test('is for those who may', async () => {
    const before = asked.length
    const headers = { authorization: `Bearer ${guestKey}` }
    expect((await rig.post('/api/cache/invalidate', { scopes: ['*'] }, { headers })).status).toBe(403)
    expect((await rig.call('/api/cache/stats', { headers })).status).toBe(403)
    expect((await fetch(`${rig.url}/api/cache/stats`)).status).toBe(401)
    expect(asked.length).toBe(before)
  })

  test.each([
    ['an unknown kind of scope', { scopes: ['vault:v1', 'vaults:v1'] }, 'scopes[1]', 'not a scope: "vaults:v1"'],
    ['a scope of the server’s own', { scopes: ['index:v1'] }, 'scopes[0]', 'not a scope'],
    ['a scope without a name', { scopes: ['*', '*', '*', 'tag:'] }, 'scopes[3]', 'not a scope'],
    ['a note without a vault', { scopes: ['note:A.md'] }, 'scopes[0]', 'not a scope'],
    ['a name of the engine’s memory', { scopes: ['__proto__'] }, 'scopes[0]', 'not a scope'],
    ['an empty scope', { scopes: [''] }, 'scopes[0]', 'at least 1 characters, got 0'],
    ['a number for a scope', { scopes: ['*', 7] }, 'scopes[1]', 'expected a text, got a number'],
    ['a text for the list', { scopes: '*' }, 'scopes', 'expected a list, got a text'],
    ['no scope', { scopes: [] }, 'scopes', 'at least 1 items, got 0'],
    ['no list', {}, 'scopes', 'is missing'],
    [
      'a tag of 1 MB',
      { scopes: [`tag:${'x'.repeat(1_000_000)}`] },
      'scopes[0]',
      'at most 1024 characters, got 1000004',
    ],
    [
      '10,000 tags',
      { scopes: Array.from({ length: 10_000 }, (_, i) => `tag:${i}`) },
      'scopes',
      'at most 1000 items, got 10000',
    ],
    ['a wrong word for wait', { scopes: ['*'], wait: 'forever' }, 'wait', 'expected commit or all, got "forever"'],
    ['a wrong word for kind', { scopes: ['*'], kind: 'Hard' }, 'kind', 'expected hard or soft, got "Hard"'],
    ['an unknown field', { scopes: ['*'], scope: 'x' }, null, 'unknown field "scope"'],
    ['a list for the body', ['*'], null, 'expected an object, got a list'],
  ])('refuses %s, names the field and changes nothing', async (_, body, param, words) => {
    const problem = await refusal(body)
    expect(problem).toMatchObject({ code: 'request.invalid', param })
    expect(problem.detail).toContain(words)
    expect(problem.detail.length).toBeLessThan(400)
  })

  test('quotes at most 80 characters of a wrong scope or word', async () => {
    for (const body of [{ scopes: ['y'.repeat(1_000)] }, { scopes: ['*'], wait: 'y'.repeat(1_000) }]) {
      const { detail } = await refusal(body)
      expect(/y+/.exec(detail)?.[0].length).toBeLessThanOrEqual(80)
      expect(detail).toContain('yyy')
    }
  })
})

test('the metrics tell reads, tiers and log, each with a help text', async () => {
  const text = await (await rig.call('/metrics')).text()
  for (const line of [
    'cairn_cache_requests_total{namespace="answers",result="hit-memory"} 80',
    'cairn_cache_requests_total{namespace="answers",result="hit-disk"} 8',
    'cairn_cache_requests_total{namespace="answers",result="hit-shared"} 0',
    'cairn_cache_requests_total{namespace="answers",result="stale"} 1',
    'cairn_cache_requests_total{namespace="answers",result="miss"} 12',
    'cairn_cache_requests_total{namespace="answers",result="bypass"} 3',
    'cairn_cache_entries{tier="memory"} 120',
    'cairn_cache_bytes{tier="disk"} 20000000',
    'cairn_cache_max_bytes{tier="memory"} 64000000',
    'cairn_cache_evictions_total{tier="memory"} 4',
    'cairn_cache_tier_errors_total{tier="disk"} 2',
    'cairn_cache_log_position 41',
    'cairn_cache_log_lag 0',
    'cairn_cache_pending_invalidations 0',
    'cairn_cache_leased 1',
    'cairn_cache_breaker_open 0',
    'cairn_cache_policy_switches_total 2',
    'cairn_cache_inconsistency_total 0',
    'cairn_cache_saved_usd_total{namespace="answers"} 2.5',
  ])
    expect(text.split('\n')).toContain(line)
  expect(text).not.toContain('tier="shared"')
  for (const [, name = ''] of text.matchAll(/^# TYPE (cairn_cache_\w+) /gm))
    expect(text).toMatch(new RegExp(`^# HELP ${name} [A-Z0-9].{10,}\\.$`, 'm'))
  const lagging = createCacheMetrics(() => {
    const report = sumStats([sampleStats()])
    return {
      ...report,
      log: { ...report.log, seq: 50, isLeased: false, pending: 3 },
      breaker: { state: 'half-open' as const, opened: 1 },
    }
  })()
  const valueOf = (name: string) => lagging.find((family) => family.name === name)?.samples[0]?.value
  expect(
    ['log_lag', 'leased', 'pending_invalidations', 'breaker_open'].map((name) => valueOf(`cairn_cache_${name}`)),
  ).toEqual([9, 0, 3, 1])
})

test('the metrics of several processes count what they share once, and tell the worst state', () => {
  const one = sampleStats()
  const other = sampleStats({
    log: { ...one.log, seq: 50, applied: 39, isLeased: false, pending: 2 },
    breaker: { state: 'open', opened: 1 },
  })
  const merged = mergeFamilies([one, other].map((stats) => [...createCacheMetrics(() => sumStats([stats]))()]))
  const lines = renderFamilies(merged).split('\n')
  for (const line of [
    'cairn_cache_entries{tier="memory"} 240',
    'cairn_cache_entries{tier="disk"} 400',
    'cairn_cache_max_bytes{tier="memory"} 128000000',
    'cairn_cache_max_bytes{tier="disk"} 1000000000',
    'cairn_cache_evictions_total{tier="memory"} 8',
    'cairn_cache_requests_total{namespace="answers",result="miss"} 24',
    'cairn_cache_saved_usd_total{namespace="answers"} 5',
    'cairn_cache_log_position 39',
    'cairn_cache_log_lag 11',
    'cairn_cache_pending_invalidations 2',
    'cairn_cache_leased 0',
    'cairn_cache_breaker_open 1',
  ])
    expect(lines).toContain(line)
})
