/**
 * When vault sync works: soon after a change, when the server is back, again after a failure with growing pauses, and not
 * while it is off or paused. What a run found is gathered here until it is decided on, since a run over a few changed
 * notes says nothing of the others. Pure: clock, storage and server are passed in.
 */
import type { SyncConflict } from '@cairn/contract'
import { createStore, type Store } from '@cairn/ui/store'
import type { SyncReport, SyncStage } from './report.ts'
import type { Syncer } from './syncer.ts'
import { SyncFailure, type SyncOutcome, type SyncProblem, type SyncProgress } from './types.ts'

/** Server and vault, so that another one is noticed. */
export type SyncTarget = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly why: string }

export interface KeeperParts {
  readonly isOn: () => boolean
  readonly target: () => SyncTarget
  /** Whether the server answers, as far as is known. */
  readonly isReached: () => boolean
  /** Keeps looking for a server that is away, until the returned function is called. */
  readonly waitForServer: () => () => void
  /** For this target. Its calls and reads go through `gate`, which rejects when work is to stop. */
  readonly open: (target: string, hooks: SyncHooks) => Promise<Syncer>
  readonly memory: { readonly load: () => KeeperMemory; readonly save: (memory: KeeperMemory) => void }
  readonly later: (run: () => void, ms: number) => () => void
  readonly now: () => number
}

export interface SyncHooks {
  /** Rejects with a `SyncFailure` once `signal` is aborted. */
  readonly gate: () => Promise<void>
  readonly signal: AbortSignal
  readonly onProgress: (progress: SyncProgress) => void
}

export interface KeeperMemory {
  readonly isPaused: boolean
  readonly lastAt: number | null
  readonly problems: readonly SyncProblem[]
}

export interface Keeper {
  readonly report: Pick<Store<SyncReport>, 'get' | 'subscribe'>
  /** Settings, server or key may be others now. */
  readonly look: () => void
  readonly changed: (...paths: string[]) => void
  /** Anything may have changed; `at once` for what must leave the server. */
  readonly changedAll: (when: 'soon' | 'at once') => void
  readonly setPaused: (isPaused: boolean) => void
  /** Compares everything again. */
  readonly syncNow: () => void
  readonly confirmDeletions: () => void
  readonly takeOver: (from: string | null) => void
  /** This device’s state is meant; a sentence when it could not be sent. */
  readonly keepMine: (conflict: SyncConflict) => Promise<string | null>
  /** What was done on this device settles the conflict. */
  readonly settled: (conflict: SyncConflict) => void
  readonly close: () => void
}

