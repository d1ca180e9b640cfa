/**
 * `npm run bench -- gateway [--rounds N] [--seconds N] [--subjects a,b]`: gateways side by side in one run, on the same
 * cores, before the same upstream. Each subject is on one core; the load and the upstream share the other. The rounds
 * of the subjects are interleaved, so that a disturbance hits all. Every request asks something that nobody asked
 * before, except for the cached reply, where every request is the same.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readNumber, type Bench, type BenchResult, type BenchRow, type BenchTarget } from './bench.ts'
import {
  cachedBody,
  jsonExpect,
  measure,
  middleOf,
  workloads,
  type Measured,
  type Middle,
  type Workload,
} from './gateway/measure.ts'
import { chooseCores, freePort, rssOf, startProgram, waitForPort, type Cores } from './gateway/processes.ts'
import { startCachedRelay, startSubjects, type Subject } from './gateway/subjects.ts'

const upstreamScript = join(import.meta.dirname, '../server/test/kit/fixed-upstream.ts')

interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly cores: Cores
  readonly log: (line: string) => void
}

/** What was measured of each subject in each round, by workload. */
type Found = Map<string, Map<string, Measured[]>>

export const bench: Bench = {
  name: 'gateway',
  summary: 'Gateways side by side: throughput, added latency, processor time and memory, JSON, SSE and cached',
  needsPeers: true,
  async run({ quick, args, log }) {
    const settings: Settings = {
      rounds: readNumber(args, '--rounds') ?? (quick ? 1 : 5),
      seconds: readNumber(args, '--seconds') ?? (quick ? 1 : 4),
      warmUpSeconds: quick ? 0.5 : 3,
      cores: chooseCores(),
      log,
    }
    const at = args.indexOf('--subjects')
    const only = at < 0 ? null : (args[at + 1] ?? '').split(',')
    log(describeCores(settings.cores))
    const directory = await mkdtemp(join(tmpdir(), 'cairn-gateways-'))
    const closers: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })]
    try {
      const upstream = await startResponder(settings.cores.rest)
      closers.push(upstream.stop)
      const started = await startSubjects({ upstreamPort: upstream.port, cores: settings.cores, directory, log })
      closers.push(...started.map((subject) => () => subject.stop()))
      const subjects = started.filter(({ name }) => only === null || name === 'direct' || only.includes(name))
      const relayed = await runRounds(subjects, Object.values(workloads), settings)
      const memory = subjects.flatMap(({ name, pid }) => (pid === null ? [] : [{ name, bytes: rssOf(pid) }]))
      const cached = await runCached(subjects, directory, settings, closers)
      return describe(relayed, memory, cached, settings)
    } finally {
      for (const close of closers.toReversed()) await close().catch((thrown: unknown) => log(String(thrown)))
    }
  },
}

function describeCores({ subject, rest }: Cores): string {
  if (subject === null) return 'taskset is missing or there is one core: processes run wherever the system puts them'
  return `subjects on core ${subject}, the load and the upstream on core ${rest}`
}

async function startResponder(core: string | null): Promise<{ port: number; pid: number; stop: () => Promise<void> }> {
  const port = await freePort()
  const command = [process.execPath, '--no-env-file', upstreamScript, '--port', String(port)]
  const program = startProgram({ command, core })
  await waitForPort(port, program, 10_000)
  return { port, pid: program.pid, stop: program.stop }
}

async function runRounds(subjects: readonly Subject[], list: readonly Workload[], settings: Settings): Promise<Found> {
  const { rounds, seconds, cores, log } = settings
  const found: Found = new Map()
  for (const workload of list) {
    const sound = await warmUp(subjects, workload, settings)
    const results = new Map<string, Measured[]>(sound.map(({ name }) => [name, []]))
    for (const subject of turnsOf(sound, rounds)) {
      const measured = await measure(subject, workload, { seconds, cores })
      const { failures, firstFailure } = measured
      if (failures > 0) log(`${workload.name}: ${subject.name} had ${failures} failures, the first: ${firstFailure}`)
      results.get(subject.name)?.push(measured)
    }
    for (const [name, measured] of results) {
      const isMeasured = measured.filter(({ requests }) => requests > 0).length > measured.length / 2
      if (isMeasured) continue
      results.delete(name)
      log(`${workload.name}: ${name} is left out: in most rounds no reply came within ${seconds} s`)
    }
    found.set(workload.name, results)
    log(`${workload.name}: done`)
  }
  return found
}

