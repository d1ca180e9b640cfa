/** The writer thread of SQLite: groups, a full disk, kill -9, faults of its own. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLogger, withDeadline, type CairnError } from '../src/base/index.ts'
import { startWorker, type WorkerHandle } from '../src/platform/index.ts'
import { openStore, type Store } from '../src/storage/index.ts'
import { inspectPairs, pairsSchema } from '../src/storage/testing/pairs.ts'
import { makeFolder } from '../src/storage/testing/places.ts'
import { thingsSchema } from '../src/storage/testing/store-suite.ts'
import { openWriter } from '../src/storage/writer.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await makeFolder()
  file = join(folder, 'data', 'test.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (schema = thingsSchema): Promise<Store> =>
  openStore({ location: { kind: 'sqlite', file, durability: 'full' }, schemas: [schema] }, silentLogger)

const put = (id: string) => ({
  text: 'INSERT INTO things (id, body) VALUES (?, ?)',
  params: [id, new Uint8Array(2_000)],
})

const codeOf = (work: Promise<unknown>): Promise<string> =>
  withDeadline(work, 10_000, 'server.busy').then(
    () => 'done',
    (thrown: CairnError) => thrown.code,
  )

// --- Groups -----------------------------------------------------------------------------------------------------------

/** Commits in the write-ahead log: frames that name a database size (SQLite file format, section 4.1). */
function countCommits(): number {
  const log = readFileSync(`${file}-wal`)
  if (log.length === 0) return 0
  const pageSize = log.readUInt32BE(8)
  const salt = log.readBigUInt64BE(16)
  let commits = 0
  for (let at = 32; at + 24 <= log.length; at += 24 + pageSize)
    if (log.readUInt32BE(at + 4) > 0 && log.readBigUInt64BE(at + 8) === salt) commits++
  return commits
}

test('writes that wait are committed together: 256 at once take a few commits, not 256', async () => {
  const store = await open()
  const before = countCommits()
  await Promise.all(Array.from({ length: 256 }, (_, index) => store.write([put(`n${index}`)])))
  expect(countCommits() - before).toBeLessThanOrEqual(16)
  await store.close()
})

test('writes that come one by one are each durable by a commit of their own', async () => {
  const store = await open()
  const before = countCommits()
  for (let index = 0; index < 20; index++) await store.write([put(`n${index}`)])
  expect(countCommits() - before).toBe(20)
  await store.close()
})

test('the files of a store can be opened by their owner only', async () => {
  const store = await open()
  await store.write([put('a')])
  for (const name of [file, `${file}-wal`, `${file}-shm`]) expect((await stat(name)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700)
  await store.close()
})

// --- A full disk ------------------------------------------------------------------------------------------------------

test('on a full disk writes fail as storage.failed and whole, reads go on, and with room it works again', async () => {
  const store = await open()
  await store.write([{ text: 'PRAGMA max_page_count = 300' }])
  const outcomes: string[] = []
  for (let index = 0; index < 600; index++)
    outcomes.push(await codeOf(store.write([put(`n${index}`), put(`m${index}`)])))
  expect(new Set(outcomes)).toEqual(new Set(['done', 'storage.failed']))
  const ids = async () => new Set((await store.read('SELECT id FROM things')).map(({ id }) => id))
  const acknowledged = outcomes.flatMap((outcome, index) => (outcome === 'done' ? [`n${index}`, `m${index}`] : []))
  expect(await ids()).toEqual(new Set(acknowledged))
  await store.write([{ text: 'PRAGMA max_page_count = 1000000' }])
  await store.write([put('room')])
  expect((await ids()).has('room')).toBe(true)
  await store.close()
})

test('a write that no longer fits takes no other of its group with it', async () => {
  const store = await open()
  await store.write([{ text: 'PRAGMA max_page_count = 100' }])
  const tooLarge = { text: 'INSERT INTO things (id, body) VALUES (?, ?)', params: ['large', new Uint8Array(1 << 20)] }
  const codes = await Promise.all(
    Array.from({ length: 30 }, (_, index) => codeOf(store.write([index === 10 ? tooLarge : put(`n${index}`)]))),
  )
  expect(codes).toEqual(codes.map((_, index) => (index === 10 ? 'storage.failed' : 'done')))
  expect(await store.read('SELECT COUNT(*) AS n FROM things')).toEqual([{ n: 29 }])
  await store.close()
})

test('a caller is told that the disk is full', async () => {
  const store = await open()
  await store.write([{ text: 'PRAGMA max_page_count = 30' }])
  const failure = await store
    .write(Array.from({ length: 200 }, (_, index) => put(`n${index}`)))
    .catch((thrown: CairnError) => thrown.message)
  expect(failure).toBe('The disk that holds the data is full. Free some space and try again.')
  await store.close()
})

// --- kill -9 ----------------------------------------------------------------------------------------------------------

const writingProgram = fileURLToPath(new URL('../src/storage/testing/writing-program.ts', import.meta.url))

/** Runs the writing program until `stop` ends it; what it acknowledged. */
async function writeUntil(command: readonly string[], stop: (kill: () => void, count: () => number) => Promise<void>) {
  const child = Bun.spawn([...command], { stdout: 'pipe', stderr: 'pipe' })
  let said = ''
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout) said += decoder.decode(chunk)
  })()
  const lines = () => said.split('\n').slice(0, -1)
  await Promise.race([
    stop(
      () => child.kill('SIGKILL'),
      () => lines().length,
    ),
    child.exited,
  ])
  await child.exited
  await reading
  return { acknowledged: lines().map(Number), errors: await new Response(child.stderr).text() }
}

