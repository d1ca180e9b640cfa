/** What the server says, asked for again every few seconds while it is seen. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Failure, Reply } from './client/failure.ts'

export interface Live<T> {
  /** Null until the first reply. It stays while another question is under way, or when it fails. */
  readonly value: T | null
  /** When it came, milliseconds since 1970. */
  readonly at: number
  /** False while the value answers the question before this one. */
  readonly isCurrent: boolean
  /** Of the last call. */
  readonly failure: Failure | null
  /** Asks again at once. */
  readonly refresh: () => void
}

interface State<T> extends Pick<Live<T>, 'value' | 'at' | 'failure'> {
  /** The question that the value answers. */
  readonly ask: Ask<T>
}

export type Ask<T> = (signal: AbortSignal) => Promise<Reply<T>>

export interface LiveOptions {
  readonly everyMs: number
  /** While it is not, nothing is asked and no timer runs; when it is again, it is asked at once. */
  readonly isSeen: boolean
  readonly now: () => number
}

/** `ask` is the question: another one is asked at once, so it must stay the same from drawing to drawing. */
export function useLive<T>(ask: Ask<T>, { everyMs, isSeen, now }: LiveOptions): Live<T> {
  const [state, setState] = useState<State<T>>({ ask, value: null, at: 0, failure: null })
  const [turn, setTurn] = useState(0)
  const refresh = useCallback(() => setTurn((count) => count + 1), [])
  useEffect(() => {
    if (!isSeen) return
    const run = new AbortController()
    const { signal } = run
    let timer: ReturnType<typeof setTimeout> | undefined
    const askAgain = async () => {
      const reply = await ask(signal)
      if (signal.aborted) return
      setState((before) =>
        reply.ok ? { ask, value: reply.value, at: now(), failure: null } : { ...before, failure: reply.failure },
      )
      timer = setTimeout(() => void askAgain(), everyMs)
    }
    void askAgain()
    return () => {
      run.abort()
      clearTimeout(timer)
    }
  }, [ask, everyMs, isSeen, turn])
  const { value, at, failure } = state
  return { value, at, failure, isCurrent: state.ask === ask, refresh }
}
