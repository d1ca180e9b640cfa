/**
 * Changes of the stored index that the log of the cache has to hear of. They are written with the change, in the same
 * transaction, and deleted when the log has them: so a process that is killed in between leaves them to the next. A new
 * note is no change of anything that was answered before.
 */
import type { Statement } from '../../storage/index.ts'

/** More changed notes in one commit are announced as their vault. */
const mostNotes = 500

/** `paths`: of notes that were changed, moved (both paths) or deleted. None when there is nothing to announce. */
export function announceChanges(vault: string, seq: number, paths: ReadonlySet<string>): Statement[] {
  if (paths.size === 0) return []
  if (paths.size > mostNotes) return [announceWhole(vault, seq)]
  return [
    insert(
      vault,
      seq,
      [...paths].map((path) => `note:${vault}/${path}`),
    ),
  ]
}

/** Everything in the vault. */
export function announceWhole(vault: string, seq: number): Statement {
  return insert(vault, seq, [`vault:${vault}`])
}

/** A vault that is removed; its numbers may begin again. */
export function announceRemoved(vault: string): Statement {
  return announceWhole(vault, 0)
}

function insert(vault: string, seq: number, scopes: readonly string[]): Statement {
  return {
    text: `INSERT INTO index_announcements (vault, seq, scopes) VALUES (?, ?, ?)
      ON CONFLICT (vault, seq) DO UPDATE SET scopes = excluded.scopes`,
    params: [vault, seq, JSON.stringify(scopes)],
  }
}
