/** A tab of the settings: told as definitions and drawn from them, page by page. */
import type { App } from './app.ts'
import { setIcon } from './icons.ts'
import type { Plugin } from './plugin.ts'
import { Setting, SettingGroup } from './setting.ts'
import type {
  SettingControl,
  SettingDefinition,
  SettingDefinitionGroup,
  SettingDefinitionItem,
  SettingDefinitionList,
  SettingDefinitionPage,
} from './setting-definitions.ts'
import { suggestPaths } from './suggest.ts'

const isTrue = (value: boolean | (() => boolean) | undefined, otherwise: boolean) =>
  typeof value === 'function' ? value() : (value ?? otherwise)

export abstract class SettingTab {
  icon = 'settings'
  name = ''
  app: App
  containerEl: HTMLElement
  settingItems: SettingDefinitionItem[] = []
  /** Names of the pages that are open, from the tab inwards. */
  #path: string[] = []
  #cleanups: (() => void)[] = []
  #refreshers: (() => void)[] = []

  constructor(app: App) {
    this.app = app
    this.containerEl = createDiv('vertical-tab-content')
  }

  /** Hook: a tab without settings. */
  getSettingDefinitions(): SettingDefinitionItem[] {
    return []
  }

  abstract getControlValue(key: string): unknown
  abstract setControlValue(key: string, value: unknown): void | Promise<void>

  /** Asks for the definitions again and draws them, when the tab is to be seen. */
  update(): void {
    this.settingItems = this.getSettingDefinitions()
    if (this.containerEl.isConnected) this.#draw()
  }

  refreshDomState(): void {
    for (const refresh of this.#refreshers) refresh()
  }

  display(): void {
    this.#path = []
    this.update()
    // Definitions may differ once the tab is shown.
    this.settingItems = this.getSettingDefinitions()
  }

  hide(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup()
    this.#refreshers = []
    this.containerEl.empty()
  }

  #draw(): void {
    const focused = this.containerEl.contains(activeDocument.activeElement)
      ? (activeDocument.activeElement?.getAttribute('aria-label') ?? null)
      : null
    const scroll = this.containerEl.scrollTop
    for (const cleanup of this.#cleanups.splice(0)) cleanup()
    this.#refreshers = []
    this.containerEl.empty()
    let items = this.settingItems
    for (const name of this.#path) {
      // A page may stand in a group.
      const within = items.flatMap((item) => ('items' in item && item.type !== 'page' ? (item.items ?? []) : [item]))
      const page = within.find(
        (item): item is SettingDefinitionPage => 'type' in item && item.type === 'page' && item.name === name,
      )
      items = page?.items ?? []
    }
    if (this.#path.length > 0) this.#drawTitle()
    let group: SettingGroup | null = null
    for (const item of items) {
      if ('type' in item && (item.type === 'group' || item.type === 'list')) {
        this.#drawGroup(item)
        group = null
      } else {
        group ??= new SettingGroup(this.containerEl)
        this.#drawItem(item as SettingDefinition | SettingDefinitionPage, group, 0)
      }
    }
    this.containerEl.scrollTop = scroll
    if (focused !== null)
      this.containerEl
        .findAll('[aria-label]')
        .find((each) => each.getAttr('aria-label') === focused)
        ?.focus()
  }

  #drawTitle(): void {
    const bar = this.containerEl.createDiv('setting-page-titlebar')
    const back = bar.createEl('button', { cls: 'clickable-icon', attr: { 'aria-label': 'Back' } })
    setIcon(back, 'arrow-left')
    back.addEventListener('click', () => {
      this.#path.pop()
      this.#draw()
    })
    bar.createEl('h2', { cls: 'setting-page-title', text: this.#path.at(-1) ?? '' })
  }

  #drawGroup(item: SettingDefinitionGroup | SettingDefinitionList): void {
    const group = new SettingGroup(this.containerEl)
    if (item.heading !== undefined) group.setHeading(item.heading)
    if (item.cls !== undefined) group.addClass(item.cls)
    for (const extra of item.extraButtons ?? []) group.addExtraButton(extra)
    const items = item.items ?? []
    const list = item.type === 'list' ? (item as SettingDefinitionList) : null
    if (list !== null && items.length === 0 && list.emptyState !== undefined)
      group.listEl.createDiv('setting-empty-state').setText(list.emptyState)
    for (const [index, each] of items.entries()) {
      const setting = this.#drawItem(each, group, index)
      if (list?.onDelete !== undefined && 'name' in each)
        setting.addExtraButton((button) =>
          button
            .setIcon('trash-2')
            .setTooltip(`Delete ${each.name}`)
            .onClick(() => list.onDelete?.(index)),
        )
    }
    const { addItem } = list ?? {}
    if (addItem !== undefined)
      group.addSetting((setting) => {
        setting.addButton((button) => button.setButtonText(addItem.name).onClick(() => addItem.action(button.buttonEl)))
      })
    this.#watch(() => group.groupEl.toggle(isTrue(item.visible, true)))
  }

  #drawItem(item: SettingDefinition | SettingDefinitionPage, group: SettingGroup, index: number): Setting {
    const setting = new Setting(group.listEl)
    setting.setName(item.name)
    if (item.desc !== undefined) setting.setDesc(item.desc)
    this.#watch(() => setting.settingEl.toggle(isTrue(item.visible, true)))
    if ('type' in item) this.#drawPage(setting, item)
    else if (item.control !== undefined) this.#drawControl(setting, item.control)
    else if (item.render !== undefined) {
      const cleanup = item.render(setting, group)
      if (typeof cleanup === 'function') this.#cleanups.push(cleanup)
    } else if (item.action !== undefined) {
      const { action } = item
      this.#pressable(setting, () => action(setting.settingEl, index))
    }
    return setting
  }

  #drawPage(setting: Setting, page: SettingDefinitionPage): void {
    const shown = typeof page.displayValue === 'function' ? page.displayValue() : page.displayValue
    if (shown !== undefined) setting.addDisplayValue((value) => value.setValue(shown))
    this.#pressable(setting, () => {
      this.#path.push(page.name)
      this.containerEl.scrollTop = 0
      this.#draw()
    })
    setIcon(setting.controlEl.createDiv('setting-item-chevron'), 'chevron-right')
  }

  #pressable(setting: Setting, act: () => void): void {
    setting.settingEl.addClass('mod-clickable')
    setting.settingEl.setAttrs({ role: 'button', tabindex: 0 })
    setting.settingEl.addEventListener('click', act)
    setting.settingEl.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      act()
    })
  }

  #drawControl(setting: Setting, control: SettingControl): void {
    const keep = async (value: never) => {
      const validate = control.validate as ((value: never) => string | void | Promise<string | void>) | undefined
      const complaint = (await validate?.(value)) ?? null
      setting.setErrorMessage(complaint)
      if (complaint === null) await this.setControlValue(control.key, value)
    }
    const value = this.getControlValue(control.key) ?? control.defaultValue
    drawControl(setting, control, { value, keep: keep as (value: unknown) => Promise<void>, app: this.app })
    this.#watch(() => void setting.setDisabled(isTrue(control.disabled, false)))
  }

  #watch(refresh: () => void): void {
    this.#refreshers.push(refresh)
    refresh()
  }
}

