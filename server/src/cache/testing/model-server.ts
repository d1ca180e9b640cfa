/**
 * A model of the shared server for schedules: the log, the shared tier and its locks in memory, with the faults a real
 * one shows. It passes the same conformance suites as the real parts; the schedules need it because ten thousand of
 * them must run in virtual time.
 */
import { CairnError } from '../../base/index.ts'
import type { Journal } from '../log/journal.ts'
import type { ScopeId } from '../scopes.ts'
import type {
  DiskTier,
  Mark,
  NodeReport,
  NodeState,
  Position,
  Sequencer,
  SharedTier,
  StoredEntry,
  Tail,
} from '../tiers.ts'
import type { InvalidationKind } from '../types.ts'
import type { TestTime } from './test-time.ts'

export interface ModelServer {
  /** The parts of one node. What it asks and is told goes over its own line. */
  connect(line: Line): { sequencer: Sequencer; shared: SharedTier }
  /** All data is gone, as after FLUSHALL. */
  loseData(): void
  /** A replica takes over: what it holds of entries is there, and the log begins anew. */
  failOver(): void
}

/** How a node reaches the server. */
export interface Line {
  isCut: boolean
  /** Milliseconds until a request arrives, and again until its reply does. */
  delayMs: number
  /** Replies are lost though the server did what was asked. */
  losesReplies: boolean
}

interface Held {
  entry: StoredEntry
  until: number
}

interface State {
  epoch: string
  seq: number
  floor: number
  log: Mark[]
  hard: Map<ScopeId, number>
  soft: Map<ScopeId, number>
  nodes: Map<string, NodeState>
  bornAt: number
}

