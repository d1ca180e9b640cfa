/** What the server says, asked for once and again on request: after a change made here, or when the question changes. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Failure, Reply } from '../api/failure.ts'

export interface Load<T> {
  /** Null until the first reply to this question. It stays while it is asked again. */
  readonly value: T | null
  readonly failure: Failure | null
  readonly reload: () => void
}

/** `ask` is the question: it must stay the same from drawing to drawing. Null asks nothing. */
export function useLoad<T>(ask: ((signal: AbortSignal) => Promise<Reply<T>>) | null): Load<T> {
  const [state, setState] = useState<{ ask: unknown; value: T | null; failure: Failure | null }>({
    ask,
    value: null,
    failure: null,
  })
  const [turn, setTurn] = useState(0)
  const reload = useCallback(() => setTurn((count) => count + 1), [])
  useEffect(() => {
    if (ask === null) return
    const run = new AbortController()
    void ask(run.signal).then((reply) => {
      if (run.signal.aborted) return
      setState((before) =>
        reply.ok
          ? { ask, value: reply.value, failure: null }
          : { ask, value: before.ask === ask ? before.value : null, failure: reply.failure },
      )
    })
    return () => run.abort()
  }, [ask, turn])
  const isCurrent = state.ask === ask
  return { value: isCurrent ? state.value : null, failure: isCurrent ? state.failure : null, reload }
}
