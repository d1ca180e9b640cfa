/** One exchange: the question, the answer as it comes, its sources and its receipt. */
import { useCallback, useMemo, useState } from 'preact/hooks'
import type { Citation } from '@cairn/contract'
import { Button, Markdown, Spinner } from '@cairn/ui'
import { isRunning, nameOfNote, type Turn } from '@cairn/ui/client'
import type { CairnParts } from '../../core/ports.ts'
import { neutralise } from '../../core/neutralise.ts'
import { ReceiptView } from './receipt-view.tsx'

export interface TurnViewProps {
  readonly turn: Turn
  readonly isLast: boolean
  /** The source that was opened last by the keyboard, if it is one of this turn's. */
  readonly active: number | null
  readonly parts: CairnParts
  readonly onOpen: (citation: Citation) => void
  readonly opensReceipt: boolean
  /** Makes a note of this exchange. */
  readonly onSave: () => void
}

/** Drawn again only when its own turn changes: a long conversation stays as quick as a short one. */
export function TurnView({ turn, isLast, active: opened, parts, onOpen, opensReceipt, onSave }: TurnViewProps) {
  const [pointed, setPointed] = useState<number | null>(null)
  const active = pointed ?? opened
  return useMemo(
    () => (
      <article class={isLast ? 'cairn-turn is-last' : 'cairn-turn'} aria-busy={isRunning(turn)}>
        <h2 class="cairn-question">{turn.question}</h2>
        <Answer turn={turn} active={active} onPoint={setPointed} onOpen={onOpen} parts={parts} />
        {turn.status === 'stopped' ? <p class="cairn-muted">Stopped.</p> : null}
        {turn.failure ? (
          <div class="cairn-error" role="alert">
            <div class="cairn-error-body">
              <p class="cairn-error-title">{turn.failure.title}</p>
              {turn.failure.message ? <p>{turn.failure.message}</p> : null}
              {turn.failure.hint ? <p>{turn.failure.hint}</p> : null}
            </div>
          </div>
        ) : null}
        <Sources turn={turn} active={active} onPoint={setPointed} onOpen={onOpen} />
        {isRunning(turn) ? null : (
          <footer class="cairn-turn-foot">
            {turn.receipt ? <ReceiptView turn={turn} receipt={turn.receipt} isOpen={opensReceipt} /> : null}
            <div class="cairn-turn-actions">
              {turn.outcome === 'answered' ? <AnswerActions turn={turn} parts={parts} onSave={onSave} /> : null}
              {isLast && (turn.status === 'stopped' || turn.status === 'failed') ? (
                <Button small icon="refresh" onClick={parts.conversation.retry}>
                  Ask again
                </Button>
              ) : null}
            </div>
          </footer>
        )}
      </article>
    ),
    [turn, isLast, active, opensReceipt],
  )
}

interface AnswerProps extends Pick<TurnViewProps, 'turn' | 'active' | 'onOpen' | 'parts'> {
  readonly onPoint: (n: number | null) => void
}

function Answer({ turn, active, onPoint, onOpen, parts }: AnswerProps) {
  const running = isRunning(turn)
  // The same functions until something that they show changes: finished blocks of a growing answer are left alone.
  const renderCitation = useCallback(
    (n: number) => {
      const citation = turn.citations.find((each) => each.n === n)
      if (!citation) return running ? <span class="cairn-marker is-pending">{n}</span> : null
      return <Marker citation={citation} isActive={n === active} onPoint={onPoint} onOpen={onOpen} />
    },
    [turn.citations, active, running],
  )
  const onWikilink = useCallback((target: string) => void parts.notes.openLink(target), [parts])
  if (turn.status === 'asking') return <Spinner label="Reading your notes" />
  if (turn.outcome === 'not-found')
    return (
      <p class="cairn-outcome">
        <strong>Not found in your notes.</strong> Other words may help, or it is not written down yet.
      </p>
    )
  if (turn.outcome === 'refused')
    return <p class="cairn-outcome">{turn.answer || 'The server’s rules do not allow this question to be answered.'}</p>
  if (turn.answer === '') return null
  return (
    <div class={turn.status === 'streaming' ? 'cairn-answer is-streaming' : 'cairn-answer'}>
      <Markdown
        text={turn.answer}
        partial={turn.status !== 'done'}
        renderCitation={renderCitation}
        onWikilink={onWikilink}
      />
    </div>
  )
}

