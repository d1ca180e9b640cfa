/**
 * The line before the searching thread, which does one thing after the other. Work whose caller has left is dropped
 * before it starts; the second half of a question (choosing its sentences) goes before the first half of others, so
 * that questions finish one by one and not all at the end; and the line is bounded.
 */
import { fail } from '../../base/index.ts'

export interface SearchLine {
  /** Throws `server.busy` when too many wait, and the signal's reason when the caller left before its turn. */
  run<T>(work: () => Promise<T>, options: { signal?: AbortSignal; first?: boolean }): Promise<T>
}

interface Waiting {
  start: () => void
  drop: (reason: unknown) => void
  signal: AbortSignal | undefined
}

export function createSearchLine(most: number): SearchLine {
  let line: Waiting[] = []
  let isTaken = false

  function next(): void {
    isTaken = false
    for (let turn = line.shift(); turn; turn = line.shift()) {
      if (turn.signal?.aborted === true) {
        turn.drop(turn.signal.reason)
        continue
      }
      isTaken = true
      return turn.start()
    }
  }

  function queue(signal: AbortSignal | undefined, isFirst: boolean): Promise<void> {
    line = line.filter((each) => {
      if (each.signal?.aborted !== true) return true
      each.drop(each.signal.reason)
      return false
    })
    if (line.length >= most && !isFirst)
      fail('server.busy', {
        message: 'Too many questions wait for their search. Try again in a moment.',
        retryAfterMs: 1_000,
      })
    return new Promise((start, drop) => {
      const turn: Waiting = { start, drop, signal }
      if (isFirst) line.unshift(turn)
      else line.push(turn)
    })
  }

  return {
    async run(work, { signal, first = false }) {
      signal?.throwIfAborted()
      if (isTaken) await queue(signal, first)
      isTaken = true
      try {
        return await work()
      } finally {
        next()
      }
    },
  }
}
