/**
 * Files one after the other, as any `tar` reads them: POSIX.1-1988 ustar with what our archives need, short names and
 * sizes below 8 GiB. Nothing in the headers changes from one writing to the next, so the same files make the same bytes.
 */
const blockBytes = 512
const mostNameBytes = 100
const mostFileBytes = 256 * 1024 * 1024

export interface TarFile {
  readonly name: string
  readonly content: Uint8Array
}

/** Throws `RangeError` for a name of more than 100 bytes. */
export function* writeTarFile({ name, content }: TarFile): Iterable<Uint8Array> {
  const header = new Uint8Array(blockBytes)
  const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at)
  if (Buffer.byteLength(name) > mostNameBytes) throw new RangeError('the name is too long for a tar file')
  put(name, 0)
  put('0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  put('00000000000\0', 136)
  put('        ', 148)
  put('0', 156)
  put('ustar\u000000', 257)
  put(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148)
  yield header
  yield content
  const rest = content.length % blockBytes
  if (rest > 0) yield new Uint8Array(blockBytes - rest)
}

export function endTar(): Uint8Array {
  return new Uint8Array(2 * blockBytes)
}

/** With the field of the checksum itself as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0)
}

/** Throws `TypeError` for bytes that are no such file, or end in the middle of one. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncIterable<TarFile> {
  const bytes = createReader(source)
  for (;;) {
    const header = await bytes.take(blockBytes)
    if (header === null || header.every((byte) => byte === 0)) return
    const textAt = (at: number, length: number) =>
      Buffer.from(header.subarray(at, at + length))
        .toString('utf8')
        .replace(/\0.*$/s, '')
    const size = octal(textAt(124, 12))
    if (size === null || size > mostFileBytes || octal(textAt(148, 8).trim()) !== checksum(header))
      throw new TypeError('this is no archive of the audit log')
    const content = await bytes.take(size)
    const rest = size % blockBytes
    if (content === null || (rest > 0 && (await bytes.take(blockBytes - rest)) === null))
      throw new TypeError('the archive ends in the middle of a file')
    if (textAt(156, 1) === '0') yield { name: textAt(0, mostNameBytes), content }
  }
}

function octal(text: string): number | null {
  return /^[0-7]{1,11}$/.test(text.trim()) ? Number.parseInt(text.trim(), 8) : null
}

function createReader(source: AsyncIterable<Uint8Array>): { take(count: number): Promise<Uint8Array | null> } {
  const chunks = source[Symbol.asyncIterator]()
  let kept: Uint8Array[] = []
  let length = 0
  return {
    async take(count) {
      while (length < count) {
        const next = await chunks.next()
        if (next.done === true) return null
        kept.push(next.value)
        length += next.value.length
      }
      const joined = Buffer.concat(kept)
      kept = [joined.subarray(count)]
      length = joined.length - count
      return joined.subarray(0, count)
    },
  }
}
