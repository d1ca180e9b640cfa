/** `npm run bench -- cache`: what a hit costs on each tier, and how often the source is asked, beside other caches. */
import type { Bench, BenchResult, BenchRow, BenchTarget } from './bench.ts'
import { cairnHits } from './cache/cairn-hits.ts'
import { openCairn } from './cache/cairn.ts'
import { awaitedPeers, syncPeers } from './cache/hits.ts'
import { openers } from './cache/openers.ts'
import { timeRounds, type Timing } from './cache/rounds.ts'
import { timeDisk, timeShared } from './cache/slow-tiers.ts'
import { coldProcesses, failingSource, stampede, type Asked } from './cache/stampede.ts'

const metrics = {
  sync: 'hit in memory, synchronous call',
  awaited: 'hit in memory, awaited call',
  tagged: 'hit in memory, awaited call, 5 tags',
  syncTagged: 'hit in memory, synchronous call, 5 tags',
  disk: 'hit on disk, 1 KB',
  shared: 'hit in Redis, 1 KB',
  stampede: '10,000 callers of one cold key: calls of the source',
  stampedeMs: '10,000 callers of one cold key: until all are answered',
  failing: '20 callers of a failing source: calls of the source',
  failingMs: '20 callers of a failing source: until all are told',
  processes: '4 processes, 100 callers each, one cold key: calls of the source',
  processesMs: '4 processes, 100 callers each, one cold key: until all are answered',
} as const

export const bench: Bench = {
  name: 'cache',
  summary: 'Nanoseconds a hit on each tier, stampedes and failing sources, beside other caches',
  needsPeers: true,
  async run({ quick, log }) {
    const rows = [
      ...(await memoryRows(quick ? 7 : 25, log)),
      ...(await slowRows(quick, log)),
      ...(await sourceRows(log)),
    ]
    return { rows, targets: judge(rows) } satisfies BenchResult
  },
}

// --- Measuring --------------------------------------------------------------------------------------------------------

async function memoryRows(rounds: number, log: (line: string) => void): Promise<BenchRow[]> {
  log('hits in memory …')
  const opened = await openCairn({ redisUrl: null, memoryBytes: 256 * 1024 * 1024, leaseMs: 10_000 })
  const ours = await cairnHits(opened)
  const sync = [...ours.sync, ...(await syncPeers())]
  const awaited = [...ours.awaited, ...(await awaitedPeers())]
  const timings = await timeRounds([...sync, ...awaited], { rounds, roundMs: 30, by: 'thread' })
  await opened.close()
  const isSync = new Set(sync.map(({ name }) => name))
  const rows = timings.map((timing) => {
    const isTagged = timing.name.endsWith(', 5 tags')
    const kind = isSync.has(timing.name) ? (isTagged ? 'syncTagged' : 'sync') : isTagged ? 'tagged' : 'awaited'
    return toRow(metrics[kind], timing, { unit: 'ns', perUnit: 1 })
  })
  return Object.values(metrics).flatMap((metric) => rows.filter((row) => row.metric === metric))
}

async function slowRows(quick: boolean, log: (line: string) => void): Promise<BenchRow[]> {
  log('hits on disk …')
  const disk = await timeDisk({ rounds: quick ? 7 : 21, keys: quick ? 2_000 : 10_000 })
  log('hits in Redis …')
  const shared = await timeShared({ rounds: quick ? 9 : 31, keys: quick ? 1_000 : 5_000 })
  const micro = { unit: 'µs', perUnit: 1_000 }
  return [
    ...disk.map((timing) => toRow(metrics.disk, timing, micro)),
    ...shared.map((timing) => toRow(metrics.shared, timing, micro)),
  ]
}

async function sourceRows(log: (line: string) => void): Promise<BenchRow[]> {
  log('stampedes and failing sources …')
  const stampedes: Asked[] = []
  const failures: Asked[] = []
  const processes: Asked[] = []
  for (const [name, open] of Object.entries(openers)) {
    stampedes.push(await stampede(open, 10_000))
    failures.push(await failingSource(open, 20))
    // lru-cache has no second tier, so several processes share nothing.
    if (name !== 'lru-cache') processes.push(await coldProcesses(name, 4))
  }
  const both = (asked: readonly Asked[], calls: string, time: string): BenchRow[] => [
    ...asked.map((each) => ({ metric: calls, unit: 'calls', subject: each.subject, value: each.calls, spread: null })),
    ...asked.map((each) => ({ metric: time, unit: 'ms', subject: each.subject, value: each.ms, spread: null })),
  ]
  return [
    ...both(stampedes, metrics.stampede, metrics.stampedeMs),
    ...both(failures, metrics.failing, metrics.failingMs),
    ...both(processes, metrics.processes, metrics.processesMs),
  ]
}

function toRow(
  metric: string,
  { name, ns, spread }: Timing,
  { unit, perUnit }: { unit: string; perUnit: number },
): BenchRow {
  const subject = name.startsWith('cairn') ? 'cairn' : name.replace(', 5 tags', '')
  return { metric, unit, subject, value: ns / perUnit, spread: spread / perUnit }
}

// --- Judging ----------------------------------------------------------------------------------------------------------

function judge(rows: readonly BenchRow[]): BenchTarget[] {
  const find = (metric: string, subject: string) =>
    rows.find((row) => row.metric === metric && row.subject === subject)?.value ?? Number.NaN
  const ours = (metric: string) => find(metric, 'cairn')
  const atMost = (metric: string, most: number, value: number): BenchTarget => ({
    metric,
    target: `≤ ${most} ×`,
    value,
    ok: value <= most,
  })
  const atLeast = (metric: string, value: number): BenchTarget => ({ metric, target: '≥ 10 ×', value, ok: value >= 10 })
  const once = (metric: string): BenchTarget => ({ metric, target: '1', value: ours(metric), ok: ours(metric) === 1 })
  const lru = find(metrics.sync, 'lru-cache get')
  return [
    atMost('memory, to lru-cache get', 3, ours(metrics.sync) / lru),
    atMost('memory with 5 tags, to lru-cache get', 5, ours(metrics.syncTagged) / lru),
    atMost(
      'memory, to layered-loader, synchronous',
      1,
      ours(metrics.sync) / find(metrics.sync, 'layered-loader getInMemoryOnly'),
    ),
    atMost(
      'memory, to layered-loader, awaited',
      1,
      ours(metrics.awaited) / find(metrics.awaited, 'layered-loader get'),
    ),
    ...['bentocache getOrSet', 'cacheable getOrSet', 'cache-manager wrap'].map((peer) =>
      atLeast(`${peer} to memory, awaited`, find(metrics.awaited, peer) / ours(metrics.awaited)),
    ),
    atLeast(
      'bentocache getOrSet to memory, awaited, 5 tags',
      find(metrics.tagged, 'bentocache getOrSet') / ours(metrics.tagged),
    ),
    atMost(
      'disk, to a bare LMDB get + decode',
      1.5,
      ours(metrics.disk) / find(metrics.disk, 'lmdb get + open + parse'),
    ),
    atMost('Redis, to a bare GET', 2, ours(metrics.shared) / find(metrics.shared, 'redis GET')),
    once(metrics.stampede),
    once(metrics.failing),
    once(metrics.processes),
  ]
}
