/**
 * The two controls of the harness. A cache that ignores every invalidation must be caught in each row, and no cache at
 * all must never be: otherwise the matrix says nothing.
 */
import type { FaultNode, NodeOptions, Subject } from './subject.ts'

/** Keeps everything for good, in one map for all nodes of a Redis server, and says that all is well. */
export function createDeafSubject(): Subject {
  const stored = new Map<string, number>()
  const openNode = ({ name }: NodeOptions): Promise<FaultNode> =>
    Promise.resolve({
      async read(key, load) {
        const row = name.split('-')[0]
        const found = stored.get(`${row}/${key}`)
        if (found !== undefined) return found
        const { version } = await load()
        stored.set(`${row}/${key}`, version)
        return version
      },
      invalidate: () => Promise.resolve('done'),
      expire: () => Promise.resolve('done'),
      position: () => 0,
      close: () => Promise.resolve(),
    })
  return { name: 'deaf (control)', lacks: {}, hasTags: true, hasBus: true, settleMs: 0, openNode }
}

export const noCache: Subject = {
  name: 'no cache (control)',
  lacks: {},
  hasTags: true,
  hasBus: true,
  settleMs: 0,
  openNode: () =>
    Promise.resolve({
      read: async (_key, load) => (await load()).version,
      invalidate: () => Promise.resolve('done'),
      expire: () => Promise.resolve('done'),
      position: () => 0,
      close: () => Promise.resolve(),
    }),
}
