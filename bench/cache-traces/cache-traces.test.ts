import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createTinyLfu } from './peers-frequency.ts'
import { createS3Fifo } from './peers.ts'
import { makePhases } from './phases.ts'
import { findFormat, parseTrace, readTrace, type Trace } from './readers.ts'
import { peers, ratioOf, replayCairn, replayOptimum, replayPeer, unitBytes } from './replay.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-traces-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function save(name: string, data: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, data)
  return path
}

/** What `write` puts into `records` records of `bytes` bytes. */
function pack(records: number, bytes: number, write: (view: DataView, at: number, index: number) => void): Uint8Array {
  const data = new Uint8Array(records * bytes)
  for (let index = 0; index < records; index++) write(new DataView(data.buffer), index * bytes, index)
  return data
}

const keys = [7, 9, 7, 4_000_000_000, 9, 7]
const numbered = [0, 1, 0, 2, 1, 0]
const text = (data: string) => new TextEncoder().encode(data)

describe('a trace reader', () => {
  test('numbers the keys of big-endian 32-bit files, plain, gz and xz, in order of appearance', () => {
    const data = pack(6, 4, (view, at, index) => view.setUint32(at, keys[index] ?? 0))
    const plain = save('a.trace', data)
    const packed = Bun.spawnSync(['xz', '-k', plain])
    expect(packed.exitCode).toBe(0)
    for (const path of [plain, `${plain}.xz`, save('b.trace.gz', gzipSync(data))]) {
      const trace = readTrace(path)
      expect([...trace.ids]).toEqual(numbered)
      expect([trace.keyCount, trace.sizes]).toEqual([3, null])
    }
  })

  test('tells 64-bit keys apart that differ only beyond 53 bits', () => {
    const data = pack(3, 8, (view, at, index) => view.setBigUint64(at, 2n ** 63n + BigInt(index % 2)))
    expect([...readTrace(save('corda_64.gz', gzipSync(data))).ids]).toEqual([0, 1, 0])
  })

  test('makes a request of each block of a JSON line and of each block of an ARC range', () => {
    const blocks = save('chat.jsonl', '{"timestamp":0,"hash_ids":[5,6]}\n{"timestamp":9,"hash_ids":[5,8,6]}\n')
    expect([...readTrace(blocks).ids]).toEqual([0, 1, 0, 2, 1])
    expect([...readTrace(save('p3.lis', '10 3 0 0\n11 2 0 1\n')).ids]).toEqual([0, 1, 2, 1, 2])
  })

  test('takes each line as a key, whatever the line ends with', () => {
    expect([...readTrace(save('keys.txt', 'a b\r\nc\na b\n')).ids]).toEqual([0, 1, 0])
  })

  test('reads ids and sizes of libCacheSim’s oracleGeneral records', () => {
    const data = pack(3, 24, (view, at, index) => {
      view.setUint32(at, index, true)
      view.setBigUint64(at + 4, 2n ** 60n + BigInt(index % 2), true)
      view.setUint32(at + 12, 100 * index, true)
      view.setBigInt64(at + 16, -1n, true)
    })
    const trace = readTrace(save('w.oracleGeneral.bin', data))
    expect([...trace.ids]).toEqual([0, 1, 0])
    expect([...(trace.sizes ?? [])]).toEqual([1, 100, 200])
  })

  test('stops at the limit', () => {
    expect(parseTrace('x', text('a\nb\nc\n'), 'lines', 2).ids.length).toBe(2)
  })

  test('says what is wrong with a file that is not of its format', () => {
    expect(() => readTrace(save('odd.trace', 'abcde'))).toThrow('5 bytes are not whole records of 4 bytes')
    expect(() => readTrace(save('what.dat', 'abcd'))).toThrow('Name one with --format: blocks, be32, be64')
    expect(() => readTrace(save('bad.lis', 'start count\n'))).toThrow('not start and count')
    expect(() => readTrace(save('bad.jsonl', '{"a":1}\n'))).toThrow('no hash_ids')
    expect(() => readTrace(save('none.txt', '\n'))).toThrow('no request in it')
    expect(() => readTrace(save('torn.trace.xz', 'no archive'))).toThrow('xz failed')
    expect(findFormat('p/x.lis.gz')).toBe('arc')
  })
})

const traceOf = (ids: readonly number[]): Trace => ({
  name: 'test',
  ids: Uint32Array.from(ids),
  keyCount: Math.max(0, ...ids) + 1,
  sizes: null,
})

/** The most hits that any sequence of choices gives, found by trying all. */
function tryAll(ids: readonly number[], entries: number): number {
  let best = new Map<string, number>([['', 0]])
  for (const id of ids) {
    const after = new Map<string, number>()
    const offer = (held: readonly string[], hits: number) => {
      const name = held.toSorted().join(',')
      if ((after.get(name) ?? -1) < hits) after.set(name, hits)
    }
    for (const [name, hits] of best) {
      const held = name === '' ? [] : name.split(',')
      const isHit = held.includes(`${id}`)
      offer(held, hits + Number(isHit))
      if (isHit) continue
      if (held.length < entries) offer([...held, `${id}`], hits)
      for (const gone of held) offer([...held.filter((each) => each !== gone), `${id}`], hits)
    }
    best = after
  }
  return Math.max(...best.values())
}

