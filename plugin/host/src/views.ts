/** Views, and the one of a note. */
import type { Extension } from '@codemirror/state'
import type { App } from './app.ts'
import { Component } from './base.ts'
import { Editor } from './editor.ts'
import type { TFile } from './files.ts'
import { setIcon } from './icons.ts'
import type { Scope } from './keymap.ts'
import { MarkdownRenderer } from './markdown.ts'
import { Menu, setTooltip } from './overlays.ts'
import type { WorkspaceLeaf } from './workspace.ts'

export interface ViewStateResult {
  history: boolean
}

export abstract class View extends Component {
  app: App
  icon = 'file'
  navigation = true
  leaf: WorkspaceLeaf
  containerEl: HTMLElement
  scope: Scope | null = null

  constructor(leaf: WorkspaceLeaf) {
    super()
    this.leaf = leaf
    this.app = leaf.app
    this.containerEl = createDiv('workspace-leaf-content')
    this.containerEl.dataset['type'] = this.getViewType()
  }

  abstract getViewType(): string
  abstract getDisplayText(): string

  /** Hook: nothing unless a subclass has something to do. */
  protected onOpen(): Promise<void> {
    return Promise.resolve()
  }

  /** Hook: nothing unless a subclass has something to do. */
  protected onClose(): Promise<void> {
    return Promise.resolve()
  }

  /** Hook: a view without a state of its own. */
  getState(): Record<string, unknown> {
    return {}
  }

  /** Hook: a view without a state of its own. */
  setState(_state: unknown, _result: ViewStateResult): Promise<void> {
    return Promise.resolve()
  }

  /** Hook: a view without a place to show. */
  getEphemeralState(): Record<string, unknown> {
    return {}
  }

  /** Hook: a view without a place to show. */
  setEphemeralState(_state: unknown): void {
    return undefined
  }

  getIcon(): string {
    return this.icon
  }

  /** Hook: nothing unless a subclass has something to do. */
  onResize(): void {
    return undefined
  }

  /** Hook: nothing unless a subclass has something to add. */
  onPaneMenu(_menu: Menu, _source: string): void {
    return undefined
  }

  async openView(): Promise<void> {
    this.load()
    await this.onOpen()
  }

  async closeView(): Promise<void> {
    await this.onClose()
    this.unload()
    this.containerEl.remove()
  }
}

export abstract class ItemView extends View {
  contentEl: HTMLElement
  readonly #actions: HTMLElement
  readonly #title: HTMLElement

  constructor(leaf: WorkspaceLeaf) {
    super(leaf)
    const header = this.containerEl.createDiv('view-header')
    header.createDiv('view-header-left').createDiv('view-header-nav-buttons')
    this.#title = header.createDiv('view-header-title-container').createDiv('view-header-title')
    this.#actions = header.createDiv('view-actions')
    this.contentEl = this.containerEl.createDiv('view-content')
  }

  addAction(icon: string, title: string, callback: (event: MouseEvent) => unknown): HTMLElement {
    const action = this.#actions.createEl('button', 'clickable-icon view-action')
    setIcon(action, icon)
    setTooltip(action, title)
    action.addEventListener('click', callback)
    return action
  }

  override async openView(): Promise<void> {
    await super.openView()
    this.showTitle()
  }

  showTitle(): void {
    this.#title.setText(this.getDisplayText())
  }
}

/** What a leaf holds until it is first shown, and when its plugin has gone. */
export class EmptyView extends ItemView {
  getViewType(): string {
    return 'empty'
  }

  getDisplayText(): string {
    return 'New tab'
  }
}

export abstract class FileView extends ItemView {
  allowNoFile = false
  file: TFile | null = null

  override getDisplayText(): string {
    return this.file?.basename ?? 'No file'
  }

  override getState(): Record<string, unknown> {
    return { file: this.file?.path }
  }

  override async setState(state: unknown): Promise<void> {
    const path = (state as { file?: unknown } | null)?.file
    const file = typeof path === 'string' ? this.app.vault.getFileByPath(path) : null
    if (file === null || file === this.file) return
    if (this.file !== null) await this.onUnloadFile(this.file)
    this.file = file
    await this.onLoadFile(file)
    this.showTitle()
  }

  abstract onLoadFile(file: TFile): Promise<void>
  abstract onUnloadFile(file: TFile): Promise<void>
}

/** Where an editor stands: a view of a note, or something smaller. */
export interface MarkdownFileInfo {
  app: App
  file: TFile | null
  editor?: Editor
}

/** Extensions that plugins register; new editors begin with them. */
export const editorExtensions = new Set<Extension>()

export class MarkdownView extends FileView {
  editor: Editor
  hoverPopover: unknown = null
  #isPreview = false
  #isSetting = false
  readonly #source: HTMLElement
  readonly #preview: HTMLElement
  #previewed = new Component()

  constructor(leaf: WorkspaceLeaf) {
    super(leaf)
    this.icon = 'file-text'
    this.#source = this.contentEl.createDiv('markdown-source-view cm-s-obsidian mod-cm6')
    this.#preview = this.contentEl.createDiv('markdown-preview-view')
    this.#preview.hide()
    this.editor = new Editor(this.#source, [...editorExtensions], () => this.#changed())
    this.#source.addEventListener('contextmenu', (event) => {
      event.preventDefault()
      const menu = new Menu()
      this.app.workspace.trigger('editor-menu', menu, this.editor, this)
      menu.showAtMouseEvent(event)
    })
    this.addAction('book-open', 'Read', () => void this.setMode(this.#isPreview ? 'source' : 'preview'))
  }

  getViewType(): string {
    return 'markdown'
  }

  getMode(): 'source' | 'preview' {
    return this.#isPreview ? 'preview' : 'source'
  }

  getViewData(): string {
    return this.editor.getValue()
  }

  async setMode(mode: 'source' | 'preview'): Promise<void> {
    this.#isPreview = mode === 'preview'
    this.#source.toggle(!this.#isPreview)
    this.#preview.toggle(this.#isPreview)
    if (!this.#isPreview) return
    this.#previewed.unload()
    this.#preview.empty()
    this.#previewed = this.addChild(new Component())
    await MarkdownRenderer.render(this.app, this.getViewData(), this.#preview, this.file?.path ?? '', this.#previewed)
  }

  async onLoadFile(file: TFile): Promise<void> {
    this.#isSetting = true
    this.editor.setValue(await this.app.vault.read(file))
    this.#isSetting = false
  }

  async onUnloadFile(file: TFile): Promise<void> {
    if ((await this.app.vault.read(file)) !== this.getViewData()) await this.app.vault.modify(file, this.getViewData())
  }

  override setEphemeralState(state: unknown): void {
    const line = (state as { line?: unknown } | null)?.line
    if (typeof line !== 'number') return
    this.editor.setCursor({ line, ch: 0 })
    this.editor.scrollIntoView({ from: { line, ch: 0 }, to: { line, ch: 0 } }, true)
  }

  #changed(): void {
    if (this.#isSetting || this.file === null) return
    void this.app.vault.modify(this.file, this.getViewData())
    this.app.workspace.trigger('editor-change', this.editor, this)
  }
}
