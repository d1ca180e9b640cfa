/** The disk tier under several processes that are killed while they read and write. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '../../base/index.ts'
import { createTestSealer, entryOf, isTrueEntry, nameOf, type ChurnCounts } from '../testing/disk-churn.ts'
import { openDiskTier } from './disk-tier.ts'

const program = join(import.meta.dir, '../testing/disk-churn.ts')
const maxBytes = 8 * 1_024 * 1_024

// The machine may be busy with other tests.
setDefaultTimeout(60_000)

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cairn-disk-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

type Said = ChurnCounts & { isDone?: true }

interface Churner {
  readonly kill: () => void
  /** What it said of itself up to now, newest last. */
  readonly said: readonly Said[]
  readonly ended: Promise<void>
}

function start(seed: number, sets: number, deletes: number): Churner {
  const words = [directory, maxBytes, seed, seed, 3, sets, deletes].map(String)
  const child = Bun.spawn([process.execPath, program, ...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const said: Said[] = []
  const listen = async (): Promise<void> => {
    let rest = ''
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      said.push(...lines.map((line) => JSON.parse(line) as Said))
    }
  }
  return { kill: () => child.kill('SIGKILL'), said, ended: listen() }
}

async function sizeOnDisk(): Promise<number> {
  let bytes = 0
  for (const name of await readdir(directory, { recursive: true })) {
    const file = await stat(join(directory, name)).catch(() => null)
    if (file?.isFile()) bytes += file.size
  }
  return bytes
}

const openHere = () =>
  openDiskTier({ directory, maxBytes, sealer: createTestSealer(), clock: systemClock, logger: silentLogger })

test('three processes churn at once, half of it deletes: no wrong value, no exception, files within the bound', async () => {
  const churners = [0, 1, 2].map((seed) => start(seed, 2_500, 0.5))
  let most = 0
  const timer = setInterval(() => void sizeOnDisk().then((bytes) => (most = Math.max(most, bytes))), 20)
  await Promise.all(churners.map(({ ended }) => ended))
  clearInterval(timer)
  for (const { said } of churners)
    expect(said.at(-1)).toMatchObject({ isDone: true, wrong: 0, thrown: 0, errors: 0, sets: 2_500 })
  expect(most).toBeGreaterThan(maxBytes / 2)
  expect(most).toBeLessThanOrEqual(maxBytes)
  const hits = churners.reduce((sum, { said }) => sum + (said.at(-1)?.hits ?? 0), 0)
  expect(hits).toBeGreaterThan(1_000)
})

test('killed with -9 in a loop: what is read is right, the bound holds, the next one reads and writes', async () => {
  const killed: Churner[] = []
  let most = 0
  for (let round = 0; round < 4; round++) {
    const churners = [0, 1, 2].map((seed) => start(round * 1_000_000 + seed, 1_000_000, 0.1))
    while (churners.some(({ said }) => said.length === 0)) await Bun.sleep(10)
    for (const churner of churners) {
      await Bun.sleep(60)
      churner.kill()
      most = Math.max(most, await sizeOnDisk())
    }
    killed.push(...churners)
  }
  for (const { ended, said } of killed) {
    await ended
    expect(said.at(-1)).toMatchObject({ wrong: 0, thrown: 0 })
    expect(said.at(-1)?.isDone).toBeUndefined()
  }
  expect(most).toBeLessThanOrEqual(maxBytes)

  const tier = await openHere()
  const { entries } = tier.stats()
  expect(entries).toBeGreaterThan(50)
  let hits = 0
  for (let round = 0; round < 4; round++) {
    for (let number = round * 1_000_000; number < round * 1_000_000 + 12_000; number++) {
      const entry = tier.get(nameOf(number))
      if (entry) hits++
      if (entry) expect(isTrueEntry(number, entry)).toBe(true)
    }
  }
  expect(hits).toBeGreaterThan(50)
  expect(tier.stats().errors).toBe(0)
  await tier.set('after', entryOf(1, 1))
  expect(tier.get('after')).toEqual(entryOf(1, 1))
  await tier.close()
})

test('where the disk is full writes are dropped and counted, and reads go on', async () => {
  const tier = await openHere()
  for (let number = 0; number < 20; number++) await tier.set(nameOf(number), entryOf(number, 1))
  await tier.close()
  // No file of this process may grow beyond 280 KiB: the index can be opened, a segment cannot be filled.
  const words = [process.execPath, program, directory, `${maxBytes}`, '1', '1000', '1', '2000', '0']
  const limited = ['sh', '-c', `trap '' XFSZ; ulimit -f 560; exec "$@"`, 'sh', ...words]
  const child = Bun.spawn(limited, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const lines = (await new Response(child.stdout).text()).trim().split('\n')
  const counts = JSON.parse(lines.at(-1) ?? '') as ChurnCounts
  expect(counts).toMatchObject({ isDone: true, wrong: 0, thrown: 0, sets: 2_000 })
  expect(counts.errors).toBeGreaterThan(1_000)
  const again = await openHere()
  for (let number = 0; number < 20; number++) expect(again.get(nameOf(number))).toEqual(entryOf(number, 1))
  await again.set('after', entryOf(1, 1))
  expect(again.get('after')).toEqual(entryOf(1, 1))
  await again.close()
})
