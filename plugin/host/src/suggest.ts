/** What is offered while one types: in the prompt of a palette, and below a field. */
import type { App } from './app.ts'
import type { TextComponent } from './components.ts'
import { TFile, TFolder } from './files.ts'
import { Scope } from './keymap.ts'
import { Modal } from './overlays.ts'
import type { SettingControl } from './setting-definitions.ts'

export interface SearchResult {
  score: number
  matches: [number, number][]
}

export interface Instruction {
  command: string
  purpose: string
}

/** All letters in their order; runs and beginnings of words count for more. */
export function prepareFuzzySearch(query: string): (text: string) => SearchResult | null {
  const letters = Array.from(query.toLowerCase().replace(/\s+/g, ''))
  return (text) => {
    const low = text.toLowerCase()
    const matches: [number, number][] = []
    let at = 0
    let score = 0
    for (const letter of letters) {
      const found = low.indexOf(letter, at)
      if (found < 0) return null
      const last = matches.at(-1)
      const follows = last !== undefined && last[1] === found
      const begins = found === 0 || /[\s/_-]/.test(low[found - 1] ?? '')
      score += follows || begins ? 0 : -1
      if (follows) last[1] = found + 1
      else matches.push([found, found + 1])
      at = found + 1
    }
    return { score: score - text.length / 1_000, matches }
  }
}

export function renderMatches(
  element: HTMLElement | DocumentFragment,
  text: string,
  matches: readonly (readonly [number, number])[] | null,
): void {
  let at = 0
  for (const [start, end] of matches ?? []) {
    element.appendText(text.slice(at, start))
    element.createSpan({ cls: 'suggestion-highlight', text: text.slice(start, end) })
    at = end
  }
  element.appendText(text.slice(at))
}

export function renderResults(element: HTMLElement, text: string, result: SearchResult): void {
  renderMatches(element, text, result.matches)
}

export abstract class SuggestModal<T> extends Modal {
  limit = 100
  emptyStateText = 'No match found.'
  inputEl: HTMLInputElement
  resultContainerEl: HTMLElement
  #values: T[] = []
  #selected = 0
  #round = 0
  readonly #instructions: HTMLElement

