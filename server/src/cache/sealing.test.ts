import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createCipheriv, createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import type { Clock } from '../base/index.ts'
import { openKeyring, type SealingKeys } from '../platform/index.ts'
import { createSealer, readHeader, type Sealer } from './sealing.ts'
import type { EntryHeader, StoredEntry } from './tiers.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-sealing-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const day = 86_400_000
let now = 1_800_000_000_000
const clock: Clock = { now: () => now, monotonic: () => now }
const openRing = (file = 'keyring.json') => openKeyring(join(folder, file), 'deployment_1', ['cache'], clock)
const keysOf = async (file?: string): Promise<SealingKeys> => (await openRing(file)).sealingKeys('cache')
const openSealer = async (file?: string): Promise<Sealer> =>
  createSealer({ keys: await keysOf(file), deploymentId: 'deployment_1', cache: 'answers' })

const header: EntryHeader = {
  epoch: 'epoch_7h2k',
  asOf: 4_711,
  scopes: ['AAAAAAAAAAAAAAAA', 'bcdefgh-ijklmn_1', '0123456789012345'],
  madeAt: 1_800_000_000_123,
  freshMs: 60_000,
  keepMs: 120_000.5,
  fillMs: 812.25,
  priceMicroUsd: 1_234,
}
const textOf = (length: number): Uint8Array =>
  Buffer.from('A sentence of a note that comes again and again. '.repeat(length / 49 + 1)).subarray(0, length)
const entry: StoredEntry = { header, value: Buffer.from('{"text":"an answer"}') }
const bytesOf = (text: Uint8Array): number[] => [...text]

test('what is sealed opens as it was: of any length, with any header, compressed or not', async () => {
  const sealer = await openSealer()
  const scope = fc.string({ unit: fc.constantFrom(...'azAZ09-_'), minLength: 16, maxLength: 16 })
  const number = fc.oneof(fc.double({ noNaN: true, min: 0 }), fc.nat())
  const anyHeader = fc.record({
    epoch: fc.string({ maxLength: 40 }),
    asOf: fc.maxSafeNat(),
    scopes: fc.array(scope, { maxLength: 30 }),
    madeAt: fc.maxSafeNat(),
    freshMs: number,
    keepMs: number,
    fillMs: number,
    priceMicroUsd: number,
  })
  const anyValue = fc.oneof(
    fc.uint8Array({ maxLength: 3_000 }),
    fc.nat(20_000).map((length) => Uint8Array.from(textOf(length))),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 200, unit: 'grapheme' }),
      anyHeader,
      anyValue,
      async (name, given, value) => {
        const sealed = await sealer.seal(name, { header: given, value })
        const opened = sealer.open(name, sealed)
        expect(opened?.header).toEqual(given)
        expect(Buffer.compare(opened?.value ?? Buffer.from('absent'), value)).toBe(0)
        expect(readHeader(sealed)).toEqual(given)
      },
    ),
    { numRuns: 300 },
  )
})

test('a text above 1 KiB becomes shorter, noise and short texts stay; a long one opens as well', async () => {
  const sealer = await openSealer()
  const overhead = (await sealer.seal('n', { header, value: new Uint8Array() })).length
  const sizeOf = async (value: Uint8Array) => (await sealer.seal('n', { header, value })).length - overhead
  expect(await sizeOf(textOf(1_024))).toBe(1_024)
  expect(await sizeOf(textOf(1_025))).toBeLessThan(200)
  const noise = Buffer.concat(Array.from({ length: 100 }, (_, n) => createHash('sha256').update(`${n}`).digest()))
  expect(await sizeOf(noise)).toBe(noise.length)
  const long = textOf(3_000_000)
  const sealed = await sealer.seal('n', { header, value: long })
  expect(sealed.length).toBeLessThan(100_000)
  expect(Buffer.compare(sealer.open('n', sealed)?.value ?? Buffer.of(), long)).toBe(0)
})

test('neither the value nor its name can be read in what is sealed, and no two seals are alike', async () => {
  const sealer = await openSealer()
  const first = Buffer.from(await sealer.seal('name-of-the-entry', entry))
  expect(first.includes('an answer')).toBe(false)
  expect(first.includes('name-of-the-entry')).toBe(false)
  expect(Buffer.compare(first, await sealer.seal('name-of-the-entry', entry))).not.toBe(0)
})

test('with any single bit turned over it reads as absent', async () => {
  const sealer = await openSealer()
  for (const value of [entry.value, textOf(1_500)]) {
    const sealed = Buffer.from(await sealer.seal('name', { header, value }))
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Buffer.from(sealed)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      if (sealer.open('name', damaged) !== null) throw new Error(`bit ${bit} of ${sealed.length * 8} does not matter`)
      readHeader(damaged)
    }
    expect(sealer.open('name', sealed)).not.toBeNull()
  }
})

test('cut at any length, or with bytes after it, it reads as absent', async () => {
  const sealer = await openSealer()
  const sealed = Buffer.from(await sealer.seal('name', { header, value: textOf(1_500) }))
  for (let length = 0; length < sealed.length; length++) {
    expect(sealer.open('name', sealed.subarray(0, length))).toBeNull()
    readHeader(sealed.subarray(0, length))
  }
  expect(sealer.open('name', Buffer.concat([sealed, Buffer.of(0)]))).toBeNull()
})

test('bytes of any other kind read as absent', async () => {
  const sealer = await openSealer()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, isOurFormat) => {
      if (isOurFormat && bytes.length > 0) bytes[0] = 1
      expect(sealer.open('name', bytes)).toBeNull()
      readHeader(bytes)
    }),
  )
})

