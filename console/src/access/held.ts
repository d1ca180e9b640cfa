/** What is held of notes, for showing it and letting it go: what is found, and what is in force against what the note says. */
import type { HeldNoteInfo } from '@cairn/contract'
import type { Failure, Reply } from '../api/failure.ts'

export type HeldNote = HeldNoteInfo

/** So many are asked for, and so many are let go by one press. */
export const mostShown = 500
export const mostAtOnce = 100

/** Another key for another state of the same note: what was chosen is what was seen. */
export const keyOfHeld = ({ vault, note, revision }: HeldNote): string => JSON.stringify([vault, note, revision])

/** For the narrow place beside the name of the view. */
export function countShort(count: number): string {
  return count > 99 ? '99+' : String(count)
}

export interface HeldFilter {
  readonly vault: string | null
  readonly note: string | null
  readonly text: string
}

export function findHeld(held: readonly HeldNote[], { vault, note, text }: HeldFilter): HeldNote[] {
  const asked = text.trim().toLowerCase().normalize('NFC')
  const path = note?.normalize('NFC') ?? null
  return held.filter(
    (each) =>
      (vault === null || each.vault === vault) &&
      (path === null || each.note === path) &&
      `${each.title}\n${each.note}`.toLowerCase().normalize('NFC').includes(asked),
  )
}

/** One thing that is in force, and what would be without it. */
export interface HeldFact {
  readonly kind: 'place' | 'value'
  readonly what: string
  readonly inForce: string
  /** Empty where nothing is to be said. */
  readonly now: string
}

export function listFacts({ note, label, tags, attributes, places }: HeldNote): HeldFact[] {
  return [
    ...places.map((place, number) => ({
      kind: 'place' as const,
      what: 'Place',
      inForce: namePath(place),
      // It is in one place, however many it was in.
      now: number === places.length - 1 ? `now ${namePath(note)}` : '',
    })),
    ...(label === null ? [] : [factOf('Label', label.held, label.said === null ? 'none now' : `now ${label.said}`)]),
    ...tags.map((tag) => factOf('Tag', `#${tag}`, 'not there now')),
    ...attributes
      // A rule about the label keeps its value too, and that is said already.
      .filter(({ attribute, held }) => attribute !== 'resource.label' || label === null || held !== label.held)
      .map(({ attribute, held, said }) =>
        factOf(
          nameAttribute(attribute),
          held === null ? 'what was said before' : String(held),
          // Neither is told to who may not read the note.
          said !== null ? `now ${shorten(String(said))}` : held === null ? '' : 'none now',
        ),
      ),
  ]
}

const factOf = (what: string, inForce: string, now: string): HeldFact => ({
  kind: 'value',
  what,
  inForce: shorten(inForce),
  now,
})

/** Of its vault, which is named beside it: “Reviews / Ann”. */
const namePath = (path: string): string => path.replace(/\.md$/, '').split('/').join(' / ')

/** Characters of a value that are shown; a property may hold a whole paragraph. */
const mostCharacters = 80

function shorten(text: string): string {
  const characters = Array.from(text)
  return characters.length <= mostCharacters ? text : `${characters.slice(0, mostCharacters - 1).join('')}…`
}

function nameAttribute(attribute: string): string {
  if (attribute === 'resource.label') return 'Label'
  return attribute === 'resource.owner' ? 'Owner' : attribute.replace(/^resource\.property\./, '')
}

/** How far letting go of many has come. */
export interface LetGoRun {
  /** Notes that were tried, with those that were refused. */
  readonly tried: number
  readonly refused: readonly { readonly note: HeldNote; readonly failure: Failure }[]
  /** Why the rest was not tried, such as a server that does not answer. */
  readonly failure: Failure | null
}

/** Refusals of one note, after which others may go: no such right, gone, changed meanwhile. */
const ownStatuses: readonly number[] = [403, 404, 409]

/**
 * Lets go of notes one after another, each as it was seen. What is refused of one note stops no other; any other failure
 * ends it, and so does `signal`, after the note that is under way. `onStep` hears of the state before each note.
 */
export async function letGoEach(
  notes: readonly HeldNote[],
  confirm: (note: HeldNote) => Promise<Reply<unknown>>,
  signal: AbortSignal,
  onStep: (run: LetGoRun) => void,
): Promise<LetGoRun> {
  let run: LetGoRun = { tried: 0, refused: [], failure: null }
  for (const note of notes) {
    if (signal.aborted) break
    onStep(run)
    const reply = await confirm(note)
    if (reply.ok) run = { ...run, tried: run.tried + 1 }
    else if (ownStatuses.includes(reply.failure.status))
      run = { ...run, tried: run.tried + 1, refused: [...run.refused, { note, failure: reply.failure }] }
    else return { ...run, failure: reply.failure }
  }
  return run
}

export const countLetGo = ({ tried, refused }: LetGoRun): number => tried - refused.length
