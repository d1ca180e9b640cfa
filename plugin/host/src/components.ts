/** The controls of settings and dialogs. */
import type { App } from './app.ts'
import { setIcon } from './icons.ts'
import { Modal, setTooltip } from './overlays.ts'

export abstract class BaseComponent {
  disabled = false

  setDisabled(isDisabled: boolean): this {
    this.disabled = isDisabled
    return this
  }
}

export abstract class ValueComponent<T> extends BaseComponent {
  abstract getValue(): T
  abstract setValue(value: T): this
}

export class ButtonComponent extends BaseComponent {
  buttonEl: HTMLButtonElement

  constructor(containerEl: HTMLElement) {
    super()
    this.buttonEl = containerEl.createEl('button', { type: 'button' })
  }

  override setDisabled(isDisabled: boolean): this {
    this.buttonEl.disabled = isDisabled
    return super.setDisabled(isDisabled)
  }

  setCta(): this {
    this.buttonEl.addClass('mod-cta')
    return this
  }

  removeCta(): this {
    this.buttonEl.removeClass('mod-cta')
    return this
  }

  setWarning(): this {
    this.buttonEl.addClass('mod-warning')
    return this
  }

  setDestructive(): this {
    this.buttonEl.addClass('mod-destructive')
    return this
  }

  setTooltip(tooltip: string): this {
    setTooltip(this.buttonEl, tooltip)
    return this
  }

  setButtonText(name: string): this {
    this.buttonEl.setText(name)
    return this
  }

  setIcon(icon: string): this {
    setIcon(this.buttonEl, icon)
    return this
  }

  setClass(cls: string): this {
    this.buttonEl.addClass(cls)
    return this
  }

  onClick(callback: (event: MouseEvent) => unknown): this {
    this.buttonEl.addEventListener('click', callback)
    return this
  }
}

export class ExtraButtonComponent extends BaseComponent {
  extraSettingsEl: HTMLElement

  constructor(containerEl: HTMLElement) {
    super()
    this.extraSettingsEl = containerEl.createEl('button', {
      cls: 'clickable-icon extra-setting-button',
      type: 'button',
    })
    this.setIcon('settings')
  }

  override setDisabled(isDisabled: boolean): this {
    ;(this.extraSettingsEl as HTMLButtonElement).disabled = isDisabled
    this.extraSettingsEl.toggleClass('is-disabled', isDisabled)
    return super.setDisabled(isDisabled)
  }

  setTooltip(tooltip: string): this {
    setTooltip(this.extraSettingsEl, tooltip)
    return this
  }

  setIcon(icon: string): this {
    setIcon(this.extraSettingsEl, icon)
    return this
  }

  onClick(callback: () => unknown): this {
    this.extraSettingsEl.addEventListener('click', callback)
    return this
  }
}

export class ToggleComponent extends ValueComponent<boolean> {
  toggleEl: HTMLElement
  readonly #input: HTMLInputElement
  #callback: ((value: boolean) => unknown) | null = null

  constructor(containerEl: HTMLElement) {
    super()
    this.toggleEl = containerEl.createEl('label', 'checkbox-container')
    this.#input = this.toggleEl.createEl('input', { type: 'checkbox', attr: { role: 'switch' } })
    this.#input.addEventListener('change', () => {
      this.toggleEl.toggleClass('is-enabled', this.#input.checked)
      this.#callback?.(this.#input.checked)
    })
  }

  override setDisabled(isDisabled: boolean): this {
    this.#input.disabled = isDisabled
    return super.setDisabled(isDisabled)
  }

  getValue(): boolean {
    return this.#input.checked
  }

  setValue(isOn: boolean): this {
    this.#input.checked = isOn
    this.toggleEl.toggleClass('is-enabled', isOn)
    return this
  }

  setTooltip(tooltip: string): this {
    setTooltip(this.toggleEl, tooltip)
    return this
  }

  onChange(callback: (value: boolean) => unknown): this {
    this.#callback = callback
    return this
  }
}

export class AbstractTextComponent<T extends HTMLInputElement | HTMLTextAreaElement> extends ValueComponent<string> {
  inputEl: T
  #callback: ((value: string) => unknown) | null = null

  constructor(inputEl: T) {
    super()
    this.inputEl = inputEl
    inputEl.addEventListener('input', () => this.onChanged())
  }

  override setDisabled(isDisabled: boolean): this {
    this.inputEl.disabled = isDisabled
    return super.setDisabled(isDisabled)
  }

  getValue(): string {
    return this.inputEl.value
  }

  setValue(value: string): this {
    this.inputEl.value = value
    return this
  }

  setPlaceholder(placeholder: string): this {
    this.inputEl.placeholder = placeholder
    return this
  }

  onChanged(): void {
    this.#callback?.(this.inputEl.value)
  }

  onChange(callback: (value: string) => unknown): this {
    this.#callback = callback
    return this
  }
}

export class TextComponent extends AbstractTextComponent<HTMLInputElement> {
  constructor(containerEl: HTMLElement) {
    super(containerEl.createEl('input', { type: 'text', attr: { spellcheck: false } }))
  }
}

export class TextAreaComponent extends AbstractTextComponent<HTMLTextAreaElement> {
  constructor(containerEl: HTMLElement) {
    super(containerEl.createEl('textarea'))
  }
}

export class SearchComponent extends AbstractTextComponent<HTMLInputElement> {
  clearButtonEl: HTMLElement

  constructor(containerEl: HTMLElement) {
    const place = containerEl.createDiv('search-input-container')
    super(place.createEl('input', { type: 'search', attr: { spellcheck: false } }))
    this.clearButtonEl = place.createEl('button', { cls: 'search-input-clear-button', attr: { 'aria-label': 'Clear' } })
    this.clearButtonEl.addEventListener('click', () => {
      this.setValue('')
      this.onChanged()
      this.inputEl.focus()
    })
  }
}

