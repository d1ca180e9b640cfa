/**
 * Obsidian's additions to the page: short ways to make and change elements, written from the public typings. They are put
 * on the prototypes of a window, since a popout window has prototypes of its own.
 */

type ElementInfo = DomElementInfo | string | undefined

function fill(element: Element, info: ElementInfo): void {
  const given: DomElementInfo = typeof info === 'string' ? { cls: info } : (info ?? {})
  const { cls, text, attr = {}, title, value, type, placeholder, href } = given
  if (cls !== undefined) element.classList.add(...[cls].flat().flatMap((each) => each.split(' ').filter(Boolean)))
  if (text !== undefined) element.setText(text)
  for (const [name, each] of Object.entries({ title, type, placeholder, href, ...attr }))
    if (each !== undefined) element.setAttr(name, each)
  if (value !== undefined) (element as HTMLInputElement).value = value
}

function place(element: Element, info: ElementInfo | SvgElementInfo, parent: Node | undefined): void {
  const given = typeof info === 'object' ? info : {}
  const into = given.parent ?? parent
  if (into === undefined) return
  if (given.prepend === true) into.insertBefore(element, into.firstChild)
  else into.appendChild(element)
}

const nodeMethods = {
  detach(this: ChildNode) {
    this.remove()
  },
  empty(this: Node) {
    while (this.lastChild) this.removeChild(this.lastChild)
  },
  appendText(this: Node, text: string) {
    this.appendChild(this.doc.createTextNode(text))
  },
  instanceOf(this: Node, type: { readonly name: string }) {
    // Of another window the class is another, with the same name.
    const own = (this.win as unknown as Record<string, unknown>)[type.name]
    return this instanceof (typeof own === 'function' ? own : (type as never))
  },
  createEl(this: Node, tag: string, info?: ElementInfo, callback?: (element: HTMLElement) => void) {
    const element = this.doc.createElement(tag)
    fill(element, info)
    place(element, info, this)
    callback?.(element)
    return element
  },
  createDiv(this: Node, info?: ElementInfo, callback?: (element: HTMLDivElement) => void) {
    return this.createEl('div', info, callback)
  },
  createSpan(this: Node, info?: ElementInfo, callback?: (element: HTMLSpanElement) => void) {
    return this.createEl('span', info, callback)
  },
  createSvg(this: Node, tag: string, info?: SvgElementInfo | string, callback?: (element: SVGElement) => void) {
    const element = this.doc.createElementNS('http://www.w3.org/2000/svg', tag) as SVGElement
    const { cls, attr = {} } = typeof info === 'string' ? { cls: info } : (info ?? {})
    if (cls !== undefined) element.classList.add(...[cls].flat())
    for (const [name, each] of Object.entries(attr)) element.setAttr(name, each)
    place(element, info, this)
    callback?.(element)
    return element
  },
}

const elementMethods = {
  getText(this: Element) {
    return this.textContent ?? ''
  },
  setText(this: Element, text: string | DocumentFragment) {
    this.empty()
    if (typeof text === 'string') this.textContent = text
    else this.appendChild(text)
  },
  addClass(this: Element, ...classes: string[]) {
    this.classList.add(...classes)
  },
  addClasses(this: Element, classes: string[]) {
    this.classList.add(...classes)
  },
  removeClass(this: Element, ...classes: string[]) {
    this.classList.remove(...classes)
  },
  removeClasses(this: Element, classes: string[]) {
    this.classList.remove(...classes)
  },
  toggleClass(this: Element, classes: string | string[], value: boolean) {
    for (const each of [classes].flat()) this.classList.toggle(each, value)
  },
  hasClass(this: Element, cls: string) {
    return this.classList.contains(cls)
  },
  setAttr(this: Element, name: string, value: string | number | boolean | null) {
    if (value === null) this.removeAttribute(name)
    else this.setAttribute(name, String(value))
  },
  setAttrs(this: Element, attributes: Record<string, string | number | boolean | null>) {
    for (const [name, value] of Object.entries(attributes)) this.setAttr(name, value)
  },
  getAttr(this: Element, name: string) {
    return this.getAttribute(name)
  },
  matchParent(this: Element, selector: string, lastParent?: Element) {
    const found = this.closest(selector)
    return found !== null && lastParent !== undefined && !lastParent.contains(found) ? null : found
  },
  find(this: Element, selector: string) {
    return this.querySelector(selector)
  },
  findAll(this: Element, selector: string) {
    return [...this.querySelectorAll<HTMLElement>(selector)]
  },
  isActiveElement(this: Element) {
    return this.doc.activeElement === this
  },
}

