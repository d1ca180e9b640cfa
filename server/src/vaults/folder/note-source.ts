/** Where the notes of a vault come from, as the indexer asks for them. */
import type { FolderWatch } from '../index/watch-folder.ts'
import { watchFolder } from '../index/watch-folder.ts'
import { readExclusions, type Exclusions } from './exclusions.ts'
import { canRead, listFolder, lookUpNote, readNoteFile, type Listing, type NoteFile } from './read-folder.ts'

export interface NoteSource {
  /** Whether it is there. One that is away says nothing about its notes. */
  canRead(): Promise<boolean>
  readExclusions(): Promise<Exclusions>
  /** All notes in the order of their paths, and what is none. */
  list(exclusions: Exclusions): Promise<Listing>
  /** One note by its canonical path; null when there is none, undefined when only a whole listing can tell. */
  lookUp(path: string, exclusions: Exclusions): Promise<NoteFile | null | undefined>
  read(file: NoteFile): Promise<{ text: string } | { problem: string }>
  /** Says which notes may have changed, or null when anything may have. */
  watch(onChange: (paths: string[] | null) => void): FolderWatch
}

/** `root` is a real path. */
export function folderSource(root: string): NoteSource {
  return {
    canRead: () => canRead(root),
    readExclusions: () => readExclusions(root),
    list: (exclusions) => listFolder(root, exclusions),
    lookUp: (path, exclusions) => lookUpNote(root, path, exclusions),
    read: (file) => readNoteFile(root, file),
    watch: (onChange) => watchFolder(root, onChange),
  }
}
