/**
 * The tier in Redis or Valkey that all servers share. The server itself compares an entry with the log before it gives
 * it and before it takes it, in the same step; a node whose own view of the log is old can trust a hit all the same.
 * Values are sealed, so the server holds no text; what does not open reads as absent and is deleted.
 */
import type { Clock } from '../../base/index.ts'
import type { RedisArgument, RedisReply } from '../../platform/index.ts'
import type { Sealer } from '../sealing.ts'
import { systemTimers, type Timers } from '../log/timers.ts'
import type { Judge, NodeReport, SharedRead, SharedTier, StoredEntry, Tail } from '../tiers.ts'
import { createLocks } from './locks.ts'
import {
  createBeat,
  createRedisLog,
  mostLines,
  nodeName,
  readHead,
  readList,
  readNumber,
  readText,
} from './redis-log.ts'
import type { Head, RedisLogOptions } from './redis-log.ts'
import { createSharedStats } from './shared-stats.ts'
import { deleteSameScript, getScript, setScript } from './scripts.ts'

export interface SharedTierOptions extends RedisLogOptions {
  readonly clock: Clock
  readonly sealer: Sealer
  readonly timers?: Timers
}

/** So often a node says through the tier that it is there, also when it has nothing new to say. */
const sayAgainMs = 10_000
/** The first bytes of a sealed entry up to its nonce; no two sealed entries have the same. */
const tellingBytes = 24

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSharedTier(options: SharedTierOptions): SharedTier {
  const { redis, clock, sealer, timers = systemTimers } = options
  const log = createRedisLog(options)
  const { keys } = log
  const locks = createLocks({ redis, keys, timers })
  const readStats = createSharedStats({ redis, clock, pattern: keys.entry('*') })
  const shouldSay = createMemory(clock)
  const nextBeat = createBeat()

  const describe = ({ node, applied }: NodeReport): RedisArgument[] => [
    log.currentRun(),
    log.namesFingerprint,
    applied.epoch,
    applied.seq,
    nodeName(node),
  ]

  /**
   * The entry, when the log is still what the caller knows; null when it has moved. Three plain commands in one packet
   * cost the server a tenth of what a script does. They are not one step, so their order matters: the head comes last,
   * so that it vouches for all before it, and the time left comes first, so that an entry which is replaced in between
   * seems older than it is and never younger.
   */
  async function getUnmoved(name: string, known: Head, judge: Judge): Promise<SharedRead | null> {
    const key = keys.entry(name)
    const [left, data, head] = await redis.pipeline([
      ['pttl', key],
      ['get', key],
      ['hget', keys.log, 'head'],
    ])
    if (!(head instanceof Uint8Array) || Buffer.compare(head, known.bytes) !== 0) return null
    return open(name, data, readNumber(left), judge)
  }

  async function open(
    name: string,
    data: RedisReply | undefined,
    keepLeftMs: number,
    judge: Judge,
  ): Promise<SharedRead> {
    if (!(data instanceof Uint8Array) || keepLeftMs <= 0) return { entry: null }
    const entry = sealer.open(name, data)
    const validity = entry === null ? 'invalid' : judge(entry.header)
    if (entry === null || validity === 'invalid') {
      await redis.run(deleteSameScript, [keys.entry(name)], [data.subarray(0, tellingBytes)])
      return { entry: null }
    }
    // Its age by the server's count, put into this machine's own clock: that of the writer may be wrong.
    const madeAt = clock.now() - Math.max(0, entry.header.keepMs - keepLeftMs)
    const header = { ...entry.header, madeAt }
    return { entry: { header, value: entry.value }, keepLeftMs, isSoft: validity === 'soft' }
  }

  return {
    async get(name, report, judge) {
      const say = shouldSay(report)
      const known = judge && say === null ? log.knownHead(report) : null
      const quick = judge && known ? await getUnmoved(name, known, judge) : null
      if (known && quick) return { read: quick, tail: sameTail(known) }
      const args = [...describe(report), say === null ? '0' : '1', report.maxStaleMs, nextBeat(), mostLines]
      const reply = await log.run(getScript, [keys.log, keys.entry(name), keys.tail], args)
      if (readText(reply[0]) === 'tail') return { read: { entry: null }, tail: await log.tail(report) }
      say?.()
      const head = readHead(reply[1])
      log.rememberHead(report.node, head)
      const [, , lines, left, data, soft] = reply
      const read = await open(name, data, readNumber(left), () => (soft === 1 ? 'soft' : 'valid'))
      const marks = await log.follow(report.applied, head.seq, readList(lines))
      if (marks === null) return { read, tail: await log.tail(report) }
      return { read, tail: { ...sameTail(head), seq: report.applied.seq + marks.length, marks } }
    },
    async set(name, entry) {
      const keepMs = Math.floor(keepLeft(entry, clock.now()))
      if (keepMs <= 0) return false
      const data = await sealer.seal(name, entry)
      const args = [log.currentRun(), log.namesFingerprint, data, keepMs]
      const reply = await redis.run(setScript, [keys.log, keys.entry(name)], args)
      if (reply === 3) log.refuseNames()
      return reply === 1
    },
    async delete(name) {
      await redis.command('UNLINK', [keys.entry(name)])
    },
    ...locks,
    stats: readStats,
    async close() {
      await locks.close()
    },
  }
}

function sameTail({ epoch, seq, floor }: Head): Tail {
  return { epoch, seq, floor, marks: [], isWhole: false }
}

/** A clock that was set back makes an entry seem young, never younger than new. */
function keepLeft({ header }: StoredEntry, now: number): number {
  return header.keepMs - Math.max(0, now - header.madeAt)
}

/** Remembers what was said to the server, so that it is said only when it is news there, or again after a while. */
function createMemory(clock: Clock): (report: NodeReport) => (() => void) | null {
  const said = new Map<string, { epoch: string; seq: number; maxStaleMs: number; atMs: number }>()
  /** Null when it need not be said; else what to call when it was. */
  return ({ node, applied: { epoch, seq }, maxStaleMs }) => {
    const atMs = clock.monotonic()
    const last = said.get(node)
    const isSame = last?.seq === seq && last.epoch === epoch && last.maxStaleMs === maxStaleMs
    if (isSame && atMs - last.atMs < sayAgainMs) return null
    return () => void said.set(node, { epoch, seq, maxStaleMs, atMs })
  }
}