const htmlMethods = {
  show(this: HTMLElement) {
    this.style.display = ''
  },
  hide(this: HTMLElement) {
    this.style.display = 'none'
  },
  toggle(this: HTMLElement, isShown: boolean) {
    if (isShown) this.show()
    else this.hide()
  },
  toggleVisibility(this: HTMLElement, isVisible: boolean) {
    this.style.visibility = isVisible ? '' : 'hidden'
  },
  isShown(this: HTMLElement) {
    return this.isConnected && this.getClientRects().length > 0
  },
  setCssStyles(this: HTMLElement, styles: Partial<CSSStyleDeclaration>) {
    Object.assign(this.style, styles)
  },
  setCssProps(this: HTMLElement, props: Record<string, string>) {
    for (const [name, value] of Object.entries(props)) this.style.setProperty(name, value)
  },
  on(this: HTMLElement, type: string, selector: string, listener: (event: Event, target: HTMLElement) => unknown) {
    this.addEventListener(type, (event) => {
      const target = event.target instanceof Element ? event.target.closest(selector) : null
      if (target !== null && this.contains(target)) listener.call(this, event, target as HTMLElement)
    })
  },
  onClickEvent(this: HTMLElement, listener: (event: MouseEvent) => unknown) {
    this.addEventListener('click', listener)
    this.addEventListener('auxclick', listener)
  },
  onNodeInserted(this: HTMLElement, listener: () => unknown, once = false) {
    const observer = new MutationObserver(() => {
      if (!this.isConnected) return
      if (once) observer.disconnect()
      listener()
    })
    observer.observe(this.doc, { childList: true, subtree: true })
    return () => observer.disconnect()
  },
  onWindowMigrated(this: HTMLElement, listener: (win: Window) => unknown) {
    let before: Window = this.win
    const watch = window.setInterval(() => {
      if (this.win === before) return
      before = this.win
      listener(before)
    }, 50)
    return () => window.clearInterval(watch)
  },
  trigger(this: HTMLElement, eventType: string) {
    this.dispatchEvent(new Event(eventType, { bubbles: true, cancelable: true }))
  },
}

/** Called once for every window, popouts included. */
export function extendWindow(win: Window & typeof globalThis): void {
  Object.assign(win.Node.prototype, nodeMethods)
  Object.defineProperties(win.Node.prototype, {
    doc: {
      configurable: true,
      get(this: Node) {
        return this.ownerDocument ?? this
      },
    },
    win: {
      configurable: true,
      get(this: Node) {
        return this.doc.defaultView ?? window
      },
    },
  })
  Object.assign(win.Element.prototype, elementMethods)
  Object.assign(win.HTMLElement.prototype, htmlMethods)
  Object.assign(win.DocumentFragment.prototype, { find: elementMethods.find, findAll: elementMethods.findAll })
  Object.defineProperties(win.UIEvent.prototype, {
    targetNode: { configurable: true, get: (): unknown => null },
    doc: {
      configurable: true,
      get(this: UIEvent) {
        return (this.target as Node | null)?.doc ?? win.document
      },
    },
    win: {
      configurable: true,
      get(this: UIEvent) {
        return this.doc.defaultView ?? win
      },
    },
    instanceOf: {
      configurable: true,
      value(this: UIEvent, type: { readonly name: string }) {
        const own = (this.win as unknown as Record<string, unknown>)[type.name]
        return typeof own === 'function' && this instanceof own
      },
    },
  })
  Object.defineProperty(win.UIEvent.prototype, 'targetNode', {
    configurable: true,
    get(this: UIEvent) {
      return this.target instanceof win.Node ? this.target : null
    },
  })
}

/** What stands in every window by its name, and on arrays and texts. */
export function extendGlobals(): void {
  const define = (prototype: object, methods: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(methods))
      Object.defineProperty(prototype, name, { configurable: true, writable: true, value })
  }
  define(Array.prototype, {
    first(this: unknown[]) {
      return this[0]
    },
    last(this: unknown[]) {
      return this.at(-1)
    },
    contains(this: unknown[], target: unknown) {
      return this.includes(target)
    },
    remove(this: unknown[], target: unknown) {
      const at = this.indexOf(target)
      if (at >= 0) this.splice(at, 1)
    },
    unique(this: unknown[]) {
      return [...new Set(this)]
    },
  })
  define(String.prototype, {
    contains(this: string, target: string) {
      return this.includes(target)
    },
  })
  const loose = (tag: string, info?: ElementInfo, callback?: (element: HTMLElement) => void) => {
    const element = document.createElement(tag)
    fill(element, info)
    place(element, info, undefined)
    callback?.(element)
    return element
  }
  Object.assign(window, {
    createEl: loose,
    createDiv: (info?: ElementInfo, callback?: (element: HTMLElement) => void) => loose('div', info, callback),
    createSpan: (info?: ElementInfo, callback?: (element: HTMLElement) => void) => loose('span', info, callback),
    createFragment: (callback?: (fragment: DocumentFragment) => void) => {
      const fragment = document.createDocumentFragment()
      callback?.(fragment)
      return fragment
    },
    sleep: (ms: number) => new Promise((done) => setTimeout(done, ms)),
    nextFrame: () => new Promise((done) => requestAnimationFrame(() => done(undefined))),
    activeWindow: window,
    activeDocument: document,
  })
}
