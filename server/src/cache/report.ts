/** The cache's numbers and state as one reading, for the API, the command line, the metrics and the console. */
import type { Clock } from '../base/index.ts'
import type { Checker } from './checker.ts'
import type { Entry } from './entry.ts'
import type { LogFollower } from './log/follow-log.ts'
import type { Invalidator } from './log/invalidate.ts'
import type { LogView } from './log/log-view.ts'
import type { SharedLink } from './read.ts'
import type { Statistics } from './statistics.ts'
import type { DiskTier, MemoryTier, Sequencer, SlowTierStats } from './tiers.ts'
import type { CacheStats, Tier, TierStats } from './types.ts'

export interface ReportOptions {
  readonly node: string
  readonly leaseMs: number
  readonly view: LogView
  readonly follower: LogFollower
  readonly invalidator: Invalidator
  readonly sequencer: Sequencer
  readonly memory: MemoryTier<Entry>
  readonly disk: DiskTier | null
  readonly shared: SharedLink | null
  readonly statistics: Statistics
  readonly checker: Checker
  readonly clock: Clock
}

/** Redis is asked for its numbers at most so often; between, the last ones are told. */
const askSharedEveryMs = 5_000
const noStats: SlowTierStats = { entries: 0, bytes: 0, maxBytes: null, evictions: 0 }

export function createReport(options: ReportOptions): () => CacheStats {
  const { node, leaseMs, view, follower, invalidator, sequencer, memory, disk, shared, statistics, checker } = options
  const { clock } = options
  let ofShared = noStats
  let askedAt = Number.NEGATIVE_INFINITY

  function lookAtShared(): void {
    if (!shared || clock.monotonic() - askedAt < askSharedEveryMs) return
    askedAt = clock.monotonic()
    shared.tier.stats().then(
      (told) => (ofShared = told),
      () => undefined,
    )
  }

  function describeTier(tier: Tier, told: SlowTierStats & { errors?: number }, state: TierStats['state']): TierStats {
    return {
      tier,
      state,
      entries: told.entries,
      bytes: told.bytes,
      maxBytes: told.maxBytes,
      hits: statistics.total(tier),
      misses: statistics.tierMisses[tier],
      evictions: told.evictions,
      errors: statistics.tierErrors[tier] + (told.errors ?? 0),
    }
  }

  return () => {
    lookAtShared()
    const breaker = shared?.breaker.state ?? 'closed'
    return {
      node,
      tiers: [
        describeTier('memory', memory, 'on'),
        describeTier('disk', disk?.stats() ?? noStats, disk ? 'on' : 'off'),
        describeTier('shared', ofShared, shared ? (breaker === 'closed' ? 'on' : 'failing') : 'off'),
      ],
      namespaces: statistics.namespaces(),
      log: {
        sequencer: sequencer.kind,
        epoch: view.epoch,
        seq: view.newest,
        applied: view.applied,
        floor: view.floor,
        marks: view.marks,
        isLeased: follower.isLeased(),
        leaseMs,
        pending: invalidator.pending,
      },
      eviction: { policy: memory.policy, switches: memory.switches },
      breaker: { state: breaker, opened: shared?.breaker.opened ?? 0 },
      inconsistencies: checker.found,
      history: statistics.history(),
    }
  }
}
