/** The new text against the old, change by change, and what of it goes into the note. */
import type { Ref } from 'preact'
import { useMemo, useRef, useState } from 'preact/hooks'
import { Button } from '@cairn/ui'
import { countChanges, diffTexts, joinPieces } from '../../core/inline/diff-texts.ts'
import { findRunning, makeHarmless } from '../../core/inline/find-running.ts'
import { useKeys } from '../use-keys.ts'
import { Changes } from './changes.tsx'
import type { RewriteProps } from './use-rewrite.ts'

interface ReviewProps extends RewriteProps {
  readonly reply: string
  readonly isCut: boolean
  readonly by: string
}

const notThere = {
  changed: 'The note was changed meanwhile, and these words do not stand there any more. Nothing was overwritten.',
  closed: 'The note is not open here any more. Nothing was written.',
} as const

export function Review(props: ReviewProps) {
  const { parts, target, reply, isCut, by, close } = props
  const [isRaw, setRaw] = useState(!parts.settings.get('privacy.neutralise'))
  const [problem, setProblem] = useState<keyof typeof notThere | null>(null)
  const harmless = useMemo(() => {
    const place = target.place()
    return makeHarmless(typeof place === 'string' ? '' : place.before, reply)
  }, [reply])
  const shown = isRaw ? reply : harmless.text
  const pieces = useMemo(() => diffTexts(target.passage, shown), [shown])
  const count = useMemo(() => countChanges(pieces), [pieces])
  const choice = useChoice(count)
  const accepted = count - choice.rejected.size
  const text = joinPieces(pieces, (change) => !choice.rejected.has(change))
  const insert = async () => {
    if (accepted === 0) return
    const place = target.place()
    if (typeof place === 'string') return setProblem(place)
    if (!(await mayRun(parts, findRunning(place.before, text, place.after)))) return
    if (target.replace(text)) return close()
    setProblem('changed')
  }
  const copy = async () =>
    parts.app.notify((await parts.app.copy(text)) ? 'New text copied.' : 'The clipboard is not open to Cairn here.')
  const onKeyDown = useKeys(parts, 'rewrite', {
    'rewrite.next': () => choice.step(1, true),
    'rewrite.previous': () => choice.step(-1, true),
    'rewrite.accept': () => (choice.judge(null, true), choice.step(1, true)),
    'rewrite.reject': () => (choice.judge(null, false), choice.step(1, true)),
    'rewrite.accept-all': () => (choice.judgeAll(true), true),
    'rewrite.insert': () => (void insert(), true),
  })
  return (
    <section class="cairn-review" aria-label="Changes" onKeyDown={onKeyDown}>
      {isCut ? <p class="cairn-field-error">The model stopped at its limit: the end is missing.</p> : null}
      {harmless.found.length > 0 && parts.settings.get('privacy.neutralise') ? (
        <Harmless found={harmless.found} isRaw={isRaw} onChange={setRaw} />
      ) : null}
      {count === 0 ? (
        <p class="cairn-muted">The new text is the same as the old.</p>
      ) : (
        <Changes key={shown} pieces={pieces} choice={choice} count={count} />
      )}
      {problem === null ? null : (
        <p class="cairn-field-error" role="alert">
          {notThere[problem]} Copy the new text to use it elsewhere.
        </p>
      )}
      <div class="cairn-panel-foot">
        {by === '' ? null : <span class="cairn-muted">Written by {by}</span>}
        <span class="cairn-space" />
        <Button kind="quiet" icon="copy" onClick={() => void copy()}>
          Copy
        </Button>
        <Button onClick={close}>Discard</Button>
        <Button kind="primary" disabled={accepted === 0} onClick={() => void insert()}>
          {accepted === count ? 'Insert' : `Insert ${accepted} of ${count}`}
        </Button>
      </div>
    </section>
  )
}

interface HarmlessProps {
  readonly found: readonly string[]
  readonly isRaw: boolean
  readonly onChange: (isRaw: boolean) => void
}

function Harmless({ found, isRaw, onChange }: HarmlessProps) {
  return (
    <p class="cairn-rewrite-harmless">
      <span>
        {isRaw ? 'Not made harmless' : 'Made harmless'}: {found.join(', ')}.
      </span>
      <Button small onClick={() => onChange(!isRaw)}>
        {isRaw ? 'Make it harmless' : 'Show it as it was written'}
      </Button>
    </p>
  )
}

/** What other plugins would run goes into a note after a yes alone. */
async function mayRun({ settings, app }: ReviewProps['parts'], found: readonly string[]): Promise<boolean> {
  if (found.length === 0 || !settings.get('privacy.neutralise')) return true
  return app.confirm({
    title: 'Insert what other plugins may run?',
    text: `With these words the note has ${found.join(', ')}. Other plugins may run that, or send something, when the note is opened.`,
    yes: 'Insert',
  })
}

export interface Choice {
  readonly current: number
  readonly rejected: ReadonlySet<number>
  /** Where the elements of the changes are. */
  readonly box: Ref<HTMLDivElement>
  readonly point: (change: number) => void
  /** By so many changes, round and round; `takesFocus` for whoever works by keys. False when there is none. */
  readonly step: (by: number, takesFocus: boolean) => boolean
  /** Null: the current one. */
  readonly judge: (change: number | null, isAccepted: boolean) => void
  readonly judgeAll: (isAccepted: boolean) => void
}

function useChoice(count: number): Choice {
  const [current, setCurrent] = useState(0)
  const [rejected, setRejected] = useState<ReadonlySet<number>>(new Set())
  const box = useRef<HTMLDivElement>(null)
  // Keys may come faster than what they do is drawn.
  const now = useRef(0)
  const point = (change: number) => {
    now.current = change
    setCurrent(change)
  }
  return {
    current,
    rejected,
    box,
    point,
    step(by, takesFocus) {
      if (count === 0) return false
      point((now.current + by + count) % count)
      const element = box.current?.querySelector<HTMLElement>(`[data-change="${now.current}"]`)
      if (takesFocus) element?.focus()
      element?.scrollIntoView({ block: 'nearest' })
      return true
    },
    judge(change, isAccepted) {
      const judged = change ?? now.current
      setRejected((before) => new Set([...before].filter((each) => each !== judged).concat(isAccepted ? [] : judged)))
    },
    judgeAll: (isAccepted) => setRejected(new Set(isAccepted ? [] : Array.from({ length: count }, (_, at) => at))),
  }
}
