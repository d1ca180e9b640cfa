/** When vault sync works, and what it remembers of its runs: with a clock and a syncer of the test’s own. */
import { describe, expect, test } from 'bun:test'
import type { SyncConflict } from '@cairn/contract'
import { createKeeper, type KeeperMemory, type SyncHooks, type SyncTarget } from '../../src/core/sync/keeper.ts'
import { SyncFailure, type Syncer, type SyncOutcome } from '../../src/core/sync/index.ts'

const done: SyncOutcome = { kind: 'done', conflicts: [], problems: [] }
const offline: SyncOutcome = { kind: 'offline' }
const edited = (path: string): SyncConflict => ({ path, kind: 'edited', version: 'v' })

/** Everything around a keeper, each part to be changed by the test. */
function openWorld(memory: KeeperMemory = { isPaused: false, lastAt: null, problems: [] }) {
  const world = {
    isOn: true,
    target: { ok: true, id: 'one' } as SyncTarget,
    isReached: true,
    waits: 0,
    now: 0,
    outcomes: [] as SyncOutcome[],
    runs: 0,
    calls: [] as string[],
    saved: memory,
    hooks: null as SyncHooks | null,
    /** What a run does before it ends. */
    during: async () => {},
    timers: new Set<{ at: number; run: () => void }>(),
    /** Runs what is due within the next milliseconds. */
    async pass(ms: number) {
      const until = world.now + ms
      for (;;) {
        for (let turn = 0; turn < 20; turn++) await Promise.resolve()
        const [next] = [...world.timers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)
        if (next === undefined) break
        world.timers.delete(next)
        world.now = Math.max(world.now, next.at)
        next.run()
      }
      world.now = until
    },
  }
  let isDue = true
  const note = (name: string) => void world.calls.push(name)
  const syncer: Syncer = {
    async run() {
      world.runs++
      isDue = false
      try {
        await world.during()
        return world.outcomes.shift() ?? done
      } catch (thrown) {
        isDue = true
        return { kind: 'failed', code: thrown instanceof SyncFailure ? thrown.code : '', message: 'stopped' }
      }
    },
    changed: (...paths) => (note(`changed ${paths.join()}`), void (isDue = true)),
    changedAll: () => (note('all'), void (isDue = true)),
    isDue: () => isDue,
    confirmDeletions: () => note('confirm'),
    takeOver: (from) => note(`take over ${from}`),
    keepMine: async () => done,
  }
  const keeper = createKeeper({
    isOn: () => world.isOn,
    target: () => world.target,
    isReached: () => world.isReached,
    waitForServer: () => (world.waits++, () => void world.waits--),
    open: async (target, hooks) => (note(`open ${target}`), (world.hooks = hooks), syncer),
    memory: { load: () => world.saved, save: (next) => void (world.saved = next) },
    later(run, ms) {
      const timer = { at: world.now + ms, run }
      world.timers.add(timer)
      return () => void world.timers.delete(timer)
    },
    now: () => world.now,
  })
  return { world, keeper, at: () => keeper.report.get().stage.at }
}

