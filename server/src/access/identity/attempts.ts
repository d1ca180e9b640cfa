/**
 * How often somebody may guess. Failures are counted in the database, so that all processes and servers count together,
 * for the address and for the account. After some free ones each further failure doubles a wait, up to a bound: an
 * account is never locked for good, and whoever only wants to annoy its owner gains minutes.
 *
 * An attempt is counted before it is made and given back when it was right, so that many at once are counted as many.
 */
import { fail, networkOf, sha256, type Clock } from '../../base/index.ts'
import type { Statement, Store } from '../../storage/index.ts'

export interface AttemptRule {
  /** Failures without a wait. */
  readonly free: number
  readonly mostWaitMs: number
}

/** Failures are forgotten after so long without another. */
const forgetMs = 60 * 60_000
const firstWaitMs = 1_000

export const attemptRules = {
  address: { free: 20, mostWaitMs: 15 * 60_000 },
  account: { free: 8, mostWaitMs: 5 * 60_000 },
  /** RFC 8628, section 5.1: few tries keep a short code safe. */
  'user-code': { free: 5, mostWaitMs: 15 * 60_000 },
} as const satisfies Record<string, AttemptRule>

export type AttemptKind = keyof typeof attemptRules

export interface AttemptSubject {
  readonly kind: AttemptKind
  /** The address or account; only its hash is stored. */
  readonly value: string
}

export interface Attempts {
  /** Counts one for each subject. Throws `access.attempts` with the time to wait. */
  take(subjects: readonly AttemptSubject[]): Promise<void>
  /** It was right: the account begins anew, the address gets this one back. */
  giveBack(subjects: readonly AttemptSubject[]): Promise<void>
}

export function createAttempts({ store, clock }: { store: Store; clock: Clock }): Attempts {
  return {
    async take(subjects) {
      const now = clock.now()
      const done = await store.write([
        ...subjects.map((subject) => count(subject, now)),
        { text: 'DELETE FROM access_attempts WHERE last_at < ? AND free_at < ?', params: [now - forgetMs, now] },
      ])
      if (done !== null) return
      const rows = await Promise.all(
        subjects.map((subject) =>
          store.read('SELECT free_at FROM access_attempts WHERE subject = ?', [nameOf(subject)]),
        ),
      )
      const waitMs = Math.max(firstWaitMs, ...rows.map(([row]) => Number(row?.['free_at'] ?? 0) - now))
      fail('access.attempts', {
        retryAfterMs: waitMs,
        message: `Too many attempts that failed. Try again in ${formatWait(waitMs)}.`,
      })
    },
    async giveBack(subjects) {
      await store.write(
        subjects.map((subject) =>
          subject.kind === 'account'
            ? { text: 'DELETE FROM access_attempts WHERE subject = ?', params: [nameOf(subject)] }
            : {
                text: 'UPDATE access_attempts SET failures = failures - 1, free_at = 0 WHERE subject = ? AND failures > 0',
                params: [nameOf(subject)],
              },
        ),
      )
    },
  }
}

/** Changes no row, and so ends the write, while the subject has to wait. Numbers of the rule stand in the text. */
function count({ kind, value }: AttemptSubject, now: number): Statement {
  const forgotten = now - forgetMs
  return {
    text: `INSERT INTO access_attempts (subject, failures, last_at, free_at) VALUES (?, 1, ?, 0)
      ON CONFLICT (subject) DO UPDATE SET last_at = excluded.last_at,
        failures = CASE WHEN access_attempts.last_at < ? THEN 1 ELSE access_attempts.failures + 1 END,
        free_at = CASE WHEN access_attempts.last_at < ? THEN 0 ELSE excluded.last_at + ${waitOf(attemptRules[kind])} END
      WHERE access_attempts.free_at <= excluded.last_at`,
    params: [nameOf({ kind, value }), now, forgotten, forgotten],
    expectChanges: 1,
  }
}

/** None, then one second, doubled with each failure; a table, as SQLite has no powers without its extension. */
function waitOf({ free, mostWaitMs }: AttemptRule): string {
  const steps = [`WHEN access_attempts.failures + 1 < ${free} THEN 0`]
  for (let waitMs = firstWaitMs, at = free; waitMs < mostWaitMs; waitMs *= 2, at++)
    steps.push(`WHEN access_attempts.failures + 1 = ${at} THEN ${waitMs}`)
  return `CASE ${steps.join(' ')} ELSE ${mostWaitMs} END`
}

function nameOf({ kind, value }: AttemptSubject): string {
  return `${kind}:${sha256(kind === 'account' ? value : networkOf(value))}`
}

function formatWait(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`
}
