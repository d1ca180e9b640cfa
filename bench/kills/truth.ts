/**
 * The driver's own truth: a version for each key, and from when on which version a read must see. A value is stale when
 * the read that got it had started after that moment and it is older.
 */
import { leaseMs, maxStaleMs, type InvalidateAnswer, type ReadAnswer } from './messages.ts'

interface Requirement {
  readonly version: number
  /** By the driver's monotonic clock. */
  readonly fromMs: number
  /** Null: on every node. */
  readonly node: string | null
  /** A read that is marked as stale may be older for so long. */
  readonly markedFromMs: number
}

export interface Truth {
  readonly versions: ReadonlyMap<string, number>
  current(key: string): number
  /** The source changes. Returns its new version. */
  write(key: string): number
  /** What an answered invalidation promises, from now on. */
  promise(key: string, version: number, told: Told): void
  /** Null, or what is wrong with the value of a read that started at `startedMs`. */
  judge(read: JudgedRead): string | null
  /** The version of each key that every node must see in the end: all that was answered, pending included. */
  promised(key: string): number
}

export interface Told extends InvalidateAnswer {
  readonly node: string
  readonly wait: 'commit' | 'all'
  readonly nowMs: number
}

export interface JudgedRead {
  readonly key: string
  readonly node: string
  readonly startedMs: number
  readonly answer: ReadAnswer
}

export function createTruth(keys: readonly string[]): Truth {
  const versions = new Map(keys.map((key) => [key, 1]))
  const required = new Map<string, Requirement[]>(keys.map((key) => [key, []]))
  const promised = new Map<string, number>()
  const current = (key: string) => versions.get(key) ?? 0

  function add(key: string, requirement: Requirement): void {
    required.get(key)?.push(requirement)
  }

  return {
    versions,
    current,
    write(key) {
      versions.set(key, current(key) + 1)
      return current(key)
    },
    promise(key, version, { receipt, node, wait, nowMs }) {
      promised.set(key, Math.max(promised.get(key) ?? 0, version))
      // The node that was told knows it at once, also when it could tell nobody else yet.
      add(key, { version, fromMs: nowMs, node, markedFromMs: nowMs })
      if (!receipt.committed) return
      const fromMs = wait === 'all' ? nowMs : nowMs + leaseMs
      add(key, { version, fromMs, node: null, markedFromMs: wait === 'all' ? nowMs : fromMs + maxStaleMs })
    },
    judge({ key, node, startedMs, answer }) {
      const isMarked = answer.status === 'stale'
      let newest = 0
      for (const each of required.get(key) ?? []) {
        const fromMs = isMarked ? each.markedFromMs : each.fromMs
        if (fromMs <= startedMs && (each.node === null || each.node === node)) newest = Math.max(newest, each.version)
      }
      if (answer.version >= newest) return null
      const from = answer.tier === null ? 'the source' : answer.tier
      return `${node} served version ${answer.version} of ${key} from ${from} (${answer.status}), ${newest} was due`
    },
    promised: (key) => promised.get(key) ?? 0,
  }
}
