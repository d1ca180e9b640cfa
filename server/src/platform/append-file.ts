/** A private file that only grows, line by line, durable when a line’s promise resolves; and taken away as a whole. */
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const lastLineBytes = 64 * 1024

export interface LineFile {
  readonly path: string
  /** One line without its line break. Rejects with the system’s error; half a line may stand in the file then. */
  append(line: string): Promise<void>
  /** Bytes; 0 when there is none. */
  size(): Promise<number>
}

/** The file is made with the first line. */
export function openLineFile(path: string): LineFile {
  return {
    path,
    async append(line) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const file = await open(path, 'a', 0o600)
      try {
        await file.appendFile(`${line}\n`)
        await file.datasync()
      } finally {
        await file.close()
      }
    },
    size: () =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
  }
}

/** Sets a file aside under another name; false when there is none. */
export async function setAside(path: string, aside: string): Promise<boolean> {
  try {
    await rename(path, aside)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw thrown
  }
}

/** Its whole lines, at most 64 MiB; none when there is no file. The last one is left out when it was cut short. */
export async function readLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw thrown
  })
  return text.split('\n').slice(0, -1)
}

/** The last whole line of at most 64 KiB; null when there is none or no file. */
export async function readLastLine(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw thrown
  })
  if (file === null) return null
  try {
    const { size } = await file.stat()
    const length = Math.min(size, lastLineBytes)
    const bytes = Buffer.alloc(length)
    await file.read(bytes, 0, length, size - length)
    // After the last line break stands nothing, or a line that was cut short.
    return bytes.toString('utf8').split('\n').slice(0, -1).at(-1) ?? null
  } finally {
    await file.close()
  }
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

/** Whole paths of the files in a folder whose names end so, in order; none when there is no folder. */
export async function listFiles(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(folder).catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw thrown
  })
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name))
}
