/**
 * `npm run bench -- cache-traces [FILE…] [--sizes 1000,5000] [--format NAME] [--limit N]`: hit ratios of the memory
 * tier beside those of fixed policies and of the optimum. Sizes are in entries. All are given the same bytes: Cairn pays
 * its bookkeeping, ghosts and shadows from them, the others hold entries only.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Bench, BenchResult, BenchRow, BenchTarget } from './bench.ts'
import { makePhases, type Phase } from './cache-traces/phases.ts'
import { readTrace, traceFormats, type Trace, type TraceFormat } from './cache-traces/readers.ts'
import { peers, ratioOf, replayCairn, replayOptimum, replayPeer, unitBytes } from './cache-traces/replay.ts'

const knownTraces = [
  { file: 'mooncake/conversation_trace.jsonl', sizes: [1_000, 5_000, 20_000, 50_000] },
  { file: 'cache2k/cache2k_web07.trace.xz', sizes: [75, 300, 1_200] },
  { file: 'cache2k/cache2k_web12.trace.xz', sizes: [300, 1_200, 4_800] },
  { file: 'cache2k/cache2k_orm-night.trace.xz', sizes: [625, 2_500, 10_000] },
] as const
const knownLimit = 1_000_000
const quickLimit = 50_000
const phaseEntries = 1_000
const pointsBelowBest = 2
const pointsBelowBestInPhase = 3

interface Work {
  readonly trace: Trace
  readonly phases: readonly Phase[]
  readonly sizes: readonly number[]
}

export const bench: Bench = {
  name: 'cache-traces',
  summary: 'How often the memory tier hits on recorded traffic, beside fixed policies and the optimum.',
  needsPeers: false,
  run({ quick, args, log }) {
    const cells: Cell[] = []
    for (const { trace, phases, sizes } of findWork(parseArguments(args), quick, log)) {
      log(`${trace.name}: ${trace.ids.length} requests, ${trace.keyCount} keys`)
      for (const size of sizes) cells.push(...measureCell(trace, phases, size, log))
    }
    return Promise.resolve(report(cells, quick))
  },
}

// --- What to run -----------------------------------------------------------------------------------------------------

interface Arguments {
  readonly files: readonly string[]
  readonly sizes: readonly number[] | undefined
  readonly format: TraceFormat | undefined
  readonly limit: number
}

function parseArguments(args: readonly string[]): Arguments {
  const words = [...args]
  const take = (flag: string) => {
    const at = words.indexOf(flag)
    return at === -1 ? undefined : words.splice(at, 2)[1]
  }
  const format = take('--format')
  const sizes = take('--sizes')?.split(',').map(Number)
  const limit = Number(take('--limit') ?? knownLimit)
  if (format !== undefined && !Object.hasOwn(traceFormats, format))
    throw new Error(`There is no format ${format}. There are:\n${describeFormats()}`)
  if (sizes?.some((size) => !(size >= 1)) === true) throw new Error('--sizes takes numbers of entries: 1000,5000')
  if (!(limit >= 1)) throw new Error('--limit takes a number of requests')
  return { files: words, sizes, format: format as TraceFormat | undefined, limit }
}

const describeFormats = () =>
  Object.entries(traceFormats)
    .map(([name, text]) => `  ${name.padEnd(16)}${text}`)
    .join('\n')

/** The traces named, or those that lie in the shared data and the one of our own. */
function findWork({ files, sizes, format, limit }: Arguments, quick: boolean, log: (line: string) => void): Work[] {
  const most = quick ? Math.min(limit, quickLimit) : limit
  const options = { limit: most, ...(format === undefined ? {} : { format }) }
  if (files.length > 0)
    return files.map((file) => {
      const trace = readTrace(resolve(process.env['INIT_CWD'] ?? '', file), options)
      return { trace, phases: [], sizes: sizes ?? [0.01, 0.05, 0.2].map((share) => Math.ceil(trace.keyCount * share)) }
    })
  const folder = resolve(import.meta.dir, '../../shared/data/traces')
  const here = knownTraces.filter(({ file }) => existsSync(resolve(folder, file)))
  for (const { file } of knownTraces.filter((trace) => !here.includes(trace))) log(`left out, not there: ${file}`)
  const own = makePhases({ entries: phaseEntries, rounds: 2, requests: quick ? 20_000 : 200_000, seed: 1 })
  return [
    ...here.map((known) => ({
      trace: readTrace(resolve(folder, known.file), options),
      phases: [],
      sizes: sizes ?? known.sizes,
    })),
    { trace: own, phases: own.phases, sizes: [phaseEntries] },
  ]
}

// --- Measuring -------------------------------------------------------------------------------------------------------

