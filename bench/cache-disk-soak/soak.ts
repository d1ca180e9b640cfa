/**
 * The churn soak of the disk tier: several processes that share one directory write new entries of mixed sizes, read,
 * delete, and are killed with -9 and replaced, until a number of unique keys is reached. And a second one that turns over
 * bits of the files between two runs. Run on LMDB as well, for the decision between the two (docs/decisions/0007).
 */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '../../server/src/base/testing/random.ts'
import type { ChurnCounts } from '../../server/src/cache/testing/disk-churn.ts'

export interface DiskSoakOptions {
  readonly subject: 'segments' | 'lmdb'
  readonly processes: number
  readonly maxBytes: number
  /** Unique keys written in all. */
  readonly keys: number
  /** Share of keys deleted again. */
  readonly deletes: number
  /** A process is killed so often; 0: never. */
  readonly killEveryMs: number
  /** LMDB only: a process that holds read transactions for two seconds each. */
  readonly longReader: boolean
  readonly seed: number
  readonly mostSeconds: number
  readonly log: (line: string) => void
}

export interface DiskSoakResult extends Pick<ChurnCounts, 'gets' | 'hits' | 'wrong' | 'thrown' | 'sets' | 'errors'> {
  readonly seconds: number
  readonly kills: number
  /** Ends of a process that were not ours. */
  readonly crashes: readonly string[]
  /** Processes that said nothing for 20 seconds. */
  readonly hangs: number
  /** Largest sum of file sizes that was seen, and of blocks the file system gave. */
  readonly mostBytes: number
  readonly mostAllocatedBytes: number
  readonly isFinished: boolean
}

const child = join(import.meta.dir, 'child.ts')
const hangAfterMs = 20_000

type Said = ChurnCounts & { isDone?: true }

interface Running {
  readonly process: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  last: Said | null
  heardAt: number
  isKilled: boolean
}

export function measureFolder(directory: string): { bytes: number; allocated: number } {
  let bytes = 0
  let allocated = 0
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const file = statSync(join(directory, name), { throwIfNoEntry: false })
    if (!file?.isFile()) continue
    bytes += file.size
    allocated += file.blocks * 512
  }
  return { bytes, allocated }
}

