/**
 * What the log costs the gateway: two servers alike before one upstream, one as it is, and one whose rules keep nothing
 * of the use of models. Their rounds alternate, so that a disturbance hits both.
 */
import { join } from 'node:path'
import { measure, workloads } from '../gateway/measure.ts'
import { chooseCores, freePort, startProgram, waitForPort } from '../gateway/processes.ts'
import { openCairn, type Subject } from '../gateway/subjects.ts'

const upstreamScript = join(import.meta.dirname, '../../server/test/kit/fixed-upstream.ts')

export interface GatewayCost {
  /** Requests a second of each round. */
  readonly recorded: number[]
  readonly silent: number[]
  /** Milliseconds that 99 of 100 requests take at most, one after another. */
  readonly recordedP99: number[]
  readonly silentP99: number[]
}

export async function measureGatewayCost(rounds: number, seconds: number): Promise<GatewayCost> {
  const cores = chooseCores()
  const port = await freePort()
  const command = [process.execPath, '--no-env-file', upstreamScript, '--port', String(port)]
  const stops: (() => unknown)[] = []
  try {
    const upstream = startProgram({ command, core: cores.rest })
    stops.push(upstream.stop)
    await waitForPort(port, upstream, 10_000)
    const open = async (name: string) => {
      const server = await openCairn(name, { upstreamPort: port, core: cores.subject })
      stops.push(server.stop)
      return server
    }
    const [recorded, silent] = [await open('recorded'), await open('silent')]
    await keepNothing(silent)
    for (const subject of [recorded, silent]) await measure(subject, workloads.json64, { seconds, cores })
    const measured = new Map<Subject, { many: number[]; p99: number[] }>()
    for (let round = 0; round < rounds * 2; round++) {
      const subject = round % 4 === 0 || round % 4 === 3 ? recorded : silent
      const { many, p99 } = measured.get(subject) ?? { many: [], p99: [] }
      measured.set(subject, { many, p99 })
      many.push((await measure(subject, workloads.json64, { seconds, cores })).perSecond)
      p99.push((await measure(subject, workloads.json1, { seconds, cores })).p99Us / 1_000)
    }
    const of = (subject: Subject) => measured.get(subject) ?? { many: [], p99: [] }
    return {
      recorded: of(recorded).many,
      silent: of(silent).many,
      recordedP99: of(recorded).p99,
      silentP99: of(silent).p99,
    }
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

async function keepNothing({ port, headers }: Subject): Promise<void> {
  const told = await fetch(`http://127.0.0.1:${port}/api/audit/levels`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ rules: [{ level: 'none' }], keepDays: 7 }),
  })
  if (!told.ok) throw new Error(`the levels were answered with ${told.status}`)
}
