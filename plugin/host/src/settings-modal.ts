/** The dialog of all settings, with one tab for each plugin that has one, and a search over their definitions. */
import type { App } from './app.ts'
import { Modal } from './overlays.ts'
import type { PluginSettingTab, SettingTab } from './setting-tab.ts'
import type { SettingDefinitionItem } from './setting-definitions.ts'

export class SettingsModal extends Modal {
  readonly #tabs: PluginSettingTab[] = []
  readonly #header: HTMLElement
  readonly #content: HTMLElement
  #shown: SettingTab | null = null

  constructor(app: App) {
    super(app)
    this.modalEl.addClass('mod-settings', 'mod-sidebar-layout')
    this.setTitle('Settings')
    this.contentEl.addClass('vertical-tabs-container')
    const group = this.contentEl.createDiv('vertical-tab-header').createDiv('vertical-tab-header-group')
    group.createDiv({ cls: 'vertical-tab-header-group-title', text: 'Community plugins' })
    this.#header = group.createDiv('vertical-tab-header-group-items')
    this.#content = this.contentEl.createDiv('vertical-tab-content-container')
  }

  add(tab: PluginSettingTab): void {
    this.#tabs.push(tab)
    // Obsidian asks once when a tab is added, for its search.
    tab.update()
  }

  remove(tab: PluginSettingTab): void {
    if (this.#shown === tab) this.#leave()
    this.#tabs.remove(tab)
  }

  override onOpen(): void {
    this.#header.empty()
    for (const tab of this.#tabs) {
      const item = this.#header.createDiv({
        cls: 'vertical-tab-nav-item',
        text: tab.name,
        attr: { role: 'button', tabindex: 0 },
      })
      item.addEventListener('click', () => this.#show(tab))
    }
    const [first] = this.#tabs
    if (first !== undefined) this.#show(first)
  }

  override onClose(): void {
    this.#leave()
  }

  openTabById(id: string): SettingTab | null {
    const tab = this.#tabs.find(({ pluginId }) => pluginId === id)
    if (tab !== undefined) this.#show(tab)
    return tab ?? null
  }

  /** Names of definitions in which the words stand, as Obsidian's search of settings finds them. */
  search(words: string): string[] {
    const wanted = words.toLowerCase()
    return this.#tabs.flatMap((tab) =>
      namesOf(tab.settingItems).flatMap(({ name, text }) => (text.includes(wanted) ? [name] : [])),
    )
  }

  #show(tab: SettingTab): void {
    this.#leave()
    this.#shown = tab
    for (const [at, item] of this.#header.findAll('.vertical-tab-nav-item').entries())
      item.toggleClass('is-active', this.#tabs[at] === tab)
    this.#content.appendChild(tab.containerEl)
    tab.display()
  }

  #leave(): void {
    this.#shown?.hide()
    this.#shown?.containerEl.remove()
    this.#shown = null
  }
}

function namesOf(items: readonly SettingDefinitionItem[]): { name: string; text: string }[] {
  return items.flatMap((item) => {
    const own =
      'name' in item && !('searchable' in item && item.searchable === false)
        ? [
            {
              name: item.name,
              text: [
                item.name,
                typeof item.desc === 'string' ? item.desc : '',
                ...('aliases' in item ? (item.aliases ?? []) : []),
              ]
                .join(' ')
                .toLowerCase(),
            },
          ]
        : []
    return [...own, ...('items' in item ? namesOf(item.items ?? []) : [])]
  })
}
