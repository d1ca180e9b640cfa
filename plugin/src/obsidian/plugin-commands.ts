/** Commands that need another plugin: shown while it is there, switched on, and has what is used of it. */
import { MarkdownView, type App } from 'obsidian'
import type { CommandId } from '../core/commands.ts'
import { integrationTable, type IntegrationId } from '../core/integrations/integrations.ts'
import { specOf } from '../core/settings/setting-table.ts'
import type { Cairn } from './open-cairn.ts'
import { openAsk } from './open-ask.ts'
import { findPluginApi, isInstalled } from './private-api.ts'

export type PluginCommandId = Extract<CommandId, 'ask-query' | 'answer-to-task' | 'answer-to-canvas'>

type Method = (...given: unknown[]) => unknown

const plugins = {
  'ask-query': 'dataview',
  'answer-to-task': 'obsidian-tasks-plugin',
  'answer-to-canvas': 'canvas',
} as const satisfies Record<PluginCommandId, IntegrationId>

export function isPluginCommand(id: CommandId): id is PluginCommandId {
  return Object.hasOwn(plugins, id)
}

/** As Obsidian asks for it: whether the command can run now, and to run it. */
export function checkOf(app: App, cairn: Cairn, id: PluginCommandId): (isChecking: boolean) => boolean {
  const runs = { 'ask-query': findAskQuery, 'answer-to-task': findMakeTask, 'answer-to-canvas': findPutOnCanvas }
  return (isChecking) => {
    const { setting: key } = integrationTable[plugins[id]]
    if (!cairn.settings.get(key)) return false
    const run = runs[id](app, cairn)
    if (run !== null && !isChecking) void run().catch(() => cairn.app.notify(`${specOf(key).name} could not do that.`))
    return run !== null
  }
}

type Run = (() => Promise<void>) | null

function findAskQuery(app: App, cairn: Cairn): Run {
  const api = findPluginApi(app, 'dataview', 'api')
  const query = api?.['query']
  const view = app.workspace.getActiveViewOfType(MarkdownView)
  if (typeof query !== 'function' || view === null) return null
  return async () => {
    const { findQuery, notesOf } = await import('../core/integrations/query-notes.ts')
    const source = findQuery(view.editor.getValue(), view.editor.getCursor().line)
    if (source === null) return cairn.app.notify('This note has no block of Dataview.')
    const result = (await (query as Method).call(api, source, view.file?.path)) as Record<string, unknown>
    if (result['successful'] !== true) return cairn.app.notify('Dataview finds a mistake in this query.')
    const notes = notesOf(result['value'])
    if (notes.length === 0) return cairn.app.notify('This query gives no notes.')
    await openAsk(app, undefined, { notes })
  }
}

const answered = ({ conversation }: Cairn) =>
  conversation.turns.get().findLast(({ outcome, answer }) => outcome === 'answered' && answer !== '')

function findMakeTask(app: App, cairn: Cairn): Run {
  const api = findPluginApi(app, 'obsidian-tasks-plugin', 'apiV1')
  const [edit, create] = [api?.['editTaskLineModal'], api?.['createTaskLineModal']]
  const turn = answered(cairn)
  if (turn === undefined || (typeof edit !== 'function' && typeof create !== 'function')) return null
  return async () => {
    const { neutralise } = await import('../core/neutralise.ts')
    const words = neutralise(turn.question).text.replace(/\s+/g, ' ').trim()
    const line: unknown =
      typeof edit === 'function'
        ? await (edit as Method).call(api, `- [ ] ${words}`)
        : await (create as Method).call(api)
    // Nothing comes back when the person leaves the dialog.
    if (typeof line !== 'string' || line === '') return
    if (!cairn.notes.insertAtCursor(`${line}\n`)) cairn.app.notify('Open a note first: the task goes to its cursor.')
  }
}

function findPutOnCanvas(app: App, cairn: Cairn): Run {
  const turn = answered(cairn)
  if (turn === undefined || isInstalled(app, 'canvas') !== true) return null
  return async () => {
    const { writeCanvas } = await import('../core/integrations/canvas.ts')
    const { settings, notes } = cairn
    const canvas = writeCanvas(turn, { isNeutralised: settings.get('privacy.neutralise'), has: notes.has })
    if (canvas === null) return
    const path = await notes.create(settings.get('answers.conversationFolder'), canvas.title, canvas.text, 'canvas')
    cairn.app.notify(`Saved as ${path}.`)
    await notes.openLink(path)
  }
}
