/** What every shared tier must do, whatever it is made of. */
import { describe, expect, test } from 'bun:test'
import { createLogView } from '../log/log-view.ts'
import type { EntryHeader, Judge, Position, Sequencer, SharedTier, StoredEntry } from '../tiers.ts'
import { expectSoon, nowhere, reportOf, scope } from './sequencer-suite.ts'

export interface SharedTierPlace extends AsyncDisposable {
  readonly sequencer: Sequencer
  readonly tier: SharedTier
  /** One more on the same data, as another process would open it; its wall clock differs by so much. */
  another(clockSkewMs: number): Promise<SharedTier>
}

export interface SharedTierSuiteOptions {
  /** Gives each read the judgement of a node that follows the log. */
  readonly isJudged: boolean
  /** The wall clock by which the first tier counts. */
  readonly now: () => number
}

/** A node that follows the log, as the engine does. */
async function createNode(sequencer: Sequencer, node: string) {
  const view = createLogView({ leaseMs: 1_000 })
  const report = () => reportOf(node, view.position())
  const judge: Judge = (header) => view.judge(header)
  async function follow(): Promise<Position> {
    const ticket = view.ticket()
    view.apply(await sequencer.tail(report()), { atMs: 0, ticket })
    return view.position()
  }
  await follow()
  return {
    view,
    report,
    judge,
    follow,
    /** Reads as the engine does: what the tail brings is applied. */
    async read(tier: SharedTier, name: string, isJudged: boolean) {
      const ticket = view.ticket()
      const { read, tail } = await tier.get(name, report(), isJudged ? judge : undefined)
      view.apply(tail, { atMs: 0, ticket })
      return { read, tail }
    },
  }
}

export function entryAt(position: Position, madeAt: number, more: Partial<EntryHeader> & { value?: Uint8Array } = {}) {
  const { value = new Uint8Array([1, 2, 3]), ...header } = more
  const usual = { scopes: [scope('a')], freshMs: 30_000, keepMs: 60_000, fillMs: 12, priceMicroUsd: 7 }
  return { header: { epoch: position.epoch, asOf: position.seq, madeAt, ...usual, ...header }, value }
}

const everyByte = Uint8Array.from({ length: 512 }, (_, index) => index % 256)

