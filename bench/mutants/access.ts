/** The mutation run of the access engine: every small wrong change of its sources against its proofs, two at a time. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { Glob } from 'bun'
import { cpuSecondsOf } from '../gateway/processes.ts'
import { listChanges, type Change } from './mutate.ts'
import type { Tried } from './try-program.ts'

const source = resolve(import.meta.dirname, '../../server/src')
/** Of the program's own time, since others may have the machine; and of waiting for nothing. */
const [timeoutMs, longestMs] = [40_000, 600_000]
/** A program keeps every module it has loaded; after so many it is made anew. */
const mostEach = 60

export interface Mutation {
  readonly tried: number
  readonly killed: number
  readonly survivors: readonly Change[]
}

/** `share`: every n-th change only. */
export async function mutateAccess(share: number, log: (line: string) => void): Promise<Mutation> {
  const changes = findChanges().filter((_, at) => at % share === 0)
  log(`${changes.length} changes of the access engine …`)
  const waiting = [...changes]
  const survivors: Change[] = []
  let [tried, killed] = [0, 0]
  const work = async () => {
    while (waiting.length > 0) {
      using trier = startTrier()
      for (const change of waiting.splice(0, mostEach)) {
        const killedBy = await trier.try(change)
        if (killedBy === 'invalid') continue
        tried += 1
        if (killedBy !== null) killed += 1
        else {
          survivors.push(change)
          log(`SURVIVED ${change.file}:${change.line} ${change.operator}: ${change.was}  →  ${change.put.slice(0, 60)}`)
        }
      }
    }
  }
  await Promise.all([work(), work()])
  return { tried, killed, survivors }
}

function findChanges(): Change[] {
  const files = [
    ...[...new Glob('access/engine/*.ts').scanSync(source)].filter(
      (file) => !/\.test\.ts$|index\.ts$|types\.ts$/.test(file),
    ),
    'base/condition.ts',
    'base/note-filter.ts',
    'base/path-ranges.ts',
  ]
  return files.toSorted().flatMap((file) => listChanges(file, readFileSync(join(source, file), 'utf8')))
}

interface Trier extends Disposable {
  /** `timeout` when it did not end. */
  readonly try: (change: Change) => Promise<string | null>
}

function startTrier(): Trier {
  let child: ChildProcess | undefined
  let lines: Interface | undefined
  const start = () => {
    child = spawn(process.execPath, ['--no-env-file', join(import.meta.dirname, 'try-program.ts')], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    if (child.stdout !== null) lines = createInterface({ input: child.stdout })
  }
  const stop = () => {
    child?.kill('SIGKILL')
    child = undefined
  }
  return {
    async try(change) {
      if (child === undefined) start()
      child?.stdin?.write(`${JSON.stringify(change)}\n`)
      const line = await new Promise<string | null>((done) => {
        const [startedAt, pid] = [performance.now(), child?.pid ?? 0]
        const usedBefore = cpuSecondsOf(pid)
        const timer = setInterval(() => {
          const hasUsed = (cpuSecondsOf(pid) - usedBefore) * 1_000 > timeoutMs
          if (hasUsed || performance.now() - startedAt > longestMs) end(null)
        }, 1_000)
        const end = (text: string | null) => {
          clearInterval(timer)
          done(text)
        }
        lines?.once('line', end)
        child?.once('exit', () => end(null))
      })
      child?.removeAllListeners('exit')
      if (line !== null) return (JSON.parse(line) as Tried).killedBy
      stop()
      return 'timeout'
    },
    [Symbol.dispose]: stop,
  }
}
