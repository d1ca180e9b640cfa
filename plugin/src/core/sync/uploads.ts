/** Sends notes in batches of bounded size. The last look at what is excluded is here, at the very text that is sent. */
import type { NotesWrite, SyncConflict } from '@cairn/contract'
import { countBytes } from '@cairn/contract/tables'
import { excludesPath, excludesTags } from '../exclusions.ts'
import { tagsIn } from './note-tags.ts'
import { listNotes, type Local, type SyncNotes } from './sync-notes.ts'
import type { SyncParts, SyncProblem } from './types.ts'

export const batchLimits = { notes: 100, characters: 2_000_000, noteBytes: 10 * 1_024 * 1_024 } as const

export interface Upload {
  readonly path: string
  readonly match: string | null
}

export interface Sent {
  readonly conflicts: SyncConflict[]
  readonly problems: SyncProblem[]
  /** They are excluded by what they say now, and the server has them. */
  readonly excluded: string[]
  /** When their turn came they were gone, or there again: the next round looks at them anew. */
  readonly overtaken: string[]
  /** State of the vault after the last batch; null when none was sent. */
  seq: number | null
}

export async function sendNotes(
  parts: SyncParts,
  device: string,
  notes: SyncNotes,
  { uploads, deletions }: { readonly uploads: readonly Upload[]; readonly deletions: NotesWrite['deleted'] },
  onSent: (count: number) => void,
): Promise<Sent> {
  const sent: Sent = { conflicts: [], problems: [], excluded: [], overtaken: [], seq: null }
  let batch: NotesWrite['notes'] = []
  let characters = 0
  // With the first batch, so that a renamed note changes its name in one step.
  let rest = [...deletions]
  async function flush(): Promise<void> {
    const now = rest.length === 0 ? notes : listNotes(parts)
    const due = rest.splice(0, batchLimits.notes)
    const deleted = due.filter(({ path }) => now.find(path) === undefined)
    for (const { path } of due) if (now.find(path) !== undefined) sent.overtaken.push(path)
    if (batch.length + deleted.length === 0) return
    const written = await parts.transport.write({ device, notes: batch, deleted })
    sent.conflicts.push(...written.conflicts)
    sent.seq = written.seq
    for (const { path, version } of written.stored) await notes.remember(path, { version, isSent: true })
    for (const path of written.deleted) await parts.known.delete(path)
    onSent(batch.length)
    batch = []
    characters = 0
  }
  for (const { path, match } of uploads) {
    const local = notes.find(path)
    const text = local === undefined ? null : await notes.read(local)
    if (local === undefined || text === null) sent.overtaken.push(path)
    else if (excludes(parts, local, text)) {
      if (match !== null) sent.excluded.push(path)
    } else if (findFault(text) !== null) sent.problems.push({ path, reason: findFault(text) ?? '' })
    else {
      if (batch.length >= batchLimits.notes || characters + text.length > batchLimits.characters) await flush()
      batch.push({ path, match, text, mtime: Math.max(0, Math.floor(local.mtimeMs)) })
      characters += text.length
    }
  }
  do await flush()
  while (rest.length > 0)
  return sent
}

function excludes({ exclusions }: SyncParts, { path }: Local, text: string): boolean {
  const now = exclusions()
  return excludesPath(now, path) || excludesTags(now, tagsIn(text))
}

function findFault(text: string): string | null {
  if (text.includes('\0')) return 'it is not text (it holds zero bytes)'
  return countBytes(text) > batchLimits.noteBytes ? `it is larger than ${batchLimits.noteBytes / 1_048_576} MB` : null
}
