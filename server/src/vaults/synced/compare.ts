/**
 * What has to happen so that the server has what the publisher has, and nothing is lost or comes back. The publisher’s
 * vault is the truth, as far as it has seen what the server has: `base` is the state it has seen, and what it wrote
 * itself it has seen anyway. What another device wrote since then is left as it is, and told as a conflict.
 *
 * | on the device | on the server | then |
 * |---|---|---|
 * | has it | never there | send it |
 * | has it | the same | nothing |
 * | has it | other, or deleted, and seen | send it |
 * | has an earlier version | changed or deleted since, unseen | conflict `behind`, `deleted` |
 * | has a version of its own | changed or deleted since, unseen | conflict `edited` |
 * | deleted it | there, and seen | delete it |
 * | deleted it | changed since, unseen | conflict `changed` |
 * | has it not | there, and seen | `gone`: to be confirmed |
 * | has it not | there, unseen | conflict `missing` |
 */
import type { SyncConflict } from '@cairn/contract'

/** A note as the server has it, or had it. */
export interface SyncedNote {
  readonly path: string
  readonly seq: number
  readonly isDeleted: boolean
  /** The last there was, also of a deleted note. */
  readonly version: string
  /** Versions before, latest last; the last ones only. */
  readonly earlier: readonly string[]
  /** Which device changed it last. */
  readonly device: string
}

export interface Viewer {
  readonly device: string
  readonly base: number
}

export type Verdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'need'; readonly match: string | null }
  | { readonly kind: 'delete'; readonly match: string }
  | { readonly kind: 'conflict'; readonly conflict: SyncConflict }

export const hasSeen = ({ device, base }: Viewer, note: Pick<SyncedNote, 'device' | 'seq'>): boolean =>
  note.device === device || note.seq <= base

/** The device has this version. */
export function compareHad(viewer: Viewer, path: string, version: string, note: SyncedNote | undefined): Verdict {
  if (note === undefined) return { kind: 'need', match: null }
  if (!note.isDeleted && note.version === version) return { kind: 'same' }
  const match = note.isDeleted ? null : note.version
  if (hasSeen(viewer, note)) return { kind: 'need', match }
  const isEarlier = note.earlier.includes(version) || note.version === version
  if (!isEarlier) return conflict(path, 'edited', match)
  return conflict(path, note.isDeleted ? 'deleted' : 'behind', match)
}

/** The device has deleted it. */
export function compareDeleted(viewer: Viewer, path: string, note: SyncedNote | undefined): Verdict {
  if (note === undefined || note.isDeleted) return { kind: 'same' }
  if (hasSeen(viewer, note)) return { kind: 'delete', match: note.version }
  return conflict(path, 'changed', note.version)
}

/** The server has it, and the device says nothing of it. */
export function compareMissing(viewer: Viewer, note: SyncedNote): 'gone' | SyncConflict {
  return hasSeen(viewer, note) ? 'gone' : { path: note.path, kind: 'missing', version: note.version }
}

function conflict(path: string, kind: SyncConflict['kind'], version: string | null): Verdict {
  return { kind: 'conflict', conflict: { path, kind, version } }
}
