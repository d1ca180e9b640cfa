/** Reads cache traces of the formats in use into dense key numbers. What a file is, its name or `--format` says. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'

export interface Trace {
  readonly name: string
  /** One key number for each request, counted from 0 in order of first appearance. */
  readonly ids: Uint32Array
  readonly keyCount: number
  /** Bytes of each request's object; null where the trace has no sizes. */
  readonly sizes: Uint32Array | null
}

export const traceFormats = {
  blocks: 'JSON lines with `hash_ids`, one request for each block (Mooncake)',
  be32: 'big-endian 32-bit keys (cache2k)',
  be64: 'big-endian 64-bit keys (Corda, Scarab)',
  lines: 'one key a line',
  arc: 'lines of `start count …`, one request for each of the `count` blocks (ARC)',
  'oracle-general': 'libCacheSim: 24-byte little-endian records time u32, id u64, size u32, next i64',
} as const satisfies Record<string, string>

export type TraceFormat = keyof typeof traceFormats

/** Undefined when the name tells nothing. */
export function findFormat(path: string): TraceFormat | undefined {
  const name = basename(path)
    .toLowerCase()
    .replace(/\.(xz|gz|zst)$/u, '')
  if (name.includes('oraclegeneral')) return 'oracle-general'
  if (name.endsWith('.jsonl')) return 'blocks'
  if (name.endsWith('.lis') || name.endsWith('.arc')) return 'arc'
  if (/\.(txt|keys|csv)$/u.test(name)) return 'lines'
  if (/(64|scarab|vaultservice)/u.test(name)) return 'be64'
  if (/\.(trace|be32)$/u.test(name)) return 'be32'
  return undefined
}

/** At most `limit` requests. Throws when the format is unknown or the file is not of it. */
export function readTrace(path: string, options: { format?: TraceFormat; limit?: number } = {}): Trace {
  const format = options.format ?? findFormat(path)
  if (format === undefined)
    throw new Error(
      `${path}: its name tells no format. Name one with --format: ${Object.keys(traceFormats).join(', ')}.`,
    )
  return parseTrace(basename(path).replace(/\.[a-z0-9.]+$/iu, ''), unpack(path), format, options.limit ?? Infinity)
}

function unpack(path: string): Uint8Array {
  if (path.endsWith('.gz')) return gunzipSync(readFileSync(path))
  if (path.endsWith('.zst')) return Bun.zstdDecompressSync(readFileSync(path))
  if (!path.endsWith('.xz')) return readFileSync(path)
  const { exitCode, stdout, stderr } = Bun.spawnSync(['xz', '-dc', path])
  if (exitCode !== 0) throw new Error(`${path}: xz failed: ${stderr.toString().trim()}`)
  return stdout
}

export function parseTrace(name: string, data: Uint8Array, format: TraceFormat, limit = Infinity): Trace {
  const builder = createBuilder(name, limit)
  parsers[format](data, builder)
  if (builder.count() === 0) throw new Error(`${name}: no request in it; is it of the format ${format}?`)
  return builder.build()
}

type Key = number | bigint | string

interface Builder {
  /** False when enough has been read. */
  readonly add: (key: Key, size?: number) => boolean
  readonly count: () => number
  readonly build: () => Trace
}

function createBuilder(name: string, limit: number): Builder {
  const numbers = new Map<Key, number>()
  const ids: number[] = []
  const sizes: number[] = []
  return {
    add(key, size) {
      const id = numbers.get(key) ?? numbers.size
      if (id === numbers.size) numbers.set(key, id)
      ids.push(id)
      // An object of no bytes would cost nothing to keep.
      if (size !== undefined) sizes.push(Math.max(1, size))
      return ids.length < limit
    },
    count: () => ids.length,
    build: () => ({
      name,
      ids: Uint32Array.from(ids),
      keyCount: numbers.size,
      sizes: sizes.length === ids.length ? Uint32Array.from(sizes) : null,
    }),
  }
}

const parsers: Record<TraceFormat, (data: Uint8Array, builder: Builder) => void> = {
  blocks(data, { add }) {
    for (const line of linesOf(data)) {
      const { hash_ids: ids } = JSON.parse(line) as { hash_ids?: unknown }
      if (!Array.isArray(ids)) throw new Error(`no hash_ids in ${line.slice(0, 80)}`)
      for (const id of ids) if (!add(id as number)) return
    }
  },
  be32(data, { add }) {
    const view = viewOf(data, 4)
    for (let at = 0; at < view.byteLength; at += 4) if (!add(view.getUint32(at))) return
  },
  be64(data, { add }) {
    const view = viewOf(data, 8)
    for (let at = 0; at < view.byteLength; at += 8) if (!add(view.getBigUint64(at))) return
  },
  lines(data, { add }) {
    for (const line of linesOf(data)) if (!add(line)) return
  },
  arc(data, { add }) {
    for (const line of linesOf(data)) {
      const [start = NaN, count = NaN] = line.split(/\s+/u).map(Number)
      if (!Number.isSafeInteger(start) || !Number.isSafeInteger(count))
        throw new Error(`not start and count: ${line.slice(0, 80)}`)
      for (let key = start; key < start + count; key++) if (!add(key)) return
    }
  },
  'oracle-general'(data, { add }) {
    const view = viewOf(data, 24)
    for (let at = 0; at < view.byteLength; at += 24)
      if (!add(view.getBigUint64(at + 4, true), view.getUint32(at + 12, true))) return
  },
}

function viewOf(data: Uint8Array, recordBytes: number): DataView {
  if (data.length % recordBytes !== 0)
    throw new Error(`${data.length} bytes are not whole records of ${recordBytes} bytes`)
  return new DataView(data.buffer, data.byteOffset, data.byteLength)
}

function linesOf(data: Uint8Array): string[] {
  return new TextDecoder()
    .decode(data)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
