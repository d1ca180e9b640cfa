/** What happens to the files of the disk tier from outside, and what the tier makes of it. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import {
  closeSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, type Clock } from '../../base/index.ts'
import { createRandom } from '../../base/testing/random.ts'
import { createTestSealer, entryOf, isTrueEntry, nameOf } from '../testing/disk-churn.ts'
import type { DiskTier } from '../tiers.ts'
import { openDiskTier } from './disk-tier.ts'
import { entryBytes, folderName, planGeometry } from './geometry.ts'
import { openSegments } from './segments.ts'

const mebibyte = 1_024 * 1_024
const maxBytes = 8 * mebibyte
const geometry = planGeometry(maxBytes)

// The machine may be busy with other tests.
setDefaultTimeout(60_000)

let directory: string
let folder: string
let now: number
let opened: DiskTier[]
const clock: Clock = { now: () => now, monotonic: () => now }
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cairn-disk-'))
  folder = join(directory, folderName(geometry))
  now = 0
  opened = []
})
afterEach(async () => {
  for (const tier of opened) await tier.close()
  await rm(directory, { recursive: true, force: true })
})

async function openHere(word?: string): Promise<DiskTier> {
  const sealer = createTestSealer(word)
  const tier = await openDiskTier({ directory, maxBytes, sealer, clock, logger: silentLogger })
  opened.push(tier)
  return tier
}
async function fill(tier: DiskTier, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) await tier.set(nameOf(number), entryOf(number, 1))
}
function hitsOf(tier: DiskTier, from: number, to: number): number {
  let hits = 0
  for (let number = from; number < to; number++) {
    const entry = tier.get(nameOf(number))
    if (entry && !isTrueEntry(number, entry)) throw new Error(`entry ${number} is not what was written`)
    if (entry) hits++
  }
  return hits
}
const filesOf = (): string[] => readdirSync(folder).map((name) => join(folder, name))
const segmentFiles = (): string[] => filesOf().filter((path) => !path.endsWith('index') && statSync(path).size > 0)

test('bits that turned over on the disk read as misses, never as other values, and writing mends them', async () => {
  const random = createRandom(11)
  const tier = await openHere()
  await fill(tier, 0, 400)
  expect(hitsOf(tier, 0, 400)).toBe(400)
  for (const path of filesOf()) {
    const bytes = readFileSync(path)
    for (let flips = 0; flips < bytes.length / 2_000; flips++) {
      const at = Math.floor(random() * bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    }
    writeFileSync(path, bytes)
  }
  for (const each of [tier, await openHere()]) expect(hitsOf(each, 0, 400)).toBeLessThan(400)
  expect(tier.stats().errors).toBeGreaterThan(0)
  const before = tier.stats().errors
  expect(hitsOf(tier, 0, 400)).toBeGreaterThan(0)
  expect(tier.stats().errors).toBe(before)
  await fill(tier, 0, 400)
  expect(hitsOf(tier, 0, 400)).toBe(400)
})

test('an index of random bytes is an index of misses, and fills again', async () => {
  const tier = await openHere()
  await fill(tier, 0, 200)
  const random = createRandom(5)
  const index = join(folder, 'index')
  writeFileSync(index, Buffer.from(Array.from({ length: statSync(index).size }, () => Math.floor(random() * 256))))
  expect(hitsOf(tier, 0, 400)).toBe(0)
  for (let number = 0; number < 400; number++) tier.delete(nameOf(number))
  await fill(tier, 0, 200)
  expect(hitsOf(tier, 0, 200)).toBe(200)
  expect(filesOf().every((path) => statSync(path).size <= Math.max(geometry.segmentBytes, geometry.indexBytes))).toBe(
    true,
  )
})

test('index entries that were swapped lead to no value of another name', async () => {
  const tier = await openHere()
  await fill(tier, 0, 300)
  const index = readFileSync(join(folder, 'index'))
  const taken: number[] = []
  for (let at = 0; at < index.length; at += entryBytes) if (index.readUInt32LE(at) !== 0) taken.push(at)
  expect(taken).toHaveLength(300)
  const places = taken.map((at) => Buffer.from(index.subarray(at + 4, at + entryBytes)))
  taken.forEach((at, number) => index.set(places[(number + 1) % places.length] as Buffer, at + 4))
  writeFileSync(join(folder, 'index'), index)
  expect(hitsOf(tier, 0, 300)).toBe(0)
})

test('files that are cut off, emptied or deleted while in use cost misses only', async () => {
  const tier = await openHere()
  const other = await openHere()
  await fill(tier, 0, 300)
  for (const damage of [
    () => segmentFiles().forEach((path) => truncateSync(path, Math.floor(statSync(path).size / 2))),
    () => filesOf().forEach((path) => truncateSync(path, 0)),
    () => rm(join(folder, 'index')),
    () => Promise.all(segmentFiles().map((path) => rm(path))),
    () => rm(folder, { recursive: true }),
    () => rm(directory, { recursive: true }),
  ]) {
    await damage()
    hitsOf(tier, 0, 300)
    hitsOf(other, 0, 300)
    await fill(tier, 300, 301)
    // One write may be lost to find out, then the tier waits a second before it makes its files again.
    now += 1_001
    await fill(tier, 0, 300)
    now += 1_001
    expect(hitsOf(tier, 0, 300)).toBe(300)
    await fill(other, 301, 302)
    now += 1_001
    hitsOf(other, 0, 300)
    now += 1_001
    await fill(other, 301, 302)
    expect(hitsOf(other, 0, 302)).toBeGreaterThan(290)
  }
})

test('where no files can be made everything is a miss and is counted, until they can', async () => {
  await rm(directory, { recursive: true })
  await writeFile(directory, 'a file where the folder should be')
  const tier = await openHere()
  const before = tier.stats().errors
  expect(before).toBeGreaterThan(0)
  await fill(tier, 0, 3)
  expect(hitsOf(tier, 0, 3)).toBe(0)
  tier.delete(nameOf(0))
  await tier.clear()
  expect(tier.stats().errors).toBe(before + 3)
  now += 1_001
  await fill(tier, 0, 1)
  expect(hitsOf(tier, 0, 1)).toBe(0)
  await rm(directory)
  now += 1_001
  await fill(tier, 0, 3)
  expect(hitsOf(tier, 0, 3)).toBe(3)
})

test('what was cleared while the files were away is cleared when they come back', async () => {
  const tier = await openHere()
  await fill(tier, 0, 20)
  renameSync(directory, `${directory}-away`)
  await writeFile(directory, 'a file where the folder should be')
  await fill(tier, 20, 21)
  await tier.clear()
  await rm(directory)
  renameSync(`${directory}-away`, directory)
  now += 1_001
  await fill(tier, 21, 22)
  expect(hitsOf(tier, 0, 22)).toBe(1)
})

test('files of another format or size are removed at the start, and nothing else is', async () => {
  await mkdir(join(directory, 'segments-0-other'), { recursive: true })
  await writeFile(join(directory, 'segments-0-other', 'index'), 'old')
  await writeFile(join(directory, 'notes.txt'), 'not ours')
  const smaller = await openHere()
  await fill(smaller, 0, 10)
  await smaller.close()
  const sealer = createTestSealer()
  const larger = await openDiskTier({ directory, maxBytes: 2 * maxBytes, sealer, clock, logger: silentLogger })
  opened.push(larger)
  expect(hitsOf(larger, 0, 10)).toBe(0)
  await fill(larger, 0, 10)
  expect(hitsOf(larger, 0, 10)).toBe(10)
  expect(readdirSync(directory).toSorted()).toEqual(['notes.txt', folderName(planGeometry(2 * maxBytes))])
})

test('entries sealed under a key that is gone are misses', async () => {
  await fill(await openHere('one key'), 0, 20)
  const tier = await openHere('another key')
  expect(hitsOf(tier, 0, 20)).toBe(0)
  await fill(tier, 0, 20)
  expect(hitsOf(tier, 0, 20)).toBe(20)
})

test('no name and no value can be read in the files', async () => {
  const tier = await openHere()
  const value = Buffer.from('the quick brown fox jumps over the lazy dog')
  await tier.set('name-of-an-entry', { ...entryOf(1, 1), value })
  for (const path of filesOf()) {
    const bytes = readFileSync(path)
    expect(bytes.includes('quick brown')).toBe(false)
    expect(bytes.includes('name-of-an-entry')).toBe(false)
  }
  expect(filesOf().every((path) => (statSync(path).mode & 0o077) === 0)).toBe(true)
})

test('a deleted entry cannot be read again by putting the old index back', async () => {
  const tier = await openHere()
  await fill(tier, 0, 20)
  await cp(join(folder, 'index'), join(directory, 'old-index'))
  tier.delete(nameOf(7))
  writeFileSync(join(folder, 'index'), readFileSync(join(directory, 'old-index')))
  expect(hitsOf(tier, 7, 8)).toBe(0)
  expect(hitsOf(tier, 0, 20)).toBe(19)
})

test('a value above half a segment is not kept, and what stood under its name is not served', async () => {
  const tier = await openHere()
  await tier.set('name', entryOf(1, 1))
  const noise = new Uint8Array(geometry.segmentBytes / 2)
  crypto.getRandomValues(noise.subarray(0, 65_536))
  for (let at = 65_536; at < noise.length; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536))
  await tier.set('name', { ...entryOf(1, 2), value: noise })
  expect(tier.get('name')).toBeUndefined()
  expect(tier.stats()).toMatchObject({ entries: 0, errors: 0, evictions: 1 })
  await tier.set('name', { ...entryOf(1, 3), value: noise.subarray(0, noise.length - 1_000) })
  expect(tier.get('name')?.value).toHaveLength(noise.length - 1_000)
})

test('writes that come faster than the disk takes them are dropped and counted, not piled up', async () => {
  const tier = await openHere()
  const entry = { ...entryOf(1, 1), value: new Uint8Array(200_000) }
  await Promise.all(Array.from({ length: 200 }, (_, number) => tier.set(`${number}`, entry)))
  const { errors } = tier.stats()
  expect(errors).toBeGreaterThan(50)
  expect(errors).toBeLessThan(200)
  await tier.set('later', entry)
  expect(tier.get('later')?.value).toHaveLength(200_000)
  expect(tier.stats().errors).toBe(errors)
})

test('an entry that cannot be sealed is dropped and counted', async () => {
  const tier = await openHere()
  const entry = entryOf(1, 1)
  await tier.set('name', { ...entry, header: { ...entry.header, scopes: ['not a scope id'] } })
  expect(tier.get('name')).toBeUndefined()
  expect(tier.stats().errors).toBe(1)
})

test('a process that was held up while its segment was recycled writes into a new one', async () => {
  const slow = await openHere()
  const fast = await openHere()
  await fill(slow, 0, 1)
  for (let round = 0; round < 3; round++) await fill(fast, 10_000 + round * 1_000, 10_000 + round * 1_000 + 900)
  expect(hitsOf(slow, 0, 1)).toBe(0)
  const recent = hitsOf(fast, 12_700, 12_900)
  await fill(slow, 1, 20)
  expect(hitsOf(fast, 1, 20)).toBe(19)
  expect(hitsOf(fast, 12_700, 12_900)).toBe(recent)
})

test('of many that claim segments at once each gets its own, and no slot has two files', async () => {
  await mkdir(folder, { recursive: true })
  const rings = Array.from({ length: 6 }, () => openSegments(folder, geometry.slots, clock))
  const claimed = await Promise.all(
    rings.map(async (ring) => {
      const generations: number[] = []
      for (let n = 0; n < 12; n++) generations.push((await ring.claim()).generation)
      return generations
    }),
  )
  const all = claimed.flat()
  expect(new Set(all).size).toBe(all.length)
  const files = readdirSync(folder)
  expect(new Set(files.map((name) => name.split('-')[0])).size).toBe(files.length)
  expect(files.length).toBeLessThanOrEqual(geometry.slots)
  for (const ring of rings) ring.close()
})

test('a claim of a slot that a newer generation has meanwhile taken is given up for the next one', async () => {
  for (let round = 0; round < 40; round++) {
    const place = join(directory, `${round}`)
    await mkdir(place)
    const ring = openSegments(place, geometry.slots, clock)
    const claim = ring.claim()
    writeFileSync(join(place, `1-${geometry.slots + 1}`), '')
    const { generation, fd } = await claim
    expect(generation).toBe(geometry.slots + 2)
    closeSync(fd)
    ring.close()
  }
})

test('a reader that opens its files while another process renames them meets no error', async () => {
  await mkdir(folder, { recursive: true })
  const program = `import { openSegments } from ${JSON.stringify(join(import.meta.dir, 'segments.ts'))}
    import { closeSync } from 'node:fs'
    const clock = { now: () => 0, monotonic: () => 0 }
    const ring = openSegments(${JSON.stringify(folder)}, ${geometry.slots}, clock)
    for (let n = 0; n < 3_000; n++) closeSync((await ring.claim()).fd)`
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'ignore', stderr: 'inherit' })
  let openings = 0
  while (child.exitCode === null) {
    const reading = openSegments(folder, geometry.slots, clock)
    reading.read({ generation: 1, offset: 0, length: 0 }, new Uint8Array(16), 16)
    reading.close()
    if (++openings % 50 === 0) await Bun.sleep(0)
  }
  expect(await child.exited).toBe(0)
  expect(openings).toBeGreaterThan(50)
})

test('a segment that vanishes between two processes leaves no second file behind', async () => {
  const tier = await openHere()
  await fill(tier, 0, 5)
  const [only = ''] = segmentFiles()
  renameSync(only, join(folder, '1-999999'))
  await fill(tier, 5, 10)
  expect(hitsOf(tier, 5, 10)).toBe(5)
  expect(existsSync(only)).toBe(false)
})
