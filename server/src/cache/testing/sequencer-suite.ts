/** What every sequencer must do, whatever it is made of. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createLogView, type LogView } from '../log/log-view.ts'
import { createScopeNamer, type ScopeId } from '../scopes.ts'
import type { NodeReport, Position, Sequencer, Tail } from '../tiers.ts'
import type { InvalidationKind } from '../types.ts'

export interface SequencerPlace extends AsyncDisposable {
  readonly sequencer: Sequencer
  /** One more on the same log, as another process would open it. */
  another(): Promise<Sequencer>
  /** Takes the log's data away, as a crash or somebody's mistake would. */
  loseData?(): Promise<void>
}

const name = createScopeNamer(new Uint8Array(32))
export const scope = (text: string | number): ScopeId => name(`tag:${text}`)
export const nowhere: Position = { epoch: '', seq: 0 }

export function reportOf(node: string, applied: Position, maxStaleMs = 0): NodeReport {
  return { node, applied: { epoch: applied.epoch, seq: applied.seq }, maxStaleMs }
}

interface Committed extends Position {
  readonly kind: InvalidationKind
  readonly scopes: readonly ScopeId[]
}

/** `canLose`: the place has `loseData`. */
export function describeSequencer(
  title: string,
  open: () => Promise<SequencerPlace>,
  { canLose = false }: { canLose?: boolean } = {},
): void {
  describe(title, () => {
    describeTail(open)
    describeCommit(open)
    describeNodes(open)
    describeLoss(open)
    if (canLose) describeLostData(open)
    describeLaw(open)
  })
}

function describeTail(open: () => Promise<SequencerPlace>): void {
  test('tells a node that knows nothing the whole log', async () => {
    await using place = await open()
    const { sequencer } = place
    const first = await sequencer.commit('hard', [scope('a')], null)
    await sequencer.commit('soft', [scope('b')], null)
    const tail = await sequencer.tail(reportOf('n', nowhere))
    expect(tail).toMatchObject({ epoch: first.epoch, seq: first.seq + 1, isWhole: true })
    expect(tail.marks).toEqual([
      { seq: first.seq, kind: 'hard', scopes: [scope('a')] },
      { seq: first.seq + 1, kind: 'soft', scopes: [scope('b')] },
    ])
  })

  test('tells a node what came after its position, in order and without a gap, and nothing else', async () => {
    await using place = await open()
    const { sequencer } = place
    const start = await sequencer.tail(reportOf('n', nowhere))
    for (let index = 0; index < 5; index++) await sequencer.commit('hard', [scope(index), scope('x')], null)
    const tail = await sequencer.tail(reportOf('n', { epoch: start.epoch, seq: start.seq + 2 }))
    expect(tail).toMatchObject({ epoch: start.epoch, seq: start.seq + 5, isWhole: false })
    expect(tail.marks).toEqual(
      [2, 3, 4].map((index) => ({ seq: start.seq + index + 1, kind: 'hard', scopes: [scope(index), scope('x')] })),
    )
  })

  test('tells a node that has applied everything nothing', async () => {
    await using place = await open()
    const position = await place.sequencer.commit('hard', [scope('a')], null)
    const tail = await place.sequencer.tail(reportOf('n', position))
    expect(tail).toMatchObject({ ...position, marks: [], isWhole: false })
  })

  test('tells a node of another epoch the whole log, whatever its position is', async () => {
    await using place = await open()
    const position = await place.sequencer.commit('hard', [scope('a')], null)
    const tail = await place.sequencer.tail(reportOf('n', { epoch: 'another', seq: position.seq }))
    expect(tail.isWhole).toBe(true)
    expect(tail.marks).toContainEqual({ seq: position.seq, kind: 'hard', scopes: [scope('a')] })
  })

  test('tells a long backlog whole and in order', async () => {
    await using place = await open()
    const start = await place.sequencer.tail(reportOf('n', nowhere))
    for (let index = 0; index < 1_100; index++) await place.sequencer.commit('hard', [scope(index % 7)], null)
    const tail = await place.sequencer.tail(reportOf('n', start))
    expect(tail.marks.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_100 }, (_, index) => start.seq + 1 + index))
    expect(tail.isWhole).toBe(false)
  })
}

