/** The keys of a view: those that the settings give its actions. */
import type { CairnParts } from '../core/ports.ts'
import { chordOf } from '../core/shortcuts/chord.ts'
import { actionIds, keysInForce, type ActionId } from '../core/shortcuts/shortcuts.ts'

/** Each action says whether it did something; a key that did nothing goes on to Obsidian. */
export function useKeys(
  { device, settings }: Pick<CairnParts, 'device' | 'settings'>,
  actions: Partial<Record<ActionId, () => boolean>>,
) {
  return (event: KeyboardEvent) => {
    const chord = chordOf(event, device.isApple)
    const keys = keysInForce(settings.get('shortcuts.keys'))
    const action = actionIds.find((id) => keys[id] === chord && actions[id] !== undefined)
    if (action === undefined || actions[action]?.() !== true) return
    event.preventDefault()
    event.stopPropagation()
  }
}
