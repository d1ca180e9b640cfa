/**
 * How sensitive a note is, and whether it may be sent at all, from its text as it stands in the editor. The server knows
 * more (labels that an edit took away stay in force there), so its word is asked for too and the higher of both counts.
 * Pure. Everything here errs towards keeping a note.
 */
import type { Label } from '@cairn/contract'
import { isExcluded, type Exclusions } from '../exclusions.ts'
import { frontMatterOf, tagsIn } from '../sync/note-tags.ts'

/** From what anybody may see to what hardly anybody may. */
const scale: readonly Label[] = ['public', 'internal', 'confidential', 'restricted']

export const rankOf = (label: Label): number => scale.indexOf(label)

export function higherLabel(a: Label, b: Label): Label {
  return rankOf(a) >= rankOf(b) ? a : b
}

/** A word that is no label counts as the highest. */
export function readLabel(word: unknown): Label {
  return scale.find((label) => label === word) ?? 'restricted'
}

export interface JudgedNote {
  readonly path: string
  readonly text: string
  /** As Obsidian has them, beside those that the text is seen to have. */
  readonly tags: readonly string[]
}

export type Judgement = { readonly refusal: string } | { readonly label: Label }

export function judgeNote(exclusions: Exclusions, { path, text, tags }: JudgedNote): Judgement {
  const own = tagsIn(text)
  const all = [...tags, ...(own ?? [])]
  const isKeptBack = isExcluded(exclusions, { path, tags: all }) || (own === null && exclusions.tags.length > 0)
  if (isKeptBack) return { refusal: 'This note is excluded under Privacy: nothing of it leaves this device.' }
  const front = frontMatterOf(text) ?? ''
  if (/^\s*["']?ai["']?\s*:\s*["']?(?:false|no|off)\b/im.test(front))
    return { refusal: 'This note says “ai: false”: no model may see it.' }
  if (own === null) return { label: 'restricted' }
  const said = /^\s*["']?sensitivity["']?\s*:[ \t]*(.*)$/im.exec(front)?.[1]?.replace(/\s+#.*$/, '') ?? ''
  const word = said.trim().replaceAll(/^["']|["']$/g, '')
  const named = new Set(all.map((tag) => tag.toLowerCase().replace(/^#/, '')))
  const tagged = scale.findLast((label) => label !== 'public' && named.has(label))
  return { label: higherLabel(word === '' ? 'internal' : readLabel(word.toLowerCase()), tagged ?? 'public') }
}
