/** What each policy promises, on the real engine in virtual time. */
import { describe, expect, test } from 'bun:test'
import { createModelDisk } from './testing/model-server.ts'
import { createCacheRig, rigLeaseMs } from './testing/cache-rig.ts'

/** A source that counts its calls, answers after some time, and fails when told to. */
function createSource(pass: (ms: number) => Promise<void> = () => Promise.resolve()) {
  const source = {
    calls: 0,
    takesMs: 0,
    failure: null as Error | null,
    async read(): Promise<string> {
      const call = ++source.calls
      await pass(source.takesMs)
      if (source.failure) throw source.failure
      return `answer ${call}`
    },
  }
  return source
}

async function openOne() {
  const rig = createCacheRig()
  const { cache, line } = await rig.open()
  const pass = (ms: number) => new Promise<void>((resolve) => (ms > 0 ? rig.time.timers.after(ms, resolve) : resolve()))
  return { ...rig, cache, line, pass, source: createSource(pass) }
}

describe('reuse', () => {
  test('makes a value once and then gives it from memory, where peek sees it at once', async () => {
    const { cache, source } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 1_000 })
    expect(space.peek('k')).toBeUndefined()
    expect(await space.reuse('k', source.read)).toMatchObject({ value: 'answer 1', status: 'miss', tier: null })
    expect(await space.reuse('k', source.read)).toMatchObject({ value: 'answer 1', status: 'hit', tier: 'memory' })
    expect(space.peek('k')).toBe('answer 1')
    expect(source.calls).toBe(1)
  })

  test('10,000 callers of one cold key make one call, and each gets the value', async () => {
    const { cache, source, time } = await openOne()
    source.takesMs = 100
    const space = cache.namespace<string>('n', { ttlMs: 1_000 })
    const all = Promise.all(Array.from({ length: 10_000 }, () => space.reuse('k', source.read)))
    await time.advance(200)
    expect(new Set((await all).map(({ value }) => value))).toEqual(new Set(['answer 1']))
    expect(source.calls).toBe(1)
  })

  test('a failing source is called once for all who wait, and once again after the failure’s time', async () => {
    const { cache, source, time } = await openOne()
    source.takesMs = 100
    source.failure = new Error('down')
    const space = cache.namespace<string>('n', { ttlMs: 1_000, negativeTtlMs: 500 })
    const all = Promise.allSettled(Array.from({ length: 1_000 }, () => space.reuse('k', source.read)))
    await time.advance(200)
    expect((await all).every(({ status }) => status === 'rejected')).toBe(true)
    await expect(space.reuse('k', source.read)).rejects.toThrow('down')
    expect(source.calls).toBe(1)
    await time.advance(500)
    source.failure = null
    const again = space.reuse('k', source.read)
    await time.advance(200)
    expect(await again).toMatchObject({ status: 'miss', value: 'answer 2' })
  })

  test('a failure is not kept past an invalidation of the key', async () => {
    const { cache, source } = await openOne()
    source.failure = new Error('down')
    const space = cache.namespace<string>('n', { ttlMs: 1_000, negativeTtlMs: 60_000 })
    await expect(space.reuse('k', source.read)).rejects.toThrow('down')
    source.failure = null
    await cache.invalidate({ scopes: ['key:n/k'] })
    expect((await space.reuse('k', source.read)).status).toBe('miss')
  })

  test('goes on while one caller is left, and stops the source when the last has gone', async () => {
    const { cache, pass, time } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 1_000 })
    let signal: AbortSignal | undefined
    const read = async (fill: { signal: AbortSignal }) => ((signal = fill.signal), await pass(100), 'done')
    const [first, second] = [new AbortController(), new AbortController()]
    const one = space.reuse('k', read, { signal: first.signal })
    const two = space.reuse('k', read, { signal: second.signal })
    one.catch(() => {})
    two.catch(() => {})
    await time.settle()
    first.abort(new Error('left'))
    await expect(one).rejects.toThrow('left')
    expect(signal?.aborted).toBe(false)
    second.abort(new Error('left too'))
    await expect(two).rejects.toThrow('left too')
    expect(signal?.aborted).toBe(true)
  })

  test('who leaves while another process makes the value does not keep this one from taking turns later', async () => {
    const rig = createCacheRig()
    const [one, two] = [await rig.open(), await rig.open()]
    const pass = (ms: number) => new Promise<void>((resolve) => rig.time.timers.after(ms, resolve))
    const source = createSource(pass)
    source.takesMs = 1_000
    const policy = { ttlMs: 60_000, waitForOthersMs: 5_000, negativeTtlMs: 0 }
    const [here, there] = [one, two].map(({ cache }) => cache.namespace<string>('n', policy))
    const making = here?.reuse('k', source.read)
    await rig.time.advance(100)
    const leaver = new AbortController()
    const waiting = there?.reuse('k', source.read, { signal: leaver.signal })
    waiting?.catch(() => {})
    await rig.time.advance(100)
    leaver.abort(new Error('left'))
    await rig.time.advance(2_000)
    expect(await making).toMatchObject({ status: 'miss', value: 'answer 1' })
    await one.cache.invalidate({ scopes: ['key:n/k'], wait: 'commit' })
    await rig.time.advance(500)
    const both = Promise.all([here?.reuse('k', source.read), there?.reuse('k', source.read)])
    await rig.time.advance(5_000)
    expect((await both).map((outcome) => outcome?.value)).toEqual(['answer 2', 'answer 2'])
    expect(source.calls).toBe(2)
  })

  test('does not keep what is too large, what the fill forbids, or what JSON cannot hold', async () => {
    const { cache } = await openOne()
    const space = cache.namespace<unknown>('n', { ttlMs: 1_000, maxBytes: 100 })
    await space.reuse('large', async () => 'x'.repeat(101))
    await space.reuse('private', async (fill) => (fill.noStore(), 'secret'))
    expect(space.peek('large')).toBeUndefined()
    expect(space.peek('private')).toBeUndefined()
    await expect(space.reuse('none', async () => undefined)).rejects.toThrow('JSON')
  })

  test('a hard timeout ends the fill, tells its signal, and answers with its own code', async () => {
    const { cache, pass, time } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 1_000, hardTimeoutMs: 50 })
    let signal: AbortSignal | undefined
    const late = space.reuse('k', async (fill) => ((signal = fill.signal), await pass(1_000), 'late'))
    late.catch(() => {})
    await time.advance(60)
    await expect(late).rejects.toMatchObject({ code: 'cache.fill-timeout' })
    expect(signal?.aborted).toBe(true)
  })
})

