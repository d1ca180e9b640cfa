/** Values that are told while they are made, and the checker that looks over the cache's shoulder. */
import { describe, expect, test } from 'bun:test'
import { createCacheRig } from './testing/cache-rig.ts'
import { loadMutant, mutants } from './testing/mutants.ts'

async function openOne() {
  const rig = createCacheRig()
  const { cache } = await rig.open()
  const pass = (ms: number) => new Promise<void>((resolve) => rig.time.timers.after(ms, resolve))
  return { ...rig, cache, pass }
}

describe('live values', () => {
  test('are given to all who come while they are made, and kept when they are whole', async () => {
    const { cache, time, pass } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 60_000 })
    let calls = 0
    const read = async () => ({ live: { call: ++calls }, whole: pass(500).then(() => 'whole') })
    const first = await space.record('k', read)
    await time.advance(100)
    const second = await space.record('k', read)
    expect([first, second]).toMatchObject([
      { kind: 'live', live: { call: 1 }, joined: false },
      { kind: 'live', live: { call: 1 }, joined: true },
    ])
    await time.advance(500)
    expect(await space.record('k', read)).toMatchObject({ kind: 'stored', status: 'hit', value: 'whole' })
  })

  test('that broke off are not kept', async () => {
    const { cache, time } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 60_000 })
    await space.record('k', async () => ({ live: 1, whole: Promise.resolve(null) }))
    await time.settle()
    expect(await space.record('k', async () => ({ live: 2, whole: Promise.resolve('x') }))).toMatchObject({ live: 2 })
  })

  test('that were invalidated while they were told are not kept, and nobody joins them any more', async () => {
    const { cache, time, pass } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 60_000 })
    const read = (live: number) => async () => ({ live, whole: pass(500).then(() => 'whole') })
    await space.record('k', read(1), { scopes: ['tag:red'] })
    await cache.invalidate({ scopes: ['tag:red'] })
    expect(await space.record('k', read(2), { scopes: ['tag:red'] })).toMatchObject({ live: 2, joined: false })
    await time.advance(600)
    expect(await space.record('k', read(3), { scopes: ['tag:red'] })).toMatchObject({ kind: 'stored' })
  })
})

describe('what a live value depends on', () => {
  test('counts also when it is read while the value is told', async () => {
    const { cache, time, pass } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 60_000 })
    const input = () => space.reuse('input', async () => 'i', { scopes: ['tag:red'] })
    const tell = async () => pass(100).then(async () => `from ${(await input()).value}`)
    await space.record('k', async () => ({ live: 1, whole: tell() }))
    await time.advance(200)
    expect(await space.record('k', async () => ({ live: 2, whole: tell() }))).toMatchObject({ kind: 'stored' })
    await cache.invalidate({ scopes: ['tag:red'] })
    expect(await space.record('k', async () => ({ live: 3, whole: tell() }))).toMatchObject({ kind: 'live', live: 3 })
  })

  test('keeps others from joining, also when only the fill has learnt of it', async () => {
    const { cache, pass } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 60_000 })
    await space.record('k', async (fill) => {
      fill.addScopes(['tag:red'])
      return { live: 1, whole: pass(500).then(() => 'whole') }
    })
    await cache.invalidate({ scopes: ['tag:red'] })
    const next = await space.record('k', async () => ({ live: 2, whole: pass(500).then(() => 'new') }))
    expect(next).toMatchObject({ live: 2, joined: false })
  })
})

test('a commit that finds another epoch ends the lease until that is known', async () => {
  const rig = createCacheRig()
  const { cache, line } = await rig.open()
  const space = cache.namespace<string>('n', { ttlMs: 60_000 })
  await space.reuse('k', async () => 'old')
  line.isCut = true
  await rig.time.advance(300)
  line.isCut = false
  rig.server.failOver()
  expect(await cache.invalidate({ scopes: ['key:n/other'] })).toMatchObject({ committed: true })
  expect(space.peek('k')).toBeUndefined()
})

describe('the consistency checker', () => {
  async function runFor(ms: number, open: Parameters<ReturnType<typeof createCacheRig>['open']>[0]) {
    const rig = createCacheRig()
    const { cache } = await rig.open({ ...open, checkEveryMs: 2_000 })
    const space = cache.namespace<string>('n', { ttlMs: 600_000 })
    for (let index = 0; index < 20; index++) await space.reuse(`k${index}`, async () => 'v', { scopes: ['tag:red'] })
    await cache.invalidate({ scopes: ['tag:red'] })
    await rig.time.advance(ms)
    return cache.stats().inconsistencies
  }

  test('finds nothing in this cache', async () => {
    expect(await runFor(60_000, {})).toBe(0)
  })

  test('finds a build that does not check memory within a minute', async () => {
    const mutant = mutants.find(({ name }) => name === 'memory-unchecked')
    if (!mutant) throw new Error('there is no such mutant')
    expect(await runFor(60_000, { openCache: await loadMutant(mutant) })).toBeGreaterThan(0)
  })
})
