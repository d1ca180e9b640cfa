/** Runs the load generator against one subject and adds what the subject’s processes cost meanwhile. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { LoadBody, LoadPlan, LoadResult } from './load.ts'
import { cpuSecondsOf, type Cores } from './processes.ts'
import type { Subject } from './subjects.ts'

export interface Workload {
  readonly name: string
  readonly bodies: readonly LoadBody[]
  readonly expect: string
  readonly connections: number
}

export interface Measured extends LoadResult {
  readonly perSecond: number
  /** Of the subject’s processes, in microseconds for one request; 0 for `direct`. */
  readonly cpuUs: number
}

/** So that no two requests of a run have the same prompt. */
let nextNumber = 1

export async function measure(
  subject: Subject,
  workload: Workload,
  { seconds, cores, requests }: { seconds: number; cores: Cores; requests?: number },
): Promise<Measured> {
  const plan: LoadPlan = {
    port: subject.port,
    path: subject.path,
    headers: subject.headers,
    bodies: workload.bodies,
    connections: workload.connections,
    expect: workload.expect,
    seconds,
    firstNumber: nextNumber,
    ...(requests === undefined ? {} : { requests }),
  }
  nextNumber += 10_000_000
  const before = subject.pid === null ? 0 : cpuSecondsOf(subject.pid)
  const result = await runLoadProgram(plan, cores.rest)
  const used = subject.pid === null ? 0 : cpuSecondsOf(subject.pid) - before
  return {
    ...result,
    perSecond: result.requests / result.seconds,
    cpuUs: result.requests === 0 ? 0 : (used * 1e6) / result.requests,
  }
}

async function runLoadProgram(plan: LoadPlan, core: string | null): Promise<LoadResult> {
  const script = join(import.meta.dirname, 'load.ts')
  const command = [process.execPath, '--no-env-file', script, JSON.stringify(plan)]
  const [program = '', ...args] = core === null ? command : ['taskset', '-c', core, ...command]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  await new Promise((resolve) => child.once('close', resolve))
  return JSON.parse(text) as LoadResult
}

/** About what an application sends: a system message, a question that nobody asked before, two settings. */
export function chatBody(more: object): string {
  return JSON.stringify({
    model: 'bench-chat',
    messages: [
      { role: 'system', content: 'You answer briefly, from the notes you are given. Say so when they do not tell.' },
      {
        role: 'user',
        content: `#############: ${'The timetable hangs at the quay; the harbour master knows of changes. '.repeat(4)}When does the ferry leave?`,
      },
    ],
    max_tokens: 200,
    ...more,
  })
}

export const jsonBody: LoadBody = { body: chatBody({}) }
export const streamBody: LoadBody = { body: chatBody({ stream: true }) }
export const embeddingBody: LoadBody = {
  path: '/v1/embeddings',
  body: JSON.stringify({ model: 'bench-embed', input: '#############: when does the ferry leave the north quay?' }),
}

export const jsonExpect = 'ferry leaves'
export const streamExpect = 'data: [DONE]'

export const workloads = {
  json64: { name: 'JSON, 64 at once', bodies: [jsonBody], expect: jsonExpect, connections: 64 },
  json1: { name: 'JSON, one after another', bodies: [jsonBody], expect: jsonExpect, connections: 1 },
  stream64: { name: 'SSE, 64 at once', bodies: [streamBody], expect: streamExpect, connections: 64 },
  stream1: { name: 'SSE, one after another', bodies: [streamBody], expect: streamExpect, connections: 1 },
} as const satisfies Record<string, Workload>

/** The same question each time, so that a cache may answer. */
export const cachedBody: LoadBody = { body: chatBody({}).replace('############', '7'.padStart(12, '0')) }

export interface Middle {
  readonly value: number
  /** Half the distance between the quartiles. */
  readonly spread: number
}

export function middleOf(values: readonly number[]): Middle {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const low = sorted[Math.floor(place)] ?? 0
    return low + ((sorted[Math.ceil(place)] ?? low) - low) * (place % 1)
  }
  return { value: at(0.5), spread: (at(0.75) - at(0.25)) / 2 }
}