describe('time', () => {
  test('jitter spreads the ends of what was made together', async () => {
    const random = [0, 0.9]
    const rig = createCacheRig(() => random.shift() ?? 0)
    const { cache } = await rig.open()
    const space = cache.namespace<string>('n', { ttlMs: 1_000, jitter: 0.5, tiers: ['memory'] })
    await space.reuse('early', async () => 'a')
    await space.reuse('late', async () => 'b')
    await rig.time.advance(600)
    expect([space.peek('early'), space.peek('late')].filter((value) => value !== undefined)).toHaveLength(1)
  })

  test('with staleWhileRevalidate an old value is served marked while one caller refreshes it', async () => {
    const { cache, source, time } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 1_000, jitter: 0, staleWhileRevalidateMs: 5_000 })
    await space.reuse('k', source.read)
    await time.advance(1_500)
    source.takesMs = 300
    const [one, two] = await Promise.all([space.reuse('k', source.read), space.reuse('k', source.read)])
    expect([one, two]).toMatchObject([
      { status: 'stale', value: 'answer 1' },
      { status: 'stale', value: 'answer 1' },
    ])
    await time.advance(400)
    expect(await space.reuse('k', source.read)).toMatchObject({ status: 'hit', value: 'answer 2' })
    expect(source.calls).toBe(2)
  })

  test('with staleIfError an old value stands in for a source that fails, or is slower than the soft timeout', async () => {
    const { cache, source, time } = await openOne()
    const space = cache.namespace<string>('n', {
      ttlMs: 1_000,
      jitter: 0,
      staleIfErrorMs: 60_000,
      softTimeoutMs: 100,
      negativeTtlMs: 0,
    })
    await space.reuse('k', source.read)
    await time.advance(1_500)
    source.failure = new Error('down')
    expect(await space.reuse('k', source.read)).toMatchObject({ status: 'stale', value: 'answer 1' })
    source.failure = null
    source.takesMs = 2_000
    const slow = space.reuse('k', source.read)
    await time.advance(150)
    expect(await slow).toMatchObject({ status: 'stale', value: 'answer 1' })
    await time.advance(2_000)
    expect(await space.reuse('k', source.read)).toMatchObject({ status: 'hit', value: 'answer 3' })
  })

  test('early refresh renews in the background what took long to make, before its time', async () => {
    const { cache, source, time } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 10_000, jitter: 0, earlyRefresh: 1 })
    source.takesMs = 2_000
    const made = space.reuse('k', source.read)
    await time.advance(2_100)
    await made
    // Half of chance: 2,000 ms × ln 2 before the end, which is 1,386 ms.
    await time.advance(8_000)
    expect(await space.reuse('k', source.read)).toMatchObject({ status: 'hit', value: 'answer 1' })
    await time.advance(1_000)
    expect(await space.reuse('k', source.read)).toMatchObject({ status: 'hit', value: 'answer 1' })
    await time.advance(2_100)
    expect(await space.reuse('k', source.read)).toMatchObject({ status: 'hit', value: 'answer 2' })
  })
})