test('after kill -9 nothing acknowledged is lost and nothing is torn: 8 kills', async () => {
  // A seeded sequence, so that a failure comes again.
  let random = 20_261_122
  const nextRandom = () => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647
  const acknowledged: number[] = []
  for (let kill = 0; kill < 8; kill++) {
    const wanted = 1 + Math.floor(nextRandom() * 400)
    const start = String(kill * 1_000_000)
    const run = await writeUntil([process.execPath, writingProgram, file, start], async (end, count) => {
      while (count() < wanted) await Bun.sleep(1)
      await Bun.sleep(nextRandom() * 3)
      end()
    })
    expect(run.errors).toBe('')
    acknowledged.push(...run.acknowledged)
    const store = await open(pairsSchema)
    const { torn, whole } = await inspectPairs(store)
    expect(torn).toEqual([])
    expect(acknowledged.filter((id) => !whole.has(id))).toEqual([])
    expect(await store.read('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    await store.close()
  }
  expect(acknowledged.length).toBeGreaterThan(200)
}, 60_000)

test('a disk that refuses to take more: the program goes on, its acknowledged writes are there, none is torn', async () => {
  // A limit on file size, in blocks of 512 or 1024 bytes, stands for the disk.
  const limited = [
    'sh',
    '-c',
    `trap '' XFSZ; ulimit -f 2000; exec "$0" "$@"`,
    process.execPath,
    writingProgram,
    file,
    '0',
  ]
  const run = await writeUntil(limited, () => new Promise(() => undefined))
  expect(run.errors).toBe('storage.failed\n')
  const store = await open(pairsSchema)
  const { torn, whole } = await inspectPairs(store)
  expect(torn).toEqual([])
  expect(run.acknowledged.length).toBeGreaterThan(20)
  expect(run.acknowledged.filter((id) => !whole.has(id))).toEqual([])
  await store.close()
}, 60_000)

// --- Faults of the thread ---------------------------------------------------------------------------------------------

test('when the thread ends by a fault, writes under way are rejected, and the next ones are done by another', async () => {
  const threads: WorkerHandle[] = []
  const problems: unknown[] = []
  const writer = await openWriter({ file }, () => {
    const url = new URL('../src/platform/testing/faulty-worker.ts', import.meta.url)
    const thread = startWorker(url, (fields) => problems.push(fields))
    threads.push(thread)
    return thread
  })
  expect(await writer.write([])).toMatchObject({ rows: [] })
  for (const how of ['throwOutside', 'exit']) {
    const [under] = [codeOf(threads.at(-1)?.call('never') ?? Promise.resolve())]
    void threads
      .at(-1)
      ?.call(how)
      .catch(() => undefined)
    expect(await under).toBe('storage.failed')
    const after = await Promise.all(Array.from({ length: 20 }, () => codeOf(writer.write([]))))
    expect(new Set(after)).toEqual(new Set(['done']))
  }
  expect(threads).toHaveLength(3)
  expect(problems).toHaveLength(2)
  await writer.close()
  expect(await codeOf(writer.write([]))).toBe('storage.failed')
  expect(threads.every(({ hasEnded }) => hasEnded)).toBe(true)
})

test('a thread that cannot open the file is told at once, and tried again by the next write', async () => {
  await expect(
    openStore({ location: { kind: 'sqlite', file: '/dev/null/x.db', durability: 'full' }, schemas: [] }, silentLogger),
  ).rejects.toMatchObject({ code: 'storage.failed' })
})

test('a file that is no database is told so', async () => {
  await Bun.write(file, 'not a database, but long enough to be one. '.repeat(100))
  const failure = await open().catch((thrown: CairnError) => thrown)
  expect(failure).toMatchObject({ code: 'storage.failed', message: expect.stringContaining('is damaged') })
})
