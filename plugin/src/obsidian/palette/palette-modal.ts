/**
 * The palette, in Obsidian's own prompt: everything that can be run, found by Cairn's scorer. Nothing in it needs the
 * server. Rows out of sight cost neither layout nor paint (`content-visibility` in the styles).
 */
import { renderMatches, setIcon, SuggestModal, type App } from 'obsidian'
import { ownId } from '../../core/commands.ts'
import {
  findArguments,
  gatherEntries,
  listEntries,
  mostRows,
  previewOf,
  queryBack,
  slugOf,
  type EntryList,
  type Range,
  type Row,
} from '../../core/palette/index.ts'
import { chordOf, showChord } from '../../core/shortcuts/chord.ts'
import { findAction, keysInForce, type ActionOf } from '../../core/shortcuts/shortcuts.ts'
import { device } from '../device.ts'
import { openAsk } from '../open-ask.ts'
import type { Cairn } from '../open-cairn.ts'
import { listCommands, runCommand } from '../private-api.ts'
import { later } from '../time.ts'
import { openCommandNote } from './custom-commands.ts'
import { runPrompt } from './run-prompt.ts'

/** The last list, prepared: most times the same commands are there again. */
let prepared: { readonly signature: string; readonly entries: EntryList } | null = null

export class PaletteModal extends SuggestModal<Row> {
  readonly #cairn: Cairn
  readonly #entries: EntryList
  readonly #preview: HTMLElement
  readonly #rows = new WeakMap<Element, Row>()
  readonly #watch: MutationObserver
  #chosen: Row | null = null
  /** How many queries back; 0 is what was typed. */
  #back = 0
  #isForBox = false
  #cancelPrepare = () => {}

