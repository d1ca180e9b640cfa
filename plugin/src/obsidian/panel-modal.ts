/** Obsidian's own dialog with a component of ours in it. */
import { ConfirmationModal, Modal, type App } from 'obsidian'
import type { ComponentChild } from 'preact'
import type { Mounted } from '../features/mount.ts'

export interface PanelOptions {
  readonly title: string
  /** Room for a text beside its new form. */
  readonly isWide?: boolean
  /** Loaded when the dialog opens. `close` closes it. */
  readonly content: (close: () => void) => Promise<ComponentChild>
  readonly onClose?: () => void
}

export class PanelModal extends Modal {
  readonly #options: PanelOptions
  #mounted: Mounted | null = null
  #isClosed = false

  constructor(app: App, options: PanelOptions) {
    super(app)
    this.#options = options
    this.setTitle(options.title)
    this.modalEl.addClass('cairn-modal')
    if (options.isWide === true) this.modalEl.addClass('is-wide')
  }

  override async onOpen(): Promise<void> {
    const [{ mount }, content] = await Promise.all([
      import('../features/mount.ts'),
      this.#options.content(() => this.close()),
    ])
    if (!this.#isClosed) this.#mounted = mount(this.contentEl, content)
  }

  override onClose(): void {
    this.#isClosed = true
    this.#mounted?.unmount()
    this.#mounted = null
    this.#options.onClose?.()
  }
}

/** Resolves with what the person chose; closing it is no. */
export function confirm(app: App, question: { title: string; text: string; yes: string }): Promise<boolean> {
  return new Promise((done) => {
    const modal = new ConfirmationModal(app)
    modal.setTitle(question.title)
    modal.setContent(question.text)
    modal.addButton((button) =>
      button
        .setButtonText(question.yes)
        .setCta()
        .onClick(() => done(true)),
    )
    modal.addCancelButton('Cancel')
    modal.setCloseCallback(() => done(false))
    modal.open()
  })
}
