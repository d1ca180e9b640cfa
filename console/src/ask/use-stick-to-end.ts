/**
 * Keeps the newest words in view while they come, as long as the reader has not scrolled up to read. A new question
 * always comes into view.
 */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { Turn } from './turn.ts'

/** How near to the end still counts as at the end, in pixels. */
const nearPx = 80

export function useStickToEnd(scroller: { readonly current: HTMLElement | null }, turns: readonly Turn[]): void {
  const atEnd = useRef(true)
  const lastId = useRef<number | undefined>(undefined)
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const onScroll = () => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearPx
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => element.removeEventListener('scroll', onScroll)
  }, [])
  useLayoutEffect(() => {
    const element = scroller.current
    const id = turns.at(-1)?.id
    if (!element) return
    if (id !== lastId.current || atEnd.current) element.scrollTop = element.scrollHeight
    lastId.current = id
  }, [turns])
}
