/** The Ask page: the conversation, the box below it, and the cited note beside it. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { VaultInfo } from '@cairn/contract'
import { EmptyState } from '@cairn/ui'
import { useConsole } from '../shell/console-context.ts'
import { FailureState } from '../shell/failure-state.tsx'
import { hrefOf } from '../shell/router.ts'
import { useStore } from '@cairn/ui/store'
import { useMediaQuery } from '../shell/use-media-query.ts'
import { AnswerAnnouncer } from './answer-announcer.tsx'
import { Composer } from './composer.tsx'
import { NotePane } from './note-pane.tsx'
import { Suggestions, Welcome } from './suggestion-list.tsx'
import { isRunning, type Turn } from '@cairn/ui/client'
import { TurnView } from './turn-view.tsx'
import { useOpenNote, type OpenNote } from './use-open-note.ts'
import { useModels, useScope } from './use-scope.ts'
import { useQuestionInView } from './use-question-in-view.ts'

export function AskPage({ params }: { readonly params: URLSearchParams }) {
  const { vaultsWatch, conversation } = useConsole()
  const { vaults, failure } = useStore(vaultsWatch.store)
  const turns = useStore(conversation.turns)
  const models = useModels(conversation)
  const [scope, setScope] = useScope(params, vaults, models)
  const [draft, setDraft] = useState(() => params.get('q') ?? '')
  useEffect(() => setDraft((now) => params.get('q') ?? now), [params])
  const note = useOpenNote()
  const asSheet = useMediaQuery('(max-width: 899px)')
  const input = useRef<HTMLTextAreaElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const last = turns.at(-1)
  const running = isRunning(last)
  useQuestionInView(scroller, last?.id)
  useAskKeys(input, conversation.stop)
  const vaultName = useMemo(
    () => nameVaults(vaults ?? []),
    [vaults?.map((vault) => `${vault.id} ${vault.name}`).join('\n')],
  )
  const ask = (question: string) => {
    if (running || question.trim() === '') return
    conversation.ask(question, scope)
    setDraft('')
    if (matchMedia('(pointer: fine)').matches) input.current?.focus()
  }
  const startOver = useCallback(() => {
    conversation.clear()
    note.close()
    input.current?.focus()
  }, [conversation, note.close])
  const isEmpty = Boolean(vaults?.length) && turns.length === 0
  return (
    <div class={note.citation && !asSheet ? 'ask has-note' : 'ask'}>
      <section class={isEmpty ? 'conversation is-empty' : 'conversation'} aria-label="Conversation">
        <h1 class="cairn-hidden">Ask your notes</h1>
        <div class="scroller" ref={scroller}>
          <div class="column">
            {failure && !vaults ? <FailureState failure={failure} onRetry={vaultsWatch.refresh} /> : null}
            {vaults?.length === 0 ? <NoVault /> : null}
            {isEmpty && vaults ? <Welcome vaults={vaults} scope={scope} /> : null}
            <Turns turns={turns} note={note} vaultName={vaultName} onStartOver={startOver} />
          </div>
        </div>
        <AnswerAnnouncer turn={last} />
        <div class="column composer-place" hidden={vaults?.length === 0}>
          <Composer
            draft={draft}
            onDraft={setDraft}
            scope={scope}
            onScope={setScope}
            vaults={vaults ?? []}
            models={models}
            running={running}
            isFollowUp={turns.length > 0}
            onSend={() => ask(draft)}
            onStop={conversation.stop}
            inputRef={input}
          />
        </div>
        {isEmpty && vaults ? <Suggestions vaults={vaults} scope={scope} onAsk={ask} /> : null}
      </section>
      {note.citation ? <NotePane citation={note.citation} asSheet={asSheet} onClose={note.close} /> : null}
    </div>
  )
}

interface TurnsProps {
  readonly turns: readonly Turn[]
  readonly note: OpenNote
  readonly vaultName: (id: string) => string | null
  readonly onStartOver: () => void
}

function Turns({ turns, note, vaultName, onStartOver }: TurnsProps) {
  const { conversation } = useConsole()
  const last = turns.at(-1)
  return (
    <>
      {turns.map((turn) => (
        <TurnView
          key={turn.id}
          turn={turn}
          isLast={turn === last}
          onStartOver={onStartOver}
          onOpen={note.open}
          onRetry={conversation.retry}
          vaultName={vaultName}
          opened={note.citation && turn.citations.includes(note.citation) ? note.citation : null}
        />
      ))}
    </>
  )
}

function NoVault() {
  return (
    <EmptyState
      icon="vault"
      title="No vault yet"
      action={
        <a class="cairn-button is-primary" href={hrefOf('vaults')}>
          Add a vault
        </a>
      }
    >
      Add the folder of an Obsidian vault, then ask it anything.
    </EmptyState>
  )
}

/** Names vaults where there is more than one to tell apart. */
function nameVaults(vaults: readonly VaultInfo[]): (id: string) => string | null {
  return (id) => (vaults.length > 1 ? (vaults.find((vault) => vault.id === id)?.name ?? id) : null)
}

/** ⌘K or Ctrl+K goes to the question, Escape stops the answer. */
function useAskKeys(input: { readonly current: HTMLTextAreaElement | null }, stop: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (document.querySelector('dialog[open]')) return
      if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)) {
        event.preventDefault()
        input.current?.focus()
      } else if (event.key === 'Escape' && !event.isComposing) stop()
    }
    addEventListener('keydown', onKeyDown)
    if (matchMedia('(pointer: fine)').matches) input.current?.focus()
    return () => removeEventListener('keydown', onKeyDown)
  }, [stop])
}