function describeCommit(open: () => Promise<SequencerPlace>): void {
  test('gives each commit the next position, also when two processes commit at the same time', async () => {
    await using place = await open()
    const both = [place.sequencer, await place.another()]
    const start = await place.sequencer.tail(reportOf('n', nowhere))
    const positions = await Promise.all(
      Array.from({ length: 200 }, (_, index) => (both[index % 2] as Sequencer).commit('hard', [scope(index)], null)),
    )
    expect(new Set(positions.map(({ epoch }) => epoch))).toEqual(new Set([start.epoch]))
    expect(positions.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, index) => start.seq + 1 + index),
    )
    const tail = await place.sequencer.tail(reportOf('n', start))
    for (const [index, { seq }] of positions.entries())
      expect(tail.marks.find((mark) => mark.seq === seq)?.scopes).toEqual([scope(index)])
  })

  test('shows a commit of one process to the next tail of another', async () => {
    await using place = await open()
    const other = await place.another()
    const start = await other.tail(reportOf('other', nowhere))
    const position = await place.sequencer.commit('hard', [scope('a')], null)
    expect((await other.tail(reportOf('other', start))).marks).toEqual([
      { seq: position.seq, kind: 'hard', scopes: [scope('a')] },
    ])
  })

  test('keeps the newest mark of each scope, and a soft one does not take a hard one away', async () => {
    await using place = await open()
    const { sequencer } = place
    const first = await sequencer.commit('hard', [scope('a'), scope('b')], null)
    const second = await sequencer.commit('soft', [scope('a')], null)
    const third = await sequencer.commit('hard', [scope('b')], null)
    const marks = await sequencer.marksOf([scope('a'), scope('b'), scope('none')])
    expect(marks).toMatchObject({ epoch: first.epoch, seq: third.seq })
    expect(marks.hard).toEqual([first.seq, third.seq, 0])
    expect(marks.soft).toEqual([second.seq, 0, 0])
  })

  test('takes as many scopes as one invalidation may have', async () => {
    await using place = await open()
    const scopes = Array.from({ length: 1_000 }, (_, index) => scope(index))
    const position = await place.sequencer.commit('soft', scopes, null)
    const tail = await place.sequencer.tail(reportOf('n', nowhere))
    expect(tail.marks.flatMap((mark) => mark.scopes).toSorted()).toEqual(scopes.toSorted())
    expect(new Set(tail.marks.map(({ seq }) => seq))).toEqual(new Set([position.seq]))
  })

  test('wakes its listeners after a commit, and those who have left no more', async () => {
    await using place = await open()
    const { sequencer } = place
    const woken = Promise.withResolvers<void>()
    let wakesOfTheOther = 0
    const leave = sequencer.onWake(() => void wakesOfTheOther++)
    sequencer.onWake(() => woken.resolve())
    leave()
    // A listener may need a moment to be heard by the server: commits go on until one wakes.
    const timer = setInterval(() => void sequencer.commit('hard', [scope('a')], null).catch(() => undefined), 50)
    await woken.promise
    clearInterval(timer)
    expect(wakesOfTheOther).toBe(0)
  })

  test('folds old marks into the floor: what they said still holds', async () => {
    await using place = await open()
    const { sequencer } = place
    const start = await sequencer.tail(reportOf('early', nowhere))
    const truth: Committed[] = []
    for (let commit = 0; commit < 25; commit++) {
      const scopes = Array.from({ length: 1_000 }, (_, index) => scope(`${commit}-${index}`))
      truth.push({ ...(await sequencer.commit('hard', scopes, null)), kind: 'hard', scopes })
    }
    const tail = await sequencer.tail(reportOf('late', nowhere))
    expect(tail.floor).toBeGreaterThan(start.floor)
    expect(tail.marks.flatMap(({ scopes }) => scopes).length).toBeLessThanOrEqual(20_000)
    const view = viewOf(tail)
    for (const { seq, scopes, epoch } of truth)
      for (const one of [scopes[0], scopes[999]] as ScopeId[])
        expect(view.judge({ epoch, asOf: seq - 1, scopes: [one] })).toBe('invalid')
    // A node that is behind the floor learns of it and is not told a tail with a gap.
    const early = await sequencer.tail(reportOf('early', start))
    expect(early.isWhole).toBe(true)
    // What was stamped with the newest position stays valid.
    expect(view.judge({ epoch: tail.epoch, asOf: tail.seq, scopes: [scope('0-0'), scope('24-0')] })).toBe('valid')
  })
}