// oxlint-disable-next-line max-lines-per-function -- one run, told from start to end
export async function runDiskSoak(options: DiskSoakOptions): Promise<DiskSoakResult> {
  const { subject, processes, maxBytes, keys, deletes, killEveryMs, seed, mostSeconds, log } = options
  const directory = mkdtempSync(join(tmpdir(), `cairn-disk-soak-`))
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1_000
  const crashes: string[] = []
  const total = { gets: 0, hits: 0, wrong: 0, thrown: 0, sets: 0, errors: 0 }
  let kills = 0
  let hangs = 0
  let mostBytes = 0
  let mostAllocatedBytes = 0
  let nextKey = 0
  let runs = 0

  const spawn = (words: readonly (string | number)[]): Running['process'] =>
    Bun.spawn([process.execPath, child, ...words.map(String)], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const account = ({ last }: Running): void => {
    if (!last) return
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += last[key]
  }
  /** One share of the keys by one process; its share ends early when it is killed. */
  const runShare = async (share: number, running: Set<Running>): Promise<void> => {
    const first = nextKey
    nextKey += share
    const words = [subject, directory, maxBytes, seed + runs++, first, 1, share, deletes]
    const one: Running = { process: spawn(words), last: null, heardAt: performance.now(), isKilled: false }
    running.add(one)
    const stderr = new Response(one.process.stderr).text()
    let rest = ''
    for await (const chunk of one.process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      const line = lines.at(-1)
      if (line !== undefined) one.last = JSON.parse(line) as Said
      one.heardAt = performance.now()
    }
    await one.process.exited
    running.delete(one)
    account(one)
    const warnings = await stderr
    if (one.last && one.last.errors > 0) log(`errors: ${one.last.errors}; ${warnings.slice(0, 300)}`)
    if (one.isKilled || one.last?.isDone) return
    const why = warnings.split('\n').find((line) => line.trim() !== '' && !line.startsWith('=')) ?? ''
    crashes.push(`${one.process.signalCode ?? one.process.exitCode}: ${why.slice(0, 120)}`)
  }

  const running = new Set<Running>()
  const share = Math.max(1_000, Math.ceil(keys / processes / 8))
  const lane = async (): Promise<void> => {
    while (total.sets + [...running].reduce((sum, { last }) => sum + (last?.sets ?? 0), 0) < keys) {
      if (seconds() > mostSeconds || crashes.length > 20) return
      await runShare(share, running)
    }
  }
  const watch = setInterval(() => {
    const { bytes, allocated } = measureFolder(directory)
    mostBytes = Math.max(mostBytes, bytes)
    mostAllocatedBytes = Math.max(mostAllocatedBytes, allocated)
    for (const one of running) {
      if (one.isKilled || (performance.now() - one.heardAt < hangAfterMs && seconds() < mostSeconds)) continue
      if (seconds() < mostSeconds) {
        hangs++
        log(
          `process ${one.process.pid} says nothing: ${JSON.stringify({ ...one.last, ...scheduling(one.process.pid) })}`,
        )
      }
      one.isKilled = true
      one.process.kill('SIGKILL')
    }
  }, 100)
  const killer = setInterval(
    () => {
      const [one] = [...running].filter(({ isKilled, last }) => !isKilled && last)
      if (!one || killEveryMs === 0) return
      one.isKilled = true
      one.process.kill('SIGKILL')
      kills++
    },
    Math.max(50, killEveryMs),
  )
  const reporter = setInterval(() => log(`${subject}: ${total.sets} keys in ${seconds().toFixed(0)} s`), 15_000)
  const reader = options.longReader && subject === 'lmdb' ? spawn(['lmdb-reader', directory, maxBytes]) : null
  try {
    await Promise.all(Array.from({ length: processes }, lane))
  } finally {
    for (const timer of [watch, killer, reporter]) clearInterval(timer)
    reader?.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  const isFinished = total.sets >= keys
  return { ...total, seconds: seconds(), kills, crashes, hangs, mostBytes, mostAllocatedBytes, isFinished }
}

/** Linux: whether a silent process waits for something, or only for the processor. Seconds of its main thread’s life. */
function scheduling(pid: number): Record<string, string | number> {
  try {
    const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number)
    const state = /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '?'
    return { state, ranSeconds: ran / 1e9, waitedForProcessorSeconds: waited / 1e9 }
  } catch {
    return {}
  }
}

export interface DamageSoakOptions {
  readonly subject: 'segments' | 'lmdb'
  readonly rounds: number
  /** Bits turned over in each file of the directory. */
  readonly flips: number
  /** Only within the first 64 bytes of each 4 KiB, where LMDB's pages have their heads. */
  readonly isHeadsOnly: boolean
  readonly seed: number
  readonly log: (line: string) => void
}

export interface DamageSoakResult {
  readonly rounds: number
  readonly fine: number
  readonly wrong: number
  readonly thrown: number
  readonly crashes: number
  readonly hangs: number
}

const damageBytes = 32 * 1_024 * 1_024

/** Fills a directory, then round by round turns over bits in a copy of it and lets a process work on that for a while. */
export async function runDamageSoak(options: DamageSoakOptions): Promise<DamageSoakResult> {
  const { subject, rounds, seed, log } = options
  const directory = mkdtempSync(join(tmpdir(), 'cairn-disk-damage-'))
  const [whole, copy] = [join(directory, 'whole'), join(directory, 'copy')]
  const random = createRandom(seed)
  const run = async (folder: string, first: number): Promise<'crash' | 'hang' | Said> => {
    const words = [subject, folder, damageBytes, seed, first, 1, 2_000, 0.3].map(String)
    const one = Bun.spawn([process.execPath, child, ...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' })
    const text = new Response(one.stdout).text()
    const isInTime = await Promise.race([one.exited.then(() => true), Bun.sleep(hangAfterMs).then(() => false)])
    one.kill('SIGKILL')
    const last = (await text).trim().split('\n').at(-1) ?? ''
    if (!isInTime) return 'hang'
    const said = last === '' ? null : (JSON.parse(last) as Said)
    return said?.isDone ? said : 'crash'
  }
  const result = { rounds, fine: 0, wrong: 0, thrown: 0, crashes: 0, hangs: 0 }
  const addRun = ({ wrong, thrown }: Said): void => {
    result.wrong += wrong
    result.thrown += thrown
    if (wrong + thrown === 0) result.fine++
  }
  try {
    await Bun.write(join(whole, '.keep'), '')
    await run(whole, 0)
    for (let round = 0; round < rounds; round++) {
      rmSync(copy, { recursive: true, force: true })
      cpSync(whole, copy, { recursive: true })
      flipBits(copy, options, random)
      const outcome = await run(copy, 0)
      if (outcome === 'crash') result.crashes++
      else if (outcome === 'hang') result.hangs++
      else addRun(outcome)
      log(`${subject}: round ${round + 1} of ${rounds}: ${typeof outcome === 'string' ? outcome : 'ran to its end'}`)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return result
}

/** Past the first 8 KiB, where LMDB has its two meta pages, and in no lock file. */
function flipBits(folder: string, { flips, isHeadsOnly }: DamageSoakOptions, random: () => number): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (!statSync(path).isFile() || name.endsWith('-lock') || statSync(path).size < 16_384) continue
    const bytes = readFileSync(path)
    for (let flip = 0; flip < flips; flip++) {
      const any = 8_192 + Math.floor(random() * (bytes.length - 8_192))
      const at = isHeadsOnly ? Math.floor(any / 4_096) * 4_096 + (any % 64) : any
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    }
    writeFileSync(path, bytes)
  }
}
