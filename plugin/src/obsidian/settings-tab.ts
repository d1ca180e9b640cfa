/**
 * Cairn's tab in Obsidian's settings, told as definitions so that Obsidian's own search finds every setting. They are made
 * from the table; what the table cannot say (status, lists, keys, commands, other plugins) is added here.
 */
import {
  getAllTags,
  PluginSettingTab,
  type App,
  type Plugin,
  type SettingDefinition,
  type SettingDefinitionItem,
  type SettingDefinitionPage,
} from 'obsidian'
import { wordsOf } from '../core/connection/connection.ts'
import { checkValue } from '../core/settings/check-value.ts'
import {
  isSettingKey,
  pageTable,
  settingKeys,
  specOf,
  type PageId,
  type SettingKey,
} from '../core/settings/setting-table.ts'
import { confirm } from './panel-modal.ts'
import { openExport, openImport, openListItem, openPairing } from './dialogs.ts'
import type { Cairn } from './open-cairn.ts'
import {
  commandItems,
  integrationItems,
  readCommandToggle,
  shortcutItems,
  syncItem,
  writeCommandToggle,
} from './settings-items.ts'
import { controlOf } from './settings-controls.ts'
import { openSyncView } from './sync-view.ts'
import { renderPreview } from './settings-preview.ts'

export class CairnSettingTab extends PluginSettingTab {
  readonly #cairn: Cairn
  #stopFollowing: (() => void) | null = null

  constructor(app: App, plugin: Plugin, cairn: Cairn) {
    super(app, plugin)
    this.#cairn = cairn
    this.icon = 'cairn'
  }