describe('invalidation', () => {
  const scopes = ['*', 'ns:n', 'prefix:n/a', 'key:n/a/b', 'tag:red', 'note:v/x.md'] as const

  for (const scope of scopes)
    test(`${scope} takes what carries it, on every tier, and nothing else`, async () => {
      const rig = createCacheRig()
      const disk = createModelDisk()
      const { cache } = await rig.open({ disk })
      const space = cache.namespace<string>('n', { ttlMs: 60_000 })
      const other = cache.namespace<string>('other', { ttlMs: 60_000 })
      const depends = { scopes: ['tag:red', 'note:v/x.md'] }
      await space.reuse('a/b', async () => 'old', depends)
      await other.reuse('c', async () => 'kept')
      await rig.time.settle()
      const receipt = await cache.invalidate({ scopes: [scope] })
      expect(receipt).toMatchObject({ committed: true, seq: 1, acked: ['n0'] })
      expect(await space.reuse('a/b', async () => 'new', depends)).toMatchObject({ status: 'miss', value: 'new' })
      expect((await other.reuse('c', async () => 'made anew')).status).toBe(scope === '*' ? 'miss' : 'hit')
    })

  test('soft: an old value may be served marked; hard: never again, though the source is down', async () => {
    const { cache, source } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 60_000, staleIfErrorMs: 60_000, negativeTtlMs: 0 })
    await space.reuse('k', source.read)
    source.failure = new Error('down')
    await cache.invalidate({ scopes: ['key:n/k'], kind: 'soft' })
    expect(await space.reuse('k', source.read)).toMatchObject({ status: 'stale', value: 'answer 1' })
    await cache.invalidate({ scopes: ['key:n/k'] })
    await expect(space.reuse('k', source.read)).rejects.toThrow('down')
  })

  test('what was invalidated while it was made is answered and not kept', async () => {
    const { cache, source, time } = await openOne()
    source.takesMs = 100
    const space = cache.namespace<string>('n', { ttlMs: 60_000 })
    const made = space.reuse('k', source.read)
    await time.advance(50)
    await cache.invalidate({ scopes: ['key:n/k'] })
    await time.advance(100)
    expect(await made).toMatchObject({ status: 'miss', value: 'answer 1' })
    expect(space.peek('k')).toBeUndefined()
  })

  test('an entry made from another depends on what that one depends on', async () => {
    const { cache } = await openOne()
    const space = cache.namespace<string>('n', { ttlMs: 60_000 })
    const inner = () => space.reuse('inner', async () => 'i', { scopes: ['tag:red'] })
    const outer = () => space.reuse('outer', async () => `from ${(await inner()).value}`)
    await outer()
    expect((await outer()).status).toBe('hit')
    await cache.invalidate({ scopes: ['tag:red'] })
    expect((await outer()).status).toBe('miss')
  })

  test('wait: all resolves when the other node has applied it, and then that node does not serve it', async () => {
    const rig = createCacheRig()
    const [one, two] = [await rig.open(), await rig.open()]
    const policy = { ttlMs: 60_000 }
    const here = one.cache.namespace<string>('n', policy)
    const there = two.cache.namespace<string>('n', policy)
    await here.reuse('k', async () => 'old')
    expect(await there.reuse('k', async () => 'x')).toMatchObject({ tier: 'shared', value: 'old' })
    const receipt = one.cache.invalidate({ scopes: ['key:n/k'], wait: 'all' })
    await rig.time.advance(100)
    expect(await receipt).toMatchObject({ committed: true, acked: ['n0', 'n1'], pending: [] })
    expect(there.peek('k')).toBeUndefined()
  })

  test('wait: all resolves for a node that is cut off when its lease has run out, and names it as pending', async () => {
    const rig = createCacheRig()
    const [one, two] = [await rig.open(), await rig.open()]
    const there = two.cache.namespace<string>('n', { ttlMs: 60_000 })
    await there.reuse('k', async () => 'old')
    await rig.time.advance(10)
    two.line.isCut = true
    const receipt = one.cache.invalidate({ scopes: ['key:n/k'], wait: 'all' })
    await rig.time.advance(rigLeaseMs / 2)
    expect(there.peek('k')).toBe('old')
    await rig.time.advance(rigLeaseMs)
    expect(await receipt).toMatchObject({ committed: true, acked: ['n0'], pending: ['n1'] })
    expect(there.peek('k')).toBeUndefined()
    expect(await there.reuse('k', async () => 'from the source')).toMatchObject({ status: 'miss' })
  })

  test('what cannot be committed is told as pending, holds here at once, and is committed when it can be', async () => {
    const rig = createCacheRig()
    const [one, two] = [await rig.open(), await rig.open()]
    const policy = { ttlMs: 60_000 }
    const here = one.cache.namespace<string>('n', policy)
    const there = two.cache.namespace<string>('n', policy)
    await here.reuse('k', async () => 'old')
    await there.reuse('k', async () => 'x')
    one.line.isCut = true
    expect(await one.cache.invalidate({ scopes: ['key:n/k'] })).toMatchObject({
      seq: null,
      committed: false,
      acked: [],
    })
    expect(one.cache.stats().log.pending).toBe(1)
    expect(here.peek('k')).toBeUndefined()
    expect(there.peek('k')).toBe('old')
    one.line.isCut = false
    await rig.time.advance(20_000)
    expect(one.cache.stats().log.pending).toBe(0)
    expect(there.peek('k')).toBeUndefined()
  })
})

