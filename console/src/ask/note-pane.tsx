/** The note behind a citation, beside the answer: its stored text with exactly the cited range marked. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Citation, NoteView as Note } from '@cairn/contract'
import { Badge, Button, Dialog, Spinner } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { getNote } from '../api/resources.ts'
import { formatCount } from '../shell/clock.ts'
import { FailureState } from '../shell/failure-state.tsx'
import { segmentNote, type NoteSegment } from './note-segments.ts'
import { nameOfNote } from '@cairn/ui/client'

export interface NotePaneProps {
  readonly citation: Citation
  /** As a sheet over the whole screen, for phones. */
  readonly asSheet: boolean
  readonly onClose: () => void
}

/** Characters shown on either side of the mark before the reader asks for more. */
const reach = 40_000

export function NotePane({ citation, asSheet, onClose }: NotePaneProps) {
  const pane = useRef<HTMLElement>(null)
  const { title, folder } = nameOfNote(citation.note)
  useEffect(() => {
    if (!asSheet) pane.current?.focus()
  }, [citation, asSheet])
  const body = <NoteBody citation={citation} />
  if (asSheet)
    return (
      <Dialog shape="sheet" title={title} onClose={onClose}>
        {body}
      </Dialog>
    )
  return (
    <aside
      ref={pane}
      class="note-pane"
      tabIndex={-1}
      aria-label={`Note ${title}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          event.stopPropagation()
          onClose()
        }
      }}
    >
      <header class="note-head">
        <div>
          {folder ? <p class="muted">{folder}</p> : null}
          <h2>{title}</h2>
        </div>
        <Button kind="quiet" icon="close" label="Close the note" onClick={onClose} />
      </header>
      {body}
    </aside>
  )
}

type Loading = { readonly note: Note | null; readonly failure: Failure | null; readonly of: Citation | null }

function NoteBody({ citation }: { readonly citation: Citation }) {
  const [state, setState] = useState<Loading>({ note: null, failure: null, of: null })
  const [tries, setTries] = useState(0)
  useEffect(() => {
    const controller = new AbortController()
    void getNote(citation.vault, citation.note, controller.signal).then((reply) => {
      if (controller.signal.aborted) return
      setState(
        reply.ok
          ? { note: reply.value, failure: null, of: citation }
          : { note: null, failure: reply.failure, of: citation },
      )
    })
    return () => controller.abort()
  }, [citation, tries])
  if (state.of?.vault !== citation.vault || state.of.note !== citation.note)
    return (
      <div class="note-body is-loading">
        <Spinner label="Opening the note" />
      </div>
    )
  if (state.failure) {
    return (
      <div class="note-body note-notice">
        <FailureState
          failure={state.failure}
          onRetry={state.failure.retryable ? () => setTries(tries + 1) : undefined}
        />
        <Quoted citation={citation} />
      </div>
    )
  }
  return state.note ? <NoteText note={state.note} citation={citation} /> : null
}

function Quoted({ citation }: { readonly citation: Citation }) {
  return (
    <figure class="quoted">
      <figcaption>What was quoted</figcaption>
      <blockquote>{citation.quote}</blockquote>
    </figure>
  )
}

function NoteText({ note, citation }: { readonly note: Note; readonly citation: Citation }) {
  const mark = useRef<HTMLElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const [shown, setShown] = useState(reach)
  const same = note.version === citation.version
  useEffect(() => {
    if (!mark.current) return body.current?.scrollTo(0, 0)
    const room = body.current?.clientHeight ?? 0
    mark.current.scrollIntoView({ block: mark.current.getBoundingClientRect().height > room ? 'start' : 'center' })
  }, [citation, note])
  const view = same ? segmentNote(note.text, citation.start, citation.end, shown) : segmentNote(note.text, 0, 0, shown)
  const more = (count: number) => (
    <Button small onClick={() => setShown(note.text.length)}>
      Show {formatCount(count)} more characters
    </Button>
  )
  return (
    <div class="note-body" ref={body} tabIndex={0} role="region" aria-label="Text of the note">
      <p class="note-facts">
        <Badge>{note.label}</Badge>
        {note.tags.slice(0, 6).map((tag) => (
          <Badge key={tag}>#{tag.replace(/^#/, '')}</Badge>
        ))}
      </p>
      {same ? null : (
        <div class="note-notice">
          <p class="changed">
            <strong>This note changed since the answer.</strong> Below is its text now.
          </p>
          <Quoted citation={citation} />
        </div>
      )}
      {view.hiddenBefore > 0 ? more(view.hiddenBefore) : null}
      <div class="note-text">
        <Segments segments={view.before} />
        {same ? (
          <mark ref={mark}>
            <Segments segments={view.marked} />
          </mark>
        ) : null}
        <Segments segments={view.after} />
      </div>
      {view.hiddenAfter > 0 ? more(view.hiddenAfter) : null}
    </div>
  )
}

function Segments({ segments }: { readonly segments: readonly NoteSegment[] }) {
  return (
    <>
      {segments.map((segment, index) =>
        segment.look === 'plain' ? (
          segment.text
        ) : (
          <span key={index} class={`is-${segment.look}`}>
            {segment.text}
          </span>
        ),
      )}
    </>
  )
}