export function describeSharedTier(
  title: string,
  open: () => Promise<SharedTierPlace>,
  { isJudged, now }: SharedTierSuiteOptions,
): void {
  /** A tier with a node that follows its log. */
  async function openWithNode() {
    const place = await open()
    return {
      ...place,
      node: await createNode(place.sequencer, 'n'),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    }
  }
  type WithNode = Awaited<ReturnType<typeof openWithNode>>
  const store = ({ tier, node }: WithNode, name: string, more: Parameters<typeof entryAt>[2] = {}) =>
    tier.set(name, entryAt(node.view.position(), now(), more))
  const read = async ({ tier, node }: WithNode, name: string) => (await node.read(tier, name, isJudged)).read

  describe(title, () => {
    test.each([
      ['every byte', everyByte],
      ['nothing', new Uint8Array(0)],
      ['a megabyte', new Uint8Array(1 << 20).fill(255)],
      ['text that is no text', new TextEncoder().encode('é\u0000\r\n$-1\r\n').subarray(1)],
    ])('gives back %s as it was stored, with its header', async (_, value) => {
      await using place = await openWithNode()
      const scopes = Array.from({ length: 40 }, (_each, index) => scope(index))
      expect(await store(place, 'x', { value, scopes })).toBe(true)
      for (let time = 0; time < 3; time++) {
        const found = await read(place, 'x')
        expect(found.entry && Buffer.from(found.entry.value).equals(Buffer.from(value))).toBe(true)
        expect(found.entry?.header).toMatchObject({
          scopes,
          freshMs: 30_000,
          keepMs: 60_000,
          fillMs: 12,
          priceMicroUsd: 7,
        })
      }
    })

    test('gives nothing for what was never stored, was deleted or has run out', async () => {
      await using place = await openWithNode()
      expect(await read(place, 'never')).toEqual({ entry: null })
      await store(place, 'deleted')
      await place.tier.delete('deleted')
      expect(await read(place, 'deleted')).toEqual({ entry: null })
      await store(place, 'short', { freshMs: 20, keepMs: 40 })
      await expectSoon(async () => expect(await read(place, 'short')).toEqual({ entry: null }))
      expect(await store(place, 'over', { madeAt: now() - 60_001 })).toBe(false)
      expect(await read(place, 'over')).toEqual({ entry: null })
    })

    test('never gives what was hard-invalidated after its stamp, to nobody, also when the node has not heard of it', async () => {
      await using place = await openWithNode()
      await store(place, 'x', { scopes: [scope('other'), scope('a')] })
      await store(place, 'y', { scopes: [scope('b')] })
      expect((await read(place, 'x')).entry).not.toBeNull()
      await place.sequencer.commit('hard', [scope('a')], null)
      expect(await read(place, 'x')).toEqual({ entry: null })
      expect((await read(place, 'y')).entry).not.toBeNull()
      await place.node.follow()
      expect(await read(place, 'x')).toEqual({ entry: null })
      expect((await read(place, 'y')).entry).not.toBeNull()
    })

    test('keeps out what the node has heard of already, before it asks the tier the first time', async () => {
      await using place = await openWithNode()
      await store(place, 'x')
      await read(place, 'warm-up')
      await place.sequencer.commit('hard', [scope('a')], null)
      await place.node.follow()
      await read(place, 'warm-up')
      expect(await read(place, 'x')).toEqual({ entry: null })
    })

    test('marks what was soft-invalidated, and gives it as fresh again after it was made anew', async () => {
      await using place = await openWithNode()
      await store(place, 'x')
      expect(await read(place, 'x')).toMatchObject({ isSoft: false })
      await place.sequencer.commit('soft', [scope('a')], null)
      for (let time = 0; time < 3; time++) expect(await read(place, 'x')).toMatchObject({ isSoft: true })
      await place.node.follow()
      await store(place, 'x')
      expect(await read(place, 'x')).toMatchObject({ isSoft: false })
      await place.sequencer.commit('hard', [scope('a')], null)
      await place.sequencer.commit('soft', [scope('a')], null)
      expect(await read(place, 'x')).toEqual({ entry: null })
    })

    test('refuses what was overtaken while it was made', async () => {
      await using place = await openWithNode()
      const early = place.node.view.position()
      await place.sequencer.commit('hard', [scope('a')], null)
      await place.node.follow()
      expect(await place.tier.set('x', entryAt(early, now()))).toBe(false)
      expect(await place.tier.set('y', entryAt(early, now(), { scopes: [scope('b')] }))).toBe(true)
      expect(await read(place, 'x')).toEqual({ entry: null })
    })

    test('never puts something older in the place of something newer', async () => {
      await using place = await openWithNode()
      const early = place.node.view.position()
      await place.sequencer.commit('hard', [scope('elsewhere')], null)
      await place.node.follow()
      expect(await store(place, 'x', { value: new Uint8Array([9]) })).toBe(true)
      expect(await place.tier.set('x', entryAt(early, now(), { value: new Uint8Array([1]) }))).toBe(false)
      expect([...((await read(place, 'x')).entry?.value ?? [])]).toEqual([9])
    })

    test('neither takes nor gives an entry of another epoch or of a position that is not reached', async () => {
      await using place = await openWithNode()
      const { epoch, seq } = place.node.view.position()
      expect(await place.tier.set('x', entryAt({ epoch: 'another', seq }, now()))).toBe(false)
      expect(await place.tier.set('x', entryAt({ epoch, seq: seq + 1 }, now()))).toBe(false)
      expect(await read(place, 'x')).toEqual({ entry: null })
      await store(place, 'x')
      // A caller that has seen more than there is: the log has lost something, and everything with it.
      await place.sequencer.commit('hard', [scope('b')], { epoch, seq: seq + 100 })
      expect(await read(place, 'x')).toEqual({ entry: null })
      await place.node.follow()
      expect(await read(place, 'x')).toEqual({ entry: null })
    })

    test('tells with each reply what the log has after the reported position', async () => {
      await using place = await openWithNode()
      const { tier, node, sequencer } = place
      await store(place, 'x', { scopes: [scope('x')] })
      const behind = node.report()
      const first = await sequencer.commit('hard', [scope('a')], null)
      await sequencer.commit('soft', [scope('b'), scope('c')], null)
      const told = await tier.get('x', behind, isJudged ? node.judge : undefined)
      expect(told.read.entry).not.toBeNull()
      expect(told.tail).toMatchObject({ epoch: behind.applied.epoch, seq: first.seq + 1, isWhole: false })
      expect(told.tail.marks).toEqual([
        { seq: first.seq, kind: 'hard', scopes: [scope('a')] },
        { seq: first.seq + 1, kind: 'soft', scopes: [scope('b'), scope('c')] },
      ])
      await node.follow()
      for (let time = 0; time < 3; time++) {
        const { tail } = await node.read(tier, 'x', isJudged)
        expect(tail).toMatchObject({ seq: first.seq + 1, marks: [], isWhole: false })
      }
    })

    test('tells a node that knows nothing the whole log, and registers it', async () => {
      await using place = await openWithNode()
      await place.sequencer.commit('hard', [scope('a')], null)
      const { tail } = await place.tier.get('x', reportOf('new', nowhere))
      expect(tail.isWhole).toBe(true)
      expect((await place.sequencer.nodes()).map(({ node }) => node)).toContain('new')
    })

    test('registers a node again that was dropped while it reads', async () => {
      await using place = await openWithNode()
      for (let time = 0; time < 3; time++) await read(place, 'x')
      await place.sequencer.leave('n')
      await read(place, 'x')
      expect((await place.sequencer.nodes()).map(({ node }) => node)).toContain('n')
    })

    test('lets the log know what a node has applied', async () => {
      await using place = await openWithNode()
      const { sequencer, node, tier } = place
      await read(place, 'x')
      const position = await sequencer.commit('hard', [scope('a')], null)
      await node.read(tier, 'x', isJudged)
      await node.read(tier, 'x', isJudged)
      expect((await sequencer.nodes()).find((state) => state.node === 'n')?.acked).toEqual(position)
    })

    test('counts age by the server, however wrong the clocks of those who write and read are', async () => {
      await using place = await openWithNode()
      const hour = 3_600_000
      for (const skew of [-hour, hour]) {
        const other = await place.another(skew)
        const name = `skew${skew}`
        expect(await other.set(name, entryAt(place.node.view.position(), now() + skew))).toBe(true)
        const found = await read(place, name)
        expect(found.entry).not.toBeNull()
        const { keepLeftMs, entry } = found as { keepLeftMs: number; entry: StoredEntry }
        expect(keepLeftMs).toBeGreaterThan(0)
        expect(keepLeftMs).toBeLessThanOrEqual(60_000)
        expect(Math.abs(now() - (60_000 - keepLeftMs) - entry.header.madeAt)).toBeLessThan(2_000)
      }
    })

    test('lets one holder have a lock, and only the holder renew or release it', async () => {
      await using place = await open()
      const { tier } = place
      const other = await place.another(0)
      const taken = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 ? tier : other).lock('x', `t${index}`, 10_000)),
      )
      expect(taken.filter(Boolean).length).toBe(1)
      const holder = `t${taken.indexOf(true)}`
      expect(await tier.renew('x', 'not the holder', 10_000)).toBe(false)
      await tier.unlock('x', 'not the holder')
      expect(await other.lock('x', 'next', 10_000)).toBe(false)
      expect(await tier.renew('x', holder, 10_000)).toBe(true)
      await tier.unlock('x', holder)
      expect(await other.lock('x', 'next', 10_000)).toBe(true)
      expect(await tier.renew('x', holder, 10_000)).toBe(false)
    })

    test('frees a lock whose holder has died when its time is over', async () => {
      await using place = await open()
      expect(await place.tier.lock('x', 'dead', 50)).toBe(true)
      await place.tier.waitForUnlock('x', 20_000)
      expect(await place.tier.lock('x', 'next', 10_000)).toBe(true)
    })

    test('wakes who waits when another process releases the lock, and lets go after the given time', async () => {
      await using place = await open()
      const { tier } = place
      const other = await place.another(0)
      await other.lock('x', 'holder', 60_000)
      const order: string[] = []
      const waits = [1, 2, 3].map(() => tier.waitForUnlock('x', 20_000).then(() => order.push('woken')))
      await tier.waitForUnlock('x', 150)
      order.push('time over')
      await other.unlock('x', 'holder')
      await Promise.all(waits)
      expect(order).toEqual(['time over', 'woken', 'woken', 'woken'])
      await tier.waitForUnlock('never locked', 20_000)
    })

    test('counts what it holds', async () => {
      await using place = await openWithNode()
      for (let index = 0; index < 20; index++) await store(place, `entry${index}`, { value: new Uint8Array(500) })
      const stats = await place.tier.stats()
      expect(stats.entries).toBe(20)
      expect(stats.bytes).toBeGreaterThan(20 * 50)
      expect(stats.maxBytes).toBeNull()
    })
  })
}
