/**
 * What the views need of the app around them, as interfaces. `plugin/src/obsidian` makes them of Obsidian; a view never
 * knows who did. Types only.
 */
import type { AskDryRun, AskReply, AskRequest, Citation, ModelInfo, RelatedReply, SyncConflict } from '@cairn/contract'
import type { Conversation, Reply } from '@cairn/ui/client'
import type { Store } from '@cairn/ui/plain-store'
import type { Connection } from './connection/connection.ts'
import type { FiguresPort } from './dashboard/figures.ts'
import type { WaitingQuestion } from './offline-queue.ts'
import type { RecentAnswer } from './recent-answers.ts'
import type { Settings } from './settings/settings-store.ts'
import type { SyncChoice, SyncReport } from './sync/report.ts'

export interface DevicePort {
  readonly isMobile: boolean
  /** Keys are shown and read as on a Mac, an iPhone or an iPad. */
  readonly isApple: boolean
}

export interface NotesPort {
  /** Name of the vault that is open. */
  readonly vaultName: string
  /** Whether the open vault has a note of that path. */
  readonly has: (path: string) => boolean
  /** Opens the note with the passage selected and in sight; false when there is no such note here. */
  readonly openPassage: (passage: Pick<Citation, 'note' | 'start' | 'end' | 'quote' | 'heading'>) => Promise<boolean>
  /** Opens what a link in an answer names. */
  readonly openLink: (target: string) => Promise<void>
  /** Makes a note that does not exist yet, with a number in its name if needed, and gives its path. */
  readonly create: (folder: string, title: string, text: string, extension?: string) => Promise<string>
  /** At the cursor of the note that was edited last; false when there is none. */
  readonly insertAtCursor: (text: string) => boolean
  /** At the end of the note that was edited last, with an empty line before it; false when there is none. */
  readonly append: (text: string) => boolean
  /** Headings of a note below its title, as Obsidian knows them; none for a note that is not here. */
  readonly headingsOf: (path: string) => readonly string[]
  /** How many notes of the vault never leave this device, and of how many. */
  countExcluded(): { readonly excluded: number; readonly all: number }
}

export interface AppPort {
  /** A short message in a corner. */
  readonly notify: (message: string) => void
  readonly openSettings: () => void
  /** Does nothing where Obsidian does not let us. */
  readonly closeSettings: () => void
  /** Opens the dialog that pairs this device. */
  readonly pair: () => void
  /** `question` stands in the box of *Ask* and is not sent. */
  readonly openView: (view: 'ask' | 'dashboard' | 'map', question?: string) => void
  readonly copy: (text: string) => Promise<boolean>
  /** One question with two answers. */
  readonly confirm: (question: { title: string; text: string; yes: string }) => Promise<boolean>
}

/** Questions waiting for the server, kept on this device. */
export interface QueuePort {
  readonly list: () => readonly WaitingQuestion[]
  /** A sentence when the question cannot wait. */
  readonly add: (question: Pick<WaitingQuestion, 'question' | 'vault' | 'model' | 'only'>) => string | null
  readonly remove: (id: string) => void
  readonly subscribe: (listener: () => void) => () => void
}

/** The last answers of this device, latest first. */
export interface AnswersPort {
  readonly list: () => readonly RecentAnswer[]
  readonly clear: () => void
  readonly subscribe: (listener: () => void) => () => void
}

/** How the notes of the open vault link to each other, from what Obsidian knows of them; no note is read. */
export interface LinksPort {
  /** Paths of the notes that a note links to; empty for one that is not here. */
  readonly linksOf: (note: string) => readonly string[]
  /** The note that is open in the middle; null where there is none, or where it is excluded. */
  readonly openNote: () => string | null
  /** Another note was opened, or links have changed. */
  readonly subscribe: (listener: () => void) => () => void
  /** False when there is no such note here. */
  readonly open: (note: string) => Promise<boolean>
}

export interface ServerPort {
  readonly models: () => Promise<Reply<readonly ModelInfo[]>>
  readonly dryRun: (request: AskRequest) => Promise<Reply<AskDryRun>>
  /** The whole answer in one piece. */
  readonly ask: (
    request: AskRequest,
    call: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ) => Promise<Reply<AskReply>>
  readonly figures: () => Promise<FiguresPort>
  /** Notes of that vault that are near one of it, closest first. */
  readonly related: (asked: {
    readonly vault: string
    readonly note: string
    readonly signal: AbortSignal
  }) => Promise<Reply<RelatedReply['results']>>
}

/** What would be sent, by what is known without reading a note. */
export interface SyncPlan {
  readonly notes: number
  readonly bytes: number
  readonly keptBack: number
  /** Notes by folder at the top; an empty name for those in none. */
  readonly folders: readonly (readonly [name: string, notes: number])[]
}

/** Keeping this vault on the server. */
export interface SyncPort {
  readonly report: Pick<Store<SyncReport>, 'get' | 'subscribe'>
  /** Where notes go, or why they cannot. */
  readonly target: () =>
    | { readonly ok: true; readonly origin: string; readonly vault: string }
    | { readonly ok: false; readonly why: string }
  readonly plan: () => SyncPlan
  readonly setOn: (isOn: boolean) => void
  readonly setPaused: (isPaused: boolean) => void
  readonly syncNow: () => void
  /** The deletions that were asked about are meant. */
  readonly confirmDeletions: () => void
  /** This device sends, in place of the publisher that the person was shown; null for none. */
  readonly takeOver: (from: string | null) => void
  /** A sentence when it could not be done. */
  readonly resolve: (conflict: SyncConflict, choice: SyncChoice) => Promise<string | null>
  /** The note here and on the server; null where there is none. */
  readonly texts: (conflict: SyncConflict) => Promise<{ readonly mine: string | null; readonly theirs: string | null }>
}

/** All that a view of Cairn is given. */
export interface CairnParts {
  readonly settings: Settings
  readonly connection: Connection
  readonly conversation: Conversation
  readonly server: ServerPort
  readonly queue: QueuePort
  readonly answers: AnswersPort
  readonly links: LinksPort
  readonly notes: NotesPort
  readonly sync: SyncPort
  readonly app: AppPort
  readonly device: DevicePort
  readonly now: () => number
}
