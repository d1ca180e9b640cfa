/**
 * Tells the log which budget or limit refuses calls, in whole, since most callers are told less. A rule that is used up
 * refuses every call, so each is told once a minute.
 */
import type { Clock, Logger } from '../base/index.ts'
import type { SubjectKey } from './subjects.ts'

export interface RefusalLog {
  /** `words` are made only when they are written. */
  note(subject: SubjectKey, words: () => string): void
}

const everyMs = 60_000
/** As many as there can be rules. */
const mostSubjects = 1_000

export function createRefusalLog({ logger, clock }: { logger: Logger; clock: Clock }): RefusalLog {
  const toldAt = new Map<SubjectKey, number>()
  return {
    note(subject, words) {
      const now = clock.monotonic()
      if (now - (toldAt.get(subject) ?? -Infinity) < everyMs) return
      if (toldAt.size >= mostSubjects) toldAt.clear()
      toldAt.set(subject, now)
      logger.info('a budget or limit refuses calls', { rule: words() })
    },
  }
}
