/** Many callers of one cold key, of a source that fails, and over several processes: how often is the source asked? */
import { resolve } from 'node:path'
import type { OpenReadThrough } from './read-through.ts'
import { startRedis } from './redis-server.ts'

export interface Asked {
  readonly subject: string
  readonly calls: number
  readonly ms: number
}

const sourceMs = 20

/** 10,000 callers at once of one key that nobody has. Throws when one of them gets something else. */
export async function stampede(open: OpenReadThrough, callers: number): Promise<Asked> {
  const cache = await open(null)
  let calls = 0
  const load = async () => {
    calls += 1
    await Bun.sleep(sourceMs)
    return 42
  }
  const start = performance.now()
  const answers = await Promise.all(Array.from({ length: callers }, () => cache.get('cold', load)))
  const ms = performance.now() - start
  await cache.close()
  if (answers.some((answer) => answer !== 42))
    throw new Error(`${cache.name} answered a caller of the stampede wrongly`)
  return { subject: cache.name, calls, ms }
}

/** 20 callers at once of a source that takes a while and fails; all of them must be told. */
export async function failingSource(open: OpenReadThrough, callers: number): Promise<Asked> {
  const cache = await open(null)
  let calls = 0
  const load = async (): Promise<number> => {
    calls += 1
    await Bun.sleep(sourceMs)
    throw new Error('the source is down')
  }
  const start = performance.now()
  const answers = await Promise.allSettled(Array.from({ length: callers }, () => cache.get('failing', load)))
  const ms = performance.now() - start
  await cache.close()
  if (answers.some(({ status }) => status === 'fulfilled'))
    throw new Error(`${cache.name} hid the failure of the source`)
  return { subject: cache.name, calls, ms }
}

/** Four processes on one Redis, each with 100 callers of one cold key at the same time. */
export async function coldProcesses(subject: string, processes: number): Promise<Asked> {
  const redis = await startRedis()
  const program = resolve(import.meta.dir, 'cold-process.ts')
  const children = Array.from({ length: processes }, () =>
    Bun.spawn([process.execPath, program, subject, redis.url], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' }),
  )
  try {
    const readers = children.map(({ stdout }) => stdout.getReader())
    await Promise.all(readers.map((reader) => readWord(reader, 'ready')))
    const start = performance.now()
    for (const { stdin } of children) {
      await stdin.write('go\n')
      await stdin.flush()
    }
    await Promise.all(readers.map((reader) => readWord(reader, 'done')))
    const ms = performance.now() - start
    return { subject, calls: Number(await redis.send('GET', ['source-calls'])), ms }
  } finally {
    // In good order, so that each takes its folder away; one that hangs is killed.
    for (const { stdin } of children) await stdin.end()
    await Promise.race([Promise.all(children.map(({ exited }) => exited)), Bun.sleep(5_000)])
    for (const child of children) child.kill('SIGKILL')
    await redis.stop()
  }
}

interface WordReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
}

async function readWord(reader: WordReader, word: string): Promise<void> {
  let text = ''
  while (!text.includes(word)) {
    const { done, value } = await reader.read()
    if (done || value === undefined)
      throw new Error(`a process of the stampede ended before it said “${word}”: ${text}`)
    text += new TextDecoder().decode(value)
  }
}
