/** The notes that a question is asked of, as a filter. Together with that of the asker it can only narrow. */
import type { AskScope } from '@cairn/contract'
import { everyPath, folderRange, noPath, pathRange, someNotes, unite, type NoteFilter } from '../base/index.ts'

export function scopeFilter(scope: AskScope | undefined): NoteFilter {
  if (scope === undefined) return { kind: 'all' }
  const { notes = [], folders = [], tags } = scope
  const places = unite([
    ...notes.map((note) => pathRange(nfc(note))),
    ...folders.map((folder) => folderOf(nfc(folder))),
  ])
  return someNotes({
    // Where a note is now; a place that it had before is no matter of the question.
    within: notes.length + folders.length === 0 ? everyPath : places,
    allow: tags === undefined ? everyPath : noPath,
    allowTags: tags?.map((tag) => nfc(tag).replace(/^#/, '').toLowerCase()) ?? [],
  })
}

const nfc = (text: string): string => text.normalize('NFC')

/** `/` is the whole vault. */
function folderOf(path: string): ReturnType<typeof folderRange> {
  const folder = path.replace(/^\/+|\/+$/g, '')
  return folder === '' ? everyPath : folderRange(folder)
}
