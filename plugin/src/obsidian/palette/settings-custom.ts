/** Custom commands in the settings: each with what is wrong with its note, one to begin with, and the history. */
import type { App, SettingDefinition } from 'obsidian'
import { isBroken, type BrokenCommand, type CustomCommand } from '../../core/palette/index.ts'
import type { Cairn } from '../open-cairn.ts'
import { confirm } from '../panel-modal.ts'
import { closeSettings } from '../private-api.ts'
import { makeExample, openCommandNote } from './custom-commands.ts'

export function customItems(app: App, cairn: Cairn, update: () => void): SettingDefinition[] {
  const list = cairn.custom.list.get()
  return [
    ...list.map((each) => customItem(app, cairn, each)),
    {
      name: 'Make an example',
      desc:
        list.length > 0
          ? 'A command that shows properties, arguments and variables.'
          : 'There is no custom command in the folder yet. This makes one to begin with.',
      action: () =>
        void makeExample(app, cairn.custom).then((complaint) => {
          if (complaint !== null) cairn.app.notify(complaint)
          else closeSettings(app)
        }),
    },
    {
      name: 'Forget what was used',
      desc: 'Recent commands, questions and arguments, on this device; how often commands were used, on all.',
      aliases: ['history', 'clear', 'recent'],
      action: () => void clearHistory(app, cairn, update),
    },
  ]
}

/** The row of one opens its note. */
function customItem(app: App, { app: { notify } }: Cairn, command: CustomCommand | BrokenCommand): SettingDefinition {
  const { name, path } = command
  const openNote = () => {
    closeSettings(app)
    void openCommandNote(app, path).then((isThere) => {
      if (!isThere) notify(`There is no note “${path}” any more.`)
    })
  }
  if (!isBroken(command)) return { name, desc: command.description || wordsOf(command), action: openNote }
  return {
    name,
    render: (setting) => {
      setting.setName(name).setErrorMessage(command.problems.join(' '))
      setting.addButton((button) => button.setButtonText('Open the note').onClick(openNote))
    },
  }
}

function wordsOf({ specs }: CustomCommand): string {
  return specs.length === 0 ? 'Takes nothing.' : `Takes ${specs.map(({ name }) => name).join(', ')}.`
}

async function clearHistory(app: App, { memory, app: { notify } }: Cairn, update: () => void): Promise<void> {
  const isSure = await confirm(app, {
    title: 'Forget what was used?',
    text: 'The palette begins anew. Your notes and the log of the server stay as they are.',
    yes: 'Forget',
  })
  if (!isSure) return
  memory.clear()
  notify('Forgotten.')
  update()
}
