/**
 * Which notes answered some questions, or stand near one note, and how they are tied: by links of the vault, by having
 * answered together, by being about the same. Pure.
 */
import type { RelatedReply } from '@cairn/contract'
import type { GraphEdge } from '@cairn/ui/graph'

export interface NoteRef {
  readonly vault: string
  readonly note: string
}

export interface MapNote extends NoteRef {
  readonly id: string
  /** Questions that it helped to answer, latest first. */
  readonly questions: readonly string[]
  readonly isMain: boolean
}

export interface SourcesMap {
  /** Most used first. */
  readonly notes: readonly MapNote[]
  readonly edges: readonly GraphEdge[]
}

export type LinksOf = (note: string) => readonly string[]

/** More than these are in the list alone. */
export const mostDrawn = 30

const idOf = ({ vault, note }: NoteRef) => `${vault}/${note}`

/** `asked` comes latest first. */
export function mapQuestions(
  asked: readonly { readonly question: string; readonly notes: readonly NoteRef[] }[],
  linksOf: LinksOf,
): SourcesMap {
  const found = new Map<string, { ref: NoteRef; questions: string[] }>()
  const together = new Set<string>()
  for (const { question, notes } of asked) {
    for (const ref of notes) {
      const known = found.get(idOf(ref))
      if (known === undefined) found.set(idOf(ref), { ref, questions: [question] })
      else known.questions.push(question)
    }
    for (const pair of pairsOf(notes.map(idOf))) together.add(pair)
  }
  const notes = [...found]
    .map(([id, { ref, questions }]): MapNote => ({ ...ref, id, questions, isMain: questions.length > 1 }))
    .toSorted((a, b) => b.questions.length - a.questions.length)
  return { notes, edges: tie(notes, linksOf, together) }
}

/** The note itself comes first. */
export function mapRelated(open: NoteRef, related: RelatedReply['results'], linksOf: LinksOf): SourcesMap {
  const others = related.filter(({ vault, note }) => idOf({ vault, note }) !== idOf(open))
  const notes = [open, ...others].map(({ vault, note }, index): MapNote => ({
    id: idOf({ vault, note }),
    vault,
    note,
    questions: [],
    isMain: index === 0,
  }))
  const similar = new Set(notes.slice(1).map(({ id }) => pairOf(idOf(open), id)))
  return { notes, edges: tie(notes, linksOf, similar) }
}

/** Links are firm; a loose tie is drawn where there is no link. Only links within one vault are known. */
function tie(notes: readonly MapNote[], linksOf: LinksOf, loose: ReadonlySet<string>): readonly GraphEdge[] {
  const ids = new Set(notes.map(({ id }) => id))
  const firm = new Set(
    notes.flatMap((from) =>
      linksOf(from.note)
        .map((note) => idOf({ vault: from.vault, note }))
        .filter((to) => to !== from.id && ids.has(to))
        .map((to) => pairOf(from.id, to)),
    ),
  )
  const edgeOf = (pair: string, kind: GraphEdge['kind']): GraphEdge => {
    const [from = '', to = ''] = pair.split('\n')
    return { from, to, kind }
  }
  return [
    ...[...firm].map((pair) => edgeOf(pair, 'firm')),
    ...[...loose].filter((pair) => !firm.has(pair)).map((pair) => edgeOf(pair, 'loose')),
  ]
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`
}

function pairsOf(ids: readonly string[]): readonly string[] {
  return ids.flatMap((id, index) => ids.slice(index + 1).map((other) => pairOf(id, other)))
}

/** Titles of the notes that one is linked with, in the order of the map. */
export function linkedWith({ notes, edges }: SourcesMap, id: string): readonly MapNote[] {
  const tied = new Set(
    edges.flatMap(({ from, to, kind }) => (kind === 'loose' ? [] : from === id ? [to] : to === id ? [from] : [])),
  )
  return notes.filter((note) => tied.has(note.id))
}
