/**
 * Every component of ui/ alone, in its states. The plugin's test host shows it at `/gallery` with Obsidian's variables, in
 * the looks that the host has: `?theme=dark&rtl=1&style=second&device=phone`.
 */
import { render } from 'preact'
import { ToastProvider } from '../src/index.ts'
import { Charts } from './charts.tsx'
import { Controls } from './controls.tsx'
import { Texts } from './texts.tsx'

export function showGallery(place: HTMLElement): void {
  render(
    <ToastProvider>
      <main class="cairn-gallery">
        <h1>Components</h1>
        <Controls />
        <Charts />
        <Texts />
      </main>
    </ToastProvider>,
    place,
  )
}
