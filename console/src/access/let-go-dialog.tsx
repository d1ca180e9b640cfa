/** Lets go what is held of notes, one after another, each as it was seen; what is refused is said by note. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, Dialog, ErrorState, Progress, useToast } from '@cairn/ui'
import { sentenceOf, type Failure } from '../api/failure.ts'
import { formatCounted } from '../shell/clock.ts'
import { FailureState } from '../shell/failure-state.tsx'
import { confirmHeld } from './access-api.ts'
import { HeldFacts } from './held-facts.tsx'
import { countLetGo, keyOfHeld, letGoEach, type HeldNote, type LetGoRun } from './held.ts'

export interface LetGoDialogProps {
  readonly notes: readonly HeldNote[]
  /** At least one was tried. */
  readonly onChanged: () => void
  readonly onClose: () => void
}

const mostNamed = 5

export function LetGoDialog({ notes, onChanged, onClose }: LetGoDialogProps) {
  const toast = useToast()
  const [run, setRun] = useState<LetGoRun | null>(null)
  const [isOver, setIsOver] = useState(false)
  const [isStopping, setIsStopping] = useState(false)
  const stopper = useRef(new AbortController())
  useEffect(() => () => stopper.current.abort(), [])
  const what = notes.length === 1 && notes[0] ? notes[0].title : formatCounted(notes.length, 'note')
  async function letGo() {
    const confirm = (each: HeldNote) => confirmHeld(each.vault, each.note, each.revision)
    const end = await letGoEach(notes, confirm, stopper.current.signal, setRun)
    const count = countLetGo(end)
    setRun(end)
    setIsOver(true)
    onChanged()
    if (end.refused.length > 0 || end.failure !== null) return
    if (count > 0) toast({ text: `${count === notes.length ? what : formatCounted(count, 'note')} let go` })
    onClose()
  }
  const isRunning = run !== null && !isOver
  const stop = () => {
    stopper.current.abort()
    setIsStopping(true)
  }
  return (
    <Dialog
      title={run === null ? `Let go of ${what}?` : isOver ? 'Not all was let go' : `Letting go of ${what}`}
      // The note that is under way may still be refused: it closes when that is known.
      onClose={isRunning ? stop : onClose}
      footer={
        run === null ? (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="danger" onClick={() => void letGo()}>
              Let go
            </Button>
          </>
        ) : isRunning ? (
          <Button busy={isStopping} onClick={stop}>
            Stop
          </Button>
        ) : (
          <Button onClick={onClose}>Done</Button>
        )
      }
    >
      {run === null ? <Consequence notes={notes} /> : null}
      {isRunning ? <Running run={run} total={notes.length} /> : null}
      {run !== null && isOver ? <Outcome run={run} total={notes.length} /> : null}
    </Dialog>
  )
}

function Consequence({ notes }: { readonly notes: readonly HeldNote[] }) {
  const isMoved = notes.some(({ places }) => places.length > 0)
  const [only] = notes
  if (notes.length === 1 && only)
    return (
      <>
        <p>
          From the next question on, the note goes by what it says{isMoved ? ' and where it is now' : ''}. People who
          were kept from it may see it then.
        </p>
        <HeldFacts held={only} />
      </>
    )
  const rest = notes.length - mostNamed
  return (
    <>
      <p>
        From the next question on, these notes go by what they say{isMoved ? ' and where they are now' : ''}. People who
        were kept from them may see them then.
      </p>
      <ul class="access-list">
        {notes.slice(0, mostNamed).map((each) => (
          <li key={keyOfHeld(each)}>
            <span class="access-grow">
              {each.title}
              <span class="muted access-sub">{each.note}</span>
            </span>
          </li>
        ))}
        {rest > 0 ? <li class="muted">and {formatCounted(rest, 'more', 'more')}</li> : null}
      </ul>
    </>
  )
}

interface RunProps {
  readonly run: LetGoRun
  readonly total: number
}

function Running({ run: { tried }, total }: RunProps) {
  return (
    <>
      <Progress label="Notes let go" done={tried} total={total} />
      <p role="status">
        {tried} of {formatCounted(total, 'note')} so far.
      </p>
    </>
  )
}

/** What only the list knows: the note was there when it was read. */
const refusalWords: Readonly<Record<string, string>> = {
  'note.not-found': 'Moved or deleted meanwhile. It is listed again if it is still held back.',
  'note.not-held': 'Nothing of it was held back any more.',
}

function sayRefusal(failure: Failure): string {
  return refusalWords[failure.code] ?? sentenceOf(failure).replaceAll('`', '')
}

/** Refusals with the same words stand together: a folder that was moved on may have a hundred. */
function Outcome({ run, total }: RunProps) {
  const untried = total - run.tried
  const bySentence = Map.groupBy(run.refused, ({ failure }) => sayRefusal(failure))
  return (
    <>
      <p role="status">
        {countLetGo(run)} of {formatCounted(total, 'note')} let go
        {untried > 0 ? `, ${untried} not tried` : ''}.
      </p>
      {run.failure ? <FailureState failure={run.failure} /> : null}
      {[...bySentence].map(([sentence, refused]) => (
        <ErrorState key={sentence} title={sentence}>
          <ul class="access-held-refused">
            {refused.map(({ note }) => (
              <li key={keyOfHeld(note)}>{note.title}</li>
            ))}
          </ul>
        </ErrorState>
      ))}
    </>
  )
}
