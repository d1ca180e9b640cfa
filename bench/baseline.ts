/**
 * `npm run bench -- baseline [--rounds N] [--seconds N]`: what the cache, connections that are kept, and work off the
 * reply's path are each worth, and all of them, against Cairn without any. The mixed workload (two fifths repeated
 * questions, two fifths new ones, a fifth embeddings), 64 at once, before an upstream that takes 0, 20 and 200 ms.
 * The servers of one row run beside each other on one core and take turns.
 */
import { join } from 'node:path'
import { all, keepAliveAlone, mixed, none, variants } from './baseline/cells.ts'
import { readNumber, type Bench, type BenchRow, type BenchTarget } from './bench.ts'
import { measure, middleOf, type Measured } from './gateway/measure.ts'
import { chooseCores, freePort, startProgram, waitForPort, type Cores } from './gateway/processes.ts'
import { openCairn, type Subject } from './gateway/subjects.ts'

const upstreamScript = join(import.meta.dirname, '../server/test/kit/fixed-upstream.ts')
const delaysMs = [0, 20, 200]

type Cell = ReadonlyMap<string, readonly Measured[]>

interface Settings {
  readonly rounds: number
  readonly seconds: number
  readonly cores: Cores
  readonly log: (line: string) => void
}

export const bench: Bench = {
  name: 'baseline',
  summary: 'What cache, kept connections and work off the path are worth, one by one and together',
  needsPeers: false,
  async run({ quick, args, log }) {
    const settings: Settings = {
      rounds: readNumber(args, '--rounds') ?? (quick ? 1 : 5),
      seconds: readNumber(args, '--seconds') ?? (quick ? 1 : 4),
      cores: chooseCores(),
      log,
    }
    const rows: BenchRow[] = []
    const targets: BenchTarget[] = []
    for (const delayMs of delaysMs) {
      const cell = await measureDelay(delayMs, settings)
      rows.push(...describe(delayMs, cell))
      if (delayMs === 0) targets.push(...describeTargets(cell))
      log(`upstream at ${delayMs} ms: done`)
    }
    return { rows, targets }
  },
}

async function measureDelay(delayMs: number, { rounds, seconds, cores, log }: Settings): Promise<Cell> {
  const port = await freePort()
  const command = [process.execPath, '--no-env-file', upstreamScript, '--port', String(port), '--delay', `${delayMs}`]
  const upstream = startProgram({ command, core: cores.rest })
  const subjects: Subject[] = []
  try {
    await waitForPort(port, upstream, 10_000)
    for (const { name, env } of variants)
      subjects.push(await openCairn(name, { upstreamPort: port, core: cores.subject, env }))
    const found = new Map<string, Measured[]>(subjects.map(({ name }) => [name, []]))
    for (const subject of subjects) await measure(subject, mixed, { seconds: Math.min(3, seconds), cores })
    for (let turn = 0; turn < rounds * subjects.length; turn++) {
      // Each round begins with another one.
      const at = (turn + Math.floor(turn / subjects.length)) % subjects.length
      const subject = subjects[at] as Subject
      const measured = await measure(subject, mixed, { seconds, cores })
      const { failures, firstFailure } = measured
      if (failures > 0) log(`${subject.name} had ${failures} failures, the first: ${firstFailure}`)
      found.get(subject.name)?.push(measured)
    }
    return found
  } finally {
    for (const subject of subjects) await subject.stop()
    await upstream.stop()
  }
}

const throughputOf = (cell: Cell, name: string) =>
  middleOf((cell.get(name) ?? []).map(({ perSecond }) => perSecond)).value

function describe(delayMs: number, cell: Cell): BenchRow[] {
  const columns: [string, string, (measured: Measured) => number][] = [
    ['throughput', 'requests/s', ({ perSecond }) => perSecond],
    ['p99', 'ms', ({ p99Us }) => p99Us / 1_000],
    ['processor', 'µs/request', ({ cpuUs }) => cpuUs],
  ]
  return columns.flatMap(([what, unit, pick]) =>
    [...cell].map(([subject, rounds]) => {
      const { value, spread } = middleOf(rounds.map(pick))
      const metric = `upstream at ${delayMs} ms: ${what}`
      return { metric, unit, subject, value, spread: rounds.length > 1 ? spread : null }
    }),
  )
}

function describeTargets(cell: Cell): BenchTarget[] {
  const gain = (name: string) => (throughputOf(cell, name) / throughputOf(cell, none) - 1) * 100
  const target = (metric: string, name: string, least: number): BenchTarget => {
    const value = gain(name)
    return { metric: `upstream at 0 ms: gain of ${metric}`, target: `≥ ${least} %`, value, ok: value >= least }
  }
  return [target('kept connections alone', keepAliveAlone, 30), target('all three', all, 50)]
}
