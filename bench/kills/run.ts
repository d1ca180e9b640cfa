/**
 * Several Cairn processes on a real Redis, under fire for a while, with readers and writers all the time. Three nodes:
 * two of them are processes of one host and share its journal and disk tier.
 */
import { createRandom } from '../../server/src/base/testing/random.ts'
import { Database } from 'bun:sqlite'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '../cache/redis-server.ts'
import { faults, type Battlefield } from './faults.ts'
import { leaseMs, type ReadPolicy, type Twin } from './messages.ts'
import { createKillNode, type KillNode } from './node.ts'
import { createTruth, type Truth } from './truth.ts'

export interface KillOptions {
  readonly seed: number
  /** How long it is under fire. */
  readonly seconds: number
  readonly log: (line: string) => void
  /** To show that the checker sees. */
  readonly twin?: Twin
  /** Which faults; all of them when absent. */
  readonly only?: readonly string[]
}

export interface KillReport {
  readonly reads: Readonly<Record<ReadPolicy, number>>
  readonly hits: Readonly<Record<'memory' | 'disk' | 'shared', number>>
  readonly marked: number
  readonly failedReads: number
  readonly committed: number
  readonly pending: number
  /** Invalidations whose process died before it answered. */
  readonly unanswered: number
  readonly faults: Readonly<Record<string, number>>
  /** Each stale read, told with what was due. */
  readonly stale: readonly string[]
  /** After everything was healed: invalidations that were promised and are not seen, or that are not committed. */
  readonly lost: readonly string[]
  readonly inconsistencies: number
}

const keys = Array.from({ length: 8 }, (_, index) => `k${index}`)
/** On each node, one read after the other. */
const readers = 4
/** Of the fills, those during which the source changes. */
const shareOfRaces = 0.15
/** Of `wait: 'all'`, which takes as long as a node is cut off or a log is new. */
const mostWaitingForAll = 8
const healWithinMs = 30_000

interface Tally {
  reads: Record<ReadPolicy, number>
  hits: Record<'memory' | 'disk' | 'shared', number>
  faults: Record<string, number>
  marked: number
  failedReads: number
  committed: number
  pending: number
  unanswered: number
  stale: string[]
}

interface Run extends Battlefield {
  readonly truth: Truth
  readonly tally: Tally
  /** Invalidations under way. */
  readonly writes: Set<Promise<void>>
  isOver: boolean
}