function describeNodes(open: () => Promise<SequencerPlace>): void {
  const find = async (sequencer: Sequencer, node: string) =>
    (await sequencer.nodes()).find((state) => state.node === node)

  test('lists a node from its first question on, with what it has applied and its largest staleness', async () => {
    await using place = await open()
    const { sequencer } = place
    const first = await sequencer.tail(reportOf('näme with spaces', nowhere, 7))
    expect(await find(sequencer, 'näme with spaces')).toEqual({
      node: 'näme with spaces',
      acked: nowhere,
      maxStaleMs: 7,
    })
    await sequencer.tail(reportOf('näme with spaces', first, 9))
    const other = await place.another()
    await expectSoon(async () =>
      expect(await find(other, 'näme with spaces')).toEqual({
        node: 'näme with spaces',
        acked: { epoch: first.epoch, seq: first.seq },
        maxStaleMs: 9,
      }),
    )
  })

  test('never says that a node has applied what it has only been told', async () => {
    await using place = await open()
    const { sequencer } = place
    const start = await sequencer.tail(reportOf('n', nowhere))
    await sequencer.tail(reportOf('n', start))
    const position = await sequencer.commit('hard', [scope('a')], null)
    await sequencer.tail(reportOf('n', start))
    expect((await find(sequencer, 'n'))?.acked).toEqual({ epoch: start.epoch, seq: start.seq })
    await sequencer.tail(reportOf('n', position))
    await expectSoon(async () => expect((await find(sequencer, 'n'))?.acked).toEqual(position))
  })

  test('lists a node that has left no more, and the others still', async () => {
    await using place = await open()
    const { sequencer } = place
    await sequencer.tail(reportOf('goes', nowhere))
    await sequencer.tail(reportOf('stays', nowhere))
    await sequencer.leave('goes')
    expect(await find(sequencer, 'goes')).toBeUndefined()
    expect(await find(sequencer, 'stays')).toBeDefined()
    await sequencer.tail(reportOf('goes', nowhere))
    expect(await find(sequencer, 'goes')).toBeDefined()
  })
}

/** A log that is behind what a node has seen has lost marks, so nothing that was stamped in it may be valid any more. */
function describeLoss(open: () => Promise<SequencerPlace>): void {
  test('begins a new epoch above what was seen when a commit finds the log behind the caller', async () => {
    await using place = await open()
    const { sequencer } = place
    const before = await sequencer.commit('hard', [scope('a')], null)
    const seen = { epoch: before.epoch, seq: before.seq + 10 }
    const after = await sequencer.commit('hard', [scope('b')], seen)
    expect(after.epoch).not.toBe(before.epoch)
    expect(after.seq).toBeGreaterThan(seen.seq)
    const tail = await sequencer.tail(reportOf('n', seen))
    expect(tail).toMatchObject({ epoch: after.epoch, seq: after.seq, isWhole: true })
    expect(tail.floor).toBeGreaterThan(seen.seq)
  })

  test('begins a new epoch when a tail is asked after a position that the log has never reached', async () => {
    await using place = await open()
    const { sequencer } = place
    const before = await sequencer.commit('hard', [scope('a')], null)
    const tail = await sequencer.tail(reportOf('n', { epoch: before.epoch, seq: before.seq + 10 }))
    expect(tail.epoch).not.toBe(before.epoch)
    expect(tail.isWhole).toBe(true)
    expect(tail.floor).toBeGreaterThan(before.seq + 10)
  })
}

