/** Which notes never leave this device: what the settings under Privacy say, as a test for one note. Pure. */

export interface Exclusions {
  readonly folders: readonly string[]
  readonly tags: readonly string[]
}

/** `path` is relative to the vault; `tags` with or without `#`. Letters count the same in any case, as in Obsidian. */
export function isExcluded({ folders, tags }: Exclusions, note: { path: string; tags: readonly string[] }): boolean {
  const path = fold(note.path)
  if (path.split('/').some((part) => part.startsWith('.'))) return true
  if (folders.some((folder) => path.startsWith(`${fold(folder).replace(/\/$/, '')}/`))) return true
  const own = note.tags.map(nameOf)
  return tags.map(nameOf).some((tag) => own.some((each) => each === tag || each.startsWith(`${tag}/`)))
}

function nameOf(tag: string): string {
  return fold(tag).replace(/^#/, '')
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}