describe('the keeper', () => {
  test('does nothing while sync is off, or there is nothing to send to', async () => {
    const { world, keeper, at } = openWorld()
    world.isOn = false
    keeper.look()
    keeper.changed('a.md')
    await world.pass(1_000_000)
    expect([at(), world.runs, world.calls]).toEqual(['off', 0, []])
    world.isOn = true
    world.target = { ok: false, why: 'No such vault.' }
    keeper.look()
    await world.pass(1_000_000)
    expect([at(), world.runs]).toEqual(['unready', 0])
  })

  test('gathers changes for two seconds, and for twenty at most', async () => {
    const { world, keeper } = openWorld()
    keeper.look()
    await world.pass(0)
    expect(world.runs).toBe(1)
    for (let second = 0; second < 15; second++) {
      keeper.changed('a.md')
      await world.pass(1_000)
    }
    expect(world.runs).toBe(1)
    await world.pass(1_500)
    expect(world.runs).toBe(2)
    for (let second = 0; second < 22; second++) {
      keeper.changed('a.md')
      await world.pass(1_000)
    }
    expect(world.runs).toBe(3)
  })

  test('looks for a server that is away, and goes on when it is back', async () => {
    const { world, keeper, at } = openWorld()
    world.outcomes = [offline]
    keeper.look()
    await world.pass(0)
    expect([at(), world.waits]).toEqual(['waiting', 1])
    world.isReached = false
    keeper.changed('a.md')
    await world.pass(60_000)
    expect([at(), world.runs, world.waits]).toEqual(['waiting', 1, 1])
    world.isReached = true
    keeper.look()
    await world.pass(0)
    expect([at(), world.runs, world.waits]).toEqual(['done', 2, 0])
  })

  test('tries again after a failure with growing pauses', async () => {
    const { world, keeper, at } = openWorld()
    world.outcomes = Array.from({ length: 3 }, () => ({ kind: 'failed', code: 'x', message: 'It is full.' }))
    keeper.look()
    await world.pass(0)
    expect(keeper.report.get().stage).toEqual({ at: 'failed', message: 'It is full.' })
    await world.pass(29_999)
    expect(world.runs).toBe(1)
    await world.pass(1)
    expect(world.runs).toBe(2)
    await world.pass(60_000)
    expect(world.runs).toBe(3)
    await world.pass(120_000)
    expect([at(), world.runs]).toEqual(['done', 4])
  })

  test('stops on the way when it is paused, remembers that, and goes on', async () => {
    const { world, keeper, at } = openWorld()
    let release = () => {}
    world.during = async () => {
      await new Promise<void>((next) => (release = next))
      await world.hooks?.gate()
    }
    keeper.look()
    await world.pass(0)
    expect(at()).toBe('working')
    keeper.setPaused(true)
    release()
    await world.pass(1_000_000)
    expect([at(), world.runs, world.saved.isPaused]).toEqual(['paused', 1, true])
    world.during = async () => {}
    keeper.setPaused(false)
    await world.pass(0)
    expect([at(), world.runs, world.saved.isPaused]).toEqual(['done', 2, false])
    expect(openWorld({ isPaused: true, lastAt: 5, problems: [] }).at()).toBe('paused')
  })

  test('keeps a conflict until its note changes or it is settled, whatever other runs find', async () => {
    const { world, keeper } = openWorld()
    const paths = () => keeper.report.get().conflicts.map(({ path }) => path)
    world.outcomes = [{ kind: 'done', conflicts: [edited('a.md'), edited('b.md')], problems: [] }]
    keeper.look()
    await world.pass(0)
    keeper.changed('c.md')
    await world.pass(5_000)
    expect(paths()).toEqual(['a.md', 'b.md'])
    keeper.changed('a.md')
    await world.pass(5_000)
    expect(paths()).toEqual(['b.md'])
    expect(world.calls).not.toContain('all')
    expect(await keeper.keepMine(edited('b.md'))).toBe(null)
    await world.pass(0)
    expect(paths()).toEqual([])
    // Now a pass over everything may find that all is well, and the next start be a short one.
    expect(world.calls).toContain('all')
  })

  test('begins anew with another vault or server', async () => {
    const { world, keeper } = openWorld()
    world.outcomes = [{ kind: 'done', conflicts: [edited('a.md')], problems: [] }]
    keeper.look()
    await world.pass(0)
    world.target = { ok: true, id: 'two' }
    keeper.look()
    await world.pass(0)
    expect(world.calls).toEqual(['open one', 'open two'])
    expect(keeper.report.get().conflicts).toEqual([])
  })

  test('does nothing more once it is closed', async () => {
    const { world, keeper } = openWorld()
    keeper.look()
    await world.pass(0)
    keeper.changed('a.md')
    await world.pass(0)
    keeper.close()
    await world.pass(1_000_000)
    expect([world.runs, world.timers.size, world.waits]).toEqual([1, 0, 0])
  })
})