function describeLostData(open: () => Promise<SequencerPlace>): void {
  test('begins a new epoch after its data was lost, for tails and for commits', async () => {
    await using place = await open()
    const { sequencer } = place
    const other = await place.another()
    for (const ask of ['tail', 'commit'] as const) {
      const before = await sequencer.tail(reportOf('n', nowhere))
      await sequencer.commit('hard', [scope('a')], before)
      await other.tail(reportOf('other', before))
      await place.loseData?.()
      if (ask === 'commit') await expectSoon(() => sequencer.commit('hard', [scope('b')], before))
      const after = await expectSoon(() => other.tail(reportOf('other', before)))
      expect(after.epoch).not.toBe(before.epoch)
      expect(after.isWhole).toBe(true)
      expect(viewOf(after).judge({ epoch: before.epoch, asOf: before.seq + 1, scopes: [] })).toBe('invalid')
    }
  })
}

/**
 * Views that are fed by tails, in any order of commits and tails by two processes, never think valid what was
 * invalidated at a position they have applied, and know everything exactly.
 */
function describeLaw(open: () => Promise<SequencerPlace>): void {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constant('commit' as const),
        by: fc.nat(1),
        kind: fc.constantFrom<InvalidationKind>('hard', 'soft'),
        scopes: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('tail' as const), by: fc.nat(1), view: fc.nat(2) }) },
  )

  test('keeps every view exact under any order of commits and tails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await using place = await open()
        const both = [place.sequencer, await place.another()]
        const views = [0, 1, 2].map(() => createLogView({ leaseMs: 1_000 }))
        const truth: Committed[] = []
        for (const each of steps) {
          const sequencer = both[each.by] as Sequencer
          if (each.what === 'commit') {
            const scopes = each.scopes.map(scope)
            truth.push({ ...(await sequencer.commit(each.kind, scopes, null)), kind: each.kind, scopes })
            continue
          }
          const view = views[each.view] as LogView
          const ticket = view.ticket()
          const tail = await sequencer.tail(reportOf(`view${each.view}`, view.position()))
          expect(view.apply(tail, { atMs: 0, ticket })).not.toBe('gap')
          expectExact(view, truth)
        }
      }),
      { numRuns: 30 },
    )
  }, 30_000)
}

function expectExact(view: LogView, truth: readonly Committed[]): void {
  const { epoch, applied, floor } = view
  for (let asOf = floor; asOf <= applied; asOf++)
    for (let index = 0; index <= 4; index++) {
      const later = truth.filter(({ seq, scopes }) => seq > asOf && seq <= applied && scopes.includes(scope(index)))
      const expected = later.some(({ kind }) => kind === 'hard') ? 'invalid' : later.length > 0 ? 'soft' : 'valid'
      expect(`${asOf} ${index} ${view.judge({ epoch, asOf, scopes: [scope(index)] })}`).toBe(
        `${asOf} ${index} ${expected}`,
      )
    }
}

export function viewOf(tail: Tail): LogView {
  const view = createLogView({ leaseMs: 1_000 })
  view.apply(tail, { atMs: 0, ticket: view.ticket() })
  return view
}

/** Tries again for a while: what is true only soon, such as a write that nobody waits for. */
export async function expectSoon<T>(work: () => Promise<T>, attempts = 200): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (thrown) {
      if (attempt >= attempts) throw thrown
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}
