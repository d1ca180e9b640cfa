/** A text with its changes in it: each is a switch between the old words and the new ones. */
import { useEffect } from 'preact/hooks'
import { Button } from '@cairn/ui'
import type { Piece } from '../../core/inline/diff-texts.ts'
import type { Choice } from './review.tsx'

interface ChangesProps {
  readonly pieces: readonly Piece[]
  readonly choice: Choice
  readonly count: number
}

export function Changes({ pieces, choice, count }: ChangesProps) {
  const { box, current, rejected, judge, judgeAll, point, step } = choice
  // The new text is there: whoever asked for it goes on here.
  useEffect(() => void step(0, true), [])
  const isAccepted = !rejected.has(current)
  let at = -1
  return (
    <>
      <div class="cairn-changes" dir="auto" ref={box}>
        {pieces.map((piece, index) => {
          if (piece.kind === 'same') return <span key={index}>{piece.text}</span>
          at += 1
          const change = at
          return (
            <ChangeView
              key={index}
              piece={piece}
              name={`Change ${change + 1} of ${count}`}
              number={change}
              isCurrent={change === current}
              isAccepted={!rejected.has(change)}
              onPoint={() => point(change)}
              onToggle={() => judge(change, rejected.has(change))}
            />
          )
        })}
      </div>
      <div class="cairn-change-bar" role="group" aria-label="Go through the changes">
        <Button kind="quiet" icon="sort-up" label="Previous change" onClick={() => step(-1, false)} />
        <span class="cairn-muted" role="status">
          {current + 1} of {count}
        </span>
        <Button kind="quiet" icon="sort-down" label="Next change" onClick={() => step(1, false)} />
        <Button small icon="check" pressed={isAccepted} onClick={() => judge(null, true)}>
          Accept
        </Button>
        <Button small icon="close" pressed={!isAccepted} onClick={() => judge(null, false)}>
          Reject
        </Button>
        <span class="cairn-space" />
        <Button kind="quiet" small onClick={() => judgeAll(rejected.size > 0)}>
          {rejected.size > 0 ? 'Accept all' : 'Reject all'}
        </Button>
      </div>
    </>
  )
}

interface ChangeProps {
  readonly piece: Extract<Piece, { kind: 'change' }>
  readonly name: string
  readonly number: number
  readonly isCurrent: boolean
  readonly isAccepted: boolean
  readonly onPoint: () => void
  readonly onToggle: () => void
}

/** No button, since those do not break across lines. */
function ChangeView({ piece, name, number, isCurrent, isAccepted, onPoint, onToggle }: ChangeProps) {
  const { removed, added } = piece
  return (
    <span
      role="button"
      tabIndex={0}
      data-change={number}
      class={`cairn-change ${isAccepted ? 'is-accepted' : 'is-rejected'} ${isCurrent ? 'is-current' : ''}`}
      aria-pressed={isAccepted}
      onFocus={onPoint}
      onClick={onToggle}
      onKeyDown={(event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || (event.key !== 'Enter' && event.key !== ' ')) return
        event.preventDefault()
        onToggle()
      }}
    >
      <span class="cairn-hidden">{name}</span>
      {removed === '' ? null : (
        <del>
          <span class="cairn-hidden">, old: </span>
          {visible(removed)}
        </del>
      )}
      {added === '' ? null : (
        <ins>
          <span class="cairn-hidden">, new: </span>
          {visible(added)}
        </ins>
      )}
    </span>
  )
}

/** A change of nothing but an end of line is seen, too. */
function visible(text: string): string {
  return text.trim() === '' ? text.replaceAll('\n', '↵\n').replaceAll(' ', '·') : text
}