/** After the last of several changes, and at most after the first. */
const quietMs = 2_000
const longestQuietMs = 20_000
const pausesMs = [30_000, 60_000, 120_000, 300_000, 900_000]

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its functions is short
export function createKeeper(parts: KeeperParts): Keeper {
  let { isPaused, lastAt, problems: remembered } = parts.memory.load()
  const conflicts = new Map<string, SyncConflict>()
  const problems = new Map(remembered.map((problem) => [problem.path, problem]))
  let stage: SyncStage = idle() ?? { at: 'working', progress: null }
  const report = createStore<SyncReport>(describe())
  let open: { target: string; syncer: Promise<Syncer> } | null = null
  let work = new AbortController()
  let isRunning = false
  let isClosed = false
  let failures = 0
  let planned: { cancel: () => void; firstAt: number } | null = null
  let stopWaiting: (() => void) | null = null

  function describe(): SyncReport {
    return { stage, lastAt, conflicts: [...conflicts.values()], problems: [...problems.values()] }
  }
  function tell(next: SyncStage = stage): void {
    stage = next
    if (!isClosed) report.set(describe())
  }
  function remember(): void {
    remembered = [...problems.values()].slice(0, 200)
    parts.memory.save({ isPaused, lastAt, problems: remembered })
  }

  /** Why nothing is done; null when there may be something to do. */
  function idle(): SyncStage | null {
    if (!parts.isOn()) return { at: 'off' }
    if (isPaused) return { at: 'paused' }
    const target = parts.target()
    return target.ok ? null : { at: 'unready', why: target.why }
  }

  function plan(ms: number): void {
    const firstAt = planned?.firstAt ?? parts.now()
    planned?.cancel()
    const inMs = Math.max(0, Math.min(ms, firstAt + longestQuietMs - parts.now()))
    planned = { firstAt, cancel: parts.later(() => ((planned = null), void run()), ms > longestQuietMs ? ms : inMs) }
  }
  function unplan(): void {
    planned?.cancel()
    planned = null
    stopWaiting?.()
    stopWaiting = null
  }
  /** Ends a run that is under way; what it has sent is sent. */
  function stop(): void {
    unplan()
    work.abort()
  }

  async function syncerFor(target: string): Promise<Syncer> {
    if (open?.target === target) return open.syncer
    conflicts.clear()
    if (open !== null) {
      problems.clear()
      lastAt = null
    }
    const hooks: SyncHooks = {
      gate: () => (work.signal.aborted ? Promise.reject(new SyncFailure('stopped', '')) : Promise.resolve()),
      get signal() {
        return work.signal
      },
      onProgress: (progress) => isRunning && tell({ at: 'working', progress }),
    }
    const syncer = parts.open(target, hooks)
    open = { target, syncer }
    return syncer
  }

  async function run(): Promise<void> {
    const target = parts.target()
    if (isRunning || isClosed) return
    if (idle() !== null || !target.ok) return tell(idle() ?? stage)
    if (!parts.isReached()) return wait()
    unplan()
    isRunning = true
    work = new AbortController()
    tell({ at: 'working', progress: null })
    let after: { isDue: boolean; outcome: SyncOutcome }
    try {
      const syncer = await syncerFor(target.id)
      const outcome = await syncer.run()
      after = { outcome, isDue: syncer.isDue() }
    } catch (thrown) {
      after = { outcome: failed(thrown), isDue: true }
    }
    isRunning = false
    if (!isClosed) settle(after, target.id)
  }

  function settle({ outcome, isDue }: { isDue: boolean; outcome: SyncOutcome }, target: string): void {
    const now = parts.target()
    // Stopped on the way: off, paused, or another vault by now.
    if (work.signal.aborted || idle() !== null || (now.ok && now.id !== target)) {
      tell(idle() ?? stage)
      if (idle() === null) plan(0)
      return
    }
    if (outcome.kind === 'offline') return wait()
    if (outcome.kind === 'failed') {
      tell({ at: 'failed', message: outcome.message })
      return plan(pausesMs[Math.min(failures++, pausesMs.length - 1)] ?? quietMs)
    }
    failures = outcome.kind === 'done' && isDue ? failures + 1 : 0
    if (outcome.kind === 'done') {
      for (const conflict of outcome.conflicts) conflicts.set(conflict.path, conflict)
      for (const problem of outcome.problems) problems.set(problem.path, problem)
      lastAt = parts.now()
      remember()
      tell({ at: 'done' })
      if (isDue) plan(failures < 4 ? quietMs : (pausesMs[Math.min(failures - 4, pausesMs.length - 1)] ?? quietMs))
    } else if (outcome.kind === 'follower') tell({ at: 'follower', publisher: outcome.publisher, drift: outcome.drift })
    else tell({ at: 'ask-deletions', count: outcome.count, of: outcome.of })
  }

  function wait(): void {
    tell({ at: 'waiting' })
    stopWaiting ??= parts.waitForServer()
  }

  /** A note changed: what was said of it may not hold any more. */
  function forget(paths: readonly string[]): void {
    for (const path of paths.map((each) => each.normalize('NFC'))) {
      conflicts.delete(path)
      problems.delete(path)
    }
  }
  function again(ms: number): void {
    if (isClosed || idle() !== null) return tell(idle() ?? stage)
    if (isRunning) return
    plan(ms)
  }
  const withSyncer = (act: (syncer: Syncer) => void): void => void open?.syncer.then(act, () => undefined)

  return {
    report,
    look() {
      const why = idle()
      if (why !== null) {
        stop()
        return tell(why)
      }
      const target = parts.target()
      const isOther = target.ok && target.id !== open?.target
      const isBack = stage.at === 'waiting' && parts.isReached()
      const isIdle = stage.at === 'off' || stage.at === 'paused' || stage.at === 'unready'
      if (isOther && isRunning) stop()
      if (isOther || isBack || isIdle) again(0)
    },
    changed(...paths) {
      withSyncer((syncer) => {
        syncer.changed(...paths)
        forget(paths)
        // One that follows changes nothing; how much it differs is told when somebody asks.
        if (stage.at !== 'follower') again(quietMs)
      })
    },
    changedAll(when) {
      withSyncer((syncer) => {
        syncer.changedAll()
        problems.clear()
        conflicts.clear()
        again(when === 'soon' ? quietMs : 0)
      })
    },
    setPaused(next) {
      isPaused = next
      remember()
      if (next) stop()
      tell(idle() ?? stage)
      if (!next) again(0)
    },
    syncNow() {
      failures = 0
      withSyncer((syncer) => {
        syncer.changedAll()
        conflicts.clear()
        again(0)
      })
      if (open === null) again(0)
    },
    confirmDeletions: () =>
      withSyncer((syncer) => {
        syncer.confirmDeletions()
        again(0)
      }),
    takeOver: (from) =>
      withSyncer((syncer) => {
        syncer.takeOver(from)
        again(0)
      }),
    async keepMine(conflict) {
      const syncer = await open?.syncer
      if (syncer === undefined) return 'Sync is not on.'
      if (work.signal.aborted) work = new AbortController()
      const outcome = await syncer.keepMine(conflict).catch(failed)
      if (outcome.kind === 'offline') return 'The server does not answer. Try again when it is back.'
      if (outcome.kind === 'failed') return outcome.message
      conflicts.delete(conflict.path)
      if (outcome.kind === 'done') for (const each of outcome.conflicts) conflicts.set(each.path, each)
      goOn(syncer)
      return null
    },
    settled(conflict) {
      conflicts.delete(conflict.path)
      withSyncer((syncer) => {
        syncer.changed(conflict.path)
        goOn(syncer)
      })
    },
    close() {
      isClosed = true
      stop()
    },
  }

  /** Only a pass over everything that finds no conflict lets the next start be a short one. */
  function goOn(syncer: Syncer): void {
    if (conflicts.size === 0) syncer.changedAll()
    tell()
    again(0)
  }
}

function failed(thrown: unknown): SyncOutcome {
  const message = thrown instanceof Error && thrown.message !== '' ? thrown.message : 'Something went wrong.'
  return { kind: 'failed', code: 'plugin.failed', message }
}
