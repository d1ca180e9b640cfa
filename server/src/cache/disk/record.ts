/**
 * A record in a segment: 20 bytes of head, the sealed bytes, zeros up to the next multiple of 16. The head lets a
 * reader see that the index led to what it meant, and lets whoever recycles a segment walk over it:
 * check (the other words xored), generation, length of the sealed bytes, tag, bucket (u32 each).
 */
import type { NameHash, Place } from './place.ts'

export const headBytes = 20
const magic = 0x4341_4952
const align = 16

export interface RecordHead extends NameHash {
  readonly generation: number
  readonly length: number
}

export const recordBytes = (length: number): number => Math.ceil((headBytes + length) / align) * align

export function writeRecord(target: Buffer, offset: number, head: RecordHead, sealed: Uint8Array): void {
  const { generation, length, tag, bucket } = head
  target.writeUInt32LE(checkOf(head), offset)
  target.writeUInt32LE(generation, offset + 4)
  target.writeUInt32LE(length, offset + 8)
  target.writeUInt32LE(tag, offset + 12)
  target.writeUInt32LE(bucket, offset + 16)
  target.set(sealed, offset + headBytes)
  target.fill(0, offset + headBytes + length, offset + recordBytes(length))
}

/** Null where no record begins. */
export function readHead(source: Buffer, offset: number): RecordHead | null {
  const head = {
    generation: source.readUInt32LE(offset + 4),
    length: source.readUInt32LE(offset + 8),
    tag: source.readUInt32LE(offset + 12),
    bucket: source.readUInt32LE(offset + 16),
  }
  return source.readUInt32LE(offset) === checkOf(head) ? head : null
}

/** Whether these bytes begin with the record that the index meant. */
export function isRecordAt(source: Buffer, { tag, bucket }: NameHash, { generation, length }: Place): boolean {
  return (
    source.readUInt32LE(4) === generation &&
    source.readUInt32LE(8) === length &&
    source.readUInt32LE(12) === tag &&
    source.readUInt32LE(16) === bucket
  )
}

function checkOf({ generation, length, tag, bucket }: RecordHead): number {
  return (magic ^ generation ^ length ^ tag ^ bucket) >>> 0
}