test('under another name, in another cache or deployment, it reads as absent', async () => {
  const keys = await keysOf()
  const sealerOf = (deploymentId: string, cache: string) => createSealer({ keys, deploymentId, cache })
  const sealer = sealerOf('deployment_1', 'answers')
  const sealed = await sealer.seal('name', entry)
  for (const name of ['nam', 'name ', 'Name', '', 'other']) expect(sealer.open(name, sealed)).toBeNull()
  for (const [deployment, cache] of [
    ['deployment_2', 'answers'],
    ['deployment_1', 'chat'],
    ['deployment_1answers', ''],
    ['deployment_1a', 'nswers'],
  ] as const)
    expect(sealerOf(deployment, cache).open('name', sealed)).toBeNull()
  // Where one part ends and the next begins is authenticated too.
  expect(sealerOf('deployment_1', 'answersname').open('', sealed)).toBeNull()
  expect(bytesOf(sealerOf('deployment_1', 'answers').open('name', sealed)?.value ?? Buffer.of())).toEqual(
    bytesOf(entry.value),
  )
})

test('the body of one entry under the header of another reads as absent', async () => {
  const sealer = await openSealer()
  const older = Buffer.from(await sealer.seal('name', entry))
  const newer = Buffer.from(await sealer.seal('name', { ...entry, header: { ...header, asOf: header.asOf + 1 } }))
  const mixed = Buffer.from(older)
  newer.copy(mixed, 24, 24, 32)
  expect(readHeader(mixed)?.asOf).toBe(header.asOf + 1)
  expect(sealer.open('name', mixed)).toBeNull()
})

test('under another key with the same deployment it reads as absent', async () => {
  const sealed = Buffer.from(await (await openSealer()).seal('name', entry))
  const other = await keysOf('other.json')
  const opener = createSealer({ keys: other, deploymentId: 'deployment_1', cache: 'answers' })
  expect(opener.open('name', sealed)).toBeNull()
  sealed.writeUInt32LE(other.current().id, 4)
  expect(opener.open('name', sealed)).toBeNull()
})

test('after a rotation old values still open; after their key is dropped they read as absent', async () => {
  const keyring = await openRing()
  const sealer = createSealer({ keys: keyring.sealingKeys('cache'), deploymentId: 'deployment_1', cache: 'answers' })
  const before = await sealer.seal('name', entry)
  await keyring.rotate('cache')
  const after = await sealer.seal('name', entry)
  expect(Buffer.from(after).readUInt32LE(4)).not.toBe(Buffer.from(before).readUInt32LE(4))
  expect(sealer.open('name', before)?.header).toEqual(header)
  now += 31 * day
  const reopened = await openSealer()
  expect(reopened.open('name', before)).toBeNull()
  expect(reopened.open('name', after)?.header).toEqual(header)
})

test('a value that another process sealed with a key made meanwhile opens', async () => {
  const sealer = await openSealer()
  const other = await openRing()
  await other.rotate('cache')
  const theirs = createSealer({ keys: other.sealingKeys('cache'), deploymentId: 'deployment_1', cache: 'answers' })
  expect(sealer.open('name', await theirs.seal('name', entry))?.header).toEqual(header)
})

test('a value that unpacks to another length than it says, or not at all, reads as absent', async () => {
  const keys = await keysOf()
  const sealer = createSealer({ keys, deploymentId: 'deployment_1', cache: 'answers' })
  const rebuilt = (length: number, body: Buffer): Buffer => {
    const empty: EntryHeader = { ...header, epoch: '', scopes: [] }
    const head = Buffer.from(sealer.seal('name', { header: empty, value: new Uint8Array() }) as Uint8Array).subarray(
      0,
      73,
    )
    head[1] = 1
    head.writeUInt32LE(length, 8)
    const parts = ['deployment_1', 'answers', 'name'].flatMap((text) => {
      const size = Buffer.alloc(4)
      size.writeUInt32LE(text.length)
      return [size, Buffer.from(text)]
    })
    const cipher = createCipheriv('aes-256-gcm', keys.current().key, head.subarray(12, 24))
    cipher.setAAD(Buffer.concat([...parts, head]))
    const sealed = Buffer.concat([head, cipher.update(body), cipher.final()])
    return Buffer.concat([sealed, cipher.getAuthTag()])
  }
  const bomb = zstdCompressSync(Buffer.alloc(1_000_000))
  expect(sealer.open('name', rebuilt(1_000_000, bomb))?.value).toHaveLength(1_000_000)
  expect(sealer.open('name', rebuilt(1_000, bomb))).toBeNull()
  expect(sealer.open('name', rebuilt(1_000_001, bomb))).toBeNull()
  expect(sealer.open('name', rebuilt(100, Buffer.from('not zstd')))).toBeNull()
})

test('an entry that no cache makes is refused when it is sealed', async () => {
  const sealer = await openSealer()
  for (const scopes of [['short'], ['seventeen-letters'], ['sixteen-letter-ö'], Array(65_536).fill('AAAAAAAAAAAAAAAA')])
    expect(() => sealer.seal('name', { ...entry, header: { ...header, scopes } })).toThrow(RangeError)
  expect(() => sealer.seal('name', { ...entry, header: { ...header, epoch: 'e'.repeat(256) } })).toThrow(RangeError)
  expect(() => sealer.seal('name', { header, value: new Uint8Array(64 * 1024 * 1024 + 1) })).toThrow(RangeError)
})