/** So long after its beginning an epoch counts with nodes that only the one before knew. */
const forgottenMs = 12_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createModelServer(time: TestTime, { mostLines = 1_000 }: { mostLines?: number } = {}): ModelServer {
  let epochs = 0
  let state = begin(0)
  const entries = new Map<string, Held>()
  const locks = new Map<string, { token: string; until: number }>()
  const wakes = new Set<{ line: Line; wake: () => void }>()

  function begin(seq: number): State {
    const epoch = `epoch${++epochs}`
    return { epoch, seq, floor: seq, log: [], hard: new Map(), soft: new Map(), nodes: new Map(), bornAt: time.now() }
  }

  function forgotten(): NodeState[] {
    if (epochs === 1 || time.now() - state.bornAt > forgottenMs) return []
    return [{ node: 'forgotten', acked: { epoch: '', seq: 0 }, maxStaleMs: 0 }]
  }

  /** A caller that has seen more than there is tells that data was lost. */
  function repair(seen: Position | null): void {
    if (seen !== null && seen.epoch === state.epoch && seen.seq > state.seq) state = begin(seen.seq + 1)
  }

  function fold(): void {
    while (state.log.length > mostLines) {
      const oldest = state.log.shift() as Mark
      state.floor = oldest.seq
      for (const scope of oldest.scopes) {
        if ((state.hard.get(scope) ?? 0) <= state.floor) state.hard.delete(scope)
        if ((state.soft.get(scope) ?? 0) <= state.floor) state.soft.delete(scope)
      }
    }
  }

  function tailAfter({ epoch, seq }: Position): Tail {
    const isWhole = epoch !== state.epoch || seq < state.floor
    const marks = state.log.filter((mark) => isWhole || mark.seq > seq)
    return { epoch: state.epoch, seq: state.seq, floor: state.floor, marks, isWhole }
  }

  function acknowledge({ node, applied, maxStaleMs }: NodeReport): void {
    state.nodes.set(node, { node, acked: applied, maxStaleMs })
  }

  const isOvertaken = ({ header }: StoredEntry): boolean =>
    header.epoch !== state.epoch ||
    header.asOf < state.floor ||
    header.scopes.some((scope) => (state.hard.get(scope) ?? 0) > header.asOf)

  const pass = (ms: number) => new Promise<void>((resolve) => (ms > 0 ? time.timers.after(ms, resolve) : resolve()))

  async function over<T>(line: Line, work: () => T): Promise<T> {
    const away = () => new CairnError('cache.shared-unreachable')
    await pass(line.delayMs)
    if (line.isCut) throw away()
    const result = work()
    await pass(line.delayMs)
    if (line.isCut || line.losesReplies) throw away()
    return result
  }

  return {
    connect(line) {
      const sequencer: Sequencer = {
        kind: 'redis',
        tail: (report) =>
          over(line, () => {
            repair(report.applied)
            acknowledge(report)
            return tailAfter(report.applied)
          }),
        commit: (kind: InvalidationKind, scopes, seen) =>
          over(line, () => {
            repair(seen)
            const seq = ++state.seq
            for (const scope of scopes) (kind === 'hard' ? state.hard : state.soft).set(scope, seq)
            state.log.push({ seq, kind, scopes })
            fold()
            for (const { line: other, wake } of wakes) if (!other.isCut) void pass(other.delayMs).then(wake)
            return { epoch: state.epoch, seq }
          }),
        marksOf: (scopes) =>
          over(line, () => ({
            epoch: state.epoch,
            floor: state.floor,
            seq: state.seq,
            hard: scopes.map((scope) => state.hard.get(scope) ?? 0),
            soft: scopes.map((scope) => state.soft.get(scope) ?? 0),
          })),
        nodes: () => over(line, () => [...state.nodes.values(), ...forgotten()]),
        leave: (node) => over(line, () => void state.nodes.delete(node)),
        onWake(wake) {
          const listener = { line, wake }
          wakes.add(listener)
          return () => wakes.delete(listener)
        },
        close: () => Promise.resolve(),
      }
      const shared: SharedTier = {
        get: (name, report) =>
          over(line, () => {
            repair(report.applied)
            const tail = tailAfter(report.applied)
            const held = entries.get(name)
            if (!held || held.until <= time.now() || isOvertaken(held.entry)) {
              entries.delete(name)
              return { read: { entry: null }, tail }
            }
            const { header } = held.entry
            const isSoft = header.scopes.some((scope) => (state.soft.get(scope) ?? 0) > header.asOf)
            return { read: { entry: held.entry, keepLeftMs: held.until - time.now(), isSoft }, tail }
          }),
        set: (name, entry) =>
          over(line, () => {
            const known = entries.get(name)
            const isNewer =
              known?.entry.header.epoch === entry.header.epoch && known.entry.header.asOf > entry.header.asOf
            if (isOvertaken(entry) || isNewer) return false
            entries.set(name, { entry, until: time.now() + entry.header.keepMs })
            return true
          }),
        delete: (name) => over(line, () => void entries.delete(name)),
        lock: (name, token, ttlMs) =>
          over(line, () => {
            const held = locks.get(name)
            if (held && held.until > time.now()) return false
            locks.set(name, { token, until: time.now() + ttlMs })
            return true
          }),
        renew: (name, token, ttlMs) =>
          over(line, () => {
            const held = locks.get(name)
            if (held?.token !== token || held.until <= time.now()) return false
            locks.set(name, { token, until: time.now() + ttlMs })
            return true
          }),
        unlock: (name, token) => over(line, () => void (locks.get(name)?.token === token && locks.delete(name))),
        waitForUnlock: (_name, ms) => pass(Math.min(ms, 50)),
        stats: () => over(line, () => ({ entries: entries.size, bytes: 0, maxBytes: null, evictions: 0 })),
        close: () => Promise.resolve(),
      }
      return { sequencer, shared }
    },
    loseData() {
      state = begin(0)
      entries.clear()
      locks.clear()
    },
    failOver() {
      state = begin(state.seq + 1)
      locks.clear()
    },
  }
}

/** A disk that outlives the node that wrote it. */
export function createModelDisk(): DiskTier {
  const entries = new Map<string, StoredEntry>()
  return {
    get: (name) => entries.get(name),
    async set(name, entry) {
      entries.set(name, entry)
    },
    delete: (name) => void entries.delete(name),
    async clear() {
      entries.clear()
    },
    stats: () => ({ entries: entries.size, bytes: 0, maxBytes: null, evictions: 0, errors: 0 }),
    close: () => Promise.resolve(),
  }
}

/** A journal that outlives its node too. */
export function createModelJournal(): Journal {
  const intents = new Map<number, { kind: 'hard' | 'soft'; scopes: readonly string[] }>()
  let last = 0
  return {
    async append(kind, scopes) {
      intents.set(++last, { kind, scopes })
      return last
    },
    list: async () => [...intents].map(([id, intent]) => ({ id, ...intent })),
    async remove(id) {
      intents.delete(id)
    },
  }
}
