/** What the rest of the server asks of `vaults`: passages for a question, notes for a reader, the state of each vault. */
import type { Label, NoteView, RelatedReply, SearchMode, SearchResult, VaultInfo } from '@cairn/contract'
import type { Held, OwnFacts } from './held/held-facts.ts'
import type { SyncedNotes } from './synced/synced-notes.ts'
import type { JudgedNote, NoteFacts, NoteFilter } from '../base/index.ts'
import type { Lock } from '../platform/index.ts'

/** A piece of a note that can enter a prompt and be cited: a citation without its number, with what ranking knows. */
export interface Passage {
  readonly vault: string
  readonly note: string
  readonly version: string
  readonly title: string
  readonly heading: string
  readonly start: number
  readonly end: number
  /** `text.slice(start, end)` of that version. */
  readonly quote: string
  readonly label: Label
  /** By which rules on notes judge it. */
  readonly facts: NoteFacts
  readonly score: number
  /** How good the note's match is, whatever the others are; about 0 to 2. */
  readonly strength: number
}

/** What the built-in answerer makes of a question and passages. */
export interface ExtractiveAnswer {
  /** How sure it is that the passages answer the question, 0 to 1. */
  confidence: number
  /** What the confidence was made from, by name; for measuring. */
  features: Readonly<Record<string, number>>
  /** The sentences to quote in reading order, each with the passage it stands in. */
  sentences: readonly { passage: Passage; start: number; end: number; quote: string; text: string }[]
}

export interface RetrieveRequest {
  query: string
  /** `query`: with filters and exact phrases, as typed into search. `plain`: a question, every word of it a word. */
  syntax: 'query' | 'plain'
  /** Words of the conversation before a follow-up question; they weigh less than the question's own. */
  context?: string
  /** Leave out notes that say `ai: false`. */
  forPrompt: boolean
  /** Vault ids with the compiled filter of the asker for each. */
  vaults: readonly { id: string; filter: NoteFilter }[]
  limit: number
  mode: SearchMode
  /** Share of the meaning score in the mix, 0 to 1; the shipped one when absent. */
  semanticWeight?: number
}

/** Grants the turn to index to one process of a deployment at a time. */
export interface IndexingTurn {
  /**
   * The turn, or null while another process has it. `onLost` is called when it is lost without being released: from
   * then on another may have it. Rejects when it cannot be asked for.
   */
  tryTake(onLost: () => void): Promise<Lock | null>
}

/** A place in the log of announced changes. Places in different epochs cannot be compared. */
export interface LogPosition {
  readonly epoch: string
  readonly seq: number
}

/** What is known of a note, and of which version. */
export interface StoredFacts extends NoteFacts {
  readonly version: string
}

/** A note of which more is in force than it says. */
export interface HeldNote {
  readonly vault: string
  readonly note: string
  readonly title: string
  readonly own: OwnFacts
  readonly held: Held
  /** By which rules judge it. */
  readonly judged: JudgedNote
  /** Changes with whatever is kept of the note. */
  readonly revision: number
}

export interface Vaults {
  list(): Promise<VaultInfo[]>
  /** The vault, or undefined. */
  find(id: string): VaultInfo | undefined
  add(options: { path: string; name?: string | undefined }): Promise<VaultInfo>
  /** A vault whose notes devices send. Throws `vault.sync-in-run`. */
  addSynced(name: string): Promise<VaultInfo>
  /** Notes of vaults that devices sync. */
  readonly synced: SyncedNotes
  /** Whether the stored index has none of these notes any more, within some seconds. */
  untilPruned(id: string, paths: readonly string[]): Promise<boolean>
  /** Throws `vault.not-found`. */
  remove(id: string): Promise<void>
  reindex(id: string): Promise<void>
  /** Calls back on every change of any vault’s state, at most every 250 ms; returns what stops it. */
  subscribe(listener: () => void): () => void
  listNotes(
    id: string,
    options: { after: string | null; limit: number; filter: NoteFilter },
  ): Promise<{
    notes: { note: string; title: string; version: string; tags: string[]; label: Label }[]
    next: string | null
  }>
  /** Throws `note.not-found`, also for a note the filter hides. */
  readNote(id: string, path: string, filter: NoteFilter): Promise<NoteView>
  /** What rules judge notes by, as it is stored now; a path without a note is not in the answer. */
  factsOf(id: string, paths: readonly string[]): Promise<ReadonlyMap<string, StoredFacts>>
  /** Of every note of the vault, for counting what a change of rules would change. */
  allFacts(id: string): Promise<JudgedNote[]>
  /** Which of these folders a note is in or below. */
  findFolders(id: string, folders: readonly string[]): Promise<ReadonlySet<string>>
  /** Notes that the filter admits and of which something is held against an edit, ordered by path. */
  listHeld(id: string, filter: NoteFilter, limit: number): Promise<HeldNote[]>
  /**
   * Lets go what is held of a note, and tells what that was: what is asked next goes by what it says. `seen`: the revision that was looked at, or
   * null. Throws `note.not-held`, `note.held-changed`, `index.not-ready`, `access.unconfirmed`.
   */
  releaseHeld(id: string, path: string, seen: number | null): Promise<Held>
  /**
   * Up to which announcement the searcher’s copy of the vault has every change. Ask before searching: what is found
   * then is at least as new.
   */
  logPosition(id: string): LogPosition
  /** Has the searcher apply what is stored of the vault. */
  follow(id: string): Promise<void>
  retrieve(request: RetrieveRequest, signal: AbortSignal): Promise<Passage[]>
  search(request: RetrieveRequest, signal: AbortSignal): Promise<SearchResult[]>
  /** Chooses the sentences of these passages that answer best. */
  quoteAnswer(
    question: { question: string; context?: string },
    passages: readonly Passage[],
    limit: number,
  ): Promise<ExtractiveAnswer>
  related(id: string, path: string, filter: NoteFilter, limit: number): Promise<RelatedReply>
  /** Whether this is the process of the deployment that indexes. */
  isIndexing(): boolean
  /** False while a thread that ended by a fault is not back. */
  isHealthy(): boolean
  close(): Promise<void>
}
