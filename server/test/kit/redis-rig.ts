/** The parts of the shared cache over a Redis of the test, each rig in a deployment of its own. */
import { createId, silentLogger, Secret, systemClock, type Clock, type Logger } from '../../src/base/index.ts'
import { openRedis, type Redis, type SealingKeys } from '../../src/platform/index.ts'
import { createSealer } from '../../src/cache/sealing.ts'
import { createRedisSequencer, type RedisSequencerOptions } from '../../src/cache/shared/redis-sequencer.ts'
import { createSharedTier } from '../../src/cache/shared/shared-tier.ts'
import { createLogView } from '../../src/cache/log/log-view.ts'
import { reportOf, scope } from '../../src/cache/testing/sequencer-suite.ts'
import { entryAt } from '../../src/cache/testing/shared-tier-suite.ts'
import type { Position, Sequencer, SharedTier, Tail } from '../../src/cache/tiers.ts'

export const cacheName = 'main'

export interface RedisPart extends AsyncDisposable {
  readonly redis: Redis
  readonly sequencer: Sequencer
  readonly tier: SharedTier
}

export interface RedisPartOptions extends Partial<
  Pick<RedisSequencerOptions, 'mostMarks' | 'silentMs' | 'forgottenMs'>
> {
  readonly url: string
  readonly deploymentId: string
  readonly redis?: Redis
  readonly names?: string
  readonly clock?: Clock
  readonly logger?: Logger
  readonly deadlineMs?: number
}

/** One process' end of the cache; closes the connection only when it made it. */
export async function openRedisPart(options: RedisPartOptions): Promise<RedisPart> {
  const { url, deploymentId, names = 'fingerprint', clock = systemClock, logger = silentLogger, ...more } = options
  const { deadlineMs = 2_000, mostMarks, silentMs, forgottenMs = 0 } = more
  const redis = options.redis ?? (await openRedis({ url: new Secret(url), clock: systemClock, logger, deadlineMs }))
  const sealer = createSealer({ keys: testKeys, deploymentId, cache: cacheName })
  const shared = { redis, deploymentId, cache: cacheName, namesFingerprint: names, clock, logger }
  const sequencer = createRedisSequencer({
    ...shared,
    forgottenMs,
    ...(mostMarks === undefined ? {} : { mostMarks }),
    ...(silentMs === undefined ? {} : { silentMs }),
  })
  const tier = createSharedTier({ ...shared, sealer })
  return {
    redis,
    sequencer,
    tier,
    async [Symbol.asyncDispose]() {
      await sequencer.close()
      await tier.close()
      if (options.redis === undefined) await redis.close()
    },
  }
}

/** A place for the conformance suites: two connections, one deployment. */
export async function openRedisPlace(url: string, connections: readonly [Redis, Redis] | null = null) {
  const deploymentId = createId('dep')
  const parts: RedisPart[] = []
  async function open(clock: Clock, connection: Redis | undefined): Promise<RedisPart> {
    const part = await openRedisPart({ url, deploymentId, clock, ...(connection ? { redis: connection } : {}) })
    parts.push(part)
    return part
  }
  const first = await open(systemClock, connections?.[0])
  const skewed = (ms: number): Clock => ({ ...systemClock, now: () => systemClock.now() + ms })
  return {
    deploymentId,
    sequencer: first.sequencer,
    tier: first.tier,
    redis: first.redis,
    open: () => open(systemClock, connections?.[1]),
    openSkewed: (ms: number) => open(skewed(ms), connections?.[1]),
    async [Symbol.asyncDispose]() {
      for (const part of parts) await part[Symbol.asyncDispose]()
    },
  }
}

/** One process' end of the cache with a node that follows its log. */
export async function openRig(server: { readonly url: string }, more: Partial<RedisPartOptions> = {}) {
  const deploymentId = more.deploymentId ?? createId('dep')
  const part = await openRedisPart({ url: server.url, deploymentId, ...more })
  const view = createLogView({ leaseMs: 1_000 })
  const report = () => reportOf('n', view.position())
  const key = (rest: string) => `cairn:{${deploymentId}:${cacheName}}:${rest}`
  const apply = (ticket: number, tail: Tail) => view.apply(tail, { atMs: 0, ticket })
  return {
    ...part,
    deploymentId,
    view,
    key,
    async follow(): Promise<Position> {
      const ticket = view.ticket()
      apply(ticket, await part.sequencer.tail(report()))
      return view.position()
    },
    /** As the engine reads: judged by what the node knows. */
    async read(name: string) {
      const ticket = view.ticket()
      const { read, tail } = await part.tier.get(name, report(), view.judge)
      apply(ticket, tail)
      return read.entry !== null && view.judge(read.entry.header) !== 'invalid'
    },
    /** As a node reads that has heard nothing since: the server alone decides. */
    readAlone: async (name: string, at: Position) => (await part.tier.get(name, reportOf('n', at))).read.entry !== null,
    store: (name: string, at = view.position(), scopes = [scope('a')], value = new Uint8Array(100)) =>
      part.tier.set(name, entryAt(at, systemClock.now(), { scopes, value })),
    [Symbol.asyncDispose]: () => part[Symbol.asyncDispose](),
  }
}

const key = { id: 1, key: new Uint8Array(32).fill(7), createdAt: 0 }
const testKeys = {
  current: () => key,
  find: (id: number) => (id === key.id ? key : undefined),
} as unknown as SealingKeys