/** Every subject once a round, in another order each time. */
function turnsOf(subjects: readonly Subject[], rounds: number): Subject[] {
  return Array.from({ length: rounds }, (_, round) => {
    const shift = round % Math.max(1, subjects.length)
    return [...subjects.slice(shift), ...subjects.slice(0, shift)]
  }).flat()
}

/** A subject whose replies are wrong is left out of that workload, with a sentence. */
async function warmUp(
  subjects: readonly Subject[],
  workload: Workload,
  { warmUpSeconds, cores, log }: Settings,
): Promise<Subject[]> {
  const sound: Subject[] = []
  for (const subject of subjects) {
    const { failures, firstFailure } = await measure(subject, workload, { seconds: warmUpSeconds, cores })
    if (failures === 0) sound.push(subject)
    else log(`${workload.name}: ${subject.name} is left out: ${firstFailure ?? 'no reply in time'}`)
  }
  return sound
}

const cachedWorkload: Workload = {
  name: 'cached reply, 64 at once',
  bodies: [cachedBody],
  expect: jsonExpect,
  connections: 64,
}

/**
 * Cairn’s reply from its cache beside a bare server that parses the same body and gives back the same bytes, and a
 * responder that parses nothing, which shows what the load can do.
 */
async function runCached(
  subjects: readonly Subject[],
  directory: string,
  settings: Settings,
  closers: (() => Promise<void>)[],
): Promise<Found> {
  const cairn = subjects.find(({ name }) => name === 'cairn')
  if (!cairn) return new Map()
  const reply = await fetch(`http://127.0.0.1:${cairn.port}${cairn.path}`, {
    method: 'POST',
    headers: { ...cairn.headers, 'content-type': 'application/json' },
    body: cachedBody.body,
  })
  const file = join(directory, 'reply.json')
  await writeFile(file, await reply.bytes())
  const bare = await startCachedRelay(file, settings)
  closers.push(() => bare.stop())
  const responder = await startResponder(settings.cores.subject)
  closers.push(responder.stop)
  const raw: Subject = { ...bare, name: 'direct', port: responder.port, pid: null }
  return runRounds([raw, bare, cairn], [cachedWorkload], settings)
}

// --- What it says -----------------------------------------------------------------------------------------------------

type Pick = (measured: Measured) => number

function describe(
  relayed: Found,
  memory: readonly { name: string; bytes: number }[],
  cached: Found,
  { log }: Settings,
): BenchResult {
  const { json64, json1, stream64, stream1 } = workloads
  const perSecond: Pick = ({ perSecond: value }) => value
  const p99Ms: Pick = ({ p99Us }) => p99Us / 1_000
  const cpuUs: Pick = ({ cpuUs: value }) => value
  const rows: BenchRow[] = [
    ...rowsOf(relayed, json64, 'throughput', 'requests/s', perSecond),
    ...rowsOf(relayed, json64, 'p99', 'ms', p99Ms),
    ...rowsOf(relayed, json64, 'processor', 'µs/request', cpuUs),
    ...addedRows(relayed, json1, 'p50', ({ p50Us }) => p50Us),
    ...addedRows(relayed, json1, 'p99', ({ p99Us }) => p99Us),
    ...rowsOf(relayed, stream64, 'throughput', 'streams/s', perSecond),
    ...rowsOf(relayed, stream64, 'p99', 'ms', p99Ms),
    ...rowsOf(relayed, stream64, 'processor', 'µs/stream', cpuUs),
    ...addedRows(relayed, stream1, 'p50', ({ p50Us }) => p50Us),
    ...memory.map(({ name, bytes }) => row('memory after the load', 'MB', name, { value: bytes / 1e6, spread: 0 })),
    ...rowsOf(cached, cachedWorkload, 'throughput', 'requests/s', perSecond),
    ...rowsOf(cached, cachedWorkload, 'processor', 'µs/request', cpuUs),
  ]
  const targets = [
    ...ratioTargets(relayed, json64, [
      ['bare relay', 0.6],
      ['portkey', 8],
      ['litellm', 1],
      ['bifrost', 1],
    ]),
    ...addedTargets(relayed, json1),
    ...ratioTargets(cached, cachedWorkload, [['bare server', 0.4]]),
    ...ratioTargets(relayed, stream64, [['nginx', 0.85]]),
  ]
  for (const line of tellLimits(relayed, json64, stream64)) log(line)
  return { rows, targets }
}

