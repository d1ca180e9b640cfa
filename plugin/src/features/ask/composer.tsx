/** The box for the question: what is asked, of which vault, by which model, and what leaves the machine with it. */
import { useState } from 'preact/hooks'
import type { Ref } from 'preact'
import { limits, type AskDryRun, type ModelInfo } from '@cairn/contract'
import { Button, Icon, Select, TextArea } from '@cairn/ui'
import { useStore } from '@cairn/ui/store'
import { describeScope } from '../../core/ask/scope.ts'
import type { CairnParts } from '../../core/ports.ts'
import { DryRunView } from './dry-run-view.tsx'
import { priceOf } from './format.ts'
import type { Asking } from './use-asking.ts'

export interface ComposerProps {
  readonly asking: Asking
  readonly parts: CairnParts
  readonly running: boolean
  readonly isFollowUp: boolean
  readonly sendWith: 'enter' | 'mod'
  readonly inputRef: Ref<HTMLTextAreaElement>
  readonly onSave: () => void
}

export function Composer({ asking, parts, running, isFollowUp, sendWith, inputRef, onSave }: ComposerProps) {
  const { draft, scope, model } = asking
  const [dryRun, setDryRun] = useState<AskDryRun | null>(null)
  const send = () => {
    setDryRun(null)
    asking.send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends the composition of a Japanese or Chinese word does not send.
    if (event.key !== 'Enter' || event.isComposing || running) return
    const isHeld = event.ctrlKey || event.metaKey
    if (event.shiftKey || (sendWith === 'mod' ? !isHeld : isHeld)) return
    event.preventDefault()
    send()
  }
  const look = async () => {
    if (dryRun !== null) return setDryRun(null)
    const reply = await parts.server.dryRun({
      question: draft.trim(),
      ...(scope.vault === null ? {} : { vault: scope.vault }),
      ...(scope.model === null ? {} : { model: scope.model }),
      ...(scope.only ? { scope: scope.only } : {}),
    })
    if (reply.ok) setDryRun(reply.value)
    else parts.app.notify(`${reply.failure.title}. ${reply.failure.hint ?? ''}`)
  }
  return (
    <form
      class="cairn-composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      {dryRun === null ? null : <DryRunView dryRun={dryRun} onClose={() => setDryRun(null)} />}
      <div class="cairn-composer-box">
        {scope.only ? (
          <p class="cairn-composer-scope">
            <Icon name="filter" size={16} />
            <span>{describeScope(scope.only)}</span>
            <Button
              kind="quiet"
              small
              icon="close"
              label="Ask all notes"
              onClick={() => asking.setScope({ ...scope, only: null })}
            />
          </p>
        ) : null}
        <TextArea
          label="Question"
          hideLabel
          rows={1}
          value={draft}
          onInput={asking.setDraft}
          maxLength={limits.questionChars}
          inputRef={inputRef}
          placeholder={isFollowUp ? 'Ask a follow-up' : 'Ask your notes'}
          onKeyDown={onKeyDown}
        />
        <ComposerRow asking={asking} parts={parts} running={running} isFollowUp={isFollowUp} onSave={onSave} />
      </div>
      {model ? (
        <ModelLine model={model} isOpen={dryRun !== null} onLook={draft.trim() === '' ? null : () => void look()} />
      ) : null}
    </form>
  )
}

type RowProps = Pick<ComposerProps, 'asking' | 'parts' | 'running' | 'isFollowUp' | 'onSave'>

function ComposerRow({ asking, parts, running, isFollowUp, onSave }: RowProps) {
  const { draft, scope, models, model } = asking
  const state = useStore(parts.connection.state)
  const vaults = state.at === 'ready' ? state.vaults : []
  return (
    <div class="cairn-composer-row">
      {vaults.length > 1 && parts.settings.get('connection.vault') === '' ? (
        <Select
          label="Vaults to ask"
          hideLabel
          value={scope.vault ?? ''}
          options={[{ value: '', text: 'All vaults' }, ...vaults.map(({ id, name }) => ({ value: id, text: name }))]}
          onChange={(vault) => asking.setScope({ ...scope, vault: vault || null })}
        />
      ) : null}
      {models.length > 0 ? (
        <Select
          label="Model that answers"
          hideLabel
          value={model?.id ?? ''}
          options={models.map((each) => ({ value: each.id, text: nameOf(each) }))}
          onChange={(id) =>
            asking.setScope({
              ...scope,
              model: models.find((each) => each.id === id)?.isDefault === true ? null : id,
            })
          }
        />
      ) : null}
      <span class="cairn-space" />
      {isFollowUp && !running ? (
        <>
          <Button kind="quiet" icon="note" label="Save the conversation as a note" onClick={onSave} />
          <Button kind="quiet" icon="plus" label="New conversation" onClick={asking.startOver} />
        </>
      ) : null}
      {running ? (
        <Button icon="stop" label="Stop the answer" onClick={parts.conversation.stop} />
      ) : (
        <Button kind="primary" icon="send" type="submit" label="Send the question" disabled={draft.trim() === ''} />
      )}
    </div>
  )
}

interface ModelLineProps {
  readonly model: ModelInfo
  readonly isOpen: boolean
  /** Null while there is nothing to send. */
  readonly onLook: (() => void) | null
}

function ModelLine({ model, isOpen, onLook }: ModelLineProps) {
  return (
    <p class="cairn-composer-line">
      <Icon name={model.egress === 'external' ? 'external' : 'laptop'} size={16} />
      <span>
        {model.egress === 'external' ? `Passages go to ${model.provider}` : 'Nothing leaves the server'} ·{' '}
        {priceOf(model)}
      </span>
      {onLook === null ? null : (
        <button type="button" class="cairn-link-button" aria-expanded={isOpen} onClick={onLook}>
          {isOpen ? 'Close' : 'See what would be sent'}
        </button>
      )}
    </p>
  )
}

function nameOf(model: ModelInfo): string {
  if (model.builtIn) return 'Built in, quotes only'
  return `${model.id} · ${model.provider}`
}
