/** The cache's numbers, asked for again every few seconds while the page can be seen. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { CacheReport } from '@cairn/contract'
import type { Failure } from '../api/failure.ts'
import { getCacheStats } from '../api/resources.ts'
import { now } from '../shell/clock.ts'

export interface CacheStatsState {
  /** Null until the first reply. */
  readonly report: CacheReport | null
  /** When it came, milliseconds since 1970. */
  readonly at: number
  readonly failure: Failure | null
  /** Asks again at once. */
  readonly refresh: () => void
}

const refreshMs = 4_000

/** `minutes`: how much of the history is asked for. */
export function useCacheStats(minutes: number): CacheStatsState {
  const [state, setState] = useState<Omit<CacheStatsState, 'refresh'>>({ report: null, at: 0, failure: null })
  const [turn, setTurn] = useState(0)
  const refresh = useCallback(() => setTurn((count) => count + 1), [])
  useEffect(() => {
    let run = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      const { signal } = run
      const reply = await getCacheStats(minutes, signal)
      if (signal.aborted) return
      setState((before) =>
        reply.ok ? { report: reply.value, at: now(), failure: null } : { ...before, failure: reply.failure },
      )
      timer = setTimeout(() => void ask(), refreshMs)
    }
    const restart = () => {
      run.abort()
      clearTimeout(timer)
      run = new AbortController()
      if (document.visibilityState === 'visible') void ask()
    }
    document.addEventListener('visibilitychange', restart)
    restart()
    return () => {
      document.removeEventListener('visibilitychange', restart)
      run.abort()
      clearTimeout(timer)
    }
  }, [minutes, turn])
  return { ...state, refresh }
}
