/** Leaves in the middle, at the sides and in windows of their own, and which of them is active. */
import type { App } from './app.ts'
import { Events, type EventRef } from './base.ts'
import type { Editor } from './editor.ts'
import type { TFile } from './files.ts'
import { setIcon } from './icons.ts'
import { extendWindow } from './dom.ts'
import { mode } from './mode.ts'
import type { Menu } from './overlays.ts'
import { EmptyView, MarkdownView, type MarkdownFileInfo, type View } from './views.ts'

export type PaneType = 'tab' | 'split' | 'window'

export interface ViewState {
  type: string
  state?: Record<string, unknown>
  active?: boolean
}

export interface OpenViewState {
  state?: Record<string, unknown>
  eState?: Record<string, unknown>
  active?: boolean
}

export type ViewCreator = (leaf: WorkspaceLeaf) => View

/** The window that the person works in, where dialogs open. */
function activate(active: Window): void {
  Object.assign(window, { activeWindow: active, activeDocument: active.document })
}

/** A group of tabs: the middle has one or more, each side one, each popout one. */
class Tabs {
  readonly leaves: WorkspaceLeaf[] = []
  readonly header: HTMLElement
  readonly container: HTMLElement
  readonly side: 'left' | 'right' | null

  constructor(parent: HTMLElement, side: 'left' | 'right' | null) {
    this.side = side
    const tabs = parent.createDiv('workspace-tabs mod-top')
    this.header = tabs.createDiv('workspace-tab-header-container').createDiv('workspace-tab-header-container-inner')
    this.container = tabs.createDiv('workspace-tab-container')
  }

  show(leaf: WorkspaceLeaf): void {
    for (const each of this.leaves) {
      each.containerEl.toggle(each === leaf)
      each.tabHeaderEl.toggleClass('is-active', each === leaf)
    }
  }
}

export class WorkspaceLeaf extends Events {
  readonly app: App
  readonly tabs: Tabs
  readonly containerEl: HTMLElement
  readonly tabHeaderEl: HTMLElement
  view: View
  hoverPopover: unknown = null
  #waiting: ViewState | null = null

  constructor(app: App, tabs: Tabs) {
    super()
    this.app = app
    this.tabs = tabs
    this.containerEl = tabs.container.createDiv('workspace-leaf')
    this.tabHeaderEl = tabs.header.createDiv('workspace-tab-header')
    this.tabHeaderEl.addEventListener('click', () => void app.workspace.revealLeaf(this))
    tabs.leaves.push(this)
    this.view = new EmptyView(this)
    this.containerEl.appendChild(this.view.containerEl)
    this.containerEl.addEventListener('focusin', () => app.workspace.setActiveLeaf(this))
  }

  get isDeferred(): boolean {
    return this.#waiting !== null
  }

  async loadIfDeferred(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null) await this.setViewState(waiting)
  }

  /** As after a start: the view is made when the leaf is first shown. */
  defer(state: ViewState): void {
    this.#waiting = state
    this.drawHeader(state.type)
  }

  getViewState(): ViewState {
    return this.#waiting ?? { type: this.view.getViewType(), state: this.view.getState() }
  }

  async setViewState(state: ViewState, eState?: unknown): Promise<void> {
    this.#waiting = null
    if (this.view.getViewType() !== state.type) {
      const create = this.app.viewCreators.get(state.type)
      await this.open(create === undefined ? new EmptyView(this) : create(this))
    }
    await this.view.setState(state.state ?? {}, { history: false })
    if (eState !== undefined) this.view.setEphemeralState(eState)
    this.drawHeader()
    if (state.active === true) this.app.workspace.setActiveLeaf(this, { focus: true })
    this.app.workspace.trigger('layout-change')
  }

  async open(view: View): Promise<View> {
    await this.view.closeView()
    this.view = view
    this.containerEl.appendChild(view.containerEl)
    await view.openView()
    this.drawHeader()
    return view
  }

  async openFile(file: TFile, openState: OpenViewState = {}): Promise<void> {
    await this.setViewState({ type: 'markdown', state: { ...openState.state, file: file.path } }, openState.eState)
    this.app.workspace.setActiveLeaf(this, { focus: openState.active !== false })
    this.app.workspace.trigger('file-open', file)
  }

  getDisplayText(): string {
    return this.view.getDisplayText()
  }

  getIcon(): string {
    return this.view.getIcon()
  }

  detach(): void {
    this.tabs.leaves.remove(this)
    void this.view.closeView()
    this.containerEl.remove()
    this.tabHeaderEl.remove()
    this.app.workspace.leafGone(this)
  }

  drawHeader(text = this.getDisplayText()): void {
    this.tabHeaderEl.empty()
    this.tabHeaderEl.dataset['type'] = this.getViewState().type
    this.tabHeaderEl.setAttrs({ 'aria-label': text, role: 'button' })
    const inner = this.tabHeaderEl.createDiv('workspace-tab-header-inner')
    setIcon(inner.createDiv('workspace-tab-header-inner-icon'), this.getIcon())
    inner.createDiv({ cls: 'workspace-tab-header-inner-title', text })
  }
}

