/** Purging: what, how, and until when to wait; a question back before everything goes; then the receipt. */
import { useEffect, useState } from 'preact/hooks'
import type { CacheNamespace, CacheReceipt, ModelInfo } from '@cairn/contract'
import { Badge, Button, Dialog, Select, TextField, type SelectOption } from '@cairn/ui'
import { invalidateCache, listModels } from '../api/resources.ts'
import { formatCount } from '../shell/clock.ts'
import { useConsole } from '../shell/console-context.ts'
import { useStore } from '@cairn/ui/store'
import { purgeTargets, readPurgeScope, type PurgeChoice, type PurgeTarget } from './purge-scope.ts'
import { nameKind } from './words.ts'

export interface PurgeDialogProps {
  readonly namespaces: readonly CacheNamespace[]
  readonly onPurged: () => void
  readonly onClose: () => void
}

interface Manner {
  readonly kind: 'hard' | 'soft'
  readonly wait: 'commit' | 'all'
}

type Step =
  | { readonly at: 'form' }
  | { readonly at: 'confirm'; readonly scope: string; readonly manner: Manner }
  | { readonly at: 'receipt'; readonly scope: string; readonly receipt: CacheReceipt }

export function PurgeDialog({ namespaces, onPurged, onClose }: PurgeDialogProps) {
  const [step, setStep] = useState<Step>({ at: 'form' })
  const [choice, setChoice] = useState<PurgeChoice>(firstChoice)
  const [manner, setManner] = useState<Manner>({ kind: 'hard', wait: 'commit' })
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string>()
  const purge = async (scope: string) => {
    setBusy(true)
    const reply = await invalidateCache([scope], manner.kind, manner.wait)
    setBusy(false)
    if (reply.ok) {
      setStep({ at: 'receipt', scope, receipt: reply.value })
      return onPurged()
    }
    setStep({ at: 'form' })
    setError(reply.failure.message || reply.failure.title)
  }
  const submit = (event: Event) => {
    event.preventDefault()
    const read = readPurgeScope(choice)
    if (!read.ok) return setError(read.error)
    setError(undefined)
    if (read.scope === '*') setStep({ at: 'confirm', scope: read.scope, manner })
    else void purge(read.scope)
  }
  if (step.at === 'receipt') return <Receipt {...step} onClose={onClose} />
  if (step.at === 'confirm')
    return (
      <Confirm
        busy={busy}
        kind={manner.kind}
        onBack={() => setStep({ at: 'form' })}
        onConfirm={() => void purge('*')}
      />
    )
  return (
    <Dialog title="Purge the cache" onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <TargetFields
          choice={choice}
          namespaces={namespaces}
          error={error}
          onChange={(change) => {
            setError(undefined)
            setChoice((before) => ({ ...before, ...change }))
          }}
        />
        <MannerFields manner={manner} onChange={setManner} />
        <div class="form-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            Purge
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const firstChoice: PurgeChoice = { target: 'vault', kind: '', vault: '', note: '', model: '', scope: '' }

const targetNames: Readonly<Record<PurgeTarget, string>> = {
  everything: 'Everything',
  kind: 'One kind of entry',
  vault: 'All from a vault',
  note: 'All from a note',
  model: 'All from a model',
  scope: 'A scope of my own',
}

interface TargetFieldsProps {
  readonly choice: PurgeChoice
  readonly namespaces: readonly CacheNamespace[]
  readonly error: string | undefined
  readonly onChange: (change: Partial<PurgeChoice>) => void
}

/** The choice, and the fields that it needs; an error stands below the last of them. */
function TargetFields({ choice, namespaces, error, onChange }: TargetFieldsProps) {
  const { target } = choice
  const { vaults } = useStore(useConsole().vaultsWatch.store)
  const models = useModels(target === 'model')
  const targets = purgeTargets.map((value) => ({ value, text: targetNames[value] }))
  const list = (label: string, key: 'kind' | 'vault' | 'model', options: readonly SelectOption[]) => (
    <Select
      label={label}
      value={choice[key]}
      options={[{ value: '', text: options.length > 0 ? 'Pick one' : 'There is none' }, ...options]}
      error={key === target ? error : undefined}
      onChange={(value) => onChange({ [key]: value })}
    />
  )
  return (
    <>
      <Select
        label="What"
        value={target}
        options={targets}
        error={target === 'everything' ? error : undefined}
        onChange={(value) => onChange({ target: purgeTargets.find((name) => name === value) ?? target })}
      />
      {target === 'kind'
        ? list(
            'Kind',
            'kind',
            namespaces.map(({ name }) => ({ value: name, text: nameKind(name) })),
          )
        : null}
      {target === 'vault' || target === 'note'
        ? list(
            'Vault',
            'vault',
            (vaults ?? []).map(({ id, name }) => ({ value: id, text: name })),
          )
        : null}
      {target === 'note' ? (
        <TextField
          label="Note"
          value={choice.note}
          placeholder="Folder/Note.md"
          maxLength={900}
          mono
          error={error}
          onInput={(note) => onChange({ note })}
        />
      ) : null}
      {target === 'model'
        ? list(
            'Model',
            'model',
            [...new Set(models.map(({ id }) => id))].map((id) => ({ value: id, text: id })),
          )
        : null}
      {target === 'scope' ? (
        <TextField
          label="Scope"
          value={choice.scope}
          placeholder="tag:…"
          hint="One of ns:, prefix:, tag:, key:, vault:, note:, model:, template: with its name."
          maxLength={1_024}
          mono
          error={error}
          onInput={(scope) => onChange({ scope })}
        />
      ) : null}
    </>
  )
}

function MannerFields({ manner, onChange }: { readonly manner: Manner; readonly onChange: (manner: Manner) => void }) {
  return (
    <>
      <Select
        label="Old values"
        value={manner.kind}
        options={[
          { value: 'hard', text: 'Are never served again' },
          { value: 'soft', text: 'May be served, marked stale, while made anew' },
        ]}
        onChange={(kind) => onChange({ ...manner, kind: kind === 'soft' ? 'soft' : 'hard' })}
      />
      <Select
        label="Done when"
        value={manner.wait}
        options={[
          { value: 'commit', text: 'It is written to the log' },
          { value: 'all', text: 'No process serves old values any more' },
        ]}
        onChange={(wait) => onChange({ ...manner, wait: wait === 'all' ? 'all' : 'commit' })}
      />
    </>
  )
}

/** Asked for once, when they are needed first. */
function useModels(isNeeded: boolean): readonly ModelInfo[] {
  const [models, setModels] = useState<readonly ModelInfo[] | null>(null)
  useEffect(() => {
    if (!isNeeded || models !== null) return
    void listModels().then((reply) => setModels(reply.ok ? reply.value.models : []))
  }, [isNeeded, models])
  return models ?? []
}

interface ConfirmProps {
  readonly busy: boolean
  readonly kind: Manner['kind']
  readonly onBack: () => void
  readonly onConfirm: () => void
}

function Confirm({ busy, kind, onBack, onConfirm }: ConfirmProps) {
  const footer = (
    <>
      <Button onClick={onBack}>Back</Button>
      <Button kind="danger" busy={busy} onClick={onConfirm}>
        Purge everything
      </Button>
    </>
  )
  return (
    <Dialog title="Purge everything?" onClose={onBack} footer={footer}>
      <p>
        {kind === 'hard'
          ? 'Every answer, reply and embedding is made anew when it is next asked for, at full price. No note is touched.'
          : 'Every answer, reply and embedding counts as old: it is made anew in the background when it is next asked for. No note is touched.'}
      </p>
    </Dialog>
  )
}

interface ReceiptProps {
  readonly scope: string
  readonly receipt: CacheReceipt
  readonly onClose: () => void
}

function Receipt({ scope, receipt, onClose }: ReceiptProps) {
  const { seq, committed, acked, pending, message } = receipt
  const done = (
    <Button kind="primary" onClick={onClose}>
      Done
    </Button>
  )
  return (
    <Dialog title={committed ? 'Purged' : 'Not written yet'} onClose={onClose} footer={done}>
      {message === undefined ? null : <p>{message}</p>}
      <dl class="facts">
        <dt>What</dt>
        <dd>{scope === '*' ? 'Everything' : <code>{scope}</code>}</dd>
        <dt>Log</dt>
        <dd>
          {committed ? (
            <Badge tone="accent" icon="check">
              {seq === null ? 'Written' : `Written, number ${formatCount(seq)}`}
            </Badge>
          ) : (
            <Badge tone="warn" icon="warning">
              Waiting
            </Badge>
          )}
        </dd>
        <NodeList term="Applied by" nodes={acked} />
        <NodeList term="Not heard from" nodes={pending} />
      </dl>
    </Dialog>
  )
}

function NodeList({ term, nodes }: { readonly term: string; readonly nodes: readonly string[] }) {
  if (nodes.length === 0) return null
  return (
    <>
      <dt>{term}</dt>
      <dd>
        <ul>
          {nodes.map((node) => (
            <li key={node}>
              <code>{node}</code>
            </li>
          ))}
        </ul>
      </dd>
    </>
  )
}
