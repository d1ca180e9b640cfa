/** The switches that are measured, each as the settings of a server, and the mixed workload. */
import { chatBody, embeddingBody, type Workload } from '../gateway/measure.ts'

export interface Variant {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
}

interface Switches {
  readonly cache?: boolean
  readonly keepAlive?: boolean
  readonly offThePath?: boolean
}

const variant = (name: string, { cache = false, keepAlive = false, offThePath = false }: Switches): Variant => ({
  name,
  env: {
    CAIRN_CACHE: String(cache),
    CAIRN_INTERNAL_KEEP_ALIVE: String(keepAlive),
    CAIRN_INTERNAL_RECORD_FIRST: String(!offThePath),
  },
})

export const none = 'without any'
export const keepAliveAlone = 'keep-alive alone'
export const all = 'cairn'

export const variants: readonly Variant[] = [
  variant(none, {}),
  variant('cache alone', { cache: true }),
  variant(keepAliveAlone, { keepAlive: true }),
  variant('off the path alone', { offThePath: true }),
  variant(all, { cache: true, keepAlive: true, offThePath: true }),
]

/** Of five requests two repeat one of fifty questions, two ask something new, and one embeds. */
const repeated = { body: chatBody({ user: 'repeated' }), repeatAfter: 50 }
const fresh = { body: chatBody({ user: 'fresh' }) }

export const mixed: Workload = {
  name: 'mixed',
  bodies: [repeated, fresh, repeated, fresh, embeddingBody],
  expect: '"usage"',
  connections: 64,
}