/** A side: beside the middle on a desktop, above it on a phone. */
export class WorkspaceSidedock {
  readonly containerEl: HTMLElement
  readonly tabs: Tabs
  collapsed = true

  constructor(parent: HTMLElement, side: 'left' | 'right') {
    this.containerEl = parent.createDiv(
      mode.device === 'desktop'
        ? `workspace-split mod-horizontal mod-${side}-split mod-sidedock`
        : `workspace-drawer mod-${side}`,
    )
    this.tabs = new Tabs(
      mode.device === 'desktop' ? this.containerEl : this.containerEl.createDiv('workspace-drawer-inner'),
      side,
    )
    this.collapse()
  }

  collapse(): void {
    this.collapsed = true
    this.containerEl.addClass('is-collapsed')
  }

  expand(): void {
    this.collapsed = false
    this.containerEl.removeClass('is-collapsed')
  }

  toggle(): void {
    if (this.collapsed) this.expand()
    else this.collapse()
  }
}

export class Workspace extends Events {
  readonly app: App
  readonly containerEl: HTMLElement
  readonly leftSplit: WorkspaceSidedock
  readonly rightSplit: WorkspaceSidedock
  readonly ribbonEl: HTMLElement
  readonly #middle: HTMLElement
  readonly #groups: Tabs[] = []
  readonly #ready: (() => unknown)[] = []
  layoutReady = false
  activeLeaf: WorkspaceLeaf | null = null
  #recent: WorkspaceLeaf[] = []

  constructor(app: App, parent: HTMLElement) {
    super()
    this.app = app
    this.containerEl = parent.createDiv('workspace')
    this.ribbonEl = this.containerEl
      .createDiv('workspace-ribbon side-dock-ribbon mod-left')
      .createDiv('side-dock-actions')
    this.leftSplit = new WorkspaceSidedock(this.containerEl, 'left')
    this.#middle = this.containerEl.createDiv('workspace-split mod-vertical mod-root')
    this.rightSplit = new WorkspaceSidedock(this.containerEl, 'right')
    this.#groups.push(new Tabs(this.#middle, null))
  }

  get activeEditor(): MarkdownView | null {
    const view = this.activeLeaf?.view
    return view instanceof MarkdownView ? view : null
  }

  onLayoutReady(callback: () => unknown): void {
    if (this.layoutReady) callback()
    else this.#ready.push(callback)
  }

