/** The box for the question, with the vaults it is asked of, the model that answers, and where that model runs. */
import type { Ref } from 'preact'
import { limits, type ModelInfo, type VaultInfo } from '@cairn/contract'
import { Button, Icon, Select, TextArea } from '@cairn/ui'
import { formatUsd } from '../shell/clock.ts'
import type { Scope } from '@cairn/ui/client'

export interface ComposerProps {
  readonly draft: string
  readonly onDraft: (draft: string) => void
  readonly scope: Scope
  readonly onScope: (scope: Scope) => void
  readonly vaults: readonly VaultInfo[]
  readonly models: readonly ModelInfo[]
  readonly running: boolean
  readonly isFollowUp: boolean
  readonly onSend: () => void
  readonly onStop: () => void
  readonly inputRef: Ref<HTMLTextAreaElement>
}

export function Composer(props: ComposerProps) {
  const { draft, scope, onScope, vaults, models, running } = props
  const model = models.find(({ id }) => id === scope.model) ?? models.find(({ isDefault }) => isDefault)
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends the composition of a Japanese or Chinese word does not send.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    if (!running) props.onSend()
  }
  const vaultOptions = [
    { value: '', text: vaults.length === 1 ? 'My vault' : 'All vaults' },
    ...vaults.map(({ id, name }) => ({ value: id, text: name })),
  ]
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        props.onSend()
      }}
    >
      <div class="composer-box">
        <TextArea
          label="Question"
          hideLabel
          rows={1}
          value={draft}
          onInput={props.onDraft}
          maxLength={limits.questionChars}
          inputRef={props.inputRef}
          placeholder={props.isFollowUp ? 'Ask a follow-up' : 'Ask your notes'}
          onKeyDown={onKeyDown}
        />
        <div class="composer-row">
          {vaults.length > 1 ? (
            <Select
              label="Vaults to ask"
              hideLabel
              value={scope.vault ?? ''}
              options={vaultOptions}
              onChange={(vault) => onScope({ ...scope, vault: vault || null })}
            />
          ) : null}
          {models.length > 0 ? (
            <Select
              label="Model that answers"
              hideLabel
              value={model?.id ?? ''}
              options={models.map(optionOf)}
              onChange={(id) =>
                onScope({ ...scope, model: models.find((other) => other.id === id)?.isDefault ? null : id })
              }
            />
          ) : null}
          <span class="composer-space" />
          {running ? (
            <Button icon="stop" label="Stop the answer (Esc)" onClick={props.onStop} />
          ) : (
            <Button kind="primary" icon="send" type="submit" label="Send the question" disabled={draft.trim() === ''} />
          )}
        </div>
      </div>
      {model ? <ModelLine model={model} /> : null}
    </form>
  )
}

function optionOf(model: ModelInfo): { value: string; text: string } {
  if (model.builtIn) return { value: model.id, text: 'Built in, quotes only' }
  const place = model.egress === 'external' ? `${model.provider}, external` : model.provider
  return { value: model.id, text: `${model.id} · ${place}` }
}

/** Where the passages go and what it costs, before anything is sent. */
function ModelLine({ model }: { readonly model: ModelInfo }) {
  const external = model.egress === 'external'
  return (
    <p class={external ? 'model-line is-external' : 'model-line'}>
      <Icon name={external ? 'external' : 'laptop'} size={16} />
      <span>
        {external ? (
          <>
            Passages are sent to <strong>{model.provider}</strong>, outside this machine
          </>
        ) : (
          'Nothing leaves this machine'
        )}{' '}
        · {priceOf(model)}
      </span>
    </p>
  )
}

function priceOf(model: ModelInfo): string {
  const { inputUsdPerMTok: input, outputUsdPerMTok: output, egress } = model
  if (input === null && output === null) return egress === 'local' ? 'free' : 'price not known'
  if (!input && !output) return 'free'
  return `${formatUsd(input ?? 0)} in, ${formatUsd(output ?? 0)} out per million tokens`
}
