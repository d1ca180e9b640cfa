/** What lies above the workspace for a while: dialogs, notices, menus, tooltips. */
import type { App } from './app.ts'
import { Component } from './base.ts'
import { setIcon } from './icons.ts'
import { Scope } from './keymap.ts'

const openModals: Modal[] = []

export class Modal {
  app: App
  scope: Scope
  containerEl: HTMLElement
  modalEl: HTMLElement
  titleEl: HTMLElement
  contentEl: HTMLElement
  shouldRestoreSelection = true
  #isOpen = false
  #focusedBefore: Element | null = null
  #closeCallback: (() => unknown) | null = null

  constructor(app: App) {
    this.app = app
    this.scope = new Scope()
    this.scope.register([], 'Escape', () => {
      this.close()
      return false
    })
    this.containerEl = createDiv('modal-container mod-dim')
    const background = this.containerEl.createDiv('modal-bg')
    background.addEventListener('click', () => this.close())
    this.modalEl = this.containerEl.createDiv({
      cls: 'modal',
      attr: { role: 'dialog', 'aria-modal': 'true', tabindex: '-1' },
    })
    const close = this.modalEl.createEl('button', {
      cls: 'modal-close-button clickable-icon',
      attr: { 'aria-label': 'Close' },
    })
    setIcon(close, 'x')
    close.addEventListener('click', () => this.close())
    const header = this.modalEl.createDiv('modal-header')
    this.titleEl = header.createDiv('modal-title')
    this.titleEl.id = `modal-title-${Math.random().toString(36).slice(2)}`
    this.modalEl.setAttr('aria-labelledby', this.titleEl.id)
    this.contentEl = this.modalEl.createDiv('modal-content')
  }

  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    openModals.push(this)
    this.#focusedBefore = activeDocument.activeElement
    activeDocument.body.appendChild(this.containerEl)
    this.app.keymap.pushScope(this.scope)
    this.modalEl.addEventListener('keydown', this.#keepFocus)
    void this.onOpen()
    if (!this.modalEl.contains(activeDocument.activeElement)) this.modalEl.focus()
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    openModals.remove(this)
    this.app.keymap.popScope(this.scope)
    this.modalEl.removeEventListener('keydown', this.#keepFocus)
    this.onClose()
    this.containerEl.remove()
    this.#closeCallback?.()
    const before = this.#focusedBefore
    // An element of another window is none of this window's HTMLElement.
    if (this.shouldRestoreSelection && before?.isConnected === true) (before as HTMLElement).focus()
  }

  /** Hook: nothing unless a subclass has something to do. */
  onOpen(): Promise<void> | void {
    return undefined
  }

  /** Hook: nothing unless a subclass has something to do. */
  onClose(): void {
    return undefined
  }

  setTitle(title: string): this {
    this.titleEl.setText(title)
    return this
  }

  setContent(content: string | DocumentFragment): this {
    this.contentEl.setText(content)
    return this
  }

  setCloseCallback(callback: () => unknown): this {
    this.#closeCallback = callback
    return this
  }

  /** The tabulator goes round within the dialog. */
  readonly #keepFocus = (event: KeyboardEvent): void => {
    if (event.key !== 'Tab') return
    const stops = this.modalEl
      .findAll('a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary, [tabindex="0"]')
      .filter((each) => each.isShown())
    const [first, last] = [stops.first(), stops.last()]
    const goes = event.shiftKey ? first : last
    const to = event.shiftKey ? last : first
    if (activeDocument.activeElement !== goes || to === undefined) return
    event.preventDefault()
    to.focus()
  }
}

export function closeAllModals(): void {
  for (const modal of Array.from(openModals)) modal.close()
}

export class Notice {
  containerEl: HTMLElement
  noticeEl: HTMLElement
  messageEl: HTMLElement
  readonly #timer: number

  constructor(message: string | DocumentFragment, duration = 5_000) {
    const container = activeDocument.body.querySelector<HTMLElement>('.notice-container')
    this.containerEl = container ?? activeDocument.body.createDiv({ cls: 'notice-container', attr: { role: 'status' } })
    this.noticeEl = this.containerEl.createDiv('notice')
    this.messageEl = this.noticeEl.createDiv('notice-message')
    this.setMessage(message)
    this.noticeEl.addEventListener('click', () => this.hide())
    this.#timer = duration > 0 ? window.setTimeout(() => this.hide(), duration) : 0
  }

