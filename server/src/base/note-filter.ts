import type { Condition } from '@cairn/contract'
import { isUnderTag } from '@cairn/contract/tables'
import { judgeNote, type NoteFacts } from './condition.ts'
import { everyPath, intersect, isInRanges, noPath, type PathRanges } from './path-ranges.ts'

/**
 * A compiled answer to “which notes of a vault may be used”. Made by `access`, cheap to send to a worker, tested before
 * top-k. What depends on the note alone is left to `admitsNote`; all else was decided when the filter was made.
 */
export type NoteFilter = { readonly kind: 'all' } | SomeNotes | AllowedByEvery

/** What all of them admit. */
interface AllowedByEvery {
  readonly kind: 'every'
  readonly of: readonly NoteFilter[]
}

export interface SomeNotes {
  readonly kind: 'some'
  /** What bounds leave of the vault. They look at where a note is, and not at where it was. */
  readonly within: PathRanges
  /** Paths that are allowed without more ado: what is denied by path is taken out already. */
  readonly allow: PathRanges
  /** Tags that allow, except at the paths that are `closed`: behind a barrier, or denied. */
  readonly allowTags: readonly string[]
  readonly closed: PathRanges
  /** Allowed if the conditions hold, on paths or on a tag. */
  readonly allowWhen: readonly ConditionalNotes[]
  /** Allowed as far as somebody else is allowed, who passed it on. */
  readonly delegated: readonly {
    readonly paths: PathRanges
    readonly tag: string | null
    readonly within: SomeNotes
  }[]
  readonly denyTags: readonly string[]
  /** Denied unless the conditions are known to fail. */
  readonly denyWhen: readonly ConditionalNotes[]
  /** Conditions of bounds: all must hold. */
  readonly must: readonly Condition[]
  /** Paths of emergency access, which denies do not close. */
  readonly breakGlass: PathRanges
}

/** Notes at some paths, or with a tag. */
interface ConditionalNotes {
  readonly paths: PathRanges
  readonly tag: string | null
  readonly when: readonly Condition[]
}

const nothing: SomeNotes = {
  kind: 'some',
  within: everyPath,
  allow: noPath,
  allowTags: [],
  closed: noPath,
  allowWhen: [],
  delegated: [],
  denyTags: [],
  denyWhen: [],
  must: [],
  breakGlass: noPath,
}

/** A filter that admits nothing but what is said. */
export function someNotes(parts: Partial<Omit<SomeNotes, 'kind'>>): SomeNotes {
  return { ...nothing, ...parts }
}

/** A filter that admits what both admit. */
export function bothFilters(one: NoteFilter, other: NoteFilter): NoteFilter {
  if (one.kind === 'all') return other
  if (other.kind === 'all' || JSON.stringify(one) === JSON.stringify(other)) return one
  return { kind: 'every', of: [one, other] }
}

/** Whether no note at all can be admitted, as far as can be told without the notes. */
export function isEmptyFilter(filter: NoteFilter): boolean {
  if (filter.kind === 'all') return false
  if (filter.kind === 'every') return filter.of.some(isEmptyFilter)
  const { within, allow, allowTags, allowWhen, delegated, breakGlass } = filter
  const isOutside = (paths: PathRanges) => intersect(paths, within).length === 0
  if (within.length === 0) return true
  return allowTags.length + allowWhen.length + delegated.length === 0 && isOutside(allow) && isOutside(breakGlass)
}

export interface JudgedNote extends NoteFacts {
  /** In the vault, NFC, with extension. */
  readonly path: string
}

/** Whether a note may be used. THE check of a filter: whoever shows, lists or ranks a note asks here. */
export function admitsNote(filter: NoteFilter, note: JudgedNote): boolean {
  if (filter.kind === 'all') return true
  if (filter.kind === 'every') return filter.of.every((each) => admitsNote(each, note))
  if (!isInRanges(filter.within, note.path)) return false
  if (filter.must.length > 0 && judgeNote(filter.must, note) !== true) return false
  if (!admitsAt(filter, note)) return false
  return note.places === undefined || note.places.every((path) => admitsAt(filter, { ...note, path }))
}

/** At one place, bounds apart. */
function admitsAt(filter: SomeNotes, note: JudgedNote): boolean {
  if (filter.breakGlass.length > 0 && isInRanges(filter.breakGlass, note.path)) return true
  if (filter.denyTags.some((tag) => hasTag(note.tags, tag))) return false
  if (filter.denyWhen.some((each) => concerns(each, note) && judgeNote(each.when, note) !== false)) return false
  return isInRanges(filter.allow, note.path) || isAllowedOtherwise(filter, note)
}

function isAllowedOtherwise({ allowTags, closed, allowWhen, delegated }: SomeNotes, note: JudgedNote): boolean {
  const isOpen = () => !isInRanges(closed, note.path)
  if (allowTags.some((tag) => hasTag(note.tags, tag)) && isOpen()) return true
  const reaches = (each: { paths: PathRanges; tag: string | null }) =>
    concerns(each, note) && (each.tag === null || isOpen())
  return (
    allowWhen.some((each) => reaches(each) && judgeNote(each.when, note) === true) ||
    delegated.some((each) => reaches(each) && admitsAt(each.within, note))
  )
}

function concerns({ paths, tag }: { paths: PathRanges; tag: string | null }, note: JudgedNote): boolean {
  return tag === null ? isInRanges(paths, note.path) : hasTag(note.tags, tag)
}

/** A nested tag counts for those above it: `project/tern` has `project`. */
export function hasTag(tags: readonly string[], asked: string): boolean {
  return tags.some((tag) => isUnderTag(tag, asked))
}
