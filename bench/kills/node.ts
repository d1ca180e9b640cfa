/** A Cairn process as the driver holds it: behind a proxy, killed and started again at will. */
import { resolve } from 'node:path'
import { openProxy, type Proxy } from '../cache/proxy.ts'
import type { Answer, FromNode, NodeSettings, ReadPolicy, ToNode, Twin } from './messages.ts'

export interface KillNode {
  readonly name: string
  readonly proxy: Proxy
  readonly isAlive: boolean
  /** Each rejects when the process dies before it has answered. */
  read(key: string, policy: ReadPolicy): Promise<Answer>
  invalidate(key: string, wait: 'commit' | 'all'): Promise<Answer>
  state(): Promise<Answer>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Resolves when it is open. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface KillNodeOptions {
  readonly name: string
  readonly redisPort: number
  readonly directory: string
  readonly twin: Twin | null
  /** What the source holds now, told after a while. */
  readonly source: (key: string) => Promise<number>
}

const program = resolve(import.meta.dir, 'node-process.ts')

export async function createKillNode(options: KillNodeOptions): Promise<KillNode> {
  const { name, directory, twin, source } = options
  const proxy = await openProxy(options.redisPort)
  const settings: NodeSettings = { node: name, redisUrl: proxy.url, directory, twin }
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (reason: Error) => void }>()
  let nextId = 0
  let child: Bun.Subprocess | null = null

  function hear(from: Bun.Subprocess, message: FromNode, ready: () => void): void {
    if (message.kind === 'ready') return ready()
    if (message.kind === 'answer') {
      waiting.get(message.id)?.resolve(message.result)
      waiting.delete(message.id)
      return
    }
    void source(message.key).then((version) => {
      // Killed meanwhile: nobody waits for it.
      if (from === child) from.send({ kind: 'source', id: message.id, version } satisfies ToNode)
    })
  }

  function ask(message: ToNode): Promise<Answer> {
    const { promise, resolve: answered, reject } = Promise.withResolvers<Answer>()
    if (child === null) return Promise.reject(new Error(`${name} is not running`))
    waiting.set(message.id, { resolve: answered, reject })
    child.send(message)
    return promise
  }

  async function start(): Promise<void> {
    const ready = Promise.withResolvers<void>()
    const started = Bun.spawn([process.execPath, program, JSON.stringify(settings)], {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'inherit',
      ipc: (message: FromNode, from) => hear(from, message, ready.resolve),
    })
    child = started
    void started.exited.then(() => ready.reject(new Error(`${name} ended before it was ready`)))
    ready.promise.catch(() => undefined)
    await ready.promise
  }

  async function kill(): Promise<void> {
    const dying = child
    child = null
    if (dying === null) return
    dying.kill('SIGKILL')
    await dying.exited
    for (const { reject } of waiting.values()) reject(new Error(`${name} was killed`))
    waiting.clear()
  }

  return {
    name,
    proxy,
    get isAlive() {
      return child !== null
    },
    read: (key, policy) => ask({ kind: 'read', id: nextId++, key, policy }),
    invalidate: (key, wait) => ask({ kind: 'invalidate', id: nextId++, key, wait }),
    state: () => ask({ kind: 'state', id: nextId++ }),
    kill,
    start,
    async stop() {
      await kill()
      await proxy.close()
    },
  }
}
