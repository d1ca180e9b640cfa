/** THE table of actions with keys in Cairn's own views, which keys they have now, and which of them are in each other's way. Pure. */
import { parseChord } from './chord.ts'

export const actionTable = {
  'ask.stop': { name: 'Stop the answer', initial: 'Escape' },
  'ask.focus': { name: 'Go to the box for the question', initial: 'Mod+Shift+L' },
  'ask.new': { name: 'New conversation', initial: 'Mod+Shift+K' },
  'ask.retry': { name: 'Ask the last question again', initial: 'Mod+Shift+R' },
  'ask.copy': { name: 'Copy the last answer', initial: 'Mod+Shift+C' },
  'ask.save': { name: 'Save the conversation as a note', initial: 'Mod+Shift+S' },
  'ask.next-source': { name: 'Next source', initial: 'Alt+ArrowDown' },
  'ask.previous-source': { name: 'Previous source', initial: 'Alt+ArrowUp' },
  'rewrite.next': { name: 'Next change of a rewriting', initial: 'Alt+ArrowDown' },
  'rewrite.previous': { name: 'Previous change of a rewriting', initial: 'Alt+ArrowUp' },
  'rewrite.accept': { name: 'Accept the change', initial: 'Alt+Enter' },
  'rewrite.reject': { name: 'Reject the change', initial: 'Alt+Backspace' },
  'rewrite.accept-all': { name: 'Accept all changes', initial: 'Mod+Shift+A' },
  'rewrite.insert': { name: 'Insert the accepted changes', initial: 'Mod+Shift+Enter' },
  'palette.earlier': { name: 'Palette: what was typed before', initial: 'Alt+ArrowUp' },
  'palette.later': { name: 'Palette: what was typed after', initial: 'Alt+ArrowDown' },
  'palette.write': { name: 'Palette: write the command out', initial: 'Alt+ArrowRight' },
  'palette.box': { name: 'Palette: put it into the box only', initial: 'Alt+Enter' },
  'palette.forget': { name: 'Palette: forget this one', initial: 'Mod+Shift+Backspace' },
} as const satisfies Record<string, { name: string; initial: string }>

export type ActionId = keyof typeof actionTable
/** Those of one view, such as `ask`. */
export type ActionOf<Area extends string> = Extract<ActionId, `${Area}.${string}`>
export const actionIds = Object.keys(actionTable) as ActionId[]

/** What typing, copying and moving about in a text needs. */
const reserved = new Set([
  'Enter',
  'Tab',
  'Shift+Tab',
  'Backspace',
  'Delete',
  'Space',
  'ArrowUp',
  'ArrowDown',
  'ArrowLeft',
  'ArrowRight',
  'Home',
  'End',
  'Mod+A',
  'Mod+C',
  'Mod+V',
  'Mod+X',
  'Mod+Z',
  'Mod+Shift+Z',
  'Mod+Enter',
])

/** The keys of every action; an empty text for one that has none. */
export function keysInForce(changed: Readonly<Record<string, string>>): Record<ActionId, string> {
  const own = actionIds.map((id) => [id, keyOf(changed[id], actionTable[id].initial)] as const)
  return Object.fromEntries(own) as Record<ActionId, string>
}

function keyOf(changed: string | undefined, initial: string): string {
  if (changed === undefined) return initial
  return changed === '' ? '' : (parseChord(changed) ?? initial)
}

/** A sentence on why keys cannot be had at all; null when they can. */
export function judgeChord(chord: string | null): string | null {
  if (chord === null) return 'Press a key, with Ctrl, ⌘, Alt or Shift if you like.'
  if (reserved.has(chord)) return 'Typing needs these keys. Press others.'
  const isLone = !chord.includes('+')
  return isLone && Array.from(chord).length === 1 ? 'A lone letter is what you type. Hold Ctrl, ⌘ or Alt too.' : null
}

/** A command outside of Cairn's views, with the keys that the person gave it. */
export interface ForeignHotkey {
  readonly name: string
  readonly chord: string
}

export interface Conflict {
  readonly chord: string
  /** Names of the others that have the same keys. */
  readonly with: readonly string[]
}

/** Keys of a view are heard in it alone: the same ones may mean something else in another. */
const areaOf = (id: ActionId): string => id.slice(0, id.indexOf('.'))

/** The action of a view that has these keys. */
export function findAction<Area extends string>(
  area: Area,
  chord: string | null,
  changed: Readonly<Record<string, string>>,
): ActionOf<Area> | null {
  const keys = keysInForce(changed)
  const id = actionIds.find((each) => areaOf(each) === area && keys[each] === chord)
  return (id as ActionOf<Area> | undefined) ?? null
}

/** For each action whose keys something else has too. Those of Obsidian win outside of Cairn's views, ours within. */
export function findConflicts(
  keys: Readonly<Record<ActionId, string>>,
  foreign: readonly ForeignHotkey[],
): Partial<Record<ActionId, Conflict>> {
  const conflicts: Partial<Record<ActionId, Conflict>> = {}
  for (const id of actionIds) {
    const chord = keys[id]
    if (chord === '') continue
    const others = [
      ...actionIds
        .filter((other) => other !== id && areaOf(other) === areaOf(id) && keys[other] === chord)
        .map((other) => actionTable[other].name),
      ...foreign.filter((each) => each.chord === chord).map(({ name }) => name),
    ]
    if (others.length > 0) conflicts[id] = { chord, with: others }
  }
  return conflicts
}
