/** The passages under an answer: its citations grouped by note, or the nearest passages when there is no answer. */
import type { Citation } from '@cairn/contract'
import { Icon } from '@cairn/ui'
import { groupByNote, nameOfNote } from '@cairn/ui/client'

export interface OpenCitation {
  (citation: Citation): void
}

export interface SourcesProps {
  readonly citations: readonly Citation[]
  /** The citation under the pointer or the focus, in the answer or here. */
  readonly active: number | null
  readonly onActive: (n: number | null) => void
  readonly onOpen: OpenCitation
  /** The name of a vault by its id; null when there is only one. */
  readonly vaultName: (id: string) => string | null
}

/** More of what is no answer would bury the next question. */
export const mostNearest = 3

export function Sources({ citations, active, onActive, onOpen, vaultName }: SourcesProps) {
  if (citations.length === 0) return null
  return (
    <section class="sources" aria-label="Sources">
      <h3>Sources</h3>
      <ul class="source-grid">
        {groupByNote(citations).map((group) => (
          <li key={`${group.vault}/${group.note}`} class="source">
            <NoteName vault={vaultName(group.vault)} note={group.note} />
            <div class="chips">
              {group.citations.map((citation) => (
                <button
                  key={citation.n}
                  type="button"
                  class={citation.n === active ? 'chip is-active' : 'chip'}
                  title={shorten(citation.quote, 240)}
                  aria-label={`Source ${citation.n}: open ${nameOfNote(citation.note).title}${citation.heading ? ` at ${citation.heading}` : ''}`}
                  onPointerEnter={() => onActive(citation.n)}
                  onPointerLeave={() => onActive(null)}
                  onFocus={() => onActive(citation.n)}
                  onBlur={() => onActive(null)}
                  onClick={() => onOpen(citation)}
                >
                  <span class="chip-number">{citation.n}</span>
                  <span class="chip-text">{chipText(citation)}</span>
                </button>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Passages that came near the question. They are no answer and do not look like one. */
export function NearestPassages({
  related,
  onOpen,
  vaultName,
}: Pick<SourcesProps, 'onOpen' | 'vaultName'> & { readonly related: readonly Citation[] }) {
  if (related.length === 0) return null
  return (
    <section class="sources" aria-label="Nearest passages">
      <h3>Nearest passages</h3>
      <ul>
        {related.slice(0, mostNearest).map((citation) => (
          <li key={citation.n}>
            <button type="button" class="nearest" onClick={() => onOpen(citation)}>
              <NoteName vault={vaultName(citation.vault)} note={citation.note} heading={innermost(citation)} />
              <span class="nearest-quote">{shorten(readable(citation.quote), 260)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface NoteNameProps {
  readonly vault: string | null
  readonly note: string
  readonly heading?: string
}

function NoteName({ vault, note, heading = '' }: NoteNameProps) {
  const { title, folder } = nameOfNote(note)
  const place = [vault, folder, heading].filter(Boolean).join(' › ')
  return (
    <span class="note-name">
      <Icon name="note" size={16} />
      <span>
        <strong>{title}</strong>
        {place ? <span class="muted"> {place}</span> : null}
      </span>
    </span>
  )
}

/** The heading a citation stands under, or the quote where the note has none. */
function chipText(citation: Citation): string {
  return innermost(citation) || shorten(readable(citation.quote), 60)
}

/** The innermost heading of a path such as `Travel policy › Sleeping`; empty where that only repeats the title. */
function innermost({ heading, note }: Citation): string {
  const last = heading.split(' › ').at(-1)?.trim() ?? ''
  return last === nameOfNote(note).title ? '' : last
}

/** A quote without the signs of Markdown, for a line that only gives an idea of it. */
export function readable(quote: string): string {
  return quote
    .replace(
      /^[ \t]*(?:>[ \t]?)*(?:\[![^\]\n]*\][-+]?[ \t]*|#{1,6}[ \t]+|(?:[-*+]|\d{1,3}[.)])[ \t]+(?:\[.\][ \t]+)?)?/gm,
      '',
    )
    .replace(/^[ \t]*\|?[ \t]*:?-{3,}[-:| \t]*$/gm, '')
    .replace(/!?\[\[(?:[^\]|\n]*\|)?([^\]\n]*)\]\]/g, '$1')
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, '$1')
    .replace(/\[\^[^\]\n]*\]/g, '')
    .replace(/[ \t]*\|[ \t]*/g, ' · ')
    .replace(/\*\*|__|~~|==|`/g, '')
    .replace(/(?:^ · | · $)/gm, '')
}

export function shorten(text: string, length: number): string {
  const flat = text.replace(/\s+/g, ' ').trim()
  return flat.length <= length ? flat : `${flat.slice(0, length - 1).trimEnd()}…`
}
