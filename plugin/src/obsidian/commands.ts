/** Cairn's commands in Obsidian: those that the settings do not hide, and the link `obsidian://cairn`. */
import type { Plugin } from 'obsidian'
import { parseScope } from '../core/ask/scope.ts'
import { commandIds, commandTable, type CommandId } from '../core/commands.ts'
import type { Cairn } from './open-cairn.ts'
import { checkOf, isPluginCommand, type PluginCommandId } from './plugin-commands.ts'
import { openAsk } from './open-ask.ts'
import { openPairing } from './dialogs.ts'
import { openPalette } from './palette/index.ts'
import { openSyncView } from './sync-view.ts'
import { saveConversation } from './save-conversation.ts'

export function addCommands(plugin: Plugin, cairn: Cairn): void {
  const { app } = plugin
  const runs: Record<
    Exclude<CommandId, 'ask-selection' | 'save-conversation' | 'sync-now' | PluginCommandId>,
    () => void
  > = {
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
    else if (isPluginCommand(id)) plugin.addCommand({ id, name, icon, checkCallback: checkOf(app, cairn, id) })
    else plugin.addCommand({ id, name, icon, callback: runs[id] })
  }
  followHidden(plugin, cairn, add)
  // A link fills the box and sends nothing: whoever made the link is not who asks.
  plugin.registerObsidianProtocolHandler(
    'cairn',
    ({ ask, question, scope }) => void openAsk(app, ask ?? question, scope === undefined ? null : parseScope(scope)),
  )
}

/** Adds those that the settings do not hide, now and when the settings change. */
function followHidden(plugin: Plugin, { settings }: Cairn, add: (id: CommandId) => void): void {
  const isShown = (id: CommandId) => !settings.get('commands.hidden').includes(id)
  const shown = new Set(commandIds.filter(isShown))
  for (const id of shown) add(id)
  plugin.register(
    settings.values.subscribe(() => {
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
}

async function tellConnection({ connection, app }: Cairn): Promise<void> {
  const { wordsOf } = await import('../core/connection/connection.ts')
  await connection.check()
  app.notify(wordsOf(connection.state.get()).sentence)
}