describe('a node that has lost touch with the log', () => {
  async function openLost(consistency: 'strict' | 'bounded' | 'available') {
    const rig = await openOne()
    const space = rig.cache.namespace<string>('n', { ttlMs: 600_000, consistency, maxStaleMs: 5_000, negativeTtlMs: 0 })
    await rig.time.advance(500)
    await space.reuse('k', rig.source.read)
    rig.line.isCut = true
    const read = (key = 'k') => space.reuse(key, rig.source.read)
    return { ...rig, read }
  }

  test('strict: trusts what it knows for a lease and then asks the source', async () => {
    const { read, time } = await openLost('strict')
    expect((await read()).status).toBe('hit')
    await time.advance(rigLeaseMs + 1)
    expect((await read()).status).toBe('miss')
  })

  test('bounded: serves marked up to maxStaleMs longer', async () => {
    const { read, time } = await openLost('bounded')
    await time.advance(rigLeaseMs + 3_000)
    expect((await read()).status).toBe('stale')
    await time.advance(3_000)
    expect((await read()).status).toBe('miss')
  })

  test('available: serves marked for as long as it lasts, but never what it knows to be invalidated', async () => {
    const { read, time, cache } = await openLost('available')
    await time.advance(60_000)
    expect((await read()).status).toBe('stale')
    await cache.invalidate({ scopes: ['key:n/k'] })
    expect((await read()).status).toBe('miss')
  })

  test('serves unmarked again when it has caught up', async () => {
    const { read, time, line } = await openLost('strict')
    await time.advance(rigLeaseMs + 1)
    line.isCut = false
    await time.advance(500)
    expect((await read()).status).toBe('hit')
  })
})

describe('a warm disk', () => {
  test('is served after a restart once the log is known, without what was invalidated meanwhile', async () => {
    const rig = createCacheRig()
    const disk = createModelDisk()
    const policy = { ttlMs: 600_000, tiers: ['memory', 'disk'] as const }
    const first = await rig.open({ disk })
    const before = first.cache.namespace<string>('n', policy)
    await before.reuse('kept', async () => 'a')
    await before.reuse('changed', async () => 'b')
    await first.cache.close()
    const other = await rig.open()
    await other.cache.invalidate({ scopes: ['key:n/changed'] })
    const second = await rig.open({ disk })
    const after = second.cache.namespace<string>('n', policy)
    expect(await after.reuse('kept', async () => 'x')).toMatchObject({ status: 'hit', tier: 'disk', value: 'a' })
    expect(await after.reuse('changed', async () => 'c')).toMatchObject({ status: 'miss', value: 'c' })
  })

  test('is not believed before the log is known', async () => {
    const rig = createCacheRig()
    const disk = createModelDisk()
    const policy = { ttlMs: 600_000, tiers: ['memory', 'disk'] as const }
    const first = await rig.open({ disk })
    await first.cache.namespace<string>('n', policy).reuse('k', async () => 'a')
    await first.cache.close()
    const line = { isCut: true, delayMs: 0, losesReplies: false }
    const second = await rig.open({ disk, line })
    const after = second.cache.namespace<string>('n', policy)
    expect((await after.reuse('k', async () => 'from the source')).status).toBe('miss')
    line.isCut = false
    await rig.time.advance(1_000)
    expect(await after.reuse('k', async () => 'x')).toMatchObject({ status: 'hit', tier: 'disk', value: 'a' })
  })
})
