import { labelRank, type Label } from '@cairn/contract'

/**
 * A compiled answer to “which notes may be used”. Made by `access`, cheap to send to a worker, tested before top-k.
 * `some`: a note counts when its path starts with one of `allow`, carries none of `denyTags`, and its label is at
 * most `highest`.
 */
export type NoteFilter =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'some'
      readonly allow: readonly string[]
      readonly denyTags: readonly string[]
      readonly highest: Label
    }

/** Whether a note may be used. THE check of a filter: whoever shows, lists or ranks a note asks here. */
export function admitsNote(
  filter: NoteFilter,
  { path, tags, label }: { readonly path: string; readonly tags: readonly string[]; readonly label: Label },
): boolean {
  if (filter.kind === 'all') return true
  if (labelRank(label) > labelRank(filter.highest)) return false
  if (!filter.allow.some((prefix) => path.startsWith(prefix))) return false
  return !filter.denyTags.some((tag) => hasTag(tags, tag))
}

/** A nested tag counts for those above it: `project/tern` has `project`. */
export function hasTag(tags: readonly string[], asked: string): boolean {
  return tags.some((tag) => tag === asked || tag.startsWith(`${asked}/`))
}
