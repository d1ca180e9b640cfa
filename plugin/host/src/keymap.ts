/** Scopes of keys: the innermost open one hears first, and what it does not take goes to its parent. */
import { Platform } from './mode.ts'

export type Modifier = 'Mod' | 'Ctrl' | 'Meta' | 'Shift' | 'Alt'

export interface KeymapContext {
  readonly modifiers: string | null
  readonly key: string | null
  readonly vkey: string
}

export type KeymapEventListener = (event: KeyboardEvent, context: KeymapContext) => unknown

export interface KeymapEventHandler {
  readonly scope: Scope
  readonly modifiers: string | null
  readonly key: string | null
  readonly listener: KeymapEventListener
}

export class Scope {
  readonly parent: Scope | undefined
  readonly #handlers: KeymapEventHandler[] = []

  constructor(parent?: Scope) {
    this.parent = parent
  }

  register(modifiers: Modifier[] | null, key: string | null, listener: KeymapEventListener): KeymapEventHandler {
    const handler = { scope: this, modifiers: modifiers === null ? null : writeModifiers(modifiers), key, listener }
    this.#handlers.push(handler)
    return handler
  }

  unregister(handler: KeymapEventHandler): void {
    this.#handlers.remove(handler)
  }

  /** True when somebody took the key. */
  handle(event: KeyboardEvent): boolean {
    const context = { modifiers: modifiersOf(event), key: event.key, vkey: event.code }
    for (const { modifiers, key, listener } of Array.from(this.#handlers)) {
      if (modifiers !== null && modifiers !== context.modifiers) continue
      if (key !== null && key.toLowerCase() !== event.key.toLowerCase()) continue
      if (listener(event, context) !== false) continue
      event.preventDefault()
      return true
    }
    return this.parent?.handle(event) ?? false
  }
}

export class Keymap {
  readonly #scopes: Scope[] = []
  /** The scope of the view that has the focus. */
  active: Scope | null = null

  constructor(root: Scope) {
    this.#scopes.push(root)
  }

  listen(win: Window): void {
    win.addEventListener('keydown', (event) => {
      const open = this.#scopes.at(-1)
      const isOverlay = this.#scopes.length > 1
      if (isOverlay ? open?.handle(event) : (this.active ?? open)?.handle(event)) event.stopPropagation()
    })
  }

  pushScope(scope: Scope): void {
    this.#scopes.push(scope)
  }

  popScope(scope: Scope): void {
    this.#scopes.remove(scope)
  }

  static isModifier(event: MouseEvent | TouchEvent | KeyboardEvent, modifier: Modifier): boolean {
    switch (modifier) {
      case 'Mod':
        return Platform.isMacOS ? event.metaKey : event.ctrlKey
      case 'Ctrl':
        return event.ctrlKey
      case 'Meta':
        return event.metaKey
      case 'Shift':
        return event.shiftKey
      case 'Alt':
        return event.altKey
    }
  }

  static isModEvent(event?: MouseEvent | KeyboardEvent | null): 'tab' | 'split' | 'window' | boolean {
    if (!event) return false
    const isMiddle = 'button' in event && event.button === 1
    if (!isMiddle && !Keymap.isModifier(event, 'Mod')) return false
    if (event.altKey) return event.shiftKey ? 'window' : 'split'
    return 'tab'
  }
}

function writeModifiers(modifiers: readonly Modifier[]): string {
  const real = modifiers.map((each) => (each === 'Mod' ? (Platform.isMacOS ? 'Meta' : 'Ctrl') : each))
  return [...real].sort().join(',')
}

function modifiersOf(event: KeyboardEvent): string {
  const held: string[] = []
  if (event.altKey) held.push('Alt')
  if (event.ctrlKey) held.push('Ctrl')
  if (event.metaKey) held.push('Meta')
  if (event.shiftKey) held.push('Shift')
  return held.join(',')
}
