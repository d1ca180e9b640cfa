/** Puts a component into an element of Obsidian's, and takes it out again with all its effects. */
import { render, type ComponentChild } from 'preact'

export interface Mounted {
  readonly show: (content: ComponentChild) => void
  /** The element is empty afterwards. */
  readonly unmount: () => void
}

export function mount(element: HTMLElement, content: ComponentChild): Mounted {
  render(content, element)
  return {
    show: (next) => render(next, element),
    unmount: () => render(null, element),
  }
}
