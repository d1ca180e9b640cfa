/** A row of the settings, and a group of rows. */
import {
  ButtonComponent,
  ColorComponent,
  DisplayValueComponent,
  DropdownComponent,
  ExtraButtonComponent,
  ProgressBarComponent,
  SearchComponent,
  SliderComponent,
  TextAreaComponent,
  TextComponent,
  ToggleComponent,
  type BaseComponent,
} from './components.ts'

export class Setting {
  settingEl: HTMLElement
  infoEl: HTMLElement
  nameEl: HTMLElement
  descEl: HTMLElement
  controlEl: HTMLElement
  components: BaseComponent[] = []
  errorEl: HTMLElement | null = null

  constructor(containerEl: HTMLElement) {
    this.settingEl = containerEl.createDiv('setting-item')
    this.infoEl = this.settingEl.createDiv('setting-item-info')
    this.nameEl = this.infoEl.createDiv('setting-item-name')
    this.descEl = this.infoEl.createDiv('setting-item-description')
    this.controlEl = this.settingEl.createDiv('setting-item-control')
  }

  setName(name: string | DocumentFragment): this {
    this.nameEl.setText(name)
    this.#label()
    return this
  }

  setDesc(desc: string | DocumentFragment): this {
    this.descEl.setText(desc)
    return this
  }

  setClass(cls: string): this {
    this.settingEl.addClass(cls)
    return this
  }

  setTooltip(tooltip: string): this {
    this.settingEl.setAttr('title', tooltip)
    return this
  }

  setHeading(): this {
    this.settingEl.addClass('setting-item-heading')
    this.nameEl.setAttrs({ role: 'heading', 'aria-level': 3 })
    return this
  }

  setDisabled(isDisabled: boolean): this {
    this.settingEl.toggleClass('is-disabled', isDisabled)
    for (const component of this.components) component.setDisabled(isDisabled)
    return this
  }

  setErrorMessage(message: string | null): this {
    this.settingEl.toggleClass('is-invalid', message !== null)
    this.errorEl?.remove()
    this.errorEl =
      message === null
        ? null
        : this.infoEl.createDiv({ cls: 'setting-item-error', text: message, attr: { role: 'alert' } })
    return this
  }

  addDisplayValue(callback: (component: DisplayValueComponent) => unknown): this {
    callback(new DisplayValueComponent(this.controlEl))
    return this
  }

  addButton(callback: (component: ButtonComponent) => unknown): this {
    return this.#add(new ButtonComponent(this.controlEl), callback)
  }

  addExtraButton(callback: (component: ExtraButtonComponent) => unknown): this {
    return this.#add(new ExtraButtonComponent(this.controlEl), callback)
  }

  addToggle(callback: (component: ToggleComponent) => unknown): this {
    this.settingEl.addClass('mod-toggle')
    return this.#add(new ToggleComponent(this.controlEl), callback)
  }

  addText(callback: (component: TextComponent) => unknown): this {
    return this.#add(new TextComponent(this.controlEl), callback)
  }

  addTextArea(callback: (component: TextAreaComponent) => unknown): this {
    return this.#add(new TextAreaComponent(this.controlEl), callback)
  }

  addSearch(callback: (component: SearchComponent) => unknown): this {
    return this.#add(new SearchComponent(this.controlEl), callback)
  }

  addDropdown(callback: (component: DropdownComponent) => unknown): this {
    this.settingEl.addClass('mod-dropdown')
    return this.#add(new DropdownComponent(this.controlEl), callback)
  }

  addSlider(callback: (component: SliderComponent) => unknown): this {
    this.settingEl.addClass('mod-slider')
    return this.#add(new SliderComponent(this.controlEl), callback)
  }

  addColorPicker(callback: (component: ColorComponent) => unknown): this {
    return this.#add(new ColorComponent(this.controlEl), callback)
  }

  addProgressBar(callback: (component: ProgressBarComponent) => unknown): this {
    return this.#add(new ProgressBarComponent(this.controlEl), callback)
  }

  addComponent(callback: (element: HTMLElement) => BaseComponent): this {
    this.components.push(callback(this.controlEl))
    return this
  }

  clear(): this {
    this.controlEl.empty()
    this.components = []
    return this
  }

  #add<T extends BaseComponent>(component: T, callback: (component: T) => unknown): this {
    this.components.push(component)
    callback(component)
    this.#label()
    return this
  }

  /** The row's name is that of its field, for those who do not see that they stand beside each other. */
  #label(): void {
    for (const field of this.controlEl.findAll('input, select, textarea'))
      field.setAttr('aria-label', this.nameEl.getText())
  }
}

export class SettingGroup {
  readonly groupEl: HTMLElement
  listEl: HTMLElement
  #heading: Setting | null = null

  constructor(containerEl: HTMLElement) {
    this.groupEl = containerEl.createDiv('setting-group')
    this.listEl = this.groupEl.createDiv('setting-items')
  }

  setHeading(text: string | DocumentFragment): this {
    this.#head().setName(text)
    return this
  }

  addClass(...classes: string[]): this {
    this.groupEl.addClass(...classes)
    return this
  }

  addSetting(callback: (setting: Setting) => void): this {
    callback(new Setting(this.listEl))
    return this
  }

  addExtraButton(callback: (component: ExtraButtonComponent) => unknown): this {
    this.#head().addExtraButton(callback)
    return this
  }

  #head(): Setting {
    if (this.#heading === null) {
      this.#heading = new Setting(this.groupEl).setHeading()
      this.groupEl.prepend(this.#heading.settingEl)
    }
    return this.#heading
  }
}
