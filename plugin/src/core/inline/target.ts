/** The passage of a note that is to be rewritten, as the panel sees it. Types only. */
import type { Label } from '@cairn/contract'
import type { Reply } from '@cairn/ui/client'

/** The note around the passage; or that the passage is not there as it was, or that the note is not open any more. */
export type Place = { readonly before: string; readonly after: string } | 'changed' | 'closed'

export interface RewriteTarget {
  readonly passage: string
  /** As the note's own text says it. */
  readonly ownLabel: Label
  /** What the server holds the note to be; null when it does not know the note. */
  readonly serverLabel: () => Promise<Reply<Label | null>>
  /** Where the passage stands now. */
  readonly place: () => Place
  /** In one step for undo; false, and nothing done, when the passage is not there as it was. */
  readonly replace: (text: string) => boolean
}