function row(metric: string, unit: string, subject: string, { value, spread }: Middle): BenchRow {
  return { metric, unit, subject, value, spread: spread === 0 ? null : spread }
}

function rowsOf(found: Found, workload: Workload, what: string, unit: string, pick: Pick): BenchRow[] {
  return [...(found.get(workload.name) ?? [])]
    .filter(([name]) => !(what === 'processor' && name === 'direct'))
    .map(([name, rounds]) => row(`${workload.name}: ${what}`, unit, name, middleOf(rounds.map(pick))))
}

/** Against `direct` of the same round, in milliseconds. */
function addedOf(found: Found, workload: Workload, name: string, pick: Pick): Middle | null {
  const results = found.get(workload.name)
  const [direct = [], own] = [results?.get('direct'), results?.get(name)]
  if (!own) return null
  return middleOf(own.map((each, round) => (pick(each) - pick(direct[round] ?? each)) / 1_000))
}

function addedRows(found: Found, workload: Workload, what: string, pick: Pick): BenchRow[] {
  return [...(found.get(workload.name)?.keys() ?? [])].flatMap((name) => {
    const added = name === 'direct' ? null : addedOf(found, workload, name, pick)
    return added ? [row(`${workload.name}: added ${what}`, 'ms', name, added)] : []
  })
}

function addedTargets(found: Found, workload: Workload): BenchTarget[] {
  const limits: [string, Pick, number][] = [
    ['p50', ({ p50Us }) => p50Us, 0.3],
    ['p99', ({ p99Us }) => p99Us, 1],
  ]
  return limits.flatMap(([what, pick, most]) => {
    const added = addedOf(found, workload, 'cairn', pick)
    if (!added) return []
    const metric = `${workload.name}: added ${what}`
    return [{ metric, target: `≤ ${most} ms`, value: added.value, ok: added.value <= most }]
  })
}

/** A ratio of throughputs counts only where `direct` had half as much again as the faster of both. */
function ratioTargets(found: Found, workload: Workload, list: readonly (readonly [string, number])[]): BenchTarget[] {
  const rate = (name: string) =>
    middleOf((found.get(workload.name)?.get(name) ?? []).map((each) => each.perSecond)).value
  const own = rate('cairn')
  return list.flatMap(([name, least]) => {
    const theirs = rate(name)
    if (theirs === 0 || own === 0) return []
    const isLoadLimited = rate('direct') < 1.5 * Math.max(own, theirs)
    const metric = `${workload.name}: cairn to ${name}${isLoadLimited ? ' (the load was measured)' : ''}`
    return [{ metric, target: `≥ ${least} ×`, value: own / theirs, ok: own / theirs >= least }]
  })
}

function tellLimits(found: Found, ...list: readonly Workload[]): string[] {
  return list.flatMap(({ name }) => {
    const results = found.get(name)
    const rate = (rounds: readonly Measured[]) => middleOf(rounds.map((each) => each.perSecond)).value
    const direct = rate(results?.get('direct') ?? [])
    return [...(results ?? [])]
      .filter(([subject, rounds]) => subject !== 'direct' && direct < 1.5 * rate(rounds))
      .map(
        ([subject]) => `${name}: ${subject} is so near to direct that the load was measured; read its processor time`,
      )
  })
}
