/** Events, components with a life, and the small functions of the API. */

export interface EventRef {
  readonly source: Events
  readonly name: string
  readonly callback: (...data: never[]) => unknown
}

/** How many listeners and timers live, by kind: a plugin that is unloaded leaves none behind. */
export const live = { events: 0, domListeners: 0, intervals: 0, components: 0 }

export class Events {
  readonly #refs = new Set<EventRef>()

  on(name: string, callback: (...data: never[]) => unknown, context?: unknown): EventRef {
    const ref: EventRef = {
      source: this,
      name,
      callback: context === undefined ? callback : (callback.bind(context) as typeof callback),
    }
    this.#refs.add(ref)
    live.events += 1
    return ref
  }

  off(name: string, callback: (...data: never[]) => unknown): void {
    for (const ref of this.#refs) if (ref.name === name && ref.callback === callback) this.offref(ref)
  }

  offref(ref: EventRef): void {
    if (this.#refs.delete(ref)) live.events -= 1
  }

  trigger(name: string, ...data: unknown[]): void {
    for (const ref of Array.from(this.#refs)) if (ref.name === name) this.tryTrigger(ref, data)
  }

  /** One listener that fails does not keep the others from hearing. */
  tryTrigger(ref: EventRef, data: unknown[]): void {
    try {
      ;(ref.callback as (...data: unknown[]) => unknown)(...data)
    } catch (thrown) {
      reportError(thrown)
    }
  }
}

export class Component {
  #isLoaded = false
  /** Settles when `onload` has; a plugin's is waited for before anything else of it happens. */
  loading: Promise<unknown> = Promise.resolve()
  readonly #children = new Set<Component>()
  readonly #undo: (() => unknown)[] = []

  load(): void {
    if (this.#isLoaded) return
    this.#isLoaded = true
    live.components += 1
    this.loading = Promise.resolve(this.onload()).catch(reportError)
    for (const child of this.#children) child.load()
  }

  /** Hook: nothing unless a subclass has something to do. */
  onload(): unknown {
    return undefined
  }

  unload(): void {
    if (!this.#isLoaded) return
    this.#isLoaded = false
    live.components -= 1
    for (const child of this.#children) child.unload()
    this.#children.clear()
    for (const undo of this.#undo.splice(0).reverse()) undo()
    this.onunload()
  }

  /** Hook: nothing unless a subclass has something to do. */
  onunload(): unknown {
    return undefined
  }

  addChild<T extends Component>(child: T): T {
    this.#children.add(child)
    if (this.#isLoaded) child.load()
    return child
  }

  removeChild<T extends Component>(child: T): T {
    if (this.#children.delete(child)) child.unload()
    return child
  }

  register(callback: () => unknown): void {
    this.#undo.push(callback)
  }

  registerEvent(ref: EventRef): void {
    this.register(() => ref.source.offref(ref))
  }

  registerDomEvent(
    target: Window | Document | HTMLElement,
    type: string,
    callback: (event: never) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void {
    const listener = callback as unknown as EventListener
    target.addEventListener(type, listener, options)
    live.domListeners += 1
    this.register(() => {
      live.domListeners -= 1
      target.removeEventListener(type, listener, options)
    })
  }

  registerInterval(id: number): number {
    live.intervals += 1
    this.register(() => {
      live.intervals -= 1
      window.clearInterval(id)
    })
    return id
  }
}

export type IconName = string

export interface Debouncer<T extends unknown[], V> {
  (...args: T): this
  cancel(): this
  run(): V | void
}

export function debounce<T extends unknown[], V>(
  callback: (...args: T) => V,
  timeout = 0,
  resetTimer = false,
): Debouncer<T, V> {
  let timer: number | null = null
  let waiting: T | null = null
  const run = (): V | void => {
    if (timer !== null) window.clearTimeout(timer)
    timer = null
    const args = waiting
    waiting = null
    if (args !== null) return callback(...args)
  }
  const call = (...args: T) => {
    waiting = args
    if (timer !== null && resetTimer) window.clearTimeout(timer)
    if (timer === null || resetTimer) timer = window.setTimeout(run, timeout)
    return debounced
  }
  const debounced = Object.assign(call, {
    run,
    cancel: () => {
      if (timer !== null) window.clearTimeout(timer)
      timer = null
      waiting = null
      return debounced
    },
  }) as unknown as Debouncer<T, V>
  return debounced
}

/** Obsidian: forward slashes, none at the ends or doubled, no-break spaces as spaces, NFC. */
export function normalizePath(path: string): string {
  const clean = path
    .replace(/[\\/]+/g, '/')
    .replace(/^\/+|\/+$/g, '')
    .replace(/\u00a0|\u202f/g, ' ')
    .normalize('NFC')
  return clean === '' ? '/' : clean
}

export const apiVersion = '1.13.7'

export function requireApiVersion(version: string): boolean {
  const [wanted = [], have = []] = [version, apiVersion].map((each) => each.split('.').map(Number))
  for (let at = 0; at < 3; at++) {
    const difference = (have[at] ?? 0) - (wanted[at] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

export function getLanguage(): string {
  return document.documentElement.lang || 'en'
}

function reportError(thrown: unknown): void {
  window.reportError(thrown)
}
