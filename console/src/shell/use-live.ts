/** What the server says, asked for again every few seconds while the page can be seen. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Failure, Reply } from '../api/failure.ts'
import { now } from './clock.ts'

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

type Ask<T> = (signal: AbortSignal) => Promise<Reply<T>>

/** `ask` is the question: another one is asked at once, so it must stay the same from drawing to drawing. */
export function useLive<T>(ask: Ask<T>, everyMs: number): Live<T> {
  const [state, setState] = useState<State<T>>({ ask, value: null, at: 0, failure: null })
  const [turn, setTurn] = useState(0)
  const refresh = useCallback(() => setTurn((count) => count + 1), [])
  useEffect(() => {
    let run = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const askAgain = async () => {
      const { signal } = run
      const reply = await ask(signal)
      if (signal.aborted) return
      setState((before) =>
        reply.ok ? { ask, value: reply.value, at: now(), failure: null } : { ...before, failure: reply.failure },
      )
      timer = setTimeout(() => void askAgain(), everyMs)
    }
    const restart = () => {
      run.abort()
      clearTimeout(timer)
      run = new AbortController()
      if (document.visibilityState === 'visible') void askAgain()
    }
    document.addEventListener('visibilitychange', restart)
    restart()
    return () => {
      document.removeEventListener('visibilitychange', restart)
      run.abort()
      clearTimeout(timer)
    }
  }, [ask, everyMs, turn])
  const { value, at, failure } = state
  return { value, at, failure, isCurrent: state.ask === ask, refresh }
}
