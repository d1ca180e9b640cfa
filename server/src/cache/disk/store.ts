/** The files of the disk tier, opened: the folder of this format and size, the index, the segments. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, statSync } from 'node:fs'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/index.ts'
import { folderName, folderPrefix, type Geometry } from './geometry.ts'
import { countEntries, createIndexFile, type IndexFile } from './index-file.ts'
import { openSegments, type Segments } from './segments.ts'
import { createWriter, type Writer } from './writer.ts'

export interface Store {
  readonly index: IndexFile
  readonly segments: Segments
  readonly writer: Writer
  /** Whether the index is still the file that others find under its name. */
  isIntact(): boolean
  /** Entries that can be there, counted in the whole index; gives the thread back now and then. */
  countEntries(): Promise<number>
  bytes(): number
  close(): void
}

const partBytes = 256 * 1_024

/**
 * Opens the files and makes what is missing. Folders that an earlier format or another size left are removed. Throws
 * what the file system throws.
 */
export async function openStore(directory: string, geometry: Geometry, clock: Clock): Promise<Store> {
  const name = folderName(geometry)
  const folder = join(directory, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const other of await readdir(directory))
    if (other.startsWith(folderPrefix) && other !== name) await rm(join(directory, other), { recursive: true })

  const path = join(folder, 'index')
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  const { ino, size } = fstatSync(fd)
  if (size !== geometry.indexBytes) ftruncateSync(fd, geometry.indexBytes)
  const index = createIndexFile(fd, geometry)
  const segments = openSegments(folder, geometry.slots, clock)
  const writer = createWriter({ geometry, segments, index })
  return {
    index,
    segments,
    writer,
    isIntact: () => statSync(path, { throwIfNoEntry: false })?.ino === ino,
    async countEntries() {
      const newest = segments.newest()
      const part = new Uint32Array(partBytes / 4)
      const file = await open(path, 'r')
      try {
        let entries = 0
        for (let at = 0; at < geometry.indexBytes;) {
          const { bytesRead } = await file.read(new Uint8Array(part.buffer), 0, partBytes, at)
          if (bytesRead === 0) break
          entries += countEntries(part.subarray(0, bytesRead / 4), newest - geometry.slots + 1, newest)
          at += bytesRead
        }
        return entries
      } finally {
        await file.close()
      }
    },
    bytes: () => geometry.indexBytes + segments.measure(),
    close() {
      writer.close()
      segments.close()
      closeSync(fd)
    },
  }
}
