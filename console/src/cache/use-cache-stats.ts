/** The cache's numbers, asked for again every few seconds while the page can be seen. */
import { useCallback } from 'preact/hooks'
import type { CacheReport } from '@cairn/contract'
import { getCacheStats } from '../api/resources.ts'
import { useLive, type Live } from '../shell/use-live.ts'

const refreshMs = 4_000

/** `minutes`: how much of the history is asked for. */
export function useCacheStats(minutes: number): Live<CacheReport> {
  return useLive(
    useCallback((signal: AbortSignal) => getCacheStats(minutes, signal), [minutes]),
    refreshMs,
  )
}
