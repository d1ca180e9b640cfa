/**
 * The log of one cache as Redis keeps it: its keys, and the ways to ask for its tail. The sequencer and the shared
 * tier both stand on this.
 */
import { randomBytes } from 'node:crypto'
import { CairnError, invariant } from '../../base/index.ts'
import type { Redis, RedisArgument, RedisReply, RedisScript } from '../../platform/index.ts'
import { scopeIdChars, splitScopes } from '../log/scope-list.ts'
import type { Mark, NodeReport, Position, Tail } from '../tiers.ts'
import type { InvalidationKind } from '../types.ts'
import { linesScript, marksScript, tailScript } from './scripts.ts'

export interface RedisLogOptions {
  readonly redis: Redis
  readonly deploymentId: string
  readonly cache: string
  /** Of the key that scopes are named with: nodes that do not share it must not share a log. */
  readonly namesFingerprint: string
}

export interface RedisLog {
  readonly keys: RedisLogKeys
  readonly redis: Redis
  readonly namesFingerprint: string
  /** The run of the server that the next call goes to. Throws `cache.shared-unreachable` without a connection. */
  currentRun(): string
  /** Arguments 1 to 5 of the scripts that can begin a life of the log. */
  lifeArguments(seen: Position | null): RedisArgument[]
  /** Runs a script; throws `config.invalid` when the log belongs to nodes with another keyring. */
  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply[]>
  refuseNames(): never
  tail(report: NodeReport): Promise<Tail>
  /** The log as it was in the last tail that the node was told and has applied since; null when that is not known. */
  knownHead(report: NodeReport): Head | null
  /** Keeps it for `knownHead`; the node must be registered at it. */
  rememberHead(node: string, head: Head): void
  /** Completes what a reply began to tell: the lines after `after`, as far as `goal`. Null when they are not to be had. */
  follow(after: Position, goal: number, first: readonly RedisReply[]): Promise<Mark[] | null>
}

/** The head of the log as `scripts.ts` tells it. */
export interface Head extends Position {
  readonly floor: number
  readonly run: string
  readonly bytes: Uint8Array
}

export interface RedisLogKeys {
  readonly log: string
  readonly tail: string
  /** Channel that tells of each commit. */
  readonly wake: string
  /** Channel that tells which lock was released. */
  readonly unlocked: string
  entry(name: string): string
  lock(name: string): string
}

/** Lines in one reply; a line holds at most a thousand scopes. */
export const mostLines = 500
const marksInOnePart = 2_000
const attempts = 5

