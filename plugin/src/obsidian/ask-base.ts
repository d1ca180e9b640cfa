/** The view *Ask* of a base: the notes that the base gives, and the way to ask them. */
import { BasesView, type Plugin, type QueryController } from 'obsidian'
import type { Cairn } from './open-cairn.ts'
import { openAsk } from './open-ask.ts'

const mostNotes = 500

class AskBase extends BasesView {
  override readonly type = 'cairn-ask'
  readonly #place: HTMLElement

  constructor(controller: QueryController, parent: HTMLElement) {
    super(controller)
    this.#place = parent.createDiv('cairn cairn-base')
  }

  override onDataUpdated(): void {
    const files = this.data.data.map(({ file }) => file).filter(({ extension }) => extension === 'md')
    const notes = files.slice(0, mostNotes).map(({ path }) => path)
    this.#place.empty()
    const button = this.#place.createEl('button', {
      cls: 'cairn-button is-primary',
      text: notes.length === 1 ? 'Ask this note' : `Ask these ${notes.length} notes`,
      attr: { type: 'button' },
    })
    button.disabled = notes.length === 0
    button.addEventListener('click', () => void openAsk(this.app, undefined, { notes }))
    if (files.length > notes.length)
      this.#place.createEl('p', { cls: 'cairn-muted', text: `The first ${mostNotes} of ${files.length}.` })
    const list = this.#place.createEl('ul')
    for (const { path, basename } of files.slice(0, mostNotes)) {
      const link = list.createEl('li').createEl('a', { cls: 'internal-link', text: basename, href: path })
      link.addEventListener('click', (event) => {
        event.preventDefault()
        void this.app.workspace.openLinkText(path, '')
      })
    }
  }
}

/** Nothing where Bases is off. */
export function addAskBase(plugin: Plugin, { settings }: Cairn): void {
  if (!settings.get('integrations.bases')) return
  plugin.registerBasesView('cairn-ask', {
    name: 'Ask',
    icon: 'messages-square',
    factory: (controller, parent) => new AskBase(controller, parent),
  })
}