  setReady(): void {
    this.layoutReady = true
    for (const callback of this.#ready.splice(0)) callback()
    this.trigger('layout-change')
  }

  getLeaf(pane: PaneType | boolean = false): WorkspaceLeaf {
    const [first] = this.#groups
    if (first === undefined) throw new Error('a workspace has a middle')
    if (pane === 'window') return this.openPopoutLeaf()
    if (pane === 'split') {
      const group = new Tabs(this.#middle, null)
      this.#groups.push(group)
      return new WorkspaceLeaf(this.app, group)
    }
    if (pane === false) {
      const now = this.getMostRecentLeaf() ?? first.leaves.at(-1)
      if (now !== undefined) return now
    }
    return new WorkspaceLeaf(this.app, first)
  }

  openPopoutLeaf(): WorkspaceLeaf {
    const popout = window.open('', '_blank', 'popup,width=480,height=720') as (Window & typeof globalThis) | null
    if (popout === null) throw new Error('the browser opens no window')
    popout.document.documentElement.innerHTML = '<head></head><body></body>'
    for (const sheet of document.head.querySelectorAll('link[rel=stylesheet], style'))
      popout.document.head.appendChild(popout.document.importNode(sheet, true))
    extendWindow(popout)
    popout.document.documentElement.dir = document.documentElement.dir
    popout.document.body.className = `${document.body.className} is-popout-window`
    const group = new Tabs(popout.document.body.createDiv('app-container').createDiv('workspace'), null)
    this.#groups.push(group)
    this.app.keymap.listen(popout)
    popout.addEventListener('focusin', () => activate(popout))
    window.addEventListener('focusin', () => activate(window))
    popout.addEventListener('pagehide', () => {
      activate(window)
      for (const leaf of Array.from(group.leaves)) leaf.detach()
      this.#groups.remove(group)
      this.trigger('window-close', popout)
    })
    this.trigger('window-open', popout)
    return new WorkspaceLeaf(this.app, group)
  }

  getLeftLeaf(_split: boolean): WorkspaceLeaf {
    return new WorkspaceLeaf(this.app, this.leftSplit.tabs)
  }

  getRightLeaf(_split: boolean): WorkspaceLeaf {
    return new WorkspaceLeaf(this.app, this.rightSplit.tabs)
  }

  async ensureSideLeaf(
    type: string,
    side: 'left' | 'right',
    options: { active?: boolean; split?: boolean; reveal?: boolean; state?: unknown } = {},
  ): Promise<WorkspaceLeaf> {
    const leaf = this.getLeavesOfType(type)[0] ?? (side === 'left' ? this.getLeftLeaf(false) : this.getRightLeaf(false))
    const state = (options.state ?? {}) as Record<string, unknown>
    await leaf.setViewState({ type, state, active: options.active === true })
    if (options.reveal !== false) await this.revealLeaf(leaf)
    return leaf
  }

  async revealLeaf(leaf: WorkspaceLeaf): Promise<void> {
    await leaf.loadIfDeferred()
    leaf.tabs.show(leaf)
    if (leaf.tabs.side === 'left') this.leftSplit.expand()
    if (leaf.tabs.side === 'right') this.rightSplit.expand()
    // On a phone a note lies below the drawer: showing the note closes it.
    if (mode.device === 'phone' && leaf.tabs.side === null) {
      this.leftSplit.collapse()
      this.rightSplit.collapse()
    }
    this.setActiveLeaf(leaf, { focus: true })
  }

  setActiveLeaf(leaf: WorkspaceLeaf, _params?: { focus?: boolean }): void {
    if (leaf === this.activeLeaf) return
    this.activeLeaf?.containerEl.removeClass('mod-active')
    this.activeLeaf = leaf
    leaf.containerEl.addClass('mod-active')
    leaf.tabs.show(leaf)
    this.#recent = [leaf, ...this.#recent.filter((each) => each !== leaf)]
    this.app.keymap.active = leaf.view.scope ?? this.app.scope
    this.trigger('active-leaf-change', leaf)
  }

  leafGone(leaf: WorkspaceLeaf): void {
    this.#recent.remove(leaf)
    if (this.activeLeaf === leaf) this.activeLeaf = null
    const next = leaf.tabs.leaves.at(-1)
    if (next !== undefined) leaf.tabs.show(next)
    else if (leaf.tabs.side === 'right') this.rightSplit.collapse()
    else if (leaf.tabs.side === 'left') this.leftSplit.collapse()
    this.trigger('layout-change')
  }

  iterateAllLeaves(callback: (leaf: WorkspaceLeaf) => unknown): void {
    for (const group of [...this.#groups, this.leftSplit.tabs, this.rightSplit.tabs])
      for (const leaf of Array.from(group.leaves)) callback(leaf)
  }

  getLeavesOfType(type: string): WorkspaceLeaf[] {
    const found: WorkspaceLeaf[] = []
    this.iterateAllLeaves((leaf) => {
      if (leaf.getViewState().type === type) found.push(leaf)
    })
    return found
  }

  detachLeavesOfType(type: string): void {
    for (const leaf of this.getLeavesOfType(type)) leaf.detach()
  }

  /** The last active one in the middle. */
  override on(
    name: 'editor-menu',
    callback: (menu: Menu, editor: Editor, info: MarkdownView | MarkdownFileInfo) => unknown,
    context?: unknown,
  ): EventRef
  override on(name: string, callback: (...data: never[]) => unknown, context?: unknown): EventRef
  override on(name: string, callback: (...data: never[]) => unknown, context?: unknown): EventRef {
    return super.on(name, callback, context)
  }

  getMostRecentLeaf(): WorkspaceLeaf | null {
    return this.#recent.find(({ tabs }) => tabs.side === null) ?? null
  }

  getActiveViewOfType<T extends View>(type: abstract new (...args: never[]) => T): T | null {
    const view = this.activeLeaf?.view
    return view instanceof type ? view : null
  }

  getActiveFile(): TFile | null {
    const shown = this.#recent.find(({ view }) => view instanceof MarkdownView && view.file !== null)?.view
    return shown instanceof MarkdownView ? shown.file : null
  }

  async openLinkText(linktext: string, sourcePath: string, newLeaf: PaneType | boolean = false): Promise<void> {
    const [path = '', heading] = linktext.split('#')
    const file = this.app.metadataCache.getFirstLinkpathDest(path, sourcePath)
    const target = file ?? (await this.app.vault.create(path.endsWith('.md') ? path : `${path}.md`, ''))
    const found = this.app.metadataCache.getFileCache(target)?.headings?.find((each) => each.heading === heading)
    await this.getLeaf(newLeaf).openFile(target, { eState: { line: found?.position.start.line ?? 0 } })
  }
}
