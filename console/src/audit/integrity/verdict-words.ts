/** What comes of comparing a checkpoint with the log, in words. */
import type { AuditWitnessList } from '@cairn/contract'
import { formatCounted } from '../../shell/clock.ts'

export type ComparedVerdict = AuditWitnessList['alarms'][number]['verdict']

interface VerdictWords {
  readonly tone: 'good' | 'bad' | 'open'
  readonly title: string
  /** Beside the size that was seen. */
  readonly short: string
  readonly text: (seen: number) => string
}

const entries = (count: number) => formatCounted(count, 'entry', 'entries')

export const verdictWords: Readonly<Record<ComparedVerdict, VerdictWords>> = {
  fits: {
    tone: 'good',
    title: 'The log begins with it',
    short: 'fits',
    text: (seen) => `The first ${entries(seen)} are those that were there.`,
  },
  fork: {
    tone: 'bad',
    title: 'It is of another log',
    short: 'another log',
    text: (seen) =>
      `The first ${entries(seen)} are not those that were there. Keep this checkpoint as evidence, verify the log, and ask whoever runs this server.`,
  },
  rollback: {
    tone: 'bad',
    title: 'The log is shorter than it was',
    short: 'was longer',
    text: (seen) =>
      `There were ${entries(seen)}. Entries were cut off, or an older copy was put back. Keep this checkpoint as evidence.`,
  },
  pruned: {
    tone: 'open',
    title: 'It is too old to be compared',
    short: 'too old',
    text: () => 'The entries of that time were pruned, as retention says.',
  },
  unknown: {
    tone: 'bad',
    title: 'This log has not signed it',
    short: 'not of this log',
    text: () => 'It is no checkpoint, or one of another log or another key. Was it copied whole, with its last line?',
  },
}
