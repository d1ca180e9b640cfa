/** How the disk tier divides what it may use: one index file and a ring of segments, all of fixed size. */

export interface Geometry {
  readonly buckets: number
  readonly indexBytes: number
  readonly slots: number
  readonly segmentBytes: number
}

const kibibyte = 1_024
const mebibyte = 1_024 * kibibyte

export const leastDiskBytes = 8 * mebibyte
const mostDiskBytes = 128 * 1_024 * mebibyte

export const entryBytes = 16
export const entriesPerBucket = 16
export const bucketBytes = entryBytes * entriesPerBucket

/** The index is made for values that take 512 bytes on disk; of smaller ones the oldest leave before their time. */
const indexShare = 1 / 32
const leastSegmentBytes = 512 * kibibyte
const mostSegmentBytes = 128 * mebibyte
/** For the folders themselves. */
const reservedBytes = 64 * kibibyte
const pageBytes = 4 * kibibyte

/** All files together never exceed `maxBytes`, which is taken as 8 MiB when it is less and as 128 GiB when it is more. */
export function planGeometry(maxBytes: number): Geometry {
  const usable = Math.min(mostDiskBytes, Math.max(leastDiskBytes, Math.floor(maxBytes))) - reservedBytes
  const indexBytes = roundDown(usable * indexShare, pageBytes)
  const segmentBytes = roundDown(Math.min(mostSegmentBytes, Math.max(leastSegmentBytes, usable / 64)), pageBytes)
  const slots = Math.floor((usable - indexBytes) / segmentBytes)
  return { buckets: indexBytes / bucketBytes, indexBytes, slots, segmentBytes }
}

/** Format and sizes stand in the name: files of another format or another size are never read. */
export function folderName({ indexBytes, slots, segmentBytes }: Geometry): string {
  return `${folderPrefix}1-${slots}x${segmentBytes}-${indexBytes}`
}

export const folderPrefix = 'segments-'

const roundDown = (value: number, unit: number): number => Math.floor(value / unit) * unit
