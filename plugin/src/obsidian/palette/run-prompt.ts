/** Runs a custom command: asks for what it takes, puts its values in, and asks the notes with what comes out. */
import { getAllTags, MarkdownView, type App, type TFile } from 'obsidian'
import { limits } from '@cairn/contract'
import { ownId } from '../../core/commands.ts'
import { isExcluded } from '../../core/exclusions.ts'
import {
  bindGiven,
  fillPrompt,
  findArguments,
  findAsked,
  needsOf,
  parseInvocation,
  writeArguments,
  type CustomCommand,
  type VariableName,
} from '../../core/palette/index.ts'
import { askNow, openAsk } from '../open-ask.ts'
import type { Cairn } from '../open-cairn.ts'
import { askArgument } from './argument-modal.ts'

export interface PromptRun {
  readonly command: CustomCommand
  /** Arguments that were typed along. */
  readonly given?: ReadonlyMap<string, string>
  /** Puts it into the box, whatever the command says. */
  readonly isForBox?: boolean
}

export async function runPrompt(app: App, cairn: Cairn, { command, given, isForBox }: PromptRun): Promise<void> {
  const filled = await fillAsking(app, cairn, command, given ?? new Map())
  if (filled === null) return
  if (filled.length > limits.questionChars)
    return cairn.app.notify(
      `“${command.name}” would ask with ${filled.length} characters; ${limits.questionChars} is the most. Select less.`,
    )
  cairn.memory.notAsked(filled)
  if (isForBox === true || !command.sends) await openAsk(app, filled)
  else await askNow(app, filled)
}

/** The prompt with all in it, for whoever asks a model; null when it was given up or cannot be, which the person is told. */
export async function fillAsking(
  app: App,
  cairn: Cairn,
  command: CustomCommand,
  given: ReadonlyMap<string, string>,
): Promise<string | null> {
  const known = await readVariables(app, cairn, command)
  if (typeof known === 'string') return tell(cairn, known)
  const values = await askArguments(app, cairn, command, given)
  if (values === null) return null
  const bound = bindGiven(command, values)
  if (!bound.ok) return tell(cairn, bound.errors.map(({ message }) => message).join(' '))
  cairn.memory.ran(ownId(command.id), writeArguments(values))
  const filled = fillPrompt(command, bound.values, known)
  return filled.ok ? filled.text.trim() : tell(cairn, filled.message)
}

function tell({ app }: Cairn, message: string): null {
  app.notify(message)
  return null
}

async function askArguments(
  app: App,
  { memory }: Cairn,
  command: CustomCommand,
  given: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string> | null> {
  const values = new Map(given)
  const asked = findAsked(command, given)
  const last = lastOf(findArguments(memory.history(), ownId(command.id)))
  for (const [index, spec] of asked.entries()) {
    const question = { command: command.name, spec, at: index + 1, of: asked.length, last: last.get(spec.name) ?? null }
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what a person can answer
    const value = await askArgument(app, question)
    if (value === null) return null
    if (value !== '') values.set(spec.name, value)
  }
  return values
}

function lastOf(text: string | null): ReadonlyMap<string, string> {
  const read = parseInvocation(`command ${text ?? ''}`)
  return read.ok ? read.invocation.named : new Map()
}

// --- What the app knows -----------------------------------------------------------------------------------------------

/** The variables that the prompt has; a sentence when its note stays on this device. */
async function readVariables(
  app: App,
  cairn: Cairn,
  command: CustomCommand,
): Promise<ReadonlyMap<VariableName, string> | string> {
  const needs = new Set(needsOf(command))
  const values = new Map<VariableName, string>()
  const view = app.workspace.getActiveViewOfType(MarkdownView)
  const file = view?.file ?? app.workspace.getActiveFile()
  const isOfNote = needs.has('selection') || needs.has('note') || needs.has('title')
  if (isOfNote && file !== null && isKeptBack(app, cairn, file))
    return `“${file.basename}” never leaves this device, as you set under Privacy. “${command.name}” was not run.`
  if (needs.has('selection')) values.set('selection', view?.editor.getSelection() ?? '')
  if (needs.has('title') && file !== null) values.set('title', file.basename)
  if (needs.has('note') && file !== null)
    values.set('note', view?.editor.getValue() ?? (await app.vault.cachedRead(file)))
  if (needs.has('date')) values.set('date', localDate(new Date(cairn.now())))
  if (needs.has('clipboard')) values.set('clipboard', await readClipboard())
  return values
}

function isKeptBack(app: App, { settings }: Cairn, file: TFile): boolean {
  const cache = app.metadataCache.getFileCache(file)
  const exclusions = { folders: settings.get('privacy.excludedFolders'), tags: settings.get('privacy.excludedTags') }
  // Of a note that Obsidian has not looked at yet, nobody knows the tags.
  if (cache === null && exclusions.tags.length > 0) return true
  return isExcluded(exclusions, { path: file.path, tags: cache === null ? [] : (getAllTags(cache) ?? []) })
}

const localDate = (at: Date): string =>
  `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`

/** Nothing where the person does not let us. */
function readClipboard(): Promise<string> {
  return navigator.clipboard.readText().catch(() => '')
}