interface MarkerProps extends Pick<AnswerProps, 'onPoint' | 'onOpen'> {
  readonly citation: Citation
  readonly isActive: boolean
}

function Marker({ citation, isActive, onPoint, onOpen }: MarkerProps) {
  const { n, note, heading } = citation
  const { title } = nameOfNote(note)
  return (
    <button
      type="button"
      class={isActive ? 'cairn-marker is-active' : 'cairn-marker'}
      title={title}
      aria-label={`Source ${n}: ${title}${heading ? `, ${heading}` : ''}`}
      onPointerEnter={() => onPoint(n)}
      onPointerLeave={() => onPoint(null)}
      onFocus={() => onPoint(n)}
      onBlur={() => onPoint(null)}
      onClick={() => onOpen(citation)}
    >
      {n}
    </button>
  )
}

function Sources({ turn, active, onPoint, onOpen }: Omit<AnswerProps, 'parts'>) {
  const isNearest = turn.outcome === 'not-found'
  const cited = isNearest ? turn.related : turn.citations
  if (cited.length === 0) return null
  return (
    <section class="cairn-sources" aria-label={isNearest ? 'Nearest passages' : 'Sources'}>
      {isNearest ? <h3>Nearest passages</h3> : null}
      <ol>
        {cited.map((citation) => {
          const { title, folder } = nameOfNote(citation.note)
          const place = [folder, citation.heading].filter(Boolean).join(' › ')
          return (
            <li key={`${citation.n} ${citation.note} ${citation.start}`}>
              <button
                type="button"
                class={citation.n === active && !isNearest ? 'cairn-source is-active' : 'cairn-source'}
                onPointerEnter={() => onPoint(citation.n)}
                onPointerLeave={() => onPoint(null)}
                onClick={() => onOpen(citation)}
              >
                {isNearest ? null : <span class="cairn-source-number">{citation.n}</span>}
                <span class="cairn-source-text">
                  <strong>{title}</strong>
                  {place === '' ? null : <span class="cairn-muted">{place}</span>}
                  <span class="cairn-source-quote">{plainQuote(citation.quote)}</span>
                </span>
              </button>
            </li>
          )
        })}
      </ol>
    </section>
  )
}

/** Without the marks of lists, quotes and headings, which say nothing in two lines of preview. */
function plainQuote(quote: string): string {
  return quote.replace(/^\s*(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)\s+/gm, '').replace(/\s+/g, ' ')
}

function AnswerActions({ turn, parts, onSave }: Pick<TurnViewProps, 'turn' | 'parts' | 'onSave'>) {
  const { app, notes, settings } = parts
  const copy = async () =>
    app.notify((await app.copy(turn.answer)) ? 'Answer copied.' : 'The clipboard is not open to Cairn here.')
  const write = (put: (text: string) => boolean, done: string) => {
    const { text, found } = settings.get('privacy.neutralise')
      ? neutralise(turn.answer)
      : { text: turn.answer, found: [] }
    if (!put(text)) return app.notify('Open a note and put the cursor where the answer is to go.')
    if (found.length > 0) app.notify(`${done} Made harmless: ${found.join(', ')}.`)
    else app.notify(done)
  }
  return (
    <>
      <Button kind="quiet" small icon="copy" label="Copy the answer" onClick={() => void copy()} />
      <Button
        kind="quiet"
        small
        icon="note"
        label="Insert the answer at the cursor"
        onClick={() => write(notes.insertAtCursor, 'Inserted.')}
      />
      <Button
        kind="quiet"
        small
        icon="download"
        label="Append the answer to the note"
        onClick={() => write(notes.append, 'Appended.')}
      />
      <Button kind="quiet" small icon="plus" label="Make a note of the answer" onClick={onSave} />
    </>
  )
}
