/**
 * A vault's files on disk. Paths are canonical: relative to the vault, `/` between names, NFC, case as on disk.
 * Symbolic links are never followed, so nothing outside the vault is ever read; a file is opened without following a
 * link put in its place after it was listed, and its real path is checked once it is open.
 */
import { constants, type Stats } from 'node:fs'
import { lstat, open, readdir, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import type { Exclusions } from './exclusions.ts'

export interface NoteFile {
  /** Canonical path. */
  path: string
  /** Path as on disk, for opening. */
  file: string
  size: number
  mtimeMs: number
  /** Names the file across renames on one disk. */
  inode: string
}

export interface Problem {
  path: string
  reason: string
}

export interface Listing {
  notes: NoteFile[]
  problems: Problem[]
}

export const largestNote = 10 * 1_024 * 1_024
const deepest = 64
const mostNotes = 500_000
const longestPath = 1_000

interface Folder {
  /** As on disk, for reading. */
  file: string
  /** Canonical, empty or ending with `/`. */
  path: string
  depth: number
}

/** Lists the notes below a vault’s root, in the order of their paths. Never throws for a part that cannot be read. */
export async function listFolder(root: string, exclusions: Exclusions): Promise<Listing> {
  const listing: Listing = { notes: [], problems: [] }
  const taken = new Set<string>()
  const pending: Folder[] = [{ file: root, path: '', depth: 0 }]
  while (pending.length > 0) {
    const folder = pending.pop() as Folder
    const names = await readNames(folder.file)
    if (names === null) listing.problems.push({ path: folder.path || '/', reason: 'the folder cannot be read' })
    for (const name of names?.toSorted() ?? []) {
      const found = await look(folder, name, { exclusions, taken, count: listing.notes.length })
      if (found === null) continue
      if ('reason' in found) listing.problems.push(found)
      else if ('depth' in found) pending.push(found)
      else {
        taken.add(found.path)
        listing.notes.push(found)
      }
    }
  }
  listing.notes.sort((a, b) => (a.path < b.path ? -1 : 1))
  return listing
}

/** What stands under a name: a folder to go into, a note, something to report, or nothing that matters. */
async function look(
  folder: Folder,
  name: string,
  { exclusions, taken, count }: { exclusions: Exclusions; taken: ReadonlySet<string>; count: number },
): Promise<Folder | NoteFile | Problem | null> {
  const path = `${folder.path}${name.normalize('NFC')}`
  const file = join(folder.file, name)
  const found = await lstat(file).catch(() => null)
  if (exclusions.excludes(found?.isDirectory() ? `${path}/` : path)) return null
  if (!found) return { path, reason: 'the name cannot be read' }
  if (found.isSymbolicLink()) return { path, reason: 'a symbolic link; links are not followed' }
  if (found.isDirectory()) {
    if (folder.depth >= deepest) return { path, reason: `deeper than ${deepest} folders` }
    return { file, path: `${path}/`, depth: folder.depth + 1 }
  }
  if (!isNote(name)) return null
  const reason = refuse(path, { size: found.size, regular: found.isFile(), taken: taken.has(path), count })
  return reason === null ? toNoteFile(path, file, found) : { path, reason }
}

function toNoteFile(path: string, file: string, { size, mtimeMs, dev, ino }: Stats): NoteFile {
  return { path, file, size, mtimeMs: Math.floor(mtimeMs), inode: `${dev}:${ino}` }
}

/**
 * One note by its canonical path: its file, null when there is none, undefined when only a whole listing can tell.
 */
export async function lookUpNote(
  root: string,
  path: string,
  exclusions: Exclusions,
): Promise<NoteFile | null | undefined> {
  if (exclusions.excludes(path)) return null
  const file = join(root, path)
  const found = await lstat(file).catch(() => null)
  if (!found) return null
  const folder = await realpath(dirname(file)).catch(() => null)
  if (!found.isFile() || found.size > largestNote || path.length > longestPath || folder !== dirname(file))
    return undefined
  return toNoteFile(path, file, found)
}

function isNote(name: string): boolean {
  return /\.md$/i.test(name)
}

function refuse(
  path: string,
  { size, regular, taken, count }: { size: number; regular: boolean; taken: boolean; count: number },
): string | null {
  if (!regular) return 'not a regular file'
  if (taken) return 'another file has the same name in another Unicode form'
  if (size > largestNote) return `larger than ${largestNote / 1_048_576} MB`
  if (path.length > longestPath) return `its path is longer than ${longestPath} characters`
  return count >= mostNotes ? `the vault has more than ${mostNotes} notes` : null
}

/** Whether the folder is there to be listed. One that is not (unplugged, unmounted) says nothing about its notes. */
export async function canRead(root: string): Promise<boolean> {
  return (await readNames(root)) !== null
}

async function readNames(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder)
  } catch {
    return null
  }
}

/** The text of a note, or why it cannot be had. The byte order mark stays: offsets count it. */
export async function readNoteFile(
  root: string,
  { file }: Pick<NoteFile, 'file'>,
): Promise<{ text: string } | { problem: string }> {
  let handle
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    return {
      problem: code === 'ELOOP' ? 'a symbolic link; links are not followed' : `cannot be opened (${code ?? 'error'})`,
    }
  }
  try {
    const status = await handle.stat()
    if (!status.isFile()) return { problem: 'not a regular file' }
    if (status.size > largestNote) return { problem: `larger than ${largestNote / 1_048_576} MB` }
    const real = await realpath(dirname(file))
    if (real !== root && !real.startsWith(root + sep)) return { problem: 'outside the vault' }
    return decode(await handle.readFile())
  } catch (thrown) {
    return { problem: `cannot be read (${(thrown as NodeJS.ErrnoException).code ?? 'error'})` }
  } finally {
    await handle.close()
  }
}

function decode(bytes: Uint8Array): { text: string } | { problem: string } {
  if (bytes.length > largestNote) return { problem: `larger than ${largestNote / 1_048_576} MB` }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\0') ? { problem: 'not text (it holds zero bytes)' } : { text }
  } catch {
    return { problem: 'not UTF-8 text' }
  }
}