describe('a policy', () => {
  test.each(Object.keys(peers))('%s never hits what did not come before, nor more than the optimum', (name) => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(30), { minLength: 1, maxLength: 400, size: 'max' }),
        fc.integer({ min: 1, max: 20 }),
        (ids, entries) => {
          const trace = traceOf(ids)
          const hits = replayPeer(peers[name]!, trace, entries * unitBytes)
          const sum = (each: Uint8Array) => each.reduce((total, hit) => total + hit, 0)
          for (const [at, id] of ids.entries()) if (hits[at] === 1) expect(ids.indexOf(id)).toBeLessThan(at)
          expect(sum(hits)).toBeLessThanOrEqual(sum(replayOptimum(trace, entries * unitBytes)))
        },
      ),
      { numRuns: 40 },
    )
  })

  test('the optimum is what trying all choices finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { minLength: 1, maxLength: 14, size: 'max' }),
        fc.integer({ min: 1, max: 3 }),
        (ids, entries) => {
          const hits = replayOptimum(traceOf(ids), entries * unitBytes).reduce((total, hit) => total + hit, 0)
          expect(hits).toBe(tryAll(ids, entries))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('LRU hits as stack distances say', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(12), { maxLength: 200, size: 'max' }),
        fc.integer({ min: 1, max: 8 }),
        (ids, entries) => {
          const expected = ids.map((id, at) => {
            const last = ids.lastIndexOf(id, at - 1)
            return at > 0 && last >= 0 && new Set(ids.slice(last, at)).size <= entries ? 1 : 0
          })
          expect([...replayPeer(peers['lru']!, traceOf(ids), entries * unitBytes)]).toEqual(expected)
        },
      ),
    )
  })

  test('LIRS and W-TinyLFU keep a part of a loop that LRU, S3-FIFO and ARC lose whole', () => {
    const trace = traceOf(Array.from({ length: 20_000 }, (_, at) => at % 250))
    const ratio = (name: string) => ratioOf(replayPeer(peers[name]!, trace, 100 * unitBytes))
    for (const name of ['lru', 'arc', 's3-fifo']) expect(ratio(name)).toBeLessThan(1)
    for (const name of ['lirs', 'w-tinylfu']) expect(ratio(name)).toBeGreaterThan(33)
    expect(ratioOf(replayOptimum(trace, 100 * unitBytes))).toBeGreaterThan(39)
  })

  test('a scan does not push what is used often out of S3-FIFO and W-TinyLFU', () => {
    const access = (id: number, policies: readonly { access: (id: number, size: number) => boolean }[]) =>
      policies.map((policy) => policy.access(id, 1))
    const policies = [createS3Fifo(100, 5_000), createTinyLfu(100, 5_000, { climbs: false })]
    for (let round = 0; round < 10; round++) for (let id = 0; id < 50; id++) access(id, policies)
    for (let id = 1_000; id < 3_000; id++) access(id, policies)
    const kept = Array.from({ length: 50 }, (_, id) => access(id, policies))
    for (const index of policies.keys()) expect(kept.filter((hits) => hits[index]).length).toBeGreaterThan(40)
  })
})

describe('the phased trace', () => {
  const own = makePhases({ entries: 200, rounds: 2, requests: 5_000, seed: 3 })

  test('is the same for the same seed, and its phases cover it without a gap', () => {
    expect(makePhases({ entries: 200, rounds: 2, requests: 5_000, seed: 3 }).ids).toEqual(own.ids)
    expect(own.phases.map(({ start, end }) => [start, end])).toEqual([
      [0, 5_000],
      [5_000, 10_000],
      [10_000, 15_000],
      [15_000, 20_000],
    ])
    expect(own.ids.reduce((most, id) => Math.max(most, id), 0)).toBe(own.keyCount - 1)
  })

  test('has phases in which LRU is far behind and phases in which it is ahead', () => {
    const ratio = (name: string, index: number) =>
      ratioOf(replayPeer(peers[name]!, own, 200 * unitBytes), own.phases[index]?.start, own.phases[index]?.end)
    expect(ratio('lirs', 0) - ratio('lru', 0)).toBeGreaterThan(20)
    expect(ratio('lru', 3) - ratio('lirs', 3)).toBeGreaterThan(3)
  })

  test('is replayed through the shipped tier within the bytes it was given', () => {
    const replay = replayCairn(own, 200 * unitBytes)
    expect(replay.mostBytes).toBeLessThanOrEqual(200 * unitBytes)
    expect(replay.mostBytes).toBeGreaterThan(190 * unitBytes)
    expect(replay.hits.length).toBe(own.ids.length)
    expect(replay.policies[0]).toEqual({ name: 's3-fifo', at: 0 })
  })
})
