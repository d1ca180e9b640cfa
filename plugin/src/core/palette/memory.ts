/**
 * What the palette remembers: habits in data.json, where devices merge them, the rest on this device only. While the
 * setting says that nothing is kept, nothing is. Pure but for the ports it is given.
 */
import type { Settings } from '../settings/settings-store.ts'
import { forgetAll, forgetUses, recordUse, type Frecency } from './frecency.ts'
import {
  addArguments,
  addQuery,
  addQuestion,
  forgetCommand,
  forgetQuestion,
  noHistory,
  parseHistory,
  type PaletteHistory,
} from './history.ts'

export interface PaletteMemory {
  readonly history: () => PaletteHistory
  readonly habits: () => Frecency
  /** A command was chosen, by what was typed for it. */
  readonly used: (command: string, query: string) => void
  /** `text`: its arguments as they are typed. */
  readonly ran: (command: string, text: string) => void
  readonly asked: (question: string) => void
  /** The next question of this text is a command’s, and nobody’s own. */
  readonly notAsked: (question: string) => void
  readonly forget: (command: string) => void
  readonly forgetQuestion: (question: string) => void
  readonly clear: () => void
  /** After a change of the settings: takes away what may not be kept any more. */
  readonly follow: () => void
}

const storedAs = 'cairn-palette'

interface MemoryParts {
  readonly read: (name: string) => unknown
  readonly write: (name: string, value: unknown) => void
  readonly settings: Pick<Settings, 'get' | 'habits' | 'setHabits' | 'deviceId'>
  readonly now: () => number
}

export function createMemory({ read, write, settings, now }: MemoryParts): PaletteMemory {
  const keeps = () => settings.get('privacy.keepHistory')
  let kept = keeps()
  let history = kept ? parseHistory(read(storedAs)) : noHistory
  let made: string | null = null
  const change = (next: PaletteHistory) => {
    if (!keeps() || next === history) return
    history = next
    write(storedAs, history)
  }
  const clear = () => {
    history = noHistory
    write(storedAs, null)
    settings.setHabits(forgetAll(settings.habits()))
  }
  return {
    history: () => history,
    habits: settings.habits,
    used(command, query) {
      if (!keeps()) return
      change(addQuery(history, query))
      settings.setHabits(recordUse(settings.habits(), settings.deviceId, command, now()))
    },
    ran: (command, text) => change(addArguments(history, command, text)),
    asked(question) {
      if (question !== made) change(addQuestion(history, question))
    },
    notAsked: (question) => void (made = question),
    forget(command) {
      change(forgetCommand(history, command))
      settings.setHabits(forgetUses(settings.habits(), command))
    },
    forgetQuestion: (question) => change(forgetQuestion(history, question)),
    clear,
    follow() {
      if (kept && !keeps()) clear()
      kept = keeps()
    },
  }
}
