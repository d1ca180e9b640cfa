/**
 * The sequencer of several servers: the fenced log inside Redis or Valkey. What makes it safe stands in `scripts.ts`:
 * every step is atomic, and a log that may have lost anything begins a new life.
 */
import { invariant, type Clock, type Logger } from '../../base/index.ts'
import { joinScopes, scopeIdChars } from '../log/scope-list.ts'
import type { NodeState, Sequencer } from '../tiers.ts'
import { watchEvictionPolicy } from './eviction-policy.ts'
import {
  createRedisLog,
  nodeName,
  readHead,
  readMark,
  readNumber,
  readText,
  readList,
  type RedisLogOptions,
} from './redis-log.ts'
import { commitScript, dropScript, nodesScript } from './scripts.ts'

export interface RedisSequencerOptions extends RedisLogOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Scopes that keep a mark of their own, and lines that are kept; older ones fold into the floor. */
  readonly mostMarks?: number
  /** A node that has said nothing for so long is dropped; far longer than any lease. */
  readonly silentMs?: number
  /**
   * How long after the beginning of a life a node may still hold a lease of the one before. So long `nodes()` lists
   * `forgotten`, which stands for those that the log has lost; longer than any lease.
   */
  readonly forgottenMs?: number
}

/** The name under which nodes are listed that may be there although the log does not know them. */
const forgottenNode = 'forgotten'

const usualMostMarks = 20_000
const usualSilentMs = 60_000
const usualForgottenMs = 12_000
/** How often a node looks whether others have fallen silent, as a part of `silentMs`. */
const looksPerSilence = 4

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createRedisSequencer(options: RedisSequencerOptions): Sequencer {
  const { redis, clock, logger } = options
  const { mostMarks = usualMostMarks, silentMs = usualSilentMs, forgottenMs = usualForgottenMs } = options
  const log = createRedisLog(options)
  const { keys } = log
  const listeners = new Set<() => void>()
  /** What each node said last, and since when by this process' own clock. */
  const heard = new Map<string, { said: string; atMs: number }>()
  let lookedAt = clock.monotonic()
  let unsubscribe: Promise<() => void> | null = null
  const wake = () => {
    for (const listener of listeners) listener()
  }
  const stopWatching = watchEvictionPolicy(redis, logger)
  // Another run of the server is a log that may have begun a new life.
  const stopReady = redis.onReady(wake)

  async function readNodes(): Promise<{ ageMs: number; nodes: { field: string; said: string }[] }> {
    const [, ageMs, ...rest] = await log.run(nodesScript, [keys.log], [])
    const nodes: { field: string; said: string }[] = []
    for (let at = 0; at < rest.length; at += 2) nodes.push({ field: readText(rest[at]), said: readText(rest[at + 1]) })
    return { ageMs: readNumber(ageMs), nodes }
  }

  /**
   * Drops nodes that have said nothing new while this process watched. The clock of the server is not asked: it may
   * jump, and a node that was dropped while it holds a lease would not be waited for.
   */
  async function dropSilent(): Promise<void> {
    const now = clock.monotonic()
    lookedAt = now
    const { nodes } = await readNodes()
    const silent: string[] = []
    for (const { field, said } of nodes) {
      const last = heard.get(field)
      if (last?.said !== said) heard.set(field, { said, atMs: now })
      else if (now - last.atMs >= silentMs) silent.push(field, said)
    }
    const present = new Set(nodes.map(({ field }) => field))
    for (const field of heard.keys()) if (!present.has(field)) heard.delete(field)
    if (silent.length > 0) await redis.run(dropScript, [keys.log], silent)
  }

  return {
    kind: 'redis',
    async tail(report) {
      const tail = await log.tail(report)
      if (clock.monotonic() - lookedAt >= silentMs / looksPerSilence) void dropSilent().catch(() => undefined)
      return tail
    },
    async commit(kind, scopes, seen) {
      const joined = joinScopes(scopes)
      invariant(joined.length === scopes.length * scopeIdChars, 'a scope id is not 16 characters long')
      const letter = kind === 'hard' ? 'h' : 's'
      const args = [...log.lifeArguments(seen), letter, joined, mostMarks, keys.wake]
      const [, epoch, seq] = await log.run(commitScript, [keys.log, keys.tail], args)
      return { epoch: readText(epoch), seq: readNumber(seq) }
    },
    async marksOf(scopes) {
      const run = log.currentRun()
      const [head, ...found] = readList(await redis.command('HMGET', [keys.log, 'head', ...scopes]))
      const none = { epoch: '', floor: 0, seq: 0, run: '' }
      const { epoch, floor, seq, run: begunIn } = head === null ? none : readHead(head)
      // What another run of the server began is not valid any more; the next tail or commit begins anew.
      const marks = begunIn === run ? found.map(readMark) : []
      const hard = scopes.map((_, index) => marks[index]?.hard ?? 0)
      const soft = scopes.map((_, index) => marks[index]?.soft ?? 0)
      return begunIn === run ? { epoch, floor, seq, hard, soft } : { epoch: '', floor: 0, seq: 0, hard, soft }
    },
    async nodes() {
      const { ageMs, nodes } = await readNodes()
      const states = nodes.map(({ field, said }) => readNode(field, said))
      if (ageMs >= forgottenMs) return states
      return [...states, { node: forgottenNode, acked: { epoch: '', seq: 0 }, maxStaleMs: 0 }]
    },
    async leave(node) {
      await redis.run(dropScript, [keys.log], [nodeName(node), ''])
    },
    onWake(listener) {
      listeners.add(listener)
      unsubscribe ??= redis.subscribe(keys.wake, wake)
      return () => listeners.delete(listener)
    },
    async close() {
      listeners.clear()
      stopWatching()
      stopReady()
      const stop = await unsubscribe
      stop?.()
    },
  }
}

/** "<seq> <maxStaleMs> <beat> <epoch>" */
function readNode(field: string, said: string): NodeState {
  const [seq = '', maxStaleMs = '', , epoch = ''] = said.split(' ')
  return {
    node: decodeURIComponent(field),
    acked: { epoch, seq: Number(seq) },
    maxStaleMs: Number(maxStaleMs),
  }
}
