/** One exchange: the question, the answer as it comes, its sources and its receipt. */
import { useMemo, useState } from 'preact/hooks'
import type { Citation } from '@cairn/contract'
import { Button, Markdown, Spinner } from '@cairn/ui'
import { CopyButton } from '../shell/copy-button.tsx'
import { FailureState } from '../shell/failure-state.tsx'
import { ReceiptView } from './receipt-view.tsx'
import { NearestPassages, Sources } from './sources.tsx'
import { isRunning, nameOfNote, type Turn } from '@cairn/ui/client'

export interface TurnViewProps {
  readonly turn: Turn
  /** The last one can be asked again. */
  readonly isLast: boolean
  readonly onOpen: (citation: Citation) => void
  readonly onRetry: () => void
  readonly onStartOver: () => void
  readonly vaultName: (id: string) => string | null
  /** The citation whose note is open, if it is one of this turn's. */
  readonly opened: Citation | null
}

/** Drawn again only when its own turn changes: a long conversation stays as quick as a short one. */
export function TurnView({ turn, isLast, onOpen, onRetry, onStartOver, vaultName, opened }: TurnViewProps) {
  const [pointed, setActive] = useState<number | null>(null)
  const active = pointed ?? opened?.n ?? null
  return useMemo(
    () => (
      <article class="turn" aria-busy={isRunning(turn)}>
        <h2 class="question">{turn.question}</h2>
        <div class="answer">
          <AnswerText turn={turn} active={active} onActive={setActive} onOpen={onOpen} />
          {turn.status === 'stopped' ? <StoppedLine onRetry={isLast ? onRetry : undefined} /> : null}
          {turn.failure ? <FailureState failure={turn.failure} onRetry={isLast ? onRetry : undefined} /> : null}
          <Sources
            citations={turn.outcome === 'not-found' ? [] : turn.citations}
            active={active}
            onActive={setActive}
            onOpen={onOpen}
            vaultName={vaultName}
          />
          {turn.outcome === 'not-found' ? (
            <NearestPassages related={turn.related} onOpen={onOpen} vaultName={vaultName} />
          ) : null}
          <footer class="turn-foot">
            {turn.receipt ? <ReceiptView turn={turn} receipt={turn.receipt} /> : null}
            <div class="turn-actions">
              {turn.outcome === 'answered' ? <CopyButton text={turn.answer} what="Answer" /> : null}
              {isLast && !isRunning(turn) ? (
                <Button small kind="quiet" icon="plus" label="New conversation" onClick={onStartOver}>
                  New conversation
                </Button>
              ) : null}
            </div>
          </footer>
        </div>
      </article>
    ),
    [turn, active, isLast, onOpen, onRetry, onStartOver, vaultName],
  )
}

interface AnswerTextProps {
  readonly turn: Turn
  readonly active: number | null
  readonly onActive: (n: number | null) => void
  readonly onOpen: (citation: Citation) => void
}

function AnswerText({ turn, active, onActive, onOpen }: AnswerTextProps) {
  if (turn.status === 'asking') return <Spinner label="Reading your notes" />
  if (turn.outcome === 'not-found')
    return (
      <div class="outcome">
        <h3>Not found in your notes</h3>
        <p class="muted">No passage answers this. Other words may help, or the fact is not written down yet.</p>
      </div>
    )
  if (turn.outcome === 'refused')
    return (
      <div class="outcome">
        <h3>Not answered</h3>
        <p>{turn.answer || 'The server’s rules do not allow this question to be answered.'}</p>
      </div>
    )
  if (turn.answer === '') return null
  const renderCitation = (n: number) => {
    const citation = turn.citations.find((other) => other.n === n)
    if (!citation) return isRunning(turn) ? <span class="marker is-pending">{n}</span> : null
    return (
      <button
        type="button"
        class={n === active ? 'marker is-active' : 'marker'}
        title={nameOfNote(citation.note).title}
        aria-label={`Source ${n}: ${nameOfNote(citation.note).title}${citation.heading ? `, ${citation.heading}` : ''}`}
        onPointerEnter={() => onActive(n)}
        onPointerLeave={() => onActive(null)}
        onFocus={() => onActive(n)}
        onBlur={() => onActive(null)}
        onClick={() => onOpen(citation)}
      >
        {n}
      </button>
    )
  }
  return (
    <div class={turn.status === 'streaming' ? 'answer-text is-streaming' : 'answer-text'}>
      <Markdown text={turn.answer} partial={turn.status !== 'done'} renderCitation={renderCitation} />
    </div>
  )
}

function StoppedLine({ onRetry }: { readonly onRetry: (() => void) | undefined }) {
  return (
    <p class="stopped muted">
      Stopped.{' '}
      {onRetry ? (
        <Button small icon="refresh" onClick={onRetry}>
          Ask again
        </Button>
      ) : null}
    </p>
  )
}
