/** Keys pressed together, written as `Mod+Shift+N`. `Mod` is ⌘ on Apple devices and Ctrl elsewhere, as Obsidian has it. Pure. */

const modifiers = ['Mod', 'Ctrl', 'Alt', 'Shift'] as const
type ChordModifier = (typeof modifiers)[number]

export interface PressedKey {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
}

const namedKeys = new Set([
  'Escape',
  'Enter',
  'Tab',
  'Space',
  'Backspace',
  'Delete',
  'Home',
  'End',
  'PageUp',
  'PageDown',
  'ArrowUp',
  'ArrowDown',
  'ArrowLeft',
  'ArrowRight',
])

/** The chord in its one written form; null when it is none. */
export function parseChord(text: string): string | null {
  const parts = text.split('+').map((part) => part.trim())
  const key = nameKey(parts.pop() ?? '')
  if (key === null || parts.some((part) => !modifiers.some((each) => each.toLowerCase() === part.toLowerCase())))
    return null
  const held = modifiers.filter((each) => parts.some((part) => part.toLowerCase() === each.toLowerCase()))
  return held.length === parts.length ? writeChord(held, key) : null
}

/** What was pressed as a chord; null for a modifier alone. */
export function chordOf(event: PressedKey, isApple: boolean): string | null {
  const key = nameKey(event.key === ' ' ? 'Space' : event.key)
  if (key === null) return null
  const held: ChordModifier[] = []
  if (isApple ? event.metaKey : event.ctrlKey) held.push('Mod')
  if (isApple && event.ctrlKey) held.push('Ctrl')
  if (event.altKey) held.push('Alt')
  // Shift is already in a character such as “?”.
  if (event.shiftKey && (key.length > 1 || /[\p{L}\d]/u.test(key))) held.push('Shift')
  return writeChord(held, key)
}

function writeChord(held: readonly ChordModifier[], key: string): string {
  return [...held, key].join('+')
}

function nameKey(key: string): string | null {
  if (Array.from(key).length === 1) return key === '+' ? null : key.toUpperCase()
  if (/^F(?:[1-9]|1\d|2[0-4])$/i.test(key)) return key.toUpperCase()
  for (const named of namedKeys) if (named.toLowerCase() === key.toLowerCase()) return named
  return null
}

const symbols: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Backspace: '⌫',
  Delete: 'Del',
}
const appleModifiers: Readonly<Record<ChordModifier, string>> = { Mod: '⌘', Ctrl: '⌃', Alt: '⌥', Shift: '⇧' }
const otherModifiers: Readonly<Record<ChordModifier, string>> = {
  Mod: 'Ctrl',
  Ctrl: 'Ctrl',
  Alt: 'Alt',
  Shift: 'Shift',
}

/** As people read it on their device: `⌘⇧N` or `Ctrl + Shift + N`. */
export function showChord(chord: string, isApple: boolean): string {
  const parts = chord.split('+')
  const key = parts.pop() ?? ''
  const names = parts.map((part) => (isApple ? appleModifiers : otherModifiers)[part as ChordModifier] ?? part)
  return [...names, symbols[key] ?? key].join(isApple ? '' : ' + ')
}
