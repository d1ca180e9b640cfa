/** One exchange: the question, the answer as it comes, its sources and its receipt. */
import { useMemo, useState } from 'preact/hooks'
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
}

/** Drawn again only when its own turn changes: a long conversation stays as quick as a short one. */
export function TurnView({ turn, isLast, active: opened, parts, onOpen, opensReceipt }: TurnViewProps) {
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
              {turn.outcome === 'answered' ? <AnswerActions turn={turn} parts={parts} /> : null}
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
  const renderCitation = (n: number) => {
    const citation = turn.citations.find((each) => each.n === n)
    if (!citation) return isRunning(turn) ? <span class="cairn-marker is-pending">{n}</span> : null
    const { title } = nameOfNote(citation.note)
    return (
      <button
        type="button"
        class={n === active ? 'cairn-marker is-active' : 'cairn-marker'}
        title={title}
        aria-label={`Source ${n}: ${title}${citation.heading ? `, ${citation.heading}` : ''}`}
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
  return (
    <div class={turn.status === 'streaming' ? 'cairn-answer is-streaming' : 'cairn-answer'}>
      <Markdown
        text={turn.answer}
        partial={turn.status !== 'done'}
        renderCitation={renderCitation}
        onWikilink={(target) => void parts.notes.openLink(target)}
      />
    </div>
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

function AnswerActions({ turn, parts }: Pick<TurnViewProps, 'turn' | 'parts'>) {
  const copy = async () =>
    parts.app.notify(
      (await parts.app.copy(turn.answer)) ? 'Answer copied.' : 'The clipboard is not open to Cairn here.',
    )
  const insert = () => {
    const { text, found } = parts.settings.get('privacy.neutralise')
      ? neutralise(turn.answer)
      : { text: turn.answer, found: [] }
    if (!parts.notes.insertAtCursor(text))
      return parts.app.notify('Open a note and put the cursor where the answer is to go.')
    if (found.length > 0) parts.app.notify(`Inserted. Made harmless: ${found.join(', ')}.`)
  }
  return (
    <>
      <Button kind="quiet" small icon="copy" label="Copy the answer" onClick={() => void copy()} />
      <Button kind="quiet" small icon="note" label="Insert the answer at the cursor" onClick={insert} />
    </>
  )
}
