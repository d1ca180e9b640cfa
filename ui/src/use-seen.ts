/** Whether an element is to be seen: its page is shown, and it stands in no hidden tab or closed sidebar. */
import { useEffect, useState } from 'preact/hooks'

export function useSeen(place: { readonly current: HTMLElement | null }): boolean {
  const [isShown, setShown] = useState(false)
  const [isPageShown, setPageShown] = useState(true)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const page = element.ownerDocument
    const look = () => setPageShown(page.visibilityState === 'visible')
    const watch = new IntersectionObserver((entries) => setShown(entries.at(-1)?.isIntersecting === true))
    watch.observe(element)
    page.addEventListener('visibilitychange', look)
    look()
    return () => {
      watch.disconnect()
      page.removeEventListener('visibilitychange', look)
    }
  }, [])
  return isShown && isPageShown
}
