/** What a person is told of vault sync: where it stands, what is left to decide, and what stays on the device. Pure. */
import type { SyncConflict, SyncReply } from '@cairn/contract'
import type { Drift, SyncProblem, SyncProgress } from './types.ts'

export type SyncStage =
  | { readonly at: 'off' }
  /** There is nothing to send to: `why` is a sentence. */
  | { readonly at: 'unready'; readonly why: string }
  | { readonly at: 'paused' }
  /** The server is away; it goes on by itself. */
  | { readonly at: 'waiting' }
  | { readonly at: 'working'; readonly progress: SyncProgress | null }
  | { readonly at: 'done' }
  | { readonly at: 'follower'; readonly publisher: SyncReply['publisher']; readonly drift: Drift }
  | { readonly at: 'ask-deletions'; readonly count: number; readonly of: number }
  | { readonly at: 'failed'; readonly message: string }

export interface SyncReport {
  readonly stage: SyncStage
  /** When the server last had what this device has, but for what is listed below. */
  readonly lastAt: number | null
  readonly conflicts: readonly SyncConflict[]
  readonly problems: readonly SyncProblem[]
}

export interface StageWords {
  readonly title: string
  readonly sentence: string
  readonly tone: 'good' | 'quiet' | 'warning'
}

const phases = { comparing: 'Comparing notes', sending: 'Sending notes', deleting: 'Deleting notes' } as const

export function stageWords({ stage, conflicts, problems }: SyncReport): StageWords {
  switch (stage.at) {
    case 'off':
      return { title: 'Off', sentence: 'Nothing of this vault is sent.', tone: 'quiet' }
    case 'unready':
      return { title: 'Not syncing', sentence: stage.why, tone: 'warning' }
    case 'paused':
      return {
        title: 'Paused',
        sentence: 'Nothing is sent until you go on. What changes meanwhile is kept in mind.',
        tone: 'quiet',
      }
    case 'waiting':
      return {
        title: 'Waiting for the server',
        sentence: 'It does not answer. Sync goes on by itself when it does.',
        tone: 'warning',
      }
    case 'working':
      return {
        title: progressWords(stage.progress),
        sentence: 'You can go on working, and close Obsidian.',
        tone: 'quiet',
      }
    case 'done':
      return doneWords(conflicts.length, problems.length)
    case 'follower':
      return followerWords(stage)
    case 'ask-deletions':
      return {
        title: 'Delete so many?',
        sentence: `${stage.count} of ${stage.of} notes are gone from this device. On the server they are still there.`,
        tone: 'warning',
      }
    case 'failed':
      return { title: 'Not synced', sentence: stage.message, tone: 'warning' }
  }
}

function progressWords(progress: SyncProgress | null): string {
  return progress === null ? 'Syncing' : `${phases[progress.phase]}, ${progress.done} of ${progress.total}`
}

function doneWords(conflicts: number, problems: number): StageWords {
  if (conflicts > 0)
    return {
      title: conflicts === 1 ? 'One note to decide on' : `${conflicts} notes to decide on`,
      sentence: 'They differ here and on the server. All others are in step.',
      tone: 'warning',
    }
  const kept = problems === 1 ? 'One note' : `${problems} notes`
  return {
    title: 'In step',
    sentence: problems === 0 ? 'The server has what this device has.' : `${kept} cannot be sent; see below.`,
    tone: 'good',
  }
}

function followerWords({ publisher, drift }: Extract<SyncStage, { at: 'follower' }>): StageWords {
  const { differing, missing } = drift
  const counts = [
    ...(differing > 0 ? [`${differing} ${differing === 1 ? 'note differs' : 'notes differ'} here`] : []),
    ...(missing > 0 ? [`${missing} ${missing === 1 ? 'is' : 'are'} only there`] : []),
  ]
  return {
    title: 'Another device sends',
    sentence: `${publisher?.name ?? 'Another device'} keeps this vault on the server, and this one changes nothing. ${
      counts.length === 0 ? 'Both have the same.' : `${counts.join(', ')}.`
    }`,
    tone: 'quiet',
  }
}

/** What can be done about a conflict. `both` keeps the server’s text in a note beside this device’s. */
export type SyncChoice = 'mine' | 'theirs' | 'both'

export interface ConflictWords {
  readonly sentence: string
  /** In the order in which they are offered; empty where there is nothing to choose. */
  readonly choices: readonly { readonly choice: SyncChoice; readonly label: string }[]
}

const keep = [
  { choice: 'mine', label: 'Keep mine' },
  { choice: 'theirs', label: 'Keep theirs' },
  { choice: 'both', label: 'Keep both' },
] as const

export const conflictTable = {
  behind: { sentence: 'The server has a later version.', choices: keep },
  edited: { sentence: 'Changed here and elsewhere.', choices: keep },
  deleted: {
    sentence: 'Deleted elsewhere, and still here.',
    choices: [
      { choice: 'mine', label: 'Send it again' },
      { choice: 'theirs', label: 'Delete it here' },
    ],
  },
  changed: {
    sentence: 'Deleted here, and changed elsewhere.',
    choices: [
      { choice: 'mine', label: 'Delete it there' },
      { choice: 'theirs', label: 'Bring it back' },
    ],
  },
  missing: {
    sentence: 'On the server, and never was here.',
    choices: [
      { choice: 'theirs', label: 'Bring it here' },
      { choice: 'mine', label: 'Delete it there' },
    ],
  },
  forbidden: { sentence: 'You may not change this note on the server. Ask whoever runs it.', choices: [] },
  full: { sentence: 'The vault on the server has as many notes as it may.', choices: [] },
} as const satisfies Record<SyncConflict['kind'], ConflictWords>

/** Of the note that the server’s text is kept in beside this device’s. */
export function nameCopy(path: string, isTaken: (path: string) => boolean): string {
  const stem = path.replace(/\.md$/i, '')
  for (let count = 1; ; count++) {
    const copy = `${stem} (from the server${count === 1 ? '' : ` ${count}`}).md`
    if (!isTaken(copy)) return copy
  }
}
