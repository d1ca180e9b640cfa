/**
 * Links between the notes of a vault, resolved as Obsidian does: a path, or a name that only one note (or the nearest
 * to the root) has, or an alias; case does not matter.
 */

interface Linked {
  path: string
  aliases: readonly string[]
  targets: readonly string[]
}

export class LinkGraph {
  readonly #notes = new Map<string, Linked>()
  /** Lower-case path without extension, and last name alone, to note ids. */
  readonly #byPath = new Map<string, string>()
  readonly #byName = new Map<string, Set<string>>()
  /** Last name of a target to the notes that link so: what backlinks are found by. */
  readonly #sources = new Map<string, Set<string>>()

  put(noteId: string, note: Linked): void {
    this.remove(noteId)
    this.#notes.set(noteId, note)
    this.#byPath.set(key(note.path), noteId)
    for (const name of names(note)) add(this.#byName, name, noteId)
    for (const target of note.targets) add(this.#sources, lastName(key(target)), noteId)
  }

  remove(noteId: string): void {
    const note = this.#notes.get(noteId)
    if (!note) return
    this.#notes.delete(noteId)
    if (this.#byPath.get(key(note.path)) === noteId) this.#byPath.delete(key(note.path))
    for (const name of names(note)) this.#byName.get(name)?.delete(noteId)
    for (const target of note.targets) this.#sources.get(lastName(key(target)))?.delete(noteId)
  }

  /** The note at a canonical path. */
  findByPath(path: string): string | undefined {
    const noteId = this.#byPath.get(key(path))
    return noteId !== undefined && this.#notes.get(noteId)?.path === path ? noteId : undefined
  }

  pathOf(noteId: string): string | undefined {
    return this.#notes.get(noteId)?.path
  }

  /** Ids of the notes that a note links to, each once, in the order of the text. */
  linksFrom(noteId: string): string[] {
    const note = this.#notes.get(noteId)
    if (!note) return []
    const found = note.targets
      .map((target) => this.#resolve(target, note.path))
      .filter((id) => id !== undefined && id !== noteId)
    return [...new Set(found as string[])]
  }

  /** Ids of the notes that link to a note. */
  linksTo(noteId: string): string[] {
    const note = this.#notes.get(noteId)
    if (!note) return []
    const candidates = new Set<string>()
    for (const name of names(note)) for (const source of this.#sources.get(name) ?? []) candidates.add(source)
    return [...candidates].filter((source) => source !== noteId && this.linksFrom(source).includes(noteId))
  }

  #resolve(target: string, from: string): string | undefined {
    const asked = key(target)
    const exact = this.#byPath.get(asked) ?? this.#byPath.get(key(join(from, target)))
    if (exact !== undefined) return exact
    let best: string | undefined
    for (const noteId of this.#byName.get(lastName(asked)) ?? []) {
      const path = key(this.#notes.get(noteId)?.path ?? '')
      const byPath = path === asked || path.endsWith(`/${asked}`)
      if (!byPath && asked.includes('/')) continue
      if (best === undefined || path.length < key(this.#notes.get(best)?.path ?? '').length) best = noteId
    }
    return best
  }
}

function key(path: string): string {
  return path
    .replace(/^\.?\//, '')
    .replace(/\/$/, '')
    .replace(/\.md$/i, '')
    .toLowerCase()
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function names({ path, aliases }: Linked): string[] {
  return [...new Set([lastName(key(path)), ...aliases.map((alias) => alias.toLowerCase())])]
}

/** A relative target (`../Travel`) seen from the folder of a note. */
function join(from: string, target: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

function add(map: Map<string, Set<string>>, name: string, noteId: string): void {
  const set = map.get(name)
  if (set) set.add(noteId)
  else map.set(name, new Set([noteId]))
}
