/** Starts the programs that are compared, puts them on their cores, and reads what they cost from `/proc`. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { connect, createServer, type AddressInfo } from 'node:net'

export interface Program {
  readonly pid: number
  /** What it has written, the end of it. */
  output(): string
  stop(): Promise<void>
}

/** Where processes run. One core for the subject, one for the load and the upstream; null where they cannot be set. */
export interface Cores {
  readonly subject: string | null
  readonly rest: string | null
}

export function chooseCores(): Cores {
  const canPin = Bun.which('taskset') !== null && availableParallelism() >= 2
  return canPin ? { subject: '0', rest: '1' } : { subject: null, rest: null }
}

const keptOutput = 20_000

export interface StartOptions {
  readonly command: readonly string[]
  readonly core: string | null
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export function startProgram({ command, core, env = {}, cwd }: StartOptions): Program {
  const [program = '', ...args] = core === null ? command : ['taskset', '-c', core, ...command]
  const child = spawn(program, args, {
    env: { ...process.env, ...env } as Record<string, string>,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  let output = ''
  const take = (text: string) => (output = (output + text).slice(-keptOutput))
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  child.on('error', (error) => take(error.message))
  return { pid: child.pid ?? 0, output: () => output, stop: () => stopChild(child) }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const all = treeOf(child.pid)
  child.kill('SIGTERM')
  await Promise.race([gone, Bun.sleep(5_000)])
  for (const pid of all) kill(pid)
}

/** A process that is left over; its number is one of those that we started. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Puts every thread of a running process and its children on a core. */
export function pin(pid: number, core: string | null): void {
  if (core === null) return
  for (const each of treeOf(pid)) spawnSync('taskset', ['-a', '-c', '-p', core, String(each)])
}

/** A process and its descendants. */
export function treeOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const fields = statOf(name)
      return fields ? [{ pid: Number(name), parent: Number(fields[1]) }] : []
    })
  const tree = [pid]
  for (const each of tree) tree.push(...parents.filter(({ parent }) => parent === each).map((child) => child.pid))
  return tree
}

/** The fields of `/proc/PID/stat` after the name: state, parent, … */
function statOf(pid: number | string): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
  } catch {
    return null
  }
}

const ticksPerSecond = 100

/** User and system time of a process and its descendants, in seconds; in steps of 10 ms. */
export function cpuSecondsOf(pid: number): number {
  const ticks = treeOf(pid).reduce((sum, each) => {
    const fields = statOf(each)
    return sum + Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0)
  }, 0)
  return ticks / ticksPerSecond
}

/** Resident memory of a process and its descendants, in bytes; pages that they share count for each. */
export function rssOf(pid: number): number {
  return treeOf(pid).reduce((sum, each) => {
    try {
      const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'latin1'))?.[1]
      return sum + Number(kilobytes ?? 0) * 1_024
    } catch {
      return sum
    }
  }, 0)
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Throws what the program said when it does not listen in time. */
export async function waitForPort(port: number, program: Program, ms: number): Promise<void> {
  const end = performance.now() + ms
  while (performance.now() < end) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => (socket.destroy(), resolve(true)))
      socket.once('error', () => resolve(false))
    })
    if (isOpen) return
    if (statOf(program.pid) === null || statOf(program.pid)?.[0] === 'Z') break
    await Bun.sleep(100)
  }
  throw new Error(`nothing listens:\n${program.output().slice(-2_000)}`)
}
