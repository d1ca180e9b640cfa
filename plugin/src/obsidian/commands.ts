/** Cairn's commands in Obsidian: those that the settings do not hide, and the link `obsidian://cairn`. */
import type { Plugin } from 'obsidian'
import { commandIds, commandTable, type CommandId } from '../core/commands.ts'
import type { Cairn } from './open-cairn.ts'
import { openAsk } from './open-ask.ts'
import { openPairing } from './dialogs.ts'
import { openPalette } from './palette/index.ts'
import { openSyncView } from './sync-view.ts'
import { saveConversation } from './save-conversation.ts'

export function addCommands(plugin: Plugin, cairn: Cairn): void {
  const { app } = plugin
  const runs: Record<Exclude<CommandId, 'ask-selection' | 'save-conversation' | 'sync-now'>, () => void> = {
    'open-palette': () => openPalette(app, cairn),
    'open-ask': () => void openAsk(app),
    'new-conversation': () => {
      cairn.conversation.clear()
      void openAsk(app)
    },
    'open-sync': () => void openSyncView(app),
    'pair-device': () => openPairing(app, cairn),
    'check-connection': () => void tellConnection(cairn),
  }
  const add = (id: CommandId) => {
    const { name, icon } = commandTable[id]
    if (id === 'ask-selection')
      plugin.addCommand({
        id,
        name,
        icon,
        editorCheckCallback: (isChecking, editor) => {
          const selection = editor.getSelection().trim()
          if (selection !== '' && !isChecking)
            void openAsk(app, `What do my notes say about this?\n\n> ${selection.replace(/\n/g, '\n> ')}`)
          return selection !== ''
        },
      })
    else if (id === 'save-conversation')
      plugin.addCommand({
        id,
        name,
        icon,
        checkCallback: (isChecking) => {
          const isThere = cairn.conversation.turns.get().length > 0
          if (isThere && !isChecking) void saveConversation(cairn)
          return isThere
        },
      })
    else if (id === 'sync-now')
      plugin.addCommand({
        id,
        name,
        icon,
        checkCallback: (isChecking) => {
          const { at } = cairn.sync.report.get().stage
          const isOn = at !== 'off' && at !== 'paused' && at !== 'unready'
          if (isOn && !isChecking) cairn.sync.syncNow()
          return isOn
        },
      })
    else plugin.addCommand({ id, name, icon, callback: runs[id] })
  }
  const isShown = (id: CommandId) => !cairn.settings.get('commands.hidden').includes(id)
  const shown = new Set(commandIds.filter(isShown))
  for (const id of shown) add(id)
  plugin.register(
    cairn.settings.values.subscribe(() => {
      for (const id of commandIds) {
        if (isShown(id) === shown.has(id)) continue
        if (shown.delete(id)) plugin.removeCommand(id)
        else {
          shown.add(id)
          add(id)
        }
      }
    }),
  )
  // A link fills the box and sends nothing: whoever made the link is not who asks.
  plugin.registerObsidianProtocolHandler('cairn', ({ question }) => void openAsk(app, question))
}

async function tellConnection({ connection, app }: Cairn): Promise<void> {
  const { wordsOf } = await import('../core/connection/connection.ts')
  await connection.check()
  app.notify(wordsOf(connection.state.get()).sentence)
}
