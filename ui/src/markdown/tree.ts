/** The tree that Markdown is read into. There is no node for HTML: what looks like a tag is text. */

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'em' | 'strike' | 'highlight'; readonly children: readonly Inline[] }
  | { readonly kind: 'link'; readonly url: string; readonly children: readonly Inline[] }
  | { readonly kind: 'wikilink'; readonly target: string; readonly text: string; readonly embed: boolean }
  | { readonly kind: 'image'; readonly alt: string }
  | { readonly kind: 'citation'; readonly n: number }
  | { readonly kind: 'break' }

export interface ListItem {
  /** Null when the item is not a task. */
  readonly checked: boolean | null
  readonly blocks: readonly Block[]
}

export type CellAlign = 'start' | 'center' | 'end'

export type Block =
  | { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly children: readonly Inline[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly start: number; readonly items: readonly ListItem[] }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | { readonly kind: 'callout'; readonly type: string; readonly title: string; readonly blocks: readonly Block[] }
  | {
      readonly kind: 'table'
      readonly align: readonly CellAlign[]
      readonly head: readonly (readonly Inline[])[]
      readonly rows: readonly (readonly (readonly Inline[])[])[]
    }
  | { readonly kind: 'rule' }

/** What hostile input may cost at most. */
export const markdownLimits = {
  /** Longer input is cut here. */
  chars: 100_000,
  /** Deeper nesting becomes plain text. */
  depth: 8,
  /** After so many nodes the rest becomes plain text. */
  nodes: 10_000,
} as const

/** Counts down over a whole document. */
export interface NodeBudget {
  left: number
  /** The text is still coming: bold that has begun is shown bold. */
  readonly partial: boolean
}
