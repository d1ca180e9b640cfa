import type { Label } from '@cairn/contract'

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
