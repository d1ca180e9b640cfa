/**
 * What lies directly in a folder, from the list of notes in the order of paths: after the first note of a subfolder the
 * list is asked on behind that subfolder, so a folder of a hundred thousand notes costs as many calls as it has parts.
 */
import type { Failure } from '../api/failure.ts'
import { listNotesAfter } from './access-api.ts'

export interface Children {
  /** Names. */
  readonly folders: readonly string[]
  readonly notes: readonly { readonly name: string; readonly tags: readonly string[] }[]
  /** Where to ask on; null at the end. */
  readonly next: string | null
}

type Page = Awaited<ReturnType<typeof listNotesAfter>>

export interface ChildrenQuestion {
  readonly vault: string
  /** In the vault, without a slash at its end; empty for the vault itself. */
  readonly path: string
  readonly after: string | null
  readonly most: number
}

/** Notes of one call. */
const pageSize = 100

/** Gives a failure, or at least one part more, up to about `most`. `list` is the server’s list of notes. */
export async function readChildren(
  { vault, path, after, most }: ChildrenQuestion,
  list: (vault: string, after: string, limit: number) => Promise<Page> = listNotesAfter,
): Promise<{ readonly children: Children } | { readonly failure: Failure }> {
  const prefix = path === '' ? '' : `${path}/`
  const folders: string[] = []
  const notes: { name: string; tags: readonly string[] }[] = []
  let from = after ?? prefix
  for (;;) {
    const reply = await list(vault, from, pageSize)
    if (!reply.ok) return { failure: reply.failure }
    const step = takePage(reply.value, prefix, { folders, notes })
    if (step === null) return { children: { folders, notes, next: null } }
    from = step
    if (folders.length + notes.length >= most) return { children: { folders, notes, next: from } }
  }
}

interface Taken {
  readonly folders: string[]
  readonly notes: { name: string; tags: readonly string[] }[]
}

/** Gives where to go on; null when what begins with the prefix is over. */
function takePage(
  page: { readonly notes: readonly { note: string; tags: readonly string[] }[]; readonly next: string | null },
  prefix: string,
  { folders, notes }: Taken,
): string | null {
  for (const { note, tags } of page.notes) {
    if (!note.startsWith(prefix)) return null
    const rest = note.slice(prefix.length)
    const slash = rest.indexOf('/')
    if (slash < 0) notes.push({ name: rest, tags })
    else {
      const folder = rest.slice(0, slash)
      if (folders.at(-1) !== folder) folders.push(folder)
    }
  }
  const last = page.notes.at(-1)?.note
  if (page.next === null || last === undefined) return null
  const slash = last.indexOf('/', prefix.length)
  return slash < 0 ? page.next : behind(last.slice(0, slash))
}

/** The least text that comes after everything in the folder: `0` is what follows `/`. */
function behind(folder: string): string {
  return `${folder}0`
}
