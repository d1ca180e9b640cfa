/** Rows of the pages Shortcuts, Commands and Integrations, made from their tables. */
import type { App, SettingDefinition, SettingDefinitionItem } from 'obsidian'
import { commandIds, commandTable, type CommandId } from '../core/commands.ts'
import { integrationIds, integrationTable } from '../core/integrations/integrations.ts'
import { specOf } from '../core/settings/setting-table.ts'
import type { Settings } from '../core/settings/settings-store.ts'
import { showChord } from '../core/shortcuts/chord.ts'
import { actionIds, actionTable, findConflicts, keysInForce, type ActionId } from '../core/shortcuts/shortcuts.ts'
import { stageWords } from '../core/sync/report.ts'
import { openSyncView } from './sync-view.ts'
import { device } from './device.ts'
import { openKeys } from './dialogs.ts'
import type { Cairn } from './open-cairn.ts'
import { customItems } from './palette/settings-custom.ts'
import { isInstalled, openSettingsAt, readHotkeys } from './private-api.ts'

export function shortcutItems(app: App, cairn: Cairn, update: () => void): SettingDefinitionItem[] {
  return [
    {
      type: 'group',
      heading: 'In Cairn’s views',
      items: [
        ...actionIds.map((id) => shortcutItem(app, cairn, { id, update })),
        {
          name: 'Reset keys',
          desc: 'All actions get back the keys that they had at first.',
          action: () => {
            cairn.settings.reset(['shortcuts.keys'])
            update()
          },
        },
      ],
    },
    {
      type: 'group',
      heading: 'Commands',
      items: [
        {
          name: 'Hotkeys of commands',
          desc: 'Cairn takes no hotkey by itself. Give its commands yours where Obsidian keeps all of them.',
          render: (setting) => {
            setting
              .setName('Hotkeys of commands')
              .setDesc('Cairn takes no hotkey by itself. Give its commands yours where Obsidian keeps all of them.')
              .addButton((button) =>
                button.setButtonText('Open hotkeys').onClick(() => {
                  if (!openSettingsAt(app, 'hotkeys')) cairn.app.notify('Open Settings, then Hotkeys.')
                }),
              )
          },
        },
      ],
    },
  ]
}

function shortcutItem(app: App, cairn: Cairn, { id, update }: { id: ActionId; update: () => void }): SettingDefinition {
  const { name } = actionTable[id]
  return {
    name,
    aliases: ['key', 'hotkey', 'shortcut'],
    render: (setting) => {
      const changed = cairn.settings.get('shortcuts.keys')
      const keys = keysInForce(changed)
      const conflict = findConflicts(keys, readHotkeys(app) ?? [])[id]
      setting.setName(name)
      setting.controlEl.createEl('kbd', {
        cls: 'cairn-keys',
        text: keys[id] === '' ? 'none' : showChord(keys[id], device.isApple),
      })
      if (conflict !== undefined) setting.setErrorMessage(`Also: ${conflict.with.join(', ')}.`)
      setting.addExtraButton((button) =>
        button
          .setIcon('pencil')
          .setTooltip(`Change the keys of “${name}”`)
          .onClick(() => openKeys(app, cairn, { id, onDone: update })),
      )
      setting.addExtraButton((button) =>
        button
          .setIcon('rotate-ccw')
          .setTooltip(`Reset the keys of “${name}”`)
          .setDisabled(changed[id] === undefined)
          .onClick(() => {
            const { [id]: _gone, ...others } = changed
            cairn.settings.set('shortcuts.keys', others)
            update()
          }),
      )
    },
  }
}

const togglePrefix = 'command:'

export function commandItems(app: App, cairn: Cairn, update: () => void): SettingDefinitionItem[] {
  return [
    { type: 'group', heading: 'Custom commands', items: customItems(app, cairn, update) },
    {
      type: 'group',
      heading: 'Cairn’s commands',
      items: commandIds.map((id) => ({
        name: commandTable[id].name,
        aliases: ['command', 'palette'],
        control: { type: 'toggle', key: `${togglePrefix}${id}`, defaultValue: true },
      })),
    },
  ]
}

export function readCommandToggle(settings: Settings, key: string): boolean {
  return !settings.get('commands.hidden').includes(key.slice(togglePrefix.length))
}

export function writeCommandToggle(settings: Settings, key: string, isShown: boolean): void {
  const id = key.slice(togglePrefix.length) as CommandId
  const others = settings.get('commands.hidden').filter((each) => each !== id)
  settings.set('commands.hidden', isShown ? others : [...others, id])
}

/** How vault sync stands, with the way to its panel. */
export function syncItem(app: App, cairn: Cairn): SettingDefinition {
  return {
    name: 'Vault sync now',
    searchable: false,
    render: (setting) => {
      const { title, sentence } = stageWords(cairn.sync.report.get())
      setting.setName(title).setDesc(sentence)
      setting.addButton((button) =>
        button.setButtonText('Open vault sync').onClick(() => {
          cairn.app.closeSettings()
          void openSyncView(app)
        }),
      )
    },
  }
}

/** One row each: what it is good for, whether it is there, and the switch. */
export function integrationItems(app: App, { settings }: Cairn): SettingDefinitionItem[] {
  return integrationIds.map((id) => {
    const { setting: key } = integrationTable[id]
    const { name, desc } = specOf(key)
    return {
      name,
      desc,
      aliases: ['plugin', 'integration'],
      render: (setting) => {
        const isThere = isInstalled(app, id)
        const words = isThere === null ? 'Obsidian does not tell' : isThere ? 'Detected' : 'Not installed'
        setting.setName(name).setDesc(desc)
        setting.controlEl.createSpan({ cls: 'cairn-value', text: words })
        setting.addToggle((toggle) =>
          toggle.setValue(settings.get(key)).onChange((isOn) => void settings.set(key, isOn)),
        )
      },
    }
  })
}
