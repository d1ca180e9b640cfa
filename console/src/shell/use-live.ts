/** What the server says, asked for again every few seconds while the page can be seen. */
import { useEffect, useState } from 'preact/hooks'
import { useLive as useLiveWhile, type Ask, type Live } from '@cairn/ui/use-live'
import { now } from './clock.ts'

export type { Live } from '@cairn/ui/use-live'

/** `ask` is the question: another one is asked at once, so it must stay the same from drawing to drawing. */
export function useLive<T>(ask: Ask<T>, everyMs: number): Live<T> {
  return useLiveWhile(ask, { everyMs, isSeen: usePageSeen(), now })
}

function usePageSeen(): boolean {
  const [isSeen, setSeen] = useState(document.visibilityState === 'visible')
  useEffect(() => {
    const look = () => setSeen(document.visibilityState === 'visible')
    document.addEventListener('visibilitychange', look)
    look()
    return () => document.removeEventListener('visibilitychange', look)
  }, [])
  return isSeen
}