  override getSettingDefinitions(): SettingDefinitionItem[] {
    this.#follow()
    return [
      this.#status(),
      ...settingsOf('connection').map((key) => this.#define(key)),
      { type: 'group', items: this.#pages() },
      {
        type: 'group',
        heading: 'All settings',
        items: [
          {
            name: 'Export',
            desc: 'As text, without the key and what belongs to this device.',
            action: () => openExport(this.app, this.#cairn),
          },
          {
            name: 'Import',
            desc: 'Shows what would change before anything does.',
            action: () => openImport(this.app, this.#cairn, () => this.update()),
          },
          {
            name: 'Reset',
            desc: 'All settings as at first. This device stays paired.',
            aliases: ['default'],
            action: () => void this.#resetAll(),
          },
        ],
      },
    ]
  }

  override getControlValue(key: string): unknown {
    if (isSettingKey(key)) return this.#cairn.settings.get(key)
    return readCommandToggle(this.#cairn.settings, key)
  }

  override setControlValue(key: string, value: unknown): void {
    if (!isSettingKey(key)) return writeCommandToggle(this.#cairn.settings, key, value === true)
    // Nothing is sent before the person has seen what would be.
    if (key === 'sync.isOn' && value === true) {
      this.#cairn.app.closeSettings()
      return void openSyncView(this.app)
    }
    const complaint = this.#cairn.settings.set(key, value)
    if (complaint !== null) this.#cairn.app.notify(`${specOf(key).name}: ${complaint}`)
    this.refreshDomState()
  }

  override hide(): void {
    this.#stopFollowing?.()
    this.#stopFollowing = null
    super.hide()
  }

  /** The status changes by itself while the tab is open. */
  #follow(): void {
    if (this.#stopFollowing !== null || !this.containerEl.isShown()) return
    const { connection, custom } = this.#cairn
    const ends = [connection.state, custom.list].map((store) => store.subscribe(() => this.update()))
    this.#stopFollowing = () => ends.forEach((end) => end())
  }

  #status(): SettingDefinition {
    return {
      name: 'Status',
      aliases: ['connection', 'pair', 'connect'],
      render: (setting) => {
        const state = this.#cairn.connection.state.get()
        const { title, sentence, tone } = wordsOf(state)
        setting.setName(title).setDesc(sentence)
        setting.settingEl.addClass('cairn-status', `is-${tone}`)
        if (state.at === 'unset' || state.at === 'blocked') return
        setting.addButton((button) => button.setButtonText('Check').onClick(() => void this.#cairn.connection.check()))
        setting.addButton((button) => {
          button
            .setButtonText(state.at === 'ready' ? 'Pair again' : 'Pair')
            .onClick(() => openPairing(this.app, this.#cairn))
          if (state.at === 'unpaired' || state.at === 'revoked') button.setCta()
        })
      },
    }
  }

  #define(key: SettingKey): SettingDefinition {
    const spec = specOf(key)
    const { name, desc } = spec
    const aliases = [...(spec.aliases ?? [])]
    if (spec.kind === 'color') return { name, desc, aliases, render: (setting) => this.#colour(setting, key) }
    return { name, desc, aliases, control: controlOf(key, spec, (value) => checkValue(spec, value)) }
  }

  #colour(setting: Parameters<Extract<SettingDefinition, { render: unknown }>['render']>[0], key: SettingKey): void {
    const { settings } = this.#cairn
    setting.setName(specOf(key).name).setDesc(specOf(key).desc)
    setting.addColorPicker((picker) => {
      const value = settings.get(key)
      picker.setValue(typeof value === 'string' && value !== '' ? value : accentOf(setting.settingEl))
      picker.onChange((colour) => void settings.set(key, colour))
    })
    setting.addExtraButton((button) =>
      button
        .setIcon('rotate-ccw')
        .setTooltip('Use the theme’s accent')
        .onClick(() => {
          settings.reset([key])
          this.update()
        }),
    )
  }

  #pages(): SettingDefinitionPage[] {
    const { settings } = this.#cairn
    const update = () => this.update()
    const more: Partial<Record<PageId, () => SettingDefinitionItem[]>> = {
      privacy: () => [this.#list('privacy.excludedFolders'), this.#list('privacy.excludedTags'), this.#excludedCount()],
      sync: () => [syncItem(this.app, this.#cairn)],
      appearance: () => [{ name: 'Preview', searchable: false, render: (setting) => renderPreview(setting, settings) }],
      shortcuts: () => shortcutItems(this.app, this.#cairn, update),
      commands: () => commandItems(this.app, this.#cairn, update),
      integrations: () => integrationItems(this.app, this.#cairn),
    }
    return (Object.keys(pageTable) as PageId[])
      .filter((page) => page !== 'connection')
      .map((page) => ({
        type: 'page',
        name: pageTable[page].title,
        desc: pageTable[page].desc,
        items: [...settingsOf(page).map((key) => this.#define(key)), ...(more[page]?.() ?? [])],
      }))
  }

  #list(key: 'privacy.excludedFolders' | 'privacy.excludedTags'): SettingDefinitionItem {
    const { settings } = this.#cairn
    const { name, desc } = specOf(key)
    const isFolder = key === 'privacy.excludedFolders'
    return {
      type: 'list',
      heading: name,
      emptyState: desc,
      items: settings.get(key).map((item) => ({ name: item })),
      onDelete: (index) => {
        settings.set(
          key,
          settings.get(key).filter((_, at) => at !== index),
        )
        this.update()
      },
      addItem: {
        name: isFolder ? 'Exclude a folder' : 'Exclude a tag',
        action: () =>
          openListItem(this.app, this.#cairn, {
            key,
            title: isFolder ? 'Exclude a folder' : 'Exclude a tag',
            suggestions: isFolder ? this.app.vault.getAllFolders().map(({ path }) => path) : this.#tags(),
            onDone: () => this.update(),
          }),
      },
    }
  }

  #excludedCount(): SettingDefinition {
    return {
      name: 'Kept back now',
      searchable: false,
      render: (setting) => {
        const { excluded, all } = this.#cairn.notes.countExcluded()
        setting.setName('Kept back now')
        setting.controlEl.createSpan({ cls: 'cairn-value', text: `${excluded} of ${all} notes` })
      },
    }
  }

  #tags(): string[] {
    const tags = this.app.vault.getMarkdownFiles().flatMap((file) => {
      const cache = this.app.metadataCache.getFileCache(file)
      return cache === null ? [] : (getAllTags(cache) ?? [])
    })
    return [...new Set(tags)].sort((a, b) => a.localeCompare(b))
  }

  async #resetAll(): Promise<void> {
    const isSure = await confirm(this.app, {
      title: 'Reset all settings?',
      text: 'Excluded folders and tags, keys, appearance and the server’s address go back to what they were at first.',
      yes: 'Reset',
    })
    if (!isSure) return
    this.#cairn.settings.reset(settingKeys)
    this.update()
  }
}

/** Those of a page that have a control of their own; lists, maps and integrations are shown by what is added to the page. */
function settingsOf(page: PageId): SettingKey[] {
  return settingKeys.filter((key) => {
    const { page: of, kind } = specOf(key)
    return of === page && of !== 'integrations' && kind !== 'list' && kind !== 'map'
  })
}

/** The theme's accent as the colour field takes it. */
function accentOf(place: HTMLElement): string {
  const probe = place.createSpan({ cls: 'cairn-accent-probe' })
  const { color } = place.win.getComputedStyle(probe)
  probe.remove()
  const channels = /^rgba?\((\d+), (\d+), (\d+)/.exec(color)?.slice(1) ?? []
  return channels.length === 3
    ? `#${channels.map((each) => Number(each).toString(16).padStart(2, '0')).join('')}`
    : '#000000'
}