  constructor(app: App) {
    super(app)
    this.modalEl.removeClass('modal')
    this.modalEl.addClass('prompt')
    this.modalEl.empty()
    const place = this.modalEl.createDiv('prompt-input-container')
    const listId = `suggestions-${Math.random().toString(36).slice(2)}`
    this.inputEl = place.createEl('input', {
      cls: 'prompt-input',
      type: 'text',
      attr: {
        role: 'combobox',
        'aria-expanded': true,
        'aria-controls': listId,
        'aria-autocomplete': 'list',
        spellcheck: false,
      },
    })
    this.resultContainerEl = this.modalEl.createDiv({
      cls: 'prompt-results',
      attr: { role: 'listbox', id: listId, 'aria-label': 'Suggestions' },
    })
    this.#instructions = this.modalEl.createDiv('prompt-instructions')
    this.inputEl.addEventListener('input', () => void this.#suggest())
    this.scope.register([], 'ArrowDown', () => this.#move(1))
    this.scope.register([], 'ArrowUp', () => this.#move(-1))
    this.scope.register([], 'Enter', (event) => {
      if (event.isComposing) return true
      this.selectActiveSuggestion(event)
      return false
    })
  }

  override open(): void {
    super.open()
    this.inputEl.focus()
    void this.#suggest()
  }

  setPlaceholder(placeholder: string): void {
    this.inputEl.placeholder = placeholder
    this.inputEl.setAttr('aria-label', placeholder)
  }

  setInstructions(instructions: Instruction[]): void {
    this.#instructions.empty()
    for (const { command, purpose } of instructions) {
      const each = this.#instructions.createDiv('prompt-instruction')
      each.createSpan({ cls: 'prompt-instruction-command', text: command })
      each.createSpan({ text: purpose })
    }
  }

  onNoSuggestion(): void {
    this.resultContainerEl.empty()
    const attr = { role: 'option', 'aria-disabled': true }
    this.resultContainerEl.createDiv({ cls: 'suggestion-empty', text: this.emptyStateText, attr })
    this.inputEl.removeAttribute('aria-activedescendant')
  }

  selectSuggestion(value: T, event: MouseEvent | KeyboardEvent): void {
    this.close()
    this.onChooseSuggestion(value, event)
  }

  selectActiveSuggestion(event: MouseEvent | KeyboardEvent): void {
    const value = this.#values[this.#selected]
    if (value !== undefined) this.selectSuggestion(value, event)
  }

  abstract getSuggestions(query: string): T[] | Promise<T[]>
  abstract renderSuggestion(value: T, element: HTMLElement): void
  abstract onChooseSuggestion(value: T, event: MouseEvent | KeyboardEvent): void

  async #suggest(): Promise<void> {
    const round = ++this.#round
    const values = (await this.getSuggestions(this.inputEl.value)).slice(0, this.limit)
    if (round !== this.#round) return
    this.#values = values
    this.resultContainerEl.empty()
    if (values.length === 0) return this.onNoSuggestion()
    for (const [index, value] of values.entries()) {
      const element = this.resultContainerEl.createDiv({
        cls: 'suggestion-item',
        attr: { role: 'option', id: `${this.resultContainerEl.id}-${index}` },
      })
      element.addEventListener('click', (event) => this.selectSuggestion(value, event))
      element.addEventListener('mousemove', () => this.#select(index))
      this.renderSuggestion(value, element)
    }
    this.#select(0)
  }

  #move(by: number): false {
    const count = this.#values.length
    if (count > 0) this.#select((this.#selected + by + count) % count)
    return false
  }

  #select(index: number): void {
    this.#selected = index
    for (const [at, element] of this.resultContainerEl.findAll('.suggestion-item').entries()) {
      element.toggleClass('is-selected', at === index)
      element.setAttr('aria-selected', at === index)
      if (at !== index) continue
      this.inputEl.setAttr('aria-activedescendant', element.id)
      element.scrollIntoView({ block: 'nearest' })
    }
  }
}

export interface FuzzyMatch<T> {
  item: T
  match: SearchResult
}

export abstract class FuzzySuggestModal<T> extends SuggestModal<FuzzyMatch<T>> {
  override getSuggestions(query: string): FuzzyMatch<T>[] {
    const search = prepareFuzzySearch(query)
    return this.getItems()
      .flatMap((item) => {
        const match = search(this.getItemText(item))
        return match === null ? [] : [{ item, match }]
      })
      .sort((a, b) => b.match.score - a.match.score)
  }

  override renderSuggestion({ item, match }: FuzzyMatch<T>, element: HTMLElement): void {
    renderResults(element, this.getItemText(item), match)
  }

  override onChooseSuggestion({ item }: FuzzyMatch<T>, event: MouseEvent | KeyboardEvent): void {
    this.onChooseItem(item, event)
  }

  abstract getItems(): T[]
  abstract getItemText(item: T): string
  abstract onChooseItem(item: T, event: MouseEvent | KeyboardEvent): void
}

/** Suggestions below a field. */
export abstract class AbstractInputSuggest<T> {
  limit = 100
  app: App
  scope = new Scope()
  readonly #input: HTMLInputElement
  readonly #list = createDiv('suggestion-container')
  #onSelect: ((value: T, event: MouseEvent | KeyboardEvent) => unknown) | null = null

  constructor(app: App, input: HTMLInputElement) {
    this.app = app
    this.#input = input
    input.addEventListener('input', () => void this.#suggest())
    input.addEventListener('focus', () => void this.#suggest())
    input.addEventListener('blur', () => window.setTimeout(() => this.close(), 150))
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#list.isConnected) {
        event.stopPropagation()
        this.close()
      }
    })
  }

  abstract getSuggestions(query: string): T[] | Promise<T[]>
  abstract renderSuggestion(value: T, element: HTMLElement): void

  selectSuggestion(value: T, event: MouseEvent | KeyboardEvent): void {
    this.#onSelect?.(value, event)
  }

  onSelect(callback: (value: T, event: MouseEvent | KeyboardEvent) => unknown): this {
    this.#onSelect = callback
    return this
  }

  setValue(value: string): void {
    this.#input.value = value
  }

  getValue(): string {
    return this.#input.value
  }

  open(): void {
    const { left, bottom } = this.#input.getBoundingClientRect()
    this.#list.setCssStyles({ left: `${left}px`, top: `${bottom + 4}px` })
    this.#input.doc.body.appendChild(this.#list)
  }

  close(): void {
    this.#list.remove()
  }

  async #suggest(): Promise<void> {
    const values = (await this.getSuggestions(this.getValue())).slice(0, this.limit)
    this.#list.empty()
    if (values.length === 0) return this.close()
    for (const value of values) {
      const element = this.#list.createDiv('suggestion-item')
      this.renderSuggestion(value, element)
      element.addEventListener('mousedown', (event) => {
        event.preventDefault()
        this.selectSuggestion(value, event)
        this.close()
      })
    }
    this.open()
  }
}

type PathControl = Extract<SettingControl, { type: 'file' | 'folder' }>

/** Folders or files of the vault below the field of a setting. */
export function suggestPaths(
  app: App,
  text: TextComponent,
  control: PathControl,
  keep: (value: string) => unknown,
): void {
  class PathSuggest extends AbstractInputSuggest<string> {
    override getSuggestions(query: string): string[] {
      const files = this.app.vault.getAllLoadedFiles()
      const wanted = files.filter((file) =>
        control.type === 'folder' ? file instanceof TFolder : file instanceof TFile,
      )
      return wanted
        .map(({ path }) => path)
        .filter((path) => path !== '/' && path.toLowerCase().includes(query.toLowerCase()))
    }

    override renderSuggestion(path: string, element: HTMLElement): void {
      element.setText(path)
    }
  }
  new PathSuggest(app, text.inputEl).onSelect((path) => {
    text.setValue(path)
    keep(path)
  })
}
