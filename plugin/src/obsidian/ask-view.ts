/** Obsidian's leaf for the view *Ask*. What is in it is loaded when it is first opened. */
import { ItemView, Scope, type ViewStateResult, type WorkspaceLeaf } from 'obsidian'
import type { AskPaneProps } from '../features/ask/ask-pane.tsx'
import type { MountedAsk } from '../features/ask/mount-ask.tsx'
import { readScope } from '../core/ask/scope.ts'
import { keepAboveKeyboard } from './keyboard-room.ts'
import type { Cairn } from './open-cairn.ts'
import { saveConversation } from './save-conversation.ts'

export const askViewType = 'cairn-ask'

export class AskView extends ItemView {
  readonly #cairn: Cairn
  #mounted: MountedAsk | null = null
  #draft: AskPaneProps['draft'] = { text: '', at: 0 }

  constructor(leaf: WorkspaceLeaf, cairn: Cairn) {
    super(leaf)
    this.#cairn = cairn
    this.icon = 'messages-square'
    this.navigation = false
    // Keys of ours are heard within the view; Obsidian's own go on to work around them.
    this.scope = new Scope(this.app.scope)
  }

  override getViewType(): string {
    return askViewType
  }

  override getDisplayText(): string {
    return 'Ask'
  }

  override async onOpen(): Promise<void> {
    const { mountAsk } = await import('../features/ask/mount-ask.tsx')
    this.contentEl.addClass('cairn-view')
    this.#mounted = mountAsk(this.contentEl, {
      parts: this.#cairn,
      draft: this.#draft,
      onSave: (turns) => void saveConversation(this.#cairn, turns),
    })
    this.register(keepAboveKeyboard(this.contentEl))
  }

  override onClose(): Promise<void> {
    this.#mounted?.unmount()
    this.#mounted = null
    return Promise.resolve()
  }

  /** `draft` puts a question into the box, `only` says of which notes, and nothing is sent. */
  override async setState(state: unknown, result: ViewStateResult): Promise<void> {
    const { draft, only } = (typeof state === 'object' && state !== null ? state : {}) as Record<string, unknown>
    const scope = readScope(only)
    if ((typeof draft === 'string' && draft !== '') || scope !== null) {
      const text = typeof draft === 'string' ? draft.slice(0, 8_000) : ''
      this.#draft = { text, at: this.#draft.at + 1, only: scope }
      this.#mounted?.update({ draft: this.#draft })
    }
    await super.setState(state, result)
  }

  /** Once: a view that is opened again asks nothing by itself. */
  ask(question: string): void {
    const at = this.#draft.at + 1
    this.#mounted?.update({ draft: { text: question, at, isSent: true } })
    this.#draft = { text: '', at }
  }

  focusInput(): void {
    this.contentEl.querySelector('textarea')?.focus()
  }
}
