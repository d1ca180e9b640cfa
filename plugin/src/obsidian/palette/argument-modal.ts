/** Asks for one argument of a custom command, in Obsidian's own prompt: what is typed is checked before it is taken. */
import { prepareFuzzySearch, renderMatches, SuggestModal, type App, type SearchResult } from 'obsidian'
import { checkArgument, type ArgumentSpec } from '../../core/palette/index.ts'

export interface ArgumentQuestion {
  readonly command: string
  readonly spec: ArgumentSpec
  /** Which of how many. */
  readonly at: number
  readonly of: number
  /** What it was the last time. */
  readonly last: string | null
}

interface Choice {
  readonly value: string
  readonly note: string
  readonly match: SearchResult | null
}

/** What is typed as it is, which no list has; null when the argument was given up. */
export function askArgument(app: App, question: ArgumentQuestion): Promise<string | null> {
  return new Promise((done) => new ArgumentModal(app, question, done).open())
}

class ArgumentModal extends SuggestModal<Choice> {
  readonly #question: ArgumentQuestion
  readonly #done: (value: string | null) => void
  /** Said aloud too, which a row among the suggestions is not. */
  readonly #status: HTMLElement
  #complaint = ''
  #values: readonly string[] | null = null

  constructor(app: App, question: ArgumentQuestion, done: (value: string | null) => void) {
    super(app)
    this.#question = question
    this.#done = done
    this.limit = 50
    const { command, spec, at, of } = question
    this.modalEl.addClass('cairn-palette', 'cairn-argument')
    this.modalEl.setAttr('aria-label', `${command}: ${spec.name}`)
    const head = this.modalEl.createDiv({ cls: 'cairn-palette-head' })
    head.createSpan({ cls: 'cairn-palette-name', text: command, attr: { dir: 'auto' } })
    head.createSpan({ text: `${spec.name}${of > 1 ? ` · ${at} of ${of}` : ''}` })
    if (spec.description !== '')
      head.createDiv({ cls: 'cairn-palette-what', text: spec.description, attr: { dir: 'auto' } })
    this.modalEl.prepend(head)
    this.#status = this.modalEl.createDiv({ cls: 'cairn-palette-problem', attr: { role: 'status' } })
    this.resultContainerEl.before(this.#status)
    this.setPlaceholder(placeholderOf(spec))
    this.inputEl.setAttr('aria-label', `${command}: ${spec.name}. ${spec.description}`)
    if (spec.kind === 'number') this.inputEl.inputMode = 'decimal'
    this.setInstructions([
      { command: '↵', purpose: at === of ? 'run' : 'next' },
      { command: 'esc', purpose: 'give up' },
    ])
  }

  override getSuggestions(query: string): Choice[] {
    const choices = this.#choose(query)
    this.#status.setText(choices.length === 0 ? this.#complaint : '')
    this.inputEl.setAttr('aria-invalid', choices.length === 0 && query.trim() !== '')
    return choices
  }

  #choose(query: string): Choice[] {
    const { spec, last } = this.#question
    const typed = query.trim()
    if (spec.kind === 'text' || spec.kind === 'number') return this.#typed(typed)
    const first = [last, spec.default].filter((each): each is string => each !== null)
    const values = [...new Set([...first, ...this.#listed()])].filter((value) => this.#listed().includes(value))
    this.#complaint = `Nothing of that name. “${spec.name}” is ${articleOf(spec.kind)}.`
    const none =
      typed === '' && !spec.required && spec.default === null ? [{ value: '', note: 'none', match: null }] : []
    if (typed === '') return [...none, ...values.map((value) => ({ value, note: this.#noteOn(value), match: null }))]
    const search = prepareFuzzySearch(typed)
    return values
      .flatMap((value) => {
        const match = search(value)
        return match === null ? [] : [{ value, note: this.#noteOn(value), match }]
      })
      .toSorted((a, b) => b.match.score - a.match.score)
  }

  /** What is typed, or, while nothing is, what it was and what it would be. */
  #typed(typed: string): Choice[] {
    const { spec, last } = this.#question
    if (typed !== '') {
      const complaint = checkArgument(spec, typed)
      this.#complaint = complaint ?? ''
      return complaint === null ? [{ value: typed, note: '', match: null }] : []
    }
    const offered = [...new Set([last, spec.default].filter((each): each is string => each !== null))]
    this.#complaint = `“${spec.name}” is needed.`
    const choices = offered.map((value) => ({ value, note: this.#noteOn(value), match: null }))
    return choices.length > 0 || spec.required ? choices : [{ value: '', note: 'none', match: null }]
  }

  override renderSuggestion({ value, note, match }: Choice, element: HTMLElement): void {
    element.addClass('cairn-palette-row')
    const title = element.createSpan({ cls: 'cairn-palette-title', attr: { dir: 'auto' } })
    renderMatches(title, value === '' ? 'Leave it out' : value, match?.matches ?? null)
    if (note !== '' && value !== '') element.createSpan({ cls: 'cairn-palette-note', text: note })
  }

  override onChooseSuggestion({ value }: Choice): void {
    this.#done(value)
  }

  override onClose(): void {
    super.onClose()
    // Obsidian closes before it says what was chosen.
    void Promise.resolve().then(() => this.#done(null))
  }

  #noteOn(value: string): string {
    const { spec, last } = this.#question
    if (value === last) return 'as last time'
    return value === spec.default ? 'usual' : ''
  }

  #listed(): readonly string[] {
    const { kind, choices } = this.#question.spec
    this.#values ??=
      kind === 'choice'
        ? choices
        : kind === 'note'
          ? this.app.vault.getMarkdownFiles().map(({ path }) => path.replace(/\.md$/, ''))
          : this.app.vault.getAllFolders().map(({ path }) => path)
    return this.#values
  }
}

function placeholderOf({ kind, required, default: initial }: ArgumentSpec): string {
  const what = {
    text: 'Type a text',
    number: 'Type a number',
    choice: 'Choose',
    note: 'Choose a note',
    folder: 'Choose a folder',
  }
  return `${what[kind]}${required || initial !== null ? '' : ', or leave it out'}`
}

const articleOf = (kind: ArgumentSpec['kind']): string =>
  ({ text: 'a text', number: 'a number', choice: 'one of the list', note: 'a note', folder: 'a folder' })[kind]