export class DropdownComponent extends ValueComponent<string> {
  selectEl: HTMLSelectElement

  constructor(containerEl: HTMLElement) {
    super()
    this.selectEl = containerEl.createEl('select', 'dropdown')
  }

  override setDisabled(isDisabled: boolean): this {
    this.selectEl.disabled = isDisabled
    return super.setDisabled(isDisabled)
  }

  addOption(value: string, display: string): this {
    this.selectEl.createEl('option', { value, text: display })
    return this
  }

  addOptions(options: Record<string, string>): this {
    for (const [value, display] of Object.entries(options)) this.addOption(value, display)
    return this
  }

  getValue(): string {
    return this.selectEl.value
  }

  setValue(value: string): this {
    this.selectEl.value = value
    return this
  }

  onChange(callback: (value: string) => unknown): this {
    this.selectEl.addEventListener('change', () => callback(this.selectEl.value))
    return this
  }
}

export class SliderComponent extends ValueComponent<number> {
  sliderEl: HTMLInputElement
  readonly #shown: HTMLElement
  #format: (value: number) => string = String

  constructor(containerEl: HTMLElement) {
    super()
    this.#shown = containerEl.createSpan('slider-value')
    this.sliderEl = containerEl.createEl('input', { cls: 'slider', type: 'range' })
    this.sliderEl.addEventListener('input', () => this.#show())
  }

  override setDisabled(isDisabled: boolean): this {
    this.sliderEl.disabled = isDisabled
    return super.setDisabled(isDisabled)
  }

  setLimits(min: number | null, max: number | null, step: number | 'any'): this {
    this.sliderEl.setAttrs({ min, max, step })
    return this
  }

  getValue(): number {
    return this.sliderEl.valueAsNumber
  }

  getValuePretty(): string {
    return this.#format(this.getValue())
  }

  setValue(value: number): this {
    this.sliderEl.valueAsNumber = value
    this.#show()
    return this
  }

  setDisplayFormat(format: (value: number) => string): this {
    this.#format = format
    this.#show()
    return this
  }

  onChange(callback: (value: number) => unknown): this {
    this.sliderEl.addEventListener('change', () => callback(this.getValue()))
    return this
  }

  #show(): void {
    this.#shown.setText(this.getValuePretty())
  }
}

export class ColorComponent extends ValueComponent<string> {
  readonly #input: HTMLInputElement

  constructor(containerEl: HTMLElement) {
    super()
    this.#input = containerEl.createEl('input', { type: 'color' })
  }

  override setDisabled(isDisabled: boolean): this {
    this.#input.disabled = isDisabled
    return super.setDisabled(isDisabled)
  }

  getValue(): string {
    return this.#input.value
  }

  setValue(value: string): this {
    this.#input.value = value
    return this
  }

  onChange(callback: (value: string) => unknown): this {
    this.#input.addEventListener('input', () => callback(this.#input.value))
    return this
  }
}

export class DisplayValueComponent {
  valueEl: HTMLElement

  constructor(containerEl: HTMLElement) {
    this.valueEl = containerEl.createDiv('setting-item-display-value')
  }

  setValue(value: string | null): this {
    this.valueEl.setText(value ?? '')
    return this
  }

  setStatus(status: 'warning' | null): this {
    this.valueEl.toggleClass('mod-warning', status === 'warning')
    return this
  }
}

export class ProgressBarComponent extends ValueComponent<number> {
  readonly #bar: HTMLElement

  constructor(containerEl: HTMLElement) {
    super()
    this.#bar = containerEl.createDiv('setting-progress-bar').createDiv('setting-progress-bar-inner')
  }

  getValue(): number {
    return Number.parseFloat(this.#bar.style.inlineSize) || 0
  }

  setValue(value: number): this {
    this.#bar.setCssStyles({ inlineSize: `${Math.min(100, Math.max(0, value))}%` })
    return this
  }
}

export class ConfirmationButton extends ButtonComponent {
  readonly #modal: Modal
  #runs: ((event: MouseEvent) => unknown) | null = null

  constructor(modal: Modal, containerEl: HTMLElement) {
    super(containerEl)
    this.#modal = modal
    this.buttonEl.addEventListener('click', (event) => {
      this.#runs?.(event)
      this.#modal.close()
    })
  }

  override onClick(handler: (event: MouseEvent) => unknown): this {
    this.#runs = handler
    return this
  }

  setSecondary(): this {
    return this.removeCta()
  }

  setCancel(): this {
    this.buttonEl.addClass('mod-cancel')
    return this
  }

  setInitialFocus(): this {
    window.setTimeout(() => this.buttonEl.focus(), 0)
    return this
  }
}

export class ConfirmationModal extends Modal {
  buttonContainerEl: HTMLElement

  constructor(app: App) {
    super(app)
    this.modalEl.addClass('mod-confirmation')
    this.buttonContainerEl = this.modalEl.createDiv('modal-button-container')
  }

  addClass(cls: string): this {
    this.modalEl.addClass(cls)
    return this
  }

  addCheckbox(label: string, callback: (value: boolean) => unknown): this {
    const place = this.buttonContainerEl.createEl('label', 'mod-checkbox')
    const input = place.createEl('input', { type: 'checkbox' })
    input.addEventListener('change', () => void callback(input.checked))
    place.appendText(label)
    return this
  }

  addButton(callback: (button: ConfirmationButton) => unknown): this {
    callback(new ConfirmationButton(this, this.buttonContainerEl))
    return this
  }

  addCancelButton(text = 'Cancel'): this {
    return this.addButton((button) => button.setButtonText(text).setCancel())
  }
}
