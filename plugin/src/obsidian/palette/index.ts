/** The palette in Obsidian. */
import type { App, Plugin } from 'obsidian'
import { isBroken, type CustomCommand } from '../../core/palette/index.ts'
import type { Cairn } from '../open-cairn.ts'
import { PaletteModal } from './palette-modal.ts'
import { runPrompt } from './run-prompt.ts'

export function openPalette(app: App, cairn: Cairn): void {
  new PaletteModal(app, cairn).open()
}

/** Custom commands are Obsidian's commands too, so that they can have hotkeys; kept up while their notes change. */
export function followCustomCommands(plugin: Plugin, cairn: Cairn): void {
  const shown = new Map<string, CustomCommand>()
  const follow = () => {
    const wanted = new Map(
      cairn.custom.list.get().flatMap((each) => (isBroken(each) ? [] : [[each.id, each] as const])),
    )
    for (const [id, { name }] of shown)
      if (wanted.get(id)?.name !== name) {
        plugin.removeCommand(id)
        shown.delete(id)
      }
    for (const [id, command] of wanted) {
      // The callback looks for the newest text of the note by itself.
      if (!shown.has(id))
        plugin.addCommand({
          id,
          name: command.name,
          icon: 'sparkles',
          callback: () => {
            const now = shown.get(id)
            if (now !== undefined) void runPrompt(plugin.app, cairn, { command: now })
          },
        })
      shown.set(id, command)
    }
  }
  plugin.register(cairn.custom.list.subscribe(follow))
  cairn.custom.start()
}
