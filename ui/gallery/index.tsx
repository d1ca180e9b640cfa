/**
 * Every component of ui/ alone, in its states. The plugin's test host serves it as `/gallery` with Obsidian's variables, in
 * the looks that the host has: `?theme=dark&rtl=1&style=second&device=phone`.
 */
import { render } from 'preact'
import { ToastProvider } from '../src/index.ts'
import { Charts } from './charts.tsx'
import { Controls } from './controls.tsx'
import { Texts } from './texts.tsx'

const query = new URLSearchParams(location.search)
const { body, documentElement } = document
documentElement.dir = query.get('rtl') === '1' ? 'rtl' : 'ltr'
body.className = [
  query.get('theme') === 'dark' ? 'theme-dark' : 'theme-light',
  query.get('rtl') === '1' ? 'mod-rtl' : '',
  query.get('style') === 'second' ? 'style-second' : '',
  query.get('device') === 'phone' ? 'is-mobile is-phone' : '',
].join(' ')

const place = document.createElement('div')
place.className = 'cairn'
body.append(place)
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
