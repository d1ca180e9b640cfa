/** What is to be done with the passage, by whom, and exactly what leaves the note for it. */
import type { Ref } from 'preact'
import { Button, Icon, Select, TextArea } from '@cairn/ui'
import { presets, rewriteLimits } from '../../core/inline/rewrite-request.ts'
import { priceOf } from '../ask/format.ts'
import { isUnderWay, type Rewrite } from './use-rewrite.ts'

interface InstructionFormProps {
  readonly rewrite: Rewrite
  readonly passage: string
  readonly inputRef: { current: HTMLTextAreaElement | null }
  readonly onStop: () => void
}

export function InstructionForm({ rewrite, passage, inputRef, onStop }: InstructionFormProps) {
  const { instruction, setInstruction, send, model, state } = rewrite
  const isBusy = isUnderWay(state)
  const choose = (text: string) => {
    setInstruction(text)
    inputRef.current?.focus()
  }
  return (
    <form
      class="cairn-rewrite-form"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <div class="cairn-rewrite-presets" role="group" aria-label="Ready instructions">
        {presets.map((preset) => (
          <Button
            key={preset.name}
            small
            pressed={instruction.startsWith(preset.instruction)}
            disabled={isBusy}
            onClick={() => choose(preset.instruction)}
          >
            {preset.name}
          </Button>
        ))}
      </div>
      <div class="cairn-composer-box">
        <TextArea
          label="Instruction"
          hideLabel
          rows={1}
          value={instruction}
          onInput={setInstruction}
          maxLength={rewriteLimits.instructionChars}
          placeholder="What is to be done with the selection?"
          inputRef={inputRef as Ref<HTMLTextAreaElement>}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        <div class="cairn-composer-row">
          <ModelSelect rewrite={rewrite} />
          <span class="cairn-space" />
          {isBusy ? (
            // Keys keep them two elements: one that becomes the other while it is pressed would send at once.
            <Button key="stop" icon="stop" onClick={onStop}>
              Stop
            </Button>
          ) : (
            <Button
              key="send"
              kind={state.at === 'done' ? 'secondary' : 'primary'}
              type="submit"
              icon={state.at === 'idle' ? 'send' : 'refresh'}
              disabled={instruction.trim() === '' || model === undefined}
            >
              {state.at === 'idle' ? 'Rewrite' : 'Try again'}
            </Button>
          )}
        </div>
      </div>
      <WhatIsSent rewrite={rewrite} passage={passage} />
    </form>
  )
}

function ModelSelect({ rewrite: { known, model, setModel, state } }: Pick<InstructionFormProps, 'rewrite'>) {
  if (known === null || typeof known === 'string' || model === undefined) return null
  return (
    <Select
      label="Model that writes"
      hideLabel
      disabled={isUnderWay(state)}
      value={model.id}
      options={known.models.map(({ id, provider }) => ({ value: id, text: `${id} · ${provider}` }))}
      onChange={setModel}
    />
  )
}

/** Open until the first reply: nobody sends what they have not seen. */
function WhatIsSent({ rewrite, passage }: Pick<InstructionFormProps, 'rewrite' | 'passage'>) {
  const { known, model, messages, state } = rewrite
  if (known === null) return <p class="cairn-muted">Asking the server how sensitive this note is.</p>
  if (typeof known === 'string')
    return (
      <p class="cairn-field-error" role="alert">
        {known}
      </p>
    )
  const { label, uncleared } = known
  if (model === undefined)
    return (
      <p class="cairn-field-error" role="alert">
        {uncleared === 0
          ? 'The server has no language model yet: whoever runs it can connect one.'
          : `This note is ${label}, and no model is cleared for that.`}
      </p>
    )
  const isExternal = model.egress === 'external'
  return (
    <>
      <p class="cairn-composer-line">
        <Icon name={isExternal ? 'external' : 'laptop'} size={16} />
        <span>
          {isExternal ? `Goes to ${model.provider}` : 'Nothing leaves the server’s machine'} · {priceOf(model)} · this
          note is {label}
          {uncleared === 0 ? '' : `, ${uncleared} ${uncleared === 1 ? 'model is' : 'models are'} not cleared for it`}
        </span>
      </p>
      <details class="cairn-rewrite-sent" open={state.at === 'idle'}>
        <summary>What is sent: {passage.trim().length.toLocaleString()} characters of the note</summary>
        <pre tabIndex={0} aria-label="What is sent" dir="auto">
          {messages.map(({ content }) => content).join('\n\n')}
        </pre>
      </details>
    </>
  )
}
