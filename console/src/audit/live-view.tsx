/** The log as it grows: newest first, so many rows and no more, with a pause to read in peace. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { AuditEntryView } from '@cairn/contract'
import { Button, EmptyState, Icon, Spinner } from '@cairn/ui'
import { formatCount } from '../shell/clock.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { useAudit } from './audit-context.ts'
import { EntryList } from './entry-list.tsx'
import { conditionsOf } from './filter.ts'
import { followWhileSeen, type FollowState } from './follow-log.ts'
import { addLive, emptyLive, flushLive, type LiveRows } from './live-rows.ts'

/** Drawn together: a busy server tells many a second. */
const drawMs = 250

export function LiveView() {
  const { filter } = useAudit()
  const query = new URLSearchParams(conditionsOf(filter)).toString()
  const [turn, setTurn] = useState(0)
  return <Tail key={`${turn} ${query}`} query={query} onRestart={() => setTurn(turn + 1)} />
}

interface TailProps {
  readonly query: string
  readonly onRestart: () => void
}

function Tail({ query, onRestart }: TailProps) {
  const { rows, state, isPaused, setPaused, clear } = useTail(query)
  if (state.at === 'ended' && state.failure.status === 403)
    return <ViewFailure failure={state.failure} what="the audit log" onRetry={onRestart} />
  return (
    <section class="section" aria-labelledby="audit-live">
      <div class="section-head">
        <h2 id="audit-live">Live</h2>
        <div class="audit-news">
          <LiveState state={state} isPaused={isPaused} waiting={rows.waiting.length} dropped={rows.dropped} />
          <Button small icon={isPaused ? 'play' : 'pause'} onClick={() => setPaused(!isPaused)}>
            {isPaused ? 'Go on' : 'Pause'}
          </Button>
          <Button small disabled={rows.shown.length === 0} onClick={clear}>
            Clear
          </Button>
        </div>
      </div>
      {state.at === 'ended' ? <ViewFailure failure={state.failure} what="the audit log" onRetry={onRestart} /> : null}
      {rows.shown.length > 0 ? (
        <>
          <EntryList label="Live entries" entries={rows.shown} isLive />
          <LiveFoot count={rows.shown.length} />
        </>
      ) : state.at === 'opening' ? (
        <Spinner label="Connecting" />
      ) : (
        <EmptyState icon="audit" title="Waiting for what happens next">
          What is recorded from now on comes here by itself. What was before is under Search.
        </EmptyState>
      )}
    </section>
  )
}

function useTail(query: string) {
  const [rows, setRows] = useState<LiveRows>(emptyLive)
  const [state, setState] = useState<FollowState>({ at: 'opening' })
  const [isPaused, setIsPaused] = useState(false)
  const paused = useRef(false)
  useEffect(() => {
    let heard: AuditEntryView[] = []
    const draw = () => {
      if (heard.length === 0) return
      const told = heard
      heard = []
      setRows((before) => addLive(before, told, paused.current))
    }
    const timer = setInterval(draw, drawMs)
    const stop = followWhileSeen({
      query: Object.fromEntries(new URLSearchParams(query)),
      onEntry: (entry) => void heard.push(entry),
      onState: setState,
    })
    return () => {
      clearInterval(timer)
      stop()
    }
  }, [query])
  return {
    rows,
    state,
    isPaused,
    clear: () => setRows(emptyLive),
    setPaused(next: boolean) {
      paused.current = next
      setIsPaused(next)
      if (!next) setRows(flushLive)
    },
  }
}

interface LiveStateProps {
  readonly state: FollowState
  readonly isPaused: boolean
  readonly waiting: number
  readonly dropped: number
}

function LiveState({ state, isPaused, waiting, dropped }: LiveStateProps) {
  const held = dropped > 0 ? `${formatCount(waiting)}+ waiting` : `${formatCount(waiting)} waiting`
  const words = {
    opening: 'Connecting',
    live: isPaused ? `Paused, ${held}` : 'Live',
    waiting: 'The connection broke off; trying again',
    ended: 'Ended',
  }[state.at]
  const look = state.at === 'live' && !isPaused ? 'is-live' : state.at === 'waiting' ? 'is-broken' : ''
  return (
    <span class={`audit-state ${look}`} role="status">
      {state.at === 'waiting' ? <Icon name="warning" size={16} /> : <span class="audit-dot" />}
      {words}
    </span>
  )
}

function LiveFoot({ count }: { readonly count: number }) {
  const { hrefWith } = useAudit()
  return (
    <p class="audit-note muted">
      The newest {formatCount(count)} that came while this view could be seen.{' '}
      <a href={hrefWith({}, { view: 'search' })}>Search</a> has all the others.
    </p>
  )
}
