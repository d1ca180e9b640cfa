/**
 * Random schedules over the real engine: several nodes with their own memories, disks, journals, clocks and lines to one
 * server, in virtual time. Every read is judged by *stale* as cache.md defines it. A seed makes a schedule; the same
 * seed makes the same one.
 */
import { createRandom } from '../../base/testing/random.ts'
import { silentLogger } from '../../base/index.ts'
import type { openCache } from '../engine.ts'
import type { Journal } from '../log/journal.ts'
import type { DiskTier } from '../tiers.ts'
import type { Cache, CachePolicy, InvalidationKind, Namespace } from '../types.ts'
import { createModelDisk, createModelJournal, createModelServer, type Line } from './model-server.ts'
import { createTestTime, type TestTime } from './test-time.ts'

export interface ScheduleOptions {
  readonly openCache: typeof openCache
  /** The first seed; the following ones count on. */
  readonly seed: number
  readonly count: number
  /** Steps of each schedule. */
  readonly steps?: number
}

export interface ScheduleReport {
  readonly schedules: number
  readonly reads: number
  readonly hits: number
  readonly marked: number
  readonly invalidations: number
  /** The first few that were wrong, each with its seed. */
  readonly failures: readonly string[]
  /** How many schedules were wrong. */
  readonly failed: number
}

const leaseMs = 1_000
const mostTold = 5

export async function runSchedules({
  openCache: open,
  seed,
  count,
  steps = 40,
}: ScheduleOptions): Promise<ScheduleReport> {
  const total = { reads: 0, hits: 0, marked: 0, invalidations: 0 }
  const failures: string[] = []
  let failed = 0
  for (let each = seed; each < seed + count; each++) {
    const world = createWorld(open, each)
    await world.run(steps)
    total.reads += world.counts.reads
    total.hits += world.counts.hits
    total.marked += world.counts.marked
    total.invalidations += world.counts.invalidations
    if (world.failures.length > 0) failed++
    for (const failure of world.failures) if (failures.length < mostTold) failures.push(`seed ${each}: ${failure}`)
  }
  return { schedules: count, ...total, failures, failed }
}

interface Value {
  readonly key: string
  readonly version: number
  /** Told by a replica that lagged: to its own reader it may be old. */
  readonly isLagging?: true
  /** What it was made from, for a value made from another entry. */
  readonly input?: Value
}

class SourceFailure extends Error {}

interface Node {
  readonly name: string
  readonly line: Line
  readonly disk: DiskTier
  readonly journal: Journal
  readonly skewMs: number
  /** Changes with every restart: what an earlier life still does is not judged. */
  life: number
  cache: Cache
  space: Namespace<Value>
}

/** Reads that start from `at` on, on `node` or (null) on any, must see `version`. */
interface Requirement {
  readonly at: number
  readonly node: string | null
  readonly version: number
  /** A soft one does not bind a read that is marked. */
  readonly kind: InvalidationKind
  /** Not waited for by all: a marked `bounded` read may miss it for its `maxStaleMs`. */
  readonly isLoose: boolean
}

interface Source {
  version: number
  readonly required: Requirement[]
  /** Which log position made a version known, for a replica that lags. */
  readonly published: { version: number; epoch: string; seq: number }[]
}

const keys = ['a', 'b', 'c', 'd/e']
/** Sometimes made from the other. */
const derived = 'c'
const inputOfDerived = 'a'
const tags = ['tag:red', 'tag:blue']
/** Which tag an entry of a key carries; half of them tell it only while they are made. */
const tagOf: Record<string, string> = { a: 'tag:red', b: 'tag:red', c: 'tag:blue', 'd/e': 'tag:blue' }

