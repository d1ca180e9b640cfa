/** One cache in a test's hands: real engine, model server, virtual time. */
import { silentLogger } from '../../base/index.ts'
import { openCache } from '../engine.ts'
import type { DiskTier } from '../tiers.ts'
import type { Cache } from '../types.ts'
import { createModelDisk, createModelJournal, createModelServer, type Line, type ModelServer } from './model-server.ts'
import { createTestTime, type TestTime } from './test-time.ts'

export interface CacheRig {
  readonly time: TestTime
  readonly server: ModelServer
  /** Another node of the same deployment. */
  open(options?: RigNode): Promise<{ cache: Cache; line: Line }>
}

export interface RigNode {
  readonly openCache?: typeof openCache
  readonly disk?: DiskTier
  readonly line?: Line
  readonly checkEveryMs?: number
  readonly memoryBytes?: number
}

export const rigLeaseMs = 1_000

/** Chance always says the same: half. */
export function createCacheRig(random: () => number = () => 0.5): CacheRig {
  const time = createTestTime(random)
  const server = createModelServer(time)
  let nodes = 0
  return {
    time,
    server,
    async open(options = {}) {
      const line = options.line ?? { isCut: false, delayMs: 0, losesReplies: false }
      const { sequencer, shared } = server.connect(line)
      const cache = await (options.openCache ?? openCache)({
        node: `n${nodes++}`,
        memoryBytes: options.memoryBytes ?? 4_000_000,
        namesKey: new Uint8Array(32),
        sequencer,
        journal: createModelJournal(),
        disk: options.disk ?? createModelDisk(),
        shared: { tier: shared, breaker: { run: (work) => work(), state: 'closed', opened: 0 } },
        clock: time.clock(),
        logger: silentLogger,
        timers: time.timers,
        leaseMs: rigLeaseMs,
        checkEveryMs: options.checkEveryMs ?? 0,
      })
      return { cache, line }
    },
  }
}
