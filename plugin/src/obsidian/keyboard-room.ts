/**
 * Keeps a view above the on-screen keyboard of a phone. Obsidian tells the height of the keyboard by a variable, some web
 * views shrink the visual viewport instead, and some do both; the larger of the two counts.
 */

/** What is smaller is a bar of the browser, not a keyboard. */
const leastKeyboardPx = 80

/** Sets `--cairn-keyboard` on the element, in pixels that the keyboard covers of it. Gives what ends that. */
export function keepAboveKeyboard(element: HTMLElement): () => void {
  const { win } = element
  const viewport = win.visualViewport
  let frame = 0
  const measure = () => {
    frame = 0
    const bottom = viewport === null ? win.innerHeight : viewport.offsetTop + viewport.height
    const told =
      Number.parseFloat(win.getComputedStyle(element.doc.documentElement).getPropertyValue('--keyboard-height')) || 0
    const covered = element.getBoundingClientRect().bottom - Math.min(bottom, win.innerHeight - told)
    element.setCssProps({ '--cairn-keyboard': `${covered >= leastKeyboardPx ? Math.round(covered) : 0}px` })
  }
  const plan = () => {
    if (frame === 0) frame = win.requestAnimationFrame(measure)
  }
  const watched = new MutationObserver(plan)
  watched.observe(element.doc.documentElement, { attributes: true, attributeFilter: ['style'] })
  viewport?.addEventListener('resize', plan)
  viewport?.addEventListener('scroll', plan)
  return () => {
    watched.disconnect()
    viewport?.removeEventListener('resize', plan)
    viewport?.removeEventListener('scroll', plan)
    win.cancelAnimationFrame(frame)
  }
}
