/** The view *Ask*: the conversation, what keeps it from going on, and the box for the question below. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Citation } from '@cairn/contract'
import { Button } from '@cairn/ui'
import { isRunning, type Turn } from '@cairn/ui/client'
import { useStore } from '@cairn/ui/store'
import type { ConnectionState } from '../../core/connection/connection.ts'
import type { CairnParts } from '../../core/ports.ts'
import { ConnectionBanner } from '../connection-banner.tsx'
import { useKeys } from '../use-keys.ts'
import { useLook } from '../use-look.ts'
import { Composer } from './composer.tsx'
import { FollowUps } from './follow-ups.tsx'
import { Welcome } from './welcome.tsx'
import { TurnList } from './turn-list.tsx'
import { TurnView } from './turn-view.tsx'
import { WaitingList } from './waiting-list.tsx'
import { useAsking, type Draft } from './use-asking.ts'

export interface AskPaneProps {
  readonly parts: CairnParts
  /** What the box holds at first, and each time that it changes. */
  readonly draft: Draft
  /** Makes a note of these exchanges, or of the whole conversation. */
  readonly onSave: (turns?: readonly Turn[]) => void
}

export function AskPane({ parts, draft, onSave }: AskPaneProps) {
  const { conversation, connection, settings } = parts
  const turns = useStore(conversation.turns)
  const state = useStore(connection.state)
  const values = useStore(settings.values)
  const look = useLook(values)
  const input = useRef<HTMLTextAreaElement>(null)
  const asking = useAsking(parts, draft)
  useEffect(() => connection.wait(), [connection])
  const last = turns.at(-1)
  const { source, open, step } = useSources(parts, last)
  const running = isRunning(last)
  const onKeyDown = useKeys(parts, 'ask', {
    'ask.stop': () => running && (conversation.stop(), true),
    'ask.focus': () => (input.current?.focus(), true),
    'ask.new': () => (asking.startOver(), input.current?.focus(), true),
    'ask.retry': () => last !== undefined && !running && (conversation.retry(), true),
    'ask.copy': () => last !== undefined && last.answer !== '' && (void copyAnswer(parts, last.answer), true),
    'ask.save': () => (onSave(), true),
    'ask.next-source': () => (step(1), true),
    'ask.previous-source': () => (step(-1), true),
  })
  return (
    <div class={`cairn cairn-ask ${look.classes}`} style={look.style} onKeyDown={onKeyDown}>
      <AskHead parts={parts} state={state} />
      <div class="cairn-ask-scroller" tabIndex={turns.length === 0 ? 0 : -1}>
        {turns.length === 0 ? (
          <Welcome isReady={state.at === 'ready'} />
        ) : (
          <TurnList
            turns={turns}
            renderTurn={(turn) => (
              <TurnView
                key={turn.id}
                turn={turn}
                isLast={turn === last}
                active={source?.turn === turn.id ? source.n : null}
                parts={parts}
                onOpen={open}
                opensReceipt={values['answers.receipt']}
                onSave={() => onSave([turn])}
              />
            )}
          />
        )}
        <FollowUps parts={parts} turn={last} onAsk={asking.ask} />
        <WaitingList parts={parts} />
      </div>
      <Composer
        asking={asking}
        running={running}
        isFollowUp={turns.length > 0}
        parts={parts}
        sendWith={values['answers.sendWith']}
        inputRef={input}
        onSave={() => onSave()}
      />
      <p class="cairn-hidden" role="status" aria-live="polite">
        {announce(last)}
      </p>
    </div>
  )
}

/** Opens sources of the last answer, one after another too. */
function useSources(parts: CairnParts, last: Turn | undefined) {
  const [source, setSource] = useState<{ turn: number; n: number } | null>(null)
  const open = (citation: Citation) => void openSource(parts, citation)
  const step = (by: number) => {
    if (last === undefined || last.citations.length === 0) return
    const at = last.citations.findIndex(({ n }) => source?.turn === last.id && n === source.n)
    const next = last.citations[(at + by + last.citations.length) % last.citations.length]
    if (next === undefined) return
    setSource({ turn: last.id, n: next.n })
    open(next)
  }
  return { source, open, step }
}

function AskHead({ parts, state }: Pick<AskPaneProps, 'parts'> & { readonly state: ConnectionState }) {
  const { app } = parts
  return (
    <>
      <div class="cairn-ask-head">
        <Button small kind="quiet" icon="chart" label="Open dashboard" onClick={() => app.openView('dashboard')} />
        <Button small kind="quiet" icon="graph" label="Open sources map" onClick={() => app.openView('map')} />
      </div>
      <ConnectionBanner parts={parts} state={state} />
    </>
  )
}

async function openSource({ notes, app }: CairnParts, citation: Citation): Promise<void> {
  if (!(await notes.openPassage(citation))) app.notify(`This vault has no note “${citation.note}”.`)
}

async function copyAnswer({ app }: CairnParts, answer: string): Promise<void> {
  app.notify((await app.copy(answer)) ? 'Answer copied.' : 'The clipboard is not open to Cairn here.')
}

function announce(turn: Parameters<typeof isRunning>[0]): string {
  if (turn === undefined || isRunning(turn)) return turn === undefined ? '' : 'Answering'
  if (turn.status === 'failed') return turn.failure?.title ?? 'Failed'
  if (turn.status === 'stopped') return 'Stopped'
  if (turn.outcome === 'not-found') return 'Not found in your notes'
  return `Answered, with ${turn.citations.length} ${turn.citations.length === 1 ? 'source' : 'sources'}`
}
