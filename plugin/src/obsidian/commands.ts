/** Cairn's commands in Obsidian: those that the settings do not hide, and the link `obsidian://cairn`. */
import type { App, Plugin } from 'obsidian'
import { parseScope } from '../core/ask/scope.ts'
import { commandIds, commandTable, type CommandId } from '../core/commands.ts'
import type { Cairn } from './open-cairn.ts'
import { checkOf, isPluginCommand, type PluginCommandId } from './plugin-commands.ts'
import { openAsk } from './open-ask.ts'
import { openPane } from './open-pane.ts'
import { openPairing } from './dialogs.ts'
import { openRewrite } from './open-rewrite.ts'
import { openPalette } from './palette/index.ts'
import { openSyncView } from './sync-view.ts'
import { saveConversation } from './save-conversation.ts'

export function addCommands(plugin: Plugin, cairn: Cairn): void {
  const add = createAdder(plugin, cairn)
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
  addToMenu(plugin, cairn, isShown)
  followLinks(plugin)
}

/** What adds one command, by what it needs to be there. */
function createAdder(plugin: Plugin, cairn: Cairn): (id: CommandId) => void {
  const { app } = plugin
  const runs = runsOf(cairn, app)
  return (id) => {
    const { name, icon } = commandTable[id]
    if (id === 'ask-selection' || id === 'rewrite-selection')
      plugin.addCommand({
        id,
        name,
        icon,
        editorCheckCallback: (isChecking, editor, info) => {
          const selection = editor.getSelection().trim()
          if (selection === '' || isChecking) return selection !== ''
          if (id === 'rewrite-selection') openRewrite(app, cairn, { editor, info })
          else void openAsk(app, `What do my notes say about this?\n\n> ${selection.replace(/\n/g, '\n> ')}`)
          return true
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
}

/** In the menu of a selection, as long as the command is not hidden. */
function addToMenu(plugin: Plugin, cairn: Cairn, isShown: (id: CommandId) => boolean): void {
  const { app } = plugin
  plugin.registerEvent(
    app.workspace.on('editor-menu', (menu, editor, info) => {
      if (!editor.somethingSelected() || !isShown('rewrite-selection')) return
      const { name, icon } = commandTable['rewrite-selection']
      menu.addItem((item) =>
        item
          .setTitle(name)
          .setIcon(icon)
          .setSection('selection')
          .onClick(() => openRewrite(app, cairn, { editor, info })),
      )
    }),
  )
}

type Runs = Record<
  Exclude<CommandId, 'ask-selection' | 'rewrite-selection' | 'save-conversation' | 'sync-now' | PluginCommandId>,
  () => void
>

function runsOf(cairn: Cairn, app: App): Runs {
  return {
    'open-palette': () => openPalette(app, cairn),
    'open-ask': () => void openAsk(app),
    'new-conversation': () => {
      cairn.conversation.clear()
      void openAsk(app)
    },
    'open-dashboard': () => void openPane(app, 'dashboard'),
    'open-map': () => void openPane(app, 'map'),
    'open-sync': () => void openSyncView(app),
    'pair-device': () => openPairing(app, cairn),
    'check-connection': () => void tellConnection(cairn),
  }
}

/** A link fills the box and sends nothing: whoever made the link is not who asks. */
function followLinks(plugin: Plugin): void {
  const { app } = plugin
  plugin.registerObsidianProtocolHandler('cairn', ({ ask, question, scope, open }) => {
    if (open === 'dashboard' || open === 'map') void openPane(app, open)
    else void openAsk(app, ask ?? question, scope === undefined ? null : parseScope(scope))
  })
}

async function tellConnection({ connection, app }: Cairn): Promise<void> {
  const { wordsOf } = await import('../core/connection/connection.ts')
  await connection.check()
  app.notify(wordsOf(connection.state.get()).sentence)
}