  setMessage(message: string | DocumentFragment): this {
    this.messageEl.setText(message)
    return this
  }

  hide(): void {
    window.clearTimeout(this.#timer)
    this.noticeEl.remove()
    if (this.containerEl.childElementCount === 0) this.containerEl.remove()
  }
}

export class MenuItem {
  readonly dom: HTMLElement
  readonly #menu: Menu
  readonly #icon: HTMLElement
  readonly #title: HTMLElement

  constructor(menu: Menu, parent: HTMLElement) {
    this.#menu = menu
    this.dom = parent.createDiv({ cls: 'menu-item', attr: { role: 'menuitem', tabindex: '-1' } })
    this.#icon = this.dom.createDiv('menu-item-icon')
    this.#title = this.dom.createDiv('menu-item-title')
  }

  setTitle(title: string | DocumentFragment): this {
    this.#title.setText(title)
    return this
  }

  setIcon(icon: string | null): this {
    if (icon === null) this.#icon.empty()
    else setIcon(this.#icon, icon)
    return this
  }

  setChecked(isChecked: boolean | null): this {
    this.dom.toggleClass('mod-checked', isChecked === true)
    return this
  }

  setDisabled(isDisabled: boolean): this {
    this.dom.toggleClass('is-disabled', isDisabled)
    return this
  }

  setWarning(isWarning: boolean): this {
    this.dom.toggleClass('is-warning', isWarning)
    return this
  }

  setIsLabel(isLabel: boolean): this {
    this.dom.toggleClass('is-label', isLabel)
    return this
  }

  setSection(section: string): this {
    this.dom.dataset['section'] = section
    return this
  }

  onClick(callback: (event: MouseEvent | KeyboardEvent) => unknown): this {
    const run = (event: MouseEvent | KeyboardEvent) => {
      if (this.dom.hasClass('is-disabled')) return
      this.#menu.hide()
      callback(event)
    }
    this.dom.addEventListener('click', run)
    this.dom.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === ' ') run(event)
    })
    return this
  }
}

export class Menu extends Component {
  readonly dom: HTMLElement
  readonly #list: HTMLElement
  readonly #onHide: (() => unknown)[] = []
  readonly #away = (event: Event) => {
    if (!this.dom.contains(event.target as Node)) this.hide()
  }

  constructor() {
    super()
    this.dom = createDiv({ cls: 'menu', attr: { role: 'menu' } })
    this.#list = this.dom.createDiv('menu-scroll')
  }

  addItem(callback: (item: MenuItem) => unknown): this {
    callback(new MenuItem(this, this.#list))
    return this
  }

  addSeparator(): this {
    this.#list.createDiv({ cls: 'menu-separator', attr: { role: 'separator' } })
    return this
  }

  showAtMouseEvent(event: MouseEvent): this {
    return this.showAtPosition({ x: event.clientX, y: event.clientY })
  }

  showAtPosition({ x, y }: { x: number; y: number }, doc: Document = activeDocument): this {
    doc.body.appendChild(this.dom)
    const { width, height } = this.dom.getBoundingClientRect()
    this.dom.setCssStyles({
      left: `${Math.max(4, Math.min(x, doc.documentElement.clientWidth - width - 4))}px`,
      top: `${Math.max(4, Math.min(y, doc.documentElement.clientHeight - height - 4))}px`,
    })
    window.setTimeout(() => doc.addEventListener('pointerdown', this.#away), 0)
    this.dom.addEventListener('keydown', (event) => this.#move(event))
    ;(this.#list.firstElementChild as HTMLElement | null)?.focus()
    this.load()
    return this
  }

  hide(): this {
    this.dom.doc.removeEventListener('pointerdown', this.#away)
    this.dom.remove()
    this.unload()
    for (const callback of this.#onHide.splice(0)) callback()
    return this
  }

  close(): void {
    this.hide()
  }

  onHide(callback: () => unknown): void {
    this.#onHide.push(callback)
  }

  #move(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.hide()
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    event.preventDefault()
    const items = this.#list.findAll('.menu-item')
    const now = items.indexOf(this.dom.doc.activeElement as HTMLElement)
    items.at((now + (event.key === 'ArrowDown' ? 1 : -1)) % items.length)?.focus()
  }
}

/** The name of an element, shown beside it while the pointer rests on it. */
export function setTooltip(element: HTMLElement, tooltip: string): void {
  element.setAttr('aria-label', tooltip)
}
