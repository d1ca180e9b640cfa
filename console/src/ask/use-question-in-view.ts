/**
 * Brings a new question to the top, so that its answer is read from its first word while it comes; nothing moves under
 * the reader's eyes after that.
 */
import { useLayoutEffect } from 'preact/hooks'

export function useQuestionInView(scroller: { readonly current: HTMLElement | null }, id: number | undefined): void {
  useLayoutEffect(() => {
    // The last turn is as high as the view, so the end of the conversation is where its question stands on top.
    const element = scroller.current
    if (element && id !== undefined) element.scrollTop = element.scrollHeight
  }, [id])
}
