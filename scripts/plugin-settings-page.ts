/** docs/reference/plugin-settings.md, made from the tables that the plugin itself runs on. */
import { commandIds, commandTable } from '../plugin/src/core/commands.ts'
import {
  pageTable,
  settingKeys,
  specOf,
  type PageId,
  type SettingSpec,
} from '../plugin/src/core/settings/setting-table.ts'
import { showChord } from '../plugin/src/core/shortcuts/chord.ts'
import { actionIds, actionTable } from '../plugin/src/core/shortcuts/shortcuts.ts'

export function renderPluginSettings(): string {
  const pages = (Object.keys(pageTable) as PageId[]).map((page) => {
    const rows = settingKeys.filter((key) => specOf(key).page === page).map((key) => renderSetting(key, specOf(key)))
    const more = page === 'shortcuts' ? [renderActions()] : page === 'commands' ? [renderCommands()] : []
    return [`## ${pageTable[page].title}`, pageTable[page].desc, ...rows, ...more].join('\n\n')
  })
  return [
    'Settings that are *shared* stand in `data.json` and travel with the vault; two devices that change different ones keep both changes, and of two changes of the same one the later stays. Settings of the *device* stay in its local storage. The key of a device is in Obsidian’s secret storage and in neither.',
    ...pages,
  ].join('\n\n')
}

function renderSetting(key: string, spec: SettingSpec): string {
  return `### ${spec.name}\n\n${spec.desc}\n\n\`${key}\` · ${spec.place} · ${describe(spec)}`
}

function describe(spec: SettingSpec): string {
  switch (spec.kind) {
    case 'toggle':
      return `${spec.initial ? 'on' : 'off'} at first`
    case 'choice':
      return Object.entries(spec.options)
        .map(([value, text]) => `\`${value}\` ${text}${value === spec.initial ? ' (at first)' : ''}`)
        .join(', ')
    case 'number':
    case 'slider':
      return `${spec.least} to ${spec.most} ${spec.unit}, ${spec.initial} at first`
    case 'color':
      return 'a colour such as `#1a664c`, or nothing'
    case 'text':
    case 'folder':
      return `${spec.initial === '' ? 'empty' : `\`${spec.initial}\``} at first, at most ${spec.mostChars} characters`
    case 'list':
      return `at most ${spec.mostItems}, none at first`
    case 'map':
      return `at most ${spec.mostItems}, none at first`
  }
}

function renderActions(): string {
  const rows = actionIds.map((id) => {
    const { name, initial } = actionTable[id]
    return `| ${name} | \`${id}\` | ${showChord(initial, false)} | ${showChord(initial, true)} |`
  })
  return ['| action | id | keys | on a Mac |', '|---|---|---|---|', ...rows].join('\n')
}

function renderCommands(): string {
  const rows = commandIds.map((id) => `| ${commandTable[id].name} | \`cairn:${id}\` |`)
  return ['| command | id |', '|---|---|', ...rows].join('\n')
}
