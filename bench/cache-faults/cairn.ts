/** Cairn as a subject of the fault matrix: three tiers, `strict`, as it comes. */
import { systemClock } from '../../server/src/base/index.ts'
import { openCairn, openDiskOf } from '../cache/cairn.ts'
import type { FaultNode, NodeOptions, Said, Subject } from './subject.ts'

export const cairn: Subject = {
  name: 'cairn',
  lacks: {},
  hasTags: true,
  hasBus: true,
  settleMs: 0,
  openNode,
}

async function openNode({ name, redisUrl, ttlMs, skewMs }: NodeOptions): Promise<FaultNode> {
  const clock = { now: () => systemClock.now() + skewMs, monotonic: () => systemClock.monotonic() }
  const { cache, close } = await openCairn({ node: name, redisUrl, clock, openDisk: openDiskOf(16 * 1024 * 1024) })
  const space = cache.namespace<number>('faults', { ttlMs })
  const stalePolicy = { staleWhileRevalidateMs: 600_000, staleIfErrorMs: 600_000 }
  return {
    async read(key, load, { tags = [], servesStale = false } = {}) {
      const outcome = await space.reuse(
        key,
        async (fill) => {
          const { version, sourceSeq } = await load()
          if (sourceSeq !== undefined) fill.sourceSeq(sourceSeq)
          return version
        },
        { scopes: tags.map((tag) => `tag:${tag}`), ...(servesStale ? { policy: stalePolicy } : {}) },
      )
      return outcome.value
    },
    async invalidate({ key, tag, isQuick = false }): Promise<Said> {
      const scope = key === undefined ? (tag === undefined ? '*' : `tag:${tag}`) : `key:faults/${key}`
      const receipt = await cache.invalidate({ scopes: [scope], wait: isQuick ? 'commit' : 'all' })
      return receipt.committed ? 'done' : 'pending'
    },
    async expire(key) {
      const receipt = await cache.invalidate({ scopes: [`key:faults/${key}`], kind: 'soft' })
      return receipt.committed ? 'done' : 'pending'
    },
    position: () => cache.position(),
    close,
  }
}