/** All keys of a cache hash to one slot, and no two caches or deployments share a key. */
export function listKeys(deploymentId: string, cache: string): RedisLogKeys {
  const isPlain = [deploymentId, cache].every((name) => /^[\w.-]+$/.test(name))
  invariant(isPlain, 'a deployment or cache has a name that cannot be part of a key')
  const prefix = `cairn:{${deploymentId}:${cache}}`
  return {
    log: `${prefix}:log`,
    tail: `${prefix}:tail`,
    wake: `${prefix}:wake`,
    unlocked: `${prefix}:unlocked`,
    entry: (name) => `${prefix}:e:${name}`,
    lock: (name) => `${prefix}:lock:${name}`,
  }
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createRedisLog({ redis, deploymentId, cache, namesFingerprint }: RedisLogOptions): RedisLog {
  const keys = listKeys(deploymentId, cache)
  invariant(/^\S+$/.test(namesFingerprint), 'the fingerprint of the names holds a space')
  const nextBeat = createBeat()
  const heads = new Map<string, Head>()

  function currentRun(): string {
    if (redis.runId === null) throw new CairnError('cache.shared-unreachable', { internal: 'redis: not connected' })
    return redis.runId
  }

  function refuseNames(): never {
    throw new CairnError('config.invalid', {
      message: `The servers of this deployment have different keyrings, so they cannot share the cache “${cache}”. Copy the keyring of the deployment to this server and start it again.`,
    })
  }

  async function run(script: RedisScript, scriptKeys: readonly string[], args: readonly RedisArgument[]) {
    const reply = await redis.run(script, scriptKeys, args)
    if (!Array.isArray(reply)) throw malformed()
    if (readText(reply[0]) === 'names') refuseNames()
    return reply
  }

  const lifeArguments = (seen: Position | null): RedisArgument[] => [
    currentRun(),
    namesFingerprint,
    seen?.epoch ?? '',
    seen?.seq ?? 0,
    randomBytes(9).toString('base64url'),
  ]

  async function follow({ epoch, seq }: Position, goal: number, first: readonly RedisReply[]): Promise<Mark[] | null> {
    const marks: Mark[] = []
    for (let lines = first; ;) {
      for (const line of lines) marks.push(readLine(seq + marks.length + 1, line))
      if (seq + marks.length >= goal) return marks
      const more = await redis.run(linesScript, [keys.log, keys.tail], [epoch, seq + marks.length, mostLines])
      if (!Array.isArray(more) || more.length === 0) return null
      lines = more
    }
  }

  /**
   * Everything above the floor, in parts. Marks only grow and go only when the floor passes them, so what is read while
   * commits go on is complete up to `seq`, which was read first; a mark renewed since counts as one at `seq`.
   */
  async function readWhole(epoch: string, seq: number): Promise<Tail | null> {
    const found = new Map<string, Mark & { scopes: string[] }>()
    const put = (at: number, kind: InvalidationKind, scope: string) => {
      const name = `${at}${kind}`
      const mark = found.get(name)
      if (mark) mark.scopes.push(scope)
      else found.set(name, { seq: at, kind, scopes: [scope] })
    }
    let floor = 0
    for (let cursor = '0'; ;) {
      const part = await redis.run(marksScript, [keys.log], [epoch, cursor, marksInOnePart])
      if (!Array.isArray(part)) return null
      floor = readNumber(part[0])
      cursor = readText(part[1])
      for (const [scope, { hard, soft }] of readMarks(part[2])) {
        if (hard > 0) put(Math.min(hard, seq), 'hard', scope)
        if (soft > 0) put(Math.min(soft, seq), 'soft', scope)
      }
      if (cursor === '0') break
    }
    const marks = [...found.values()].filter((mark) => mark.seq > floor).sort((a, b) => a.seq - b.seq)
    return { epoch, seq: Math.max(seq, floor), floor, marks, isWhole: true }
  }

  async function tryTail(report: NodeReport): Promise<Tail | null> {
    const { applied } = report
    const args = [...lifeArguments(applied), nodeName(report.node), report.maxStaleMs, nextBeat(), mostLines]
    const reply = await run(tailScript, [keys.log, keys.tail], args)
    const [, headReply, whole, lines] = reply
    const head = readHead(headReply)
    const { epoch, seq, floor } = head
    heads.set(report.node, head)
    if (readNumber(whole) === 0) {
      const marks = await follow(applied, seq, readList(lines))
      if (marks !== null) return { epoch, seq: applied.seq + marks.length, floor, marks, isWhole: false }
    }
    return readWhole(epoch, seq)
  }

  return {
    keys,
    redis,
    namesFingerprint,
    currentRun,
    lifeArguments,
    run,
    refuseNames,
    follow,
    knownHead({ node, applied }) {
      const head = heads.get(node)
      const isCurrent = head?.seq === applied.seq && head.epoch === applied.epoch && head.run === redis.runId
      return isCurrent ? head : null
    },
    rememberHead: (node, head) => void heads.set(node, head),
    async tail(report) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const tail = await tryTail(report)
        if (tail !== null) return tail
      }
      throw new CairnError('cache.shared-unreachable', { internal: 'redis: the log was renewed again and again' })
    },
  }
}

/** A number that is another one each time that a node says anything, so that one that has fallen silent is known by it. */
export function createBeat(): () => string {
  const start = randomBytes(4).toString('hex')
  let count = 0
  return () => `${start}${(++count).toString(36)}`
}

/** Nodes stand in a list separated by spaces. */
export function nodeName(node: string): string {
  return encodeURIComponent(node)
}

// --- Replies ----------------------------------------------------------------------------------------------------------

function malformed(): CairnError {
  return new CairnError('cache.shared-unreachable', { internal: 'redis: a reply is not what the script gives' })
}

export function readText(reply: RedisReply | undefined): string {
  return reply instanceof Uint8Array ? Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).toString() : ''
}

export function readNumber(reply: RedisReply | undefined): number {
  const number = typeof reply === 'number' ? reply : Number(readText(reply))
  if (!Number.isSafeInteger(number)) throw malformed()
  return number
}

/** "<seq> <floor> <drops> <epoch> <run> <names>". Throws for anything else. */
export function readHead(reply: RedisReply | undefined): Head {
  const [seq = '', floor = '', , epoch = '', run = '', names] = readText(reply).split(' ')
  if (!(reply instanceof Uint8Array) || names === undefined) throw malformed()
  return { bytes: reply, epoch, seq: Number(seq), floor: Number(floor), run }
}

export function readList(reply: RedisReply | undefined): readonly RedisReply[] {
  if (!Array.isArray(reply)) throw malformed()
  return reply
}

function readLine(seq: number, line: RedisReply): Mark {
  const text = readText(line)
  return { seq, kind: text.startsWith('s') ? 'soft' : 'hard', scopes: splitScopes(text.slice(1)) }
}

/** "12" or "12 15": the newest hard mark and, where it is the newer, the soft one; 0 for none. */
export function readMark(reply: RedisReply | undefined): { hard: number; soft: number } {
  const [hard = '', soft = ''] = readText(reply).split(' ')
  return { hard: Number(hard), soft: Number(soft) }
}

function* readMarks(reply: RedisReply | undefined): Generator<[string, { hard: number; soft: number }]> {
  const list = readList(reply)
  for (let at = 0; at < list.length; at += 2) {
    const scope = readText(list[at])
    // Names of meta fields are shorter; a node's field holds a colon, which no scope id does.
    if (scope.length === scopeIdChars && !scope.includes(':')) yield [scope, readMark(list[at + 1])]
  }
}
