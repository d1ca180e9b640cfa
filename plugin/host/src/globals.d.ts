/** What Obsidian adds to the page's own objects, as far as this host has it. `dom.ts` makes it. */
interface DomElementInfo {
  cls?: string | string[]
  text?: string | DocumentFragment
  attr?: Record<string, string | number | boolean | null>
  title?: string
  parent?: Node
  value?: string
  type?: string
  prepend?: boolean
  placeholder?: string
  href?: string
}

interface SvgElementInfo {
  cls?: string | string[]
  attr?: Record<string, string | number | boolean | null>
  parent?: Node
  prepend?: boolean
}

interface Node {
  detach(): void
  empty(): void
  appendText(text: string): void
  instanceOf<T>(type: { new (): T }): this is T
  readonly doc: Document
  readonly win: Window & typeof globalThis
  createEl<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    info?: DomElementInfo | string,
    callback?: (el: HTMLElementTagNameMap[K]) => void,
  ): HTMLElementTagNameMap[K]
  createDiv(info?: DomElementInfo | string, callback?: (el: HTMLDivElement) => void): HTMLDivElement
  createSpan(info?: DomElementInfo | string, callback?: (el: HTMLSpanElement) => void): HTMLSpanElement
  createSvg<K extends keyof SVGElementTagNameMap>(
    tag: K,
    info?: SvgElementInfo | string,
    callback?: (el: SVGElementTagNameMap[K]) => void,
  ): SVGElementTagNameMap[K]
}

interface Element {
  getText(): string
  setText(text: string | DocumentFragment): void
  addClass(...classes: string[]): void
  addClasses(classes: string[]): void
  removeClass(...classes: string[]): void
  removeClasses(classes: string[]): void
  toggleClass(classes: string | string[], value: boolean): void
  hasClass(cls: string): boolean
  setAttr(name: string, value: string | number | boolean | null): void
  setAttrs(attributes: Record<string, string | number | boolean | null>): void
  getAttr(name: string): string | null
  matchParent(selector: string, lastParent?: Element): Element | null
  find(selector: string): Element | null
  findAll(selector: string): HTMLElement[]
  isActiveElement(): boolean
}

interface HTMLElement {
  find(selector: string): HTMLElement
  show(): void
  hide(): void
  toggle(isShown: boolean): void
  toggleVisibility(isVisible: boolean): void
  isShown(): boolean
  setCssStyles(styles: Partial<CSSStyleDeclaration>): void
  setCssProps(props: Record<string, string>): void
  on<K extends keyof HTMLElementEventMap>(
    type: K,
    selector: string,
    listener: (this: HTMLElement, event: HTMLElementEventMap[K], target: HTMLElement) => unknown,
  ): void
  onClickEvent(listener: (this: HTMLElement, event: MouseEvent) => unknown): void
  onNodeInserted(listener: () => unknown, once?: boolean): () => void
  onWindowMigrated(listener: (win: Window) => unknown): () => void
  trigger(eventType: string): void
}

interface UIEvent {
  readonly targetNode: Node | null
  readonly doc: Document
  readonly win: Window
  instanceOf<T>(type: { new (...data: never[]): T }): this is T
}

interface Array<T> {
  first(): T | undefined
  last(): T | undefined
  contains(target: T): boolean
  remove(target: T): void
  unique(): T[]
}

interface String {
  contains(target: string): boolean
}

declare function createEl<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  info?: DomElementInfo | string,
  callback?: (el: HTMLElementTagNameMap[K]) => void,
): HTMLElementTagNameMap[K]
declare function createDiv(info?: DomElementInfo | string, callback?: (el: HTMLDivElement) => void): HTMLDivElement
declare function createSpan(info?: DomElementInfo | string, callback?: (el: HTMLSpanElement) => void): HTMLSpanElement
declare function createFragment(callback?: (el: DocumentFragment) => void): DocumentFragment
declare function sleep(ms: number): Promise<void>
declare function nextFrame(): Promise<void>
declare let activeWindow: Window & typeof globalThis
declare let activeDocument: Document

interface Window {
  activeWindow: Window & typeof globalThis
  activeDocument: Document
}