  constructor(app: App, cairn: Cairn) {
    super(app)
    this.#cairn = cairn
    this.#entries = entriesOf(app, cairn)
    this.limit = mostRows
    this.emptyStateText = 'No command has that.'
    this.modalEl.addClass('cairn-palette')
    this.modalEl.setAttr('aria-label', 'Cairn’s palette')
    this.setPlaceholder('Run a command or a prompt of your own')
    this.#preview = this.modalEl.createDiv({ cls: 'cairn-palette-preview', attr: { id: 'cairn-palette-preview' } })
    this.resultContainerEl.after(this.#preview)
    this.inputEl.setAttr('aria-describedby', 'cairn-palette-preview')
    this.#hint()
    // Obsidian tells nobody which row is chosen; the class that it sets does.
    this.#watch = new MutationObserver(() => this.#showChosen())
    this.#watch.observe(this.resultContainerEl, { attributeFilter: ['class'], childList: true, subtree: true })
    this.scope.register(null, null, (event) => (this.#press(event) ? false : undefined))
    this.inputEl.addEventListener('input', (event) => {
      if (event.isTrusted) this.#back = 0
    })
  }

  override onOpen(): void {
    void super.onOpen()
    // Once the prompt is to be seen, and before the first key.
    this.#cancelPrepare = later(this.#entries.prepare, 0)
  }

  override getSuggestions(query: string): Row[] {
    return this.#entries.find(query, this.#cairn.memory.habits(), this.#cairn.now())
  }

  override renderSuggestion(row: Row, element: HTMLElement): void {
    const { entry, ranges, alias, isRecent, typed } = row
    this.#rows.set(element, row)
    element.addClass('cairn-palette-row')
    setIcon(element.createSpan('cairn-palette-icon'), iconOf(row))
    // A row is flat where it can be: at every key twenty of them are laid out.
    const words = alias === null ? element : element.createSpan('cairn-palette-words')
    mark(words, 'cairn-palette-title', entry.title, ranges)
    if (alias !== null) mark(words, 'cairn-palette-alias', alias.text, alias.ranges)
    const chord = entry.kind === 'command' || entry.kind === 'prompt' ? entry.chord : null
    const note = typed === null ? (isRecent && chord === null ? 'recent' : noteOf(row)) : 'as typed'
    if (note !== '') element.createSpan({ cls: 'cairn-palette-note', text: note })
    if (chord !== null) element.createEl('kbd', { cls: 'cairn-keys', text: showChord(chord, device.isApple) })
  }

  override onChooseSuggestion(row: Row): void {
    const { entry } = row
    const query = this.inputEl.value
    if (entry.kind === 'question') return void openAsk(this.app, entry.title)
    if (entry.kind === 'broken') return void openCommandNote(this.app, entry.command.path)
    if (row.typed?.problem != null) return this.#cairn.app.notify(row.typed.problem)
    this.#cairn.memory.used(entry.id, query)
    if (entry.kind === 'prompt') {
      const given = row.typed?.given ?? new Map<string, string>()
      return void runPrompt(this.app, this.#cairn, { command: entry.command, given, isForBox: this.#isForBox })
    }
    if (!runCommand(this.app, entry.id)) this.#cairn.app.notify(`“${entry.title}” cannot be run here.`)
  }

  override onClose(): void {
    this.#watch.disconnect()
    this.#cancelPrepare()
    super.onClose()
  }

  #press(event: KeyboardEvent): boolean {
    const { settings } = this.#cairn
    const action = findAction('palette', chordOf(event, device.isApple), settings.get('shortcuts.keys'))
    if (action === null || event.isComposing) return false
    const does: Record<ActionOf<'palette'>, () => void> = {
      'palette.earlier': () => this.#goBack(1),
      'palette.later': () => this.#goBack(-1),
      'palette.write': () => this.#write(),
      'palette.forget': () => this.#forget(),
      'palette.box': () => {
        this.#isForBox = true
        this.selectActiveSuggestion(event)
      },
    }
    does[action]()
    return true
  }

  #goBack(by: number): void {
    const steps = this.#back + by
    const query = steps === 0 ? '' : queryBack(this.#cairn.memory.history(), steps)
    if (steps < 0 || query === null) return
    this.#back = steps
    this.#type(query)
  }

  /** The chosen custom command as one types it, with what it was given last. */
  #write(): void {
    const entry = this.#chosen?.entry
    if (entry?.kind !== 'prompt') return
    const last = findArguments(this.#cairn.memory.history(), entry.id)
    this.#type(`${slugOf(entry.title)} ${last ?? ''}`)
  }

  #forget(): void {
    const entry = this.#chosen?.entry
    if (entry === undefined) return
    const { memory, app } = this.#cairn
    if (entry.kind === 'question') {
      memory.forgetQuestion(entry.title)
      app.notify('This question is forgotten; it is gone from the list when you open the palette again.')
    } else {
      memory.forget(entry.id)
      app.notify(`How often you used “${entry.title}” is forgotten.`)
    }
    this.#type(this.inputEl.value)
  }

  #type(text: string): void {
    this.inputEl.value = text
    this.inputEl.setSelectionRange(text.length, text.length)
    this.inputEl.dispatchEvent(new Event('input', { bubbles: true }))
  }

  #showChosen(): void {
    const element = this.resultContainerEl.querySelector('.suggestion-item.is-selected')
    const row = element === null ? null : (this.#rows.get(element) ?? null)
    if (row === this.#chosen) return
    this.#chosen = row
    this.#preview.empty()
    if (row === null) return
    const { what, text, problems } = previewOf(row)
    const attr = { dir: 'auto' }
    this.#preview.createDiv({ cls: 'cairn-palette-what', text: what, attr })
    for (const problem of problems) this.#preview.createDiv({ cls: 'cairn-palette-problem', text: problem, attr })
    if (text !== null) this.#preview.createDiv({ cls: 'cairn-palette-text', text, attr })
  }

  #hint(): void {
    const keys = keysInForce(this.#cairn.settings.get('shortcuts.keys'))
    const { custom, memory } = this.#cairn
    const hasPrompts = custom.list.get().length > 0
    // Only what would do something now.
    const own = [
      ...(memory.history().queries.length > 0 ? ([['palette.earlier', 'typed before']] as const) : []),
      ...(hasPrompts
        ? ([
            ['palette.write', 'write out'],
            ['palette.box', 'into the box'],
          ] as const)
        : []),
    ]
    this.setInstructions([
      { command: '↑ ↓', purpose: 'choose' },
      { command: '↵', purpose: 'run' },
      ...own
        .filter(([id]) => keys[id] !== '')
        .map(([id, purpose]) => ({ command: showChord(keys[id], device.isApple), purpose })),
    ])
  }
}

function entriesOf(app: App, { custom, memory }: Cairn): EntryList {
  const commands = listCommands(app).filter(({ id }) => id !== ownId('open-palette'))
  const sources = { commands, custom: custom.list.get(), questions: memory.history().questions }
  const entries = gatherEntries(sources)
  const signature = JSON.stringify(entries)
  if (prepared?.signature !== signature) prepared = { signature, entries: listEntries(entries) }
  return prepared.entries
}

/** Titles are in whatever language their plugin speaks. */
function mark(parent: HTMLElement, cls: string, text: string, ranges: readonly Range[]): void {
  const element = parent.createSpan({ cls, attr: { dir: 'auto' } })
  renderMatches(
    element,
    text,
    ranges.map(({ start, end }) => [start, end]),
  )
}

function iconOf({ entry }: Row): string {
  if (entry.kind === 'command') return entry.icon ?? ''
  return { prompt: 'sparkles', broken: 'triangle-alert', question: 'history' }[entry.kind]
}

function noteOf({ entry }: Row): string {
  return { command: '', prompt: 'prompt', broken: 'has errors', question: 'question' }[entry.kind]
}
