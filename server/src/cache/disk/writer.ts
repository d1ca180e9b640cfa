/**
 * Appends records to segments. A full segment is left and the oldest of the ring is recycled: what was read since it was
 * written moves on into the new one, up to half of it, and the rest is given up. That is first in, first out with
 * reinsertion (the main queue of S3-FIFO, SOSP ’23), with one mark for each entry.
 */
import { closeSync, fstatSync, ftruncate, read, write } from 'node:fs'
import { promisify } from 'node:util'
import type { Geometry } from './geometry.ts'
import type { IndexFile } from './index-file.ts'
import type { NameHash, Place } from './place.ts'
import { headBytes, readHead, recordBytes, writeRecord, type RecordHead } from './record.ts'
import type { Segment, Segments } from './segments.ts'

export interface Outgoing {
  readonly hash: NameHash
  readonly sealed: Uint8Array
}

export interface Writer {
  /** Most bytes of a batch, as `recordBytes` counts them. */
  readonly mostBytes: number
  /**
   * Resolves to where the records are now; the index does not lead there yet. Throws what the file system throws. One
   * call at a time.
   */
  append(batch: readonly Outgoing[]): Promise<Place[]>
  /** What was written is gone; the next record is the first. */
  restart(): void
  /** Entries that were given up for room. */
  evictions(): number
  close(): void
}

export interface WriterOptions {
  readonly geometry: Geometry
  readonly segments: Segments
  readonly index: IndexFile
}

interface Survivor extends Outgoing {
  readonly from: Place
}

const largestBatchBytes = 1_024 * 1_024
const largestRescueBytes = 16 * 1_024 * 1_024
const chunkBytes = 256 * 1_024

const writeAsync = promisify(write)
const readAsync = promisify(read)
const truncateAsync = promisify(ftruncate)

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createWriter({ geometry, segments, index }: WriterOptions): Writer {
  const mostBytes = geometry.segmentBytes / 2
  const mostRescued = Math.min(mostBytes, largestRescueBytes)
  let segment: Segment | null = null
  let position = 0
  let evictions = 0
  let scratch: Buffer = Buffer.alloc(0)

  const leave = (): void => {
    const left = segment
    segment = null
    if (left) closeSync(left.fd)
  }
  const sizeOf = (batch: readonly Outgoing[]): number =>
    batch.reduce((sum, { sealed }) => sum + recordBytes(sealed.length), 0)

  const writeHere = async ({ fd, generation }: Segment, batch: readonly Outgoing[]): Promise<Place[]> => {
    const bytes = sizeOf(batch)
    if (scratch.length < bytes) scratch = Buffer.allocUnsafe(Math.max(bytes, chunkBytes))
    const places: Place[] = []
    let at = 0
    for (const { hash, sealed } of batch) {
      const { length } = sealed
      writeRecord(scratch, at, { ...hash, generation, length }, sealed)
      places.push({ generation, offset: position + at, length })
      at += recordBytes(length)
    }
    const { bytesWritten } = await writeAsync(fd, scratch, 0, bytes, position)
    if (bytesWritten < bytes) throw Object.assign(new Error('a write was cut short'), { code: 'ENOSPC' })
    position += bytes
    if (scratch.length > largestBatchBytes) scratch = Buffer.alloc(0)
    return places
  }

  /** Which of the records in the old segment are still led to, and were read since. */
  const rescue = async (fd: number): Promise<Survivor[]> => {
    const survivors: Survivor[] = []
    let rescued = 0
    for await (const { head, at, load } of recordsOf(fd, geometry.segmentBytes)) {
      const found = index.find(head)
      if (found?.generation !== head.generation || found.offset !== at) continue
      const bytes = recordBytes(head.length)
      if (!found.isHot || rescued + bytes > mostRescued) {
        evictions++
        continue
      }
      rescued += bytes
      const { generation, length } = head
      survivors.push({ hash: head, sealed: await load(), from: { generation, offset: at, length } })
    }
    return survivors
  }

  const advance = async (): Promise<Segment> => {
    leave()
    const next = await segments.claim()
    segment = next
    position = 0
    const survivors = await rescue(next.fd)
    await truncateAsync(next.fd, 0)
    for (const batch of inBatches(survivors)) {
      const places = await writeHere(next, batch)
      batch.forEach(({ hash, from }, number) => index.move(hash, from, places[number] as Place))
    }
    return next
  }

  return {
    mostBytes,
    async append(batch) {
      const hasRoom = segment !== null && position + sizeOf(batch) <= geometry.segmentBytes
      const here = segment !== null && hasRoom && segments.isMine(segment) ? segment : await advance()
      return writeHere(here, batch)
    },
    restart() {
      position = 0
    },
    evictions: () => evictions,
    close: leave,
  }
}

function* inBatches(survivors: readonly Survivor[]): Generator<Survivor[]> {
  let batch: Survivor[] = []
  let bytes = 0
  for (const survivor of survivors) {
    const size = recordBytes(survivor.sealed.length)
    if (batch.length > 0 && bytes + size > chunkBytes) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(survivor)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

interface WalkedRecord {
  readonly head: RecordHead
  readonly at: number
  /** A copy of the sealed bytes. */
  readonly load: () => Promise<Uint8Array>
}

/** Walks over the records of a segment in chunks, and gives the thread back between them. Ends where none begins. */
async function* recordsOf(fd: number, segmentBytes: number): AsyncGenerator<WalkedRecord> {
  const size = Math.min(fstatSync(fd).size, segmentBytes)
  const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size))
  for (let at = 0; at + headBytes <= size;) {
    const { bytesRead } = await readAsync(fd, chunk, 0, Math.min(chunk.length, size - at), at)
    let next = 0
    while (next + headBytes <= bytesRead) {
      const head = readHead(chunk, next)
      const end = next + headBytes + (head?.length ?? 0)
      if (!head || at + end > size) return
      // The rest of it is in the next chunk, unless it is longer than any.
      if (end > bytesRead && next > 0) break
      const place = { head, at: at + next }
      const sealed = end > bytesRead ? null : chunk.subarray(next + headBytes, end)
      yield { ...place, load: async () => (sealed ? Buffer.from(sealed) : readWhole(fd, place.at, head.length)) }
      next += recordBytes(head.length)
    }
    if (next === 0) return
    at += next
  }
}

async function readWhole(fd: number, at: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length)
  await readAsync(fd, bytes, 0, length, at + headBytes)
  return bytes
}
