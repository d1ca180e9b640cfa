/** The providers: where each is, what it is cleared for, how busy it is; testing, adding, changing and removing them. */
import { useState } from 'preact/hooks'
import type { ModelsReply, ProviderInfo, ProviderReply, ProviderTest } from '@cairn/contract'
import { Button, ConfirmDialog, ErrorState, useToast } from '@cairn/ui'
import { sentenceOf } from '../api/failure.ts'
import { getProvider, putProvider, removeProvider, testProvider } from '../api/resources.ts'
import { ProviderCard } from './provider-card.tsx'
import { ProviderDialog } from './provider-dialog.tsx'
import { emptyForm, formOf } from './provider-form.ts'

export interface ProvidersViewProps {
  readonly reply: ModelsReply
  readonly onChanged: () => void
}

type OpenDialog =
  | { readonly kind: 'add' }
  | { readonly kind: 'change'; readonly provider: ProviderReply }
  | { readonly kind: 'remove'; readonly id: string }
  | null

export function ProvidersView({ reply, onChanged }: ProvidersViewProps) {
  const [dialog, setDialog] = useState<OpenDialog>(null)
  const tests = useProviderTests(onChanged)
  const toast = useToast()
  const close = () => setDialog(null)
  const open = async (id: string) => {
    const found = await getProvider(id)
    if (found.ok) setDialog({ kind: 'change', provider: found.value })
    else toast({ text: `${id}: ${sentenceOf(found.failure)}`, tone: 'danger' })
  }
  const toggle = async (provider: ProviderInfo) => {
    const problem = await setEnabled(provider)
    toast(problem ?? { text: `${provider.id} is switched ${provider.enabled ? 'off' : 'on'}` })
    onChanged()
  }
  return (
    <section class="section" aria-labelledby="providers-title">
      <div class="section-head">
        <h2 id="providers-title">Providers</h2>
        <Button kind="primary" icon="plus" onClick={() => setDialog({ kind: 'add' })}>
          Add provider
        </Button>
      </div>
      <ul class="models-cards">
        {reply.providers.map((provider) => (
          <ProviderCard
            key={provider.id}
            provider={provider}
            models={reply.models.filter((model) => model.provider === provider.id)}
            test={tests.of(provider.id)}
            onTest={() => tests.run(provider.id)}
            onChange={() => void open(provider.id)}
            onToggle={() => toggle(provider)}
            onRemove={() => setDialog({ kind: 'remove', id: provider.id })}
          />
        ))}
      </ul>
      {dialog === null ? null : (
        <Dialogs
          dialog={dialog}
          takenIds={reply.providers.map(({ id }) => id)}
          onClose={close}
          onSaved={(id) => {
            close()
            onChanged()
            tests.run(id)
          }}
          onRemoved={() => {
            close()
            onChanged()
          }}
        />
      )}
    </section>
  )
}

/** The stored settings with the switch turned; gives what to say when that failed. */
async function setEnabled({ id, enabled }: ProviderInfo) {
  const found = await getProvider(id)
  const settings = found.ok ? found.value.settings : null
  if (settings !== null) {
    const reply = await putProvider(id, { ...settings, enabled: !enabled })
    return reply.ok ? null : { text: `${id}: ${sentenceOf(reply.failure)}`, tone: 'danger' as const }
  }
  const why = found.ok ? 'It cannot be changed here' : sentenceOf(found.failure)
  return { text: `${id}: ${why}`, tone: 'danger' as const }
}

interface DialogsProps {
  readonly dialog: NonNullable<OpenDialog>
  readonly takenIds: readonly string[]
  readonly onClose: () => void
  readonly onSaved: (id: string) => void
  readonly onRemoved: () => void
}

function Dialogs({ dialog, takenIds, onClose, onSaved, onRemoved }: DialogsProps) {
  const shared = { takenIds, onSaved, onClose }
  switch (dialog.kind) {
    case 'add':
      return <ProviderDialog {...shared} initial={emptyForm} stored={null} />
    case 'change': {
      const { id, settings, hasKey } = dialog.provider
      if (settings === null) return null
      return <ProviderDialog {...shared} initial={formOf(id, settings)} stored={{ settings, hasKey }} />
    }
    case 'remove':
      return <RemoveDialog id={dialog.id} onRemoved={onRemoved} onClose={onClose} />
  }
}

export type TestState = { readonly at: 'running' } | { readonly at: 'done'; readonly result: ProviderTest } | null

function useProviderTests(onDone: () => void) {
  const [states, setStates] = useState<ReadonlyMap<string, TestState>>(new Map())
  const set = (id: string, state: TestState) => setStates((before) => new Map(before).set(id, state))
  const run = async (id: string) => {
    set(id, { at: 'running' })
    const reply = await testProvider(id)
    set(id, { at: 'done', result: reply.ok ? reply.value : failedTest(sentenceOf(reply.failure), reply.failure.code) })
    onDone()
  }
  return { of: (id: string) => states.get(id) ?? null, run: (id: string) => void run(id) }
}

function failedTest(message: string, code: string): ProviderTest {
  return { ok: false, asked: 'nothing', models: null, ms: 0, code, message }
}

interface RemoveDialogProps {
  readonly id: string
  readonly onRemoved: () => void
  readonly onClose: () => void
}

function RemoveDialog({ id, onRemoved, onClose }: RemoveDialogProps) {
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const remove = async () => {
    setBusy(true)
    const reply = await removeProvider(id)
    setBusy(false)
    if (!reply.ok) return setError(sentenceOf(reply.failure))
    toast({ text: `${id} is removed` })
    onRemoved()
  }
  return (
    <ConfirmDialog
      title={`Remove ${id}?`}
      action="Remove"
      busy={busy}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>Its models can no longer be asked, and its stored key is deleted. What was used stays on record.</p>
      {error ? <ErrorState title={error} /> : null}
    </ConfirmDialog>
  )
}
