/** What keeping a vault on the server needs of the world around it. */
import type { NotesWrite, NotesWritten, SyncConflict, SyncReply, SyncRequest } from '@cairn/contract'
import type { Exclusions } from '../exclusions.ts'

export interface LocalNote {
  /** As the device names it. */
  readonly path: string
  readonly mtimeMs: number
  /** Bytes. */
  readonly size: number
}

export interface LocalVault {
  /** All Markdown notes, without reading one. */
  list(): readonly LocalNote[]
  /** Null when it is gone. */
  read(path: string): Promise<string | null>
}

/** Rejects with a `SyncFailure`. */
export interface SyncTransport {
  compare(request: SyncRequest): Promise<SyncReply>
  write(request: NotesWrite): Promise<NotesWritten>
}

/** `code` is that of the server’s table, or `unreachable` when no answer came. */
export class SyncFailure extends Error {
  override readonly name = 'SyncFailure'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** What is known of a note without reading it again. Losing it costs time and nothing else. */
export interface KnownNote {
  readonly mtimeMs: number
  readonly size: number
  readonly version: string
  /** Small letters, without `#`; null when they cannot be told, so that the note counts as having every tag. */
  readonly tags: readonly string[] | null
  /** The server had it when it was last heard of. */
  readonly isSent: boolean
}

/** On the device, outside the settings: IndexedDB. By canonical path. */
export interface KnownNotes {
  get(path: string): Promise<KnownNote | null>
  put(path: string, note: KnownNote): Promise<void>
  delete(path: string): Promise<void>
}

/** All that has to outlast the program, on the device alone: a few dozen bytes. */
export interface SyncState {
  /** Random, 16 to 40 small letters and digits; another one is another device to the server. */
  readonly device: string
  /** State of the vault on the server at the end of the last whole pass without a conflict; 0 before. */
  readonly base: number
  /** Of the list of notes then, and of what was excluded; what is the same needs no pass. */
  readonly fingerprint: string
}

export interface SyncStateStore {
  load(): Promise<SyncState>
  save(state: SyncState): Promise<void>
}

export interface SyncProgress {
  readonly phase: 'comparing' | 'sending' | 'deleting'
  readonly done: number
  readonly total: number
}

export interface SyncParts {
  readonly vault: LocalVault
  readonly transport: SyncTransport
  readonly known: KnownNotes
  readonly state: SyncStateStore
  readonly exclusions: () => Exclusions
  /** SHA-256 of a text in UTF-8, in hexadecimal digits. */
  readonly hash: (text: string) => Promise<string>
  readonly deviceName: string
  readonly onProgress?: (progress: SyncProgress) => void
}

/** A note that stays on the device, and why. */
export interface SyncProblem {
  readonly path: string
  readonly reason: string
}

export type SyncOutcome =
  /** The server has what the device has, but for `conflicts` and `problems`. */
  | { readonly kind: 'done'; readonly conflicts: readonly SyncConflict[]; readonly problems: readonly SyncProblem[] }
  /** Another device publishes; this one says how it differs, and changes nothing. */
  | { readonly kind: 'follower'; readonly publisher: SyncReply['publisher']; readonly drift: Drift }
  /** So many notes would be deleted on the server that a person should say so. Everything else is done. */
  | { readonly kind: 'ask-deletions'; readonly count: number; readonly of: number }
  | { readonly kind: 'offline' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export interface Drift {
  /** Notes that the publisher has in another version, or not at all. */
  readonly differing: number
  /** Notes that only the publisher has. */
  readonly missing: number
}
