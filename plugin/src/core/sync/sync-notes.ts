/** The notes of the device as the server is told of them: by canonical path, with the version of each. */
import { comparePaths, findPathFault } from '@cairn/contract/tables'
import { excludesPath } from '../exclusions.ts'
import { tagsIn } from './note-tags.ts'
import type { KnownNote, LocalNote, SyncParts, SyncProblem } from './types.ts'

export interface Local {
  /** Canonical: NFC. */
  readonly path: string
  /** As the device names it. */
  readonly file: string
  readonly mtimeMs: number
  readonly size: number
}

export type Described = Pick<KnownNote, 'version' | 'tags' | 'isSent'>

export interface SyncNotes {
  /** In the order of the server; without those in excluded folders and those whose path cannot be synced. */
  readonly all: readonly Local[]
  /** In excluded folders, by canonical path. */
  readonly excluded: ReadonlySet<string>
  readonly problems: readonly SyncProblem[]
  find(path: string): Local | undefined
  read(local: Local): Promise<string | null>
  /** Reads the note unless it is known; null when it is gone. */
  describe(local: Local): Promise<Described | null>
  remember(path: string, said: Pick<KnownNote, 'version' | 'isSent'>): Promise<void>
  /** Changes when a note of the list does. */
  fingerprint(): Promise<string>
}

export const versionDigits = 32

export function listNotes({ vault, known, hash, exclusions }: SyncParts): SyncNotes {
  const now = exclusions()
  const problems: SyncProblem[] = []
  const excluded = new Set<string>()
  const byPath = new Map<string, Local>()
  for (const { path: file, mtimeMs, size } of vault.list()) {
    const path = file.normalize('NFC')
    if (excludesPath(now, path)) excluded.add(path)
    else if (byPath.has(path)) problems.push({ path, reason: 'another file has the same name in another Unicode form' })
    else {
      const fault = findPathFault(path)
      if (fault === null) byPath.set(path, { path, file, mtimeMs, size })
      else problems.push({ path, reason: `its path ${fault}` })
    }
  }
  const all = [...byPath.values()].toSorted((a, b) => comparePaths(a.path, b.path))

  async function take(local: Local, text: string): Promise<Described> {
    const version = (await hash(text.toWellFormed())).slice(0, versionDigits)
    const before = await known.get(local.path)
    const note = { version, tags: tagsIn(text), isSent: before?.isSent === true }
    await known.put(local.path, { ...note, mtimeMs: local.mtimeMs, size: local.size })
    return note
  }

  return {
    all,
    excluded,
    problems,
    find: (path) => byPath.get(path),
    read: ({ file }) => vault.read(file),
    async describe(local) {
      const found = await known.get(local.path)
      if (found !== null && isSame(found, local)) return found
      const text = await vault.read(local.file)
      return text === null ? null : take(local, text)
    },
    async remember(path, said) {
      const found = await known.get(path)
      if (found === null || (found.version === said.version && found.isSent === said.isSent)) return
      await known.put(path, { ...found, ...said })
    },
    fingerprint: () =>
      hash(JSON.stringify([now, all.map(({ path, mtimeMs, size }) => [path, mtimeMs, size])])).then((text) =>
        text.slice(0, versionDigits),
      ),
  }
}

const isSame = (known: KnownNote, { mtimeMs, size }: Pick<LocalNote, 'mtimeMs' | 'size'>): boolean =>
  known.mtimeMs === mtimeMs && known.size === size
