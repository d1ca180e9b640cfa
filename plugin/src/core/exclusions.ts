/**
 * Which notes never leave this device: what the settings under Privacy say, as tests for one note. Pure. Everything here
 * errs towards keeping a note: letters count the same in any case, as in Obsidian, and a note whose tags cannot be told
 * for sure counts as having all of them.
 */

/** Canonical paths of folders, and tags with or without `#`; those below them are excluded too. */
export interface Exclusions {
  readonly folders: readonly string[]
  readonly tags: readonly string[]
}

export const fold = (text: string): string => text.normalize('NFC').toLowerCase()

export function excludesPath({ folders }: Pick<Exclusions, 'folders'>, path: string): boolean {
  if (folders.length === 0) return false
  const folded = fold(path)
  return folders.some((folder) => {
    const start = fold(folder).replace(/^\/+|\/+$/g, '')
    return start !== '' && folded.startsWith(`${start}/`)
  })
}

/** `of`: folded and without `#`, as `tagsIn` gives them. */
export function excludesTags({ tags }: Pick<Exclusions, 'tags'>, of: readonly string[] | null): boolean {
  const wanted = tags.map(nameOf).filter((tag) => tag !== '')
  if (of === null) return wanted.length > 0
  return of.some((tag) => wanted.some((each) => tag === each || tag.startsWith(`${each}/`)))
}

/** `path` is relative to the vault; `tags` with or without `#`. Nothing in a hidden folder is a note. */
export function isExcluded(exclusions: Exclusions, note: { path: string; tags: readonly string[] }): boolean {
  return (
    note.path.split('/').some((part) => part.startsWith('.')) ||
    excludesPath(exclusions, note.path) ||
    (exclusions.tags.length > 0 && excludesTags(exclusions, note.tags.map(nameOf)))
  )
}

function nameOf(tag: string): string {
  return fold(tag).replace(/^#/, '')
}