const policies: readonly Partial<CachePolicy>[] = [
  {},
  {},
  { staleWhileRevalidateMs: 20_000 },
  { staleIfErrorMs: 20_000, softTimeoutMs: 30 },
  { consistency: 'bounded', maxStaleMs: 2_000 },
  { tiers: ['memory'] },
  { tiers: ['shared'] },
  { earlyRefresh: 1 },
]

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
function createWorld(open: typeof openCache, seed: number) {
  const random = createRandom(seed)
  const time = createTestTime(random)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const server = createModelServer(time, { mostLines: random() < 0.3 ? 3 : 1_000 })
  const sources = new Map<string, Source>(keys.map((key) => [key, { version: 1, required: [], published: [] }]))
  const counts = { reads: 0, hits: 0, marked: 0, invalidations: 0 }
  const failures: string[] = []
  const running = new Set<Promise<unknown>>()
  const nodes: Node[] = []
  const pendingVersions = new Map<string, number>()

  async function start(node: Node): Promise<void> {
    const { sequencer, shared } = server.connect(node.line)
    node.life++
    const opening = open({
      node: `${node.name}.${node.life}`,
      memoryBytes: 4_000_000,
      namesKey: new Uint8Array(32),
      sequencer,
      journal: node.journal,
      disk: node.disk,
      shared: { tier: shared, breaker: { run: (work) => work(), state: 'closed', opened: 0 } },
      clock: time.clock(node.skewMs),
      logger: silentLogger,
      timers: time.timers,
      leaseMs,
      checkEveryMs: 0,
    })
    const opened = await untilDone(time, opening)
    node.cache = opened
    node.space = opened.namespace<Value>('n', { ttlMs: pick([2_000, 30_000, 600_000]), negativeTtlMs: 200 })
  }

  async function addNode(index: number): Promise<void> {
    const line: Line = { isCut: false, delayMs: 0, losesReplies: false }
    const skewMs = (below(3) - 1) * 400
    const made = { name: `n${index}`, line, disk: createModelDisk(), journal: createModelJournal(), skewMs, life: 0 }
    const node = made as unknown as Node
    nodes.push(node)
    await start(node)
  }

  function track(work: Promise<unknown>): void {
    const tracked = work.catch(note).finally(() => running.delete(tracked))
    running.add(tracked)
  }

  /** Nothing but the source may fail: an error of the schedule itself must not pass for a good run. */
  function note(thrown: unknown): void {
    if (!(thrown instanceof SourceFailure)) failures.push(`a step threw ${String(thrown)}`)
  }

  // --- Steps ----------------------------------------------------------------------------------------------------------

  function required(key: string, { node, at, staleMs }: { node: string; at: number; staleMs: number | null }): number {
    const binds = (each: Requirement) =>
      (each.node === null || each.node === node) &&
      (staleMs === null || each.kind === 'hard') &&
      each.at + (each.isLoose ? (staleMs ?? 0) : 0) <= at
    const source = sources.get(key) as Source
    return source.required.reduce((most, each) => (binds(each) ? Math.max(most, each.version) : most), 1)
  }

  async function readSource(key: string): Promise<number> {
    const source = sources.get(key) as Source
    // The source is read at some moment of the fill; the answer may take its time.
    await pass(below(3) === 0 ? below(1_500) : below(20))
    const { version } = source
    await pass(below(3) === 0 ? below(4_000) : 0)
    if (random() < 0.05) throw new SourceFailure()
    return version
  }

  const pass = (ms: number) => new Promise<void>((resolve) => (ms > 0 ? time.timers.after(ms, resolve) : resolve()))

  async function read(node: Node, key: string, policy: Partial<CachePolicy>): Promise<void> {
    const startedAt = time.now()
    const { life, cache, space } = node
    const bound = { node: node.name, at: startedAt }
    const staleMs = policy.consistency === 'bounded' ? (policy.maxStaleMs ?? 0) : 0
    const needed = (of: string) => ({
      unmarked: required(of, { ...bound, staleMs: null }),
      marked: required(of, { ...bound, staleMs }),
    })
    const before = { own: needed(key), input: needed(inputOfDerived) }
    const tag = tagOf[key] as string
    const isKnown = random() < 0.5
    const isLagging = random() < 0.15
    const isDerived = random() < 0.5
    const outcome = await space.reuse(
      key,
      async (fill) => {
        if (!isKnown) fill.addScopes([tag])
        if (isLagging) return readReplica(key, { fill, epoch: cache.epoch() })
        const version = await readSource(key)
        if (key !== derived || !isDerived) return { key, version }
        const readInput = async () => ({ key: inputOfDerived, version: await readSource(inputOfDerived) })
        const inner = await space.reuse(inputOfDerived, readInput, { scopes: [tagOf[inputOfDerived] as string] })
        return { key, version, input: inner.value }
      },
      { policy, ...(isKnown ? { scopes: [tag] } : {}) },
    )
    counts.reads++
    if (outcome.status === 'hit') counts.hits++
    if (outcome.status === 'stale') counts.marked++
    // What a lagging replica tells its own reader is not the cache's to answer for.
    if (outcome.status === 'miss' && outcome.value.isLagging) return
    const isMarked = outcome.status === 'stale'
    const judge = (value: Value, { marked, unmarked }: ReturnType<typeof needed>) => {
      const version = isMarked ? marked : unmarked
      if (value.version >= version) return
      const where = `${outcome.status} of ${key} at ${node.name}.${life} from ${outcome.tier}`
      failures.push(`${where} has version ${value.version} of ${value.key}, ${version} was needed`)
    }
    judge(outcome.value, before.own)
    const { input } = outcome.value
    if (input && !(outcome.status === 'miss' && input.isLagging)) judge(input, before.input)
    if (isMarked && policy.consistency === undefined && !policy.staleWhileRevalidateMs && !policy.staleIfErrorMs)
      failures.push(`a strict read of ${key} was served stale`)
  }

  /** A replica of the source that has applied the log up to some position, and says so. */
  async function readReplica(
    key: string,
    { fill, epoch }: { fill: { asOf: number; sourceSeq(seq: number): void }; epoch: string },
  ): Promise<Value> {
    const { published, version: newest } = sources.get(key) as Source
    const upTo = Math.max(0, fill.asOf - below(3))
    fill.sourceSeq(upTo)
    await pass(below(20))
    // A replica may contain more than it says; what is known to come later it does not contain.
    const isMissing = (version: number) =>
      published.some((each) => each.version === version && each.epoch === epoch && each.seq > upTo)
    let version = newest
    while (version > 1 && isMissing(version)) version--
    return { key, version, isLagging: true }
  }

  async function change(node: Node): Promise<void> {
    const scope = pick([...keys.map((key) => `key:n/${key}`), ...tags, 'ns:n', 'prefix:n/d', '*'])
    const changed = keys.filter((key) => matches(scope, key))
    for (const key of changed) (sources.get(key) as Source).version++
    const versions = changed.map((key) => ({ key, version: (sources.get(key) as Source).version }))
    const wait = random() < 0.3 ? 'all' : 'commit'
    const kind: InvalidationKind = random() < 0.3 ? 'soft' : 'hard'
    counts.invalidations++
    const { life, cache } = node
    const receipt = await cache.invalidate({ scopes: [scope], wait, kind })
    for (const { key, version } of versions) {
      const source = sources.get(key) as Source
      const { epoch, seq } = receipt
      if (epoch !== null && seq !== null) source.published.push({ version, epoch, seq })
      // Its own node at once, all others after a lease or, having waited for them, at once too.
      const binding = { version, kind, isLoose: false }
      if (node.life === life) source.required.push({ ...binding, at: time.now(), node: node.name })
      if (!receipt.committed) pendingVersions.set(key, version)
      else if (wait === 'all') source.required.push({ ...binding, at: time.now(), node: null })
      else source.required.push({ ...binding, isLoose: true, at: time.now() + leaseMs, node: null })
    }
  }

  async function restart(node: Node): Promise<void> {
    // Killed, not closed. What was required of its last life only, its next need not know.
    for (const { required: list } of sources.values())
      for (const [index, each] of [...list.entries()].toReversed()) if (each.node === node.name) list.splice(index, 1)
    node.line.isCut = false
    await start(node)
  }

  const faults: readonly ((node: Node) => void | Promise<void>)[] = [
    ({ line }) => void (line.isCut = true),
    ({ line }) => void (line.isCut = false),
    ({ line }) => void (line.isCut = false),
    ({ line }) => void (line.delayMs = pick([0, 0, 5, 200, 700])),
    ({ line }) => void (line.losesReplies = random() < 0.3),
    restart,
    () => (random() < 0.3 ? server.loseData() : undefined),
    () => (random() < 0.3 ? server.failOver() : undefined),
  ]

  async function step(): Promise<void> {
    const node = pick(nodes)
    const chance = random()
    if (chance < 0.5) track(read(node, pick(keys), pick(policies)))
    else if (chance < 0.65) track(change(node))
    else if (chance < 0.75) await faults[below(faults.length)]?.(node)
    await time.advance(pick([0, 0, 1, 5, 20, 100, 400, 1_100, 3_000]))
  }

  /** Everything heals; then nothing is pending, and every node answers with what is true. */
  async function heal(): Promise<void> {
    for (const { line } of nodes) Object.assign(line, { isCut: false, delayMs: 0, losesReplies: false })
    await time.advance(60_000)
    await untilDone(time, Promise.all(running))
    for (const node of nodes) {
      await untilDone(time, node.cache.flush())
      if (node.cache.stats().log.pending > 0) failures.push(`${node.name} still has pending invalidations`)
    }
    for (const [key, version] of pendingVersions)
      (sources.get(key) as Source).required.push({
        at: time.now() + 1,
        node: null,
        version,
        kind: 'soft',
        isLoose: false,
      })
    await time.advance(2 * leaseMs)
    for (const node of nodes) for (const key of keys) await untilDone(time, read(node, key, {}).catch(note))
    for (const { cache } of nodes) await untilDone(time, cache.close())
  }

  return {
    counts,
    failures,
    async run(steps: number) {
      const most = 1 + below(3)
      for (let index = 0; index <= most; index++) await addNode(index)
      for (let done = 0; done < steps; done++) await step()
      await heal()
    },
  }
}

function matches(scope: string, key: string): boolean {
  if (scope === '*' || scope === 'ns:n') return true
  return scope === `key:n/${key}` || scope === tagOf[key] || (scope === 'prefix:n/d' && key.startsWith('d/'))
}

/** Waits for work that needs virtual time to pass. */
async function untilDone<T>(time: TestTime, work: Promise<T>): Promise<T> {
  let isDone = false
  const tracked = work.finally(() => (isDone = true))
  tracked.catch(() => undefined)
  for (let turns = 0; !isDone && turns < 100_000; turns++) {
    await time.settle()
    if (!isDone) await time.advance(10)
  }
  return tracked
}
