/** One Cairn process under fire: memory, disk and shared tier; its source is the driver, asked over IPC. */
import type { openCache } from '../../server/src/cache/engine.ts'
import type { Cache, Namespace } from '../../server/src/cache/types.ts'
import { openCairn, openDiskOf } from '../cache/cairn.ts'
import { maxStaleMs, type Answer, type FromNode, type NodeSettings, type ToNode } from './messages.ts'

const settings = JSON.parse(process.argv[2] ?? '{}') as NodeSettings
const asked = new Map<number, (version: number) => void>()
let nextAsk = 0

const say = (message: FromNode) => process.send?.(message)

function askSource(key: string): Promise<number> {
  const id = nextAsk++
  const { promise, resolve } = Promise.withResolvers<number>()
  asked.set(id, resolve)
  say({ kind: 'ask', id, key })
  return promise
}

async function open(): Promise<{ cache: Cache; space: Namespace<number> }> {
  const path = settings.twin?.engine ?? null
  const twin = path === null ? null : ((await import(path)) as { openCache: typeof openCache })
  const { cache } = await openCairn({
    ...(twin === null ? {} : { openCache: twin.openCache }),
    node: settings.node,
    redisUrl: settings.redisUrl,
    directory: settings.directory,
    memoryBytes: 1024 * 1024,
    checkEveryMs: 250,
    openDisk: openDiskOf(16 * 1024 * 1024),
  })
  return { cache, space: cache.namespace<number>('kills', { ttlMs: 600_000, staleIfErrorMs: 60_000 }) }
}

async function answer({ cache, space }: Awaited<ReturnType<typeof open>>, message: ToNode): Promise<Answer> {
  switch (message.kind) {
    case 'read': {
      const policy = message.policy === 'strict' ? {} : { policy: { consistency: 'bounded' as const, maxStaleMs } }
      const { value, status, tier } = await space.reuse(message.key, () => askSource(message.key), policy)
      return { kind: 'read', version: value, status, tier }
    }
    case 'invalidate': {
      const scopes = [`key:kills/${message.key}`]
      if (settings.twin?.engine === null)
        return { kind: 'invalidate', receipt: { epoch: '', seq: 1, committed: true, acked: [], pending: [] } }
      return { kind: 'invalidate', receipt: await cache.invalidate({ scopes, wait: message.wait }) }
    }
    case 'state': {
      const { log, inconsistencies } = cache.stats()
      return { kind: 'state', pending: log.pending, isLeased: log.isLeased, inconsistencies }
    }
    case 'source':
      throw new Error('not a question')
  }
}

const opened = await open()
process.on('message', (message: ToNode) => {
  if (message.kind === 'source') {
    asked.get(message.id)?.(message.version)
    asked.delete(message.id)
    return
  }
  answer(opened, message).then(
    (result) => say({ kind: 'answer', id: message.id, result }),
    (thrown: unknown) => say({ kind: 'answer', id: message.id, result: { kind: 'error', message: String(thrown) } }),
  )
})
say({ kind: 'ready' })
