/** What is done to Redis, to the lines and to the processes. Each resolves when it is done, not when it is over. */
import type { RedisServer } from '../cache/redis-server.ts'
import type { KillNode } from './node.ts'

export interface Battlefield {
  readonly redis: RedisServer
  readonly nodes: readonly KillNode[]
  /** Uniform in [0, 1), from the seed. */
  readonly random: () => number
}

type Fault = (field: Battlefield) => Promise<void>

const between = (random: () => number, least: number, most: number) => least + random() * (most - least)

function pick({ nodes, random }: Battlefield): KillNode {
  const node = nodes[Math.floor(random() * nodes.length)]
  if (node === undefined) throw new Error('there is no node')
  return node
}

const disconnect =
  (type: 'normal' | 'pubsub'): Fault =>
  async ({ redis }) =>
    void (await redis.send('CLIENT', ['KILL', 'TYPE', type, 'SKIPME', 'yes']))

export const faults: Readonly<Record<string, Fault>> = {
  'CLIENT KILL TYPE normal': disconnect('normal'),
  'CLIENT KILL TYPE pubsub': disconnect('pubsub'),
  'CLIENT PAUSE': async ({ redis, random }) => {
    await redis.send('CLIENT', ['PAUSE', String(Math.round(between(random, 200, 1_800))), 'ALL'])
  },
  FLUSHALL: async ({ redis }) => void (await redis.send('FLUSHALL')),
  'cut and healed proxy': async (field) => {
    const { proxy } = pick(field)
    proxy.cut()
    await Bun.sleep(between(field.random, 200, 2_500))
    proxy.heal()
  },
  'answers held back': async (field) => {
    const { proxy } = pick(field)
    proxy.holdAnswers()
    await Bun.sleep(between(field.random, 200, 1_500))
    proxy.heal()
  },
  'kill -9 of a process': async (field) => {
    const node = pick(field)
    await node.kill()
    await Bun.sleep(between(field.random, 50, 1_500))
    await node.start()
  },
  'kill -9 of Redis, which keeps its data': async ({ redis, random }) => {
    await redis.kill()
    await Bun.sleep(between(random, 50, 1_500))
    await redis.start(true)
  },
  'kill -9 of Redis, which loses its data': async ({ redis, random }) => {
    await redis.kill()
    await Bun.sleep(between(random, 50, 1_500))
    await redis.start(false)
  },
}