export async function runKills(options: KillOptions): Promise<KillReport> {
  const { seed, seconds, log, twin = null } = options
  const folder = await mkdtemp(join(tmpdir(), 'cairn-kills-'))
  const redis = await startRedis({ isDurable: true })
  const random = createRandom(seed)
  const truth = createTruth(keys)
  const nodes: KillNode[] = []
  const source = async (key: string) => {
    const version = truth.current(key)
    // Now and then it changes just after it was read: the race that is lost most often.
    if (!run.isOver && Math.random() < shareOfRaces) void write(run, { key, wait: 'commit' })
    await Bun.sleep(5 + Math.random() * 100)
    return version
  }
  for (const [name, host] of [
    ['one', 'host-1'],
    ['two', 'host-1'],
    ['three', 'host-2'],
  ] as const) {
    const directory = join(folder, host)
    await mkdir(directory, { recursive: true })
    nodes.push(await createKillNode({ name, redisPort: redis.port, directory, twin, source }))
  }
  const run: Run = { redis, nodes, random, truth, tally: emptyTally(), writes: new Set(), isOver: false }
  try {
    for (const node of nodes) await node.start()
    const traffic = [...nodes.flatMap((node) => Array.from({ length: readers }, () => readOn(run, node))), writeOn(run)]
    await fire(run, performance.now() + seconds * 1_000, options)
    run.isOver = true
    await Promise.all(traffic)
    await Promise.all(run.writes)
    log('healing …')
    const { lost, inconsistencies } = await heal(run, [join(folder, 'host-1'), join(folder, 'host-2')])
    return { ...run.tally, lost, inconsistencies }
  } finally {
    run.isOver = true
    for (const node of nodes) await node.stop()
    await redis.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

// --- Traffic ----------------------------------------------------------------------------------------------------------

async function readOn(run: Run, node: KillNode): Promise<void> {
  while (!run.isOver) {
    await Bun.sleep(4 + Math.random() * 12)
    if (!node.isAlive) continue
    const key = keys[Math.floor(Math.random() * keys.length)] ?? ''
    await readOnce(run, node, { key, policy: Math.random() < 0.7 ? 'strict' : 'bounded' })
  }
}

async function readOnce(run: Run, node: KillNode, { key, policy }: { key: string; policy: ReadPolicy }): Promise<void> {
  const { tally, truth } = run
  const startedMs = performance.now()
  const answer = await node.read(key, policy).catch(() => null)
  if (answer?.kind !== 'read') return void (tally.failedReads += 1)
  tally.reads[policy] += 1
  if (answer.status === 'stale') tally.marked += 1
  else if (answer.tier !== null) tally.hits[answer.tier] += 1
  const wrong = truth.judge({ key, node: node.name, startedMs, answer })
  if (wrong !== null) tally.stale.push(`${policy}: ${wrong}`)
  if (policy === 'strict' && answer.status === 'stale') tally.stale.push(`strict: ${node.name} served a marked ${key}`)
}

async function writeOn(run: Run): Promise<void> {
  let waitingForAll = 0
  while (!run.isOver) {
    await Bun.sleep(50 + Math.random() * 200)
    const key = keys[Math.floor(Math.random() * keys.length)] ?? ''
    const wait = Math.random() < 0.6 && waitingForAll < mostWaitingForAll ? 'all' : 'commit'
    if (wait === 'all') waitingForAll += 1
    void write(run, { key, wait }).finally(() => {
      if (wait === 'all') waitingForAll -= 1
    })
  }
}

function write(run: Run, what: { key: string; wait: 'commit' | 'all' }): Promise<void> {
  const writing: Promise<void> = writeOnce(run, what).finally(() => run.writes.delete(writing))
  run.writes.add(writing)
  return writing
}

/** The source changes, and one of the nodes is told. */
async function writeOnce(run: Run, { key, wait }: { key: string; wait: 'commit' | 'all' }): Promise<void> {
  const { truth, tally } = run
  const alive = run.nodes.filter(({ isAlive }) => isAlive)
  const node = alive[Math.floor(Math.random() * alive.length)]
  if (node === undefined) return
  const version = truth.write(key)
  const answer = await node.invalidate(key, wait).catch(() => null)
  if (answer?.kind !== 'invalidate') return void (tally.unanswered += 1)
  if (answer.receipt.committed) tally.committed += 1
  else tally.pending += 1
  truth.promise(key, version, { ...answer, node: node.name, wait, nowMs: performance.now() })
}

// --- Fire -------------------------------------------------------------------------------------------------------------

/** One fault after the other, all kinds in turn, in an order that the seed shuffles; every kind once at least. */
async function fire(run: Run, untilMs: number, { log, only }: KillOptions): Promise<void> {
  const names = Object.keys(faults).filter((name) => only?.includes(name) ?? true)
  for (let round = 0; performance.now() < untilMs; round++) {
    for (const name of shuffle(names, run.random)) {
      await Bun.sleep(100 + run.random() * 600)
      log(name)
      await faults[name]?.(run).catch((thrown: unknown) => {
        throw new Error(`“${name}” could not be done`, { cause: thrown })
      })
      run.tally.faults[name] = (run.tally.faults[name] ?? 0) + 1
      if (round > 0 && performance.now() >= untilMs) return
    }
  }
}

/** Everything works again; what was pending must be committed, and what was promised must be seen by everybody. */
async function heal(run: Run, hosts: readonly string[]): Promise<{ lost: string[]; inconsistencies: number }> {
  const { nodes, truth } = run
  for (const node of nodes) node.proxy.heal()
  const lost: string[] = []
  let inconsistencies = 0
  for (const node of nodes) {
    const deadline = performance.now() + healWithinMs
    for (;;) {
      const state = await node.state()
      if (state.kind !== 'state') throw new Error(`${node.name} does not tell its state`)
      inconsistencies += state.inconsistencies
      if (state.pending === 0 && state.isLeased) break
      if (performance.now() > deadline) {
        lost.push(`${node.name}: ${state.pending} invalidations are not committed`)
        break
      }
      inconsistencies -= state.inconsistencies
      await Bun.sleep(100)
    }
  }
  await Bun.sleep(leaseMs + 200)
  for (const host of hosts) {
    const left = journalled(join(host, 'cache.db'))
    if (left > 0) lost.push(`${left} invalidations are still in a journal`)
  }
  for (const node of nodes)
    for (const key of keys) {
      const answer = await node.read(key, 'strict')
      const seen = answer.kind === 'read' ? answer.version : 0
      if (seen < truth.promised(key))
        lost.push(`${node.name} sees version ${seen} of ${key}, not ${truth.promised(key)}`)
    }
  return { lost, inconsistencies }
}

function journalled(file: string): number {
  const database = new Database(file, { readonly: true })
  try {
    const row = database.query('SELECT COUNT(*) AS n FROM cache_journal').get() as { n: number }
    return row.n
  } finally {
    database.close()
  }
}

// --- Chance -----------------------------------------------------------------------------------------------------------

function shuffle(names: readonly string[], random: () => number): string[] {
  return names
    .map((name) => ({ name, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ name }) => name)
}

function emptyTally(): Tally {
  return {
    reads: { strict: 0, bounded: 0 },
    hits: { memory: 0, disk: 0, shared: 0 },
    faults: {},
    marked: 0,
    failedReads: 0,
    committed: 0,
    pending: 0,
    unanswered: 0,
    stale: [],
  }
}
