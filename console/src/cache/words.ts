/** What the cache says of itself, in words for a person who does not know how it works. */
import type { CacheReport, CacheTier, CacheTierState } from '@cairn/contract'
import { formatCount, formatCounted } from '../shell/clock.ts'

export interface StateWords {
  readonly tone: 'accent' | 'warn' | 'danger' | 'neutral'
  readonly title: string
  readonly text: string
}

/** Whether this server knows of every invalidation. */
export function describeLog({ log, nodes }: Pick<CacheReport, 'log' | 'nodes'>): StateWords {
  if (!log.isLeased) {
    const where = log.sequencer === 'redis' ? 'in Redis' : 'on this machine'
    const lost = nodes.filter(({ isLeased }) => !isLeased).length
    const what =
      nodes.length > 1
        ? `${lost} of ${nodes.length} processes cannot reach the log ${where}.`
        : `The log ${where} cannot be reached.`
    return {
      tone: 'danger',
      title: 'Lost touch with the log',
      text: `${what} Until it answers, values are made anew rather than taken from the cache.`,
    }
  }
  if (log.pending > 0) {
    const waiting = log.pending === 1 ? '1 waits' : `${formatCount(log.pending)} wait`
    return {
      tone: 'warn',
      title: 'Invalidations are waiting',
      text: `${waiting} to be written to the log; kept and tried again.`,
    }
  }
  if (log.seq > log.applied)
    return {
      tone: 'warn',
      title: 'Catching up',
      text: `${formatCounted(log.seq - log.applied, 'invalidation')} still to apply.`,
    }
  const text =
    log.applied === 0
      ? 'Nothing has been invalidated yet.'
      : `Every invalidation up to number ${formatCount(log.applied)} is applied.`
  return { tone: 'accent', title: 'In step with the log', text }
}

export const tierNames: Readonly<Record<CacheTier, string>> = { memory: 'Memory', disk: 'Disk', shared: 'Shared' }

const tierTexts: Readonly<Record<CacheTier, { on: string; off: string }>> = {
  memory: { on: 'Fastest; empty after a restart.', off: 'Switched off.' },
  disk: { on: 'Survives a restart. Encrypted.', off: 'Switched off.' },
  shared: {
    on: 'In Redis, for all servers. Encrypted.',
    off: 'Needs Redis: set CAIRN_REDIS_URL to share between servers.',
  },
}

export function describeTier({ tier, state }: CacheTierState, breaker: CacheReport['breaker']['state']): StateWords {
  const { on, off } = tierTexts[tier]
  if (state === 'off') return { tone: 'neutral', title: 'Off', text: off }
  if (tier === 'shared' && breaker !== 'closed')
    return {
      tone: 'warn',
      title: 'Resting',
      text: breaker === 'open' ? 'It failed and is left alone for a while.' : 'It failed and is being probed.',
    }
  if (state === 'failing')
    return { tone: 'danger', title: 'Failing', text: 'Reads or writes fail; the other tiers go on.' }
  return { tone: 'accent', title: 'On', text: on }
}

/** Namespaces of the server; one that is not here is shown by its own name. */
const kindNames: Readonly<Record<string, string>> = {
  answers: 'Answers from notes',
  chat: 'Chat replies',
  embeddings: 'Embeddings',
  search: 'Search results',
}

export function nameKind(namespace: string): string {
  return kindNames[namespace] ?? namespace
}