interface Drawn {
  readonly value: unknown
  readonly keep: (value: unknown) => Promise<void>
  readonly app: App
}

function drawControl(setting: Setting, control: SettingControl, { value, keep, app }: Drawn): void {
  switch (control.type) {
    case 'toggle':
      setting.addToggle((toggle) => toggle.setValue(value === true).onChange((next) => void keep(next)))
      break
    case 'dropdown':
      setting.addDropdown((dropdown) =>
        dropdown
          .addOptions(control.options)
          .setValue(String(value))
          .onChange((next) => void keep(next)),
      )
      break
    case 'slider':
      setting.addSlider((slider) =>
        slider
          .setLimits(control.min, control.max, control.step)
          .setDisplayFormat(control.displayFormat ?? String)
          .setValue(Number(value))
          .onChange((next) => void keep(next)),
      )
      break
    case 'number':
      setting.addText((text) => {
        text.inputEl.type = 'number'
        text.inputEl.setAttrs({ min: control.min ?? null, max: control.max ?? null, step: control.step ?? null })
        text.setValue(String(value)).onChange((next) => void keep(next.trim() === '' ? Number.NaN : Number(next)))
      })
      break
    case 'color':
      setting.addColorPicker((picker) => picker.setValue(String(value)).onChange((next) => void keep(next)))
      break
    case 'textarea':
      setting.addTextArea((text) => text.setValue(String(value)).onChange((next) => void keep(next)))
      break
    case 'text':
    case 'file':
    case 'folder':
      setting.addText((text) => {
        text
          .setPlaceholder(control.placeholder ?? '')
          .setValue(String(value))
          .onChange((next) => void keep(next))
        if (control.type !== 'text') suggestPaths(app, text, control, keep)
      })
  }
}

export abstract class PluginSettingTab extends SettingTab {
  readonly #plugin: Plugin

  constructor(app: App, plugin: Plugin) {
    super(app)
    this.#plugin = plugin
    this.name = plugin.manifest.name
  }

  get pluginId(): string {
    return this.#plugin.manifest.id
  }

  getControlValue(key: string): unknown {
    return (this.#plugin.settings as Record<string, unknown> | undefined)?.[key]
  }

  setControlValue(key: string, value: unknown): void | Promise<void> {
    Object.assign((this.#plugin.settings ??= {}) as object, { [key]: value })
    return this.#plugin.saveData(this.#plugin.settings)
  }
}