interface Cell {
  readonly metric: string
  readonly isPhase: boolean
  readonly cairn: number
  readonly peers: Readonly<Record<string, number>>
  readonly optimum: number
  /** How often the policy in force changed; null for a phase. */
  readonly switches: number | null
}

function measureCell(trace: Trace, phases: readonly Phase[], size: number, log: (line: string) => void): Cell[] {
  const mean = trace.sizes === null ? unitBytes : trace.sizes.reduce((sum, each) => sum + each, 0) / trace.sizes.length
  const maxBytes = Math.round(size * mean)
  const cairn = replayCairn(trace, maxBytes)
  if (cairn.mostBytes > maxBytes) throw new Error(`the memory tier held ${cairn.mostBytes} of ${maxBytes} bytes`)
  const fixed = Object.entries(peers).map(([name, create]) => [name, replayPeer(create, trace, maxBytes)] as const)
  const optimum = replayOptimum(trace, maxBytes)
  const read = (metric: string, phase: Phase | null): Cell => ({
    metric,
    isPhase: phase !== null,
    cairn: ratioOf(cairn.hits, phase?.start, phase?.end),
    peers: Object.fromEntries(fixed.map(([name, hits]) => [name, ratioOf(hits, phase?.start, phase?.end)])),
    optimum: ratioOf(optimum, phase?.start, phase?.end),
    switches: phase === null ? cairn.policies.length - 1 : null,
  })
  const metric = `${trace.name} @${size}`
  const course = cairn.policies.map(({ name, at }) => `${name} from ${at}`)
  log(`${metric}: ${(maxBytes / 1e6).toFixed(1)} MB, Cairn ends with ${cairn.entries} entries; ${shorten(course)}`)
  return [read(metric, null), ...phases.map((phase) => read(`${metric}, ${phase.name}`, phase))]
}

const shorten = (words: readonly string[]) =>
  words.length > 8 ? `${words.slice(0, 8).join(', ')}, … ${words.length - 8} more` : words.join(', ')

// --- Reporting -------------------------------------------------------------------------------------------------------

function report(cells: readonly Cell[], quick: boolean): BenchResult {
  const row = (metric: string, subject: string, value: number, unit = '%'): BenchRow => ({
    metric,
    unit,
    subject,
    value,
    spread: null,
  })
  const whole = cells.filter(({ isPhase }) => !isPhase)
  const mean = (read: (cell: Cell) => number) => whole.reduce((sum, cell) => sum + read(cell), 0) / whole.length
  const means = Object.keys(peers).map((name) => [name, mean((cell) => cell.peers[name] ?? 0)] as const)
  const meanMetric = `mean of ${whole.length} cells`
  const rows = [
    ...cells.flatMap((cell) => [
      row(cell.metric, 'cairn', cell.cairn),
      ...Object.entries(cell.peers).map(([name, value]) => row(cell.metric, name, value)),
      row(cell.metric, 'optimum', cell.optimum),
      row(`${cell.metric}, below the best fixed`, 'cairn', bestOf(cell).value - cell.cairn, 'points'),
      row(`${cell.metric}, below the optimum`, 'cairn', cell.optimum - cell.cairn, 'points'),
      ...(cell.switches === null ? [] : [row(`${cell.metric}, changes of policy`, 'cairn', cell.switches, 'changes')]),
    ]),
    row(
      meanMetric,
      'cairn',
      mean(({ cairn }) => cairn),
    ),
    ...means.map(([name, value]) => row(meanMetric, name, value)),
    row(
      meanMetric,
      'optimum',
      mean(({ optimum }) => optimum),
    ),
  ]
  if (quick) return { rows, targets: [] }
  const bestMean = Math.max(...means.map(([, value]) => value))
  return {
    rows,
    targets: [
      ...cells.map(targetOf),
      {
        metric: `${meanMetric}, above the best fixed`,
        target: '> 0 points',
        value: mean(({ cairn }) => cairn) - bestMean,
        ok: mean(({ cairn }) => cairn) > bestMean,
      },
    ],
  }
}

function bestOf(cell: Cell): { name: string; value: number } {
  return Object.entries(cell.peers)
    .map(([name, value]) => ({ name, value }))
    .reduce((best, each) => (each.value > best.value ? each : best))
}

function targetOf(cell: Cell): BenchTarget {
  const best = bestOf(cell)
  const most = cell.isPhase ? pointsBelowBestInPhase : pointsBelowBest
  const value = best.value - cell.cairn
  return {
    metric: `${cell.metric}, below the best fixed (${best.name})`,
    target: `≤ ${most} points`,
    value,
    ok: value <= most,
  }
}
