/** The keys of a view: those that the settings give its actions. */
import type { CairnParts } from '../core/ports.ts'
import { chordOf } from '../core/shortcuts/chord.ts'
import { findAction, type ActionOf } from '../core/shortcuts/shortcuts.ts'

/** Each action says whether it did something; a key that did nothing goes on to Obsidian. */
export function useKeys<Area extends string>(
  { device, settings }: Pick<CairnParts, 'device' | 'settings'>,
  area: Area,
  actions: Record<ActionOf<Area>, () => boolean>,
) {
  return (event: KeyboardEvent) => {
    const action = findAction(area, chordOf(event, device.isApple), settings.get('shortcuts.keys'))
    if (action === null || !actions[action]()) return
    event.preventDefault()
    event.stopPropagation()
  }
}
