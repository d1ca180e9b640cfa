/** Adding a provider and changing a stored one. What the server refuses stands beside its field, in its words. */
import { useEffect, useState } from 'preact/hooks'
import { labels, type ProviderSettings } from '@cairn/contract'
import { Button, Checkbox, Dialog, ErrorState, SecretField, Select, TextArea, TextField } from '@cairn/ui'
import { sentenceOf, type Failure } from '../api/failure.ts'
import { putProvider } from '../api/resources.ts'
import { applyPreset, fieldOf, presets, readForm, type ProviderField, type ProviderForm } from './provider-form.ts'
import { labelNames } from './words.ts'

export interface ProviderDialogProps {
  readonly initial: ProviderForm
  /** What is stored; null for a new one. */
  readonly stored: { readonly settings: ProviderSettings; readonly hasKey: boolean } | null
  readonly takenIds: readonly string[]
  readonly onSaved: (id: string) => void
  readonly onClose: () => void
}

interface FormError {
  readonly field: ProviderField | null
  readonly text: string
}

export function ProviderDialog({ initial, stored, takenIds, onSaved, onClose }: ProviderDialogProps) {
  const [form, setForm] = useState(initial)
  const [error, setError] = useState<FormError | null>(null)
  const [busy, setBusy] = useState(false)
  const save = async (event: Event) => {
    event.preventDefault()
    const id = form.id.trim()
    if (stored === null && takenIds.includes(id))
      return setError({ field: 'id', text: id === '' ? 'Give it a name.' : 'There is one with this name already.' })
    if (id === '') return setError({ field: 'id', text: 'Give it a name.' })
    setBusy(true)
    const reply = await putProvider(id, readForm(form, stored?.settings ?? null))
    setBusy(false)
    if (reply.ok) return onSaved(id)
    setError(errorOf(reply.failure))
  }
  const change = (part: Partial<ProviderForm>) => {
    setError(null)
    setForm((before) => ({ ...before, ...part }))
  }
  const parts = { form, error, onChange: change }
  return (
    <Dialog title={stored === null ? 'Add a provider' : `Change ${initial.id}`} onClose={onClose}>
      <form class="form" noValidate onSubmit={(event) => void save(event)}>
        {error !== null && error.field === null ? <ErrorState title={error.text} /> : null}
        {stored === null ? <NewFields {...parts} /> : null}
        <AddressFields {...parts} hasKey={stored?.hasKey ?? false} />
        <MoreFields {...parts} />
        <div class="form-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {stored === null ? 'Add and test' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function errorOf(failure: Failure): FormError {
  return { field: fieldOf(failure.param), text: sentenceOf(failure) }
}

interface FieldsProps {
  readonly form: ProviderForm
  readonly error: FormError | null
  readonly onChange: (part: Partial<ProviderForm>) => void
}

const textAt = (error: FormError | null, field: ProviderField) => (error?.field === field ? error.text : undefined)

function NewFields({ form, error, onChange }: FieldsProps) {
  const [preset, setPreset] = useState('')
  return (
    <>
      <Select
        label="Kind"
        value={preset}
        options={[{ value: '', text: 'Another' }, ...presets.map(({ id, name }) => ({ value: id, text: name }))]}
        onChange={(id) => {
          setPreset(id)
          const chosen = presets.find((each) => each.id === id)
          if (chosen) onChange(applyPreset(form, chosen))
        }}
      />
      <TextField
        label="Name"
        value={form.id}
        hint="Small letters, digits and dashes. Models are called name/model."
        placeholder="my-provider"
        maxLength={63}
        mono
        error={textAt(error, 'id')}
        onInput={(id) => onChange({ id })}
      />
    </>
  )
}

const dialects = [
  { value: 'openai', text: 'OpenAI, which most servers speak' },
  { value: 'anthropic', text: 'Anthropic' },
  { value: 'google', text: 'Google' },
] as const

function AddressFields({ form, error, hasKey, onChange }: FieldsProps & { readonly hasKey: boolean }) {
  return (
    <>
      <Select
        label="Dialect"
        value={form.dialect}
        options={dialects}
        error={textAt(error, 'dialect')}
        onChange={(value) =>
          onChange({ dialect: dialects.find((dialect) => dialect.value === value)?.value ?? form.dialect })
        }
      />
      <TextField
        label="Base address"
        value={form.baseUrl}
        placeholder="https://…/v1"
        maxLength={2_000}
        inputMode="url"
        mono
        error={textAt(error, 'baseUrl')}
        onInput={(baseUrl) => onChange({ baseUrl })}
      />
      <SecretField
        label="API key"
        value={form.apiKey}
        placeholder={hasKey ? 'A key is stored' : ''}
        hint={hasKey ? 'Leave it empty to keep the stored one.' : 'Stored encrypted, never shown again.'}
        disabled={form.removesKey}
        maxLength={8_192}
        error={textAt(error, 'apiKey')}
        onInput={(apiKey) => onChange({ apiKey })}
      />
      {hasKey ? (
        <Checkbox
          label="Delete the stored key"
          checked={form.removesKey}
          onChange={(removesKey) => onChange({ removesKey, apiKey: '' })}
        />
      ) : null}
      <Select
        label="Cleared for notes up to"
        value={form.clearance}
        options={[{ value: '', text: 'The usual' }, ...labels.map((value) => ({ value, text: labelNames[value] }))]}
        hint="More sensitive notes are never sent there. Usual: restricted on this machine, internal outside."
        error={textAt(error, 'clearance')}
        onChange={(value) => onChange({ clearance: labels.find((label) => label === value) ?? '' })}
      />
    </>
  )
}

const rareFields: readonly (ProviderField | null)[] = [
  'models',
  'egress',
  'region',
  'maxInFlight',
  'auth',
  'hasResponses',
]

/** What few need; open when something in it is refused. */
function MoreFields({ form, error, onChange }: FieldsProps) {
  const [isOpen, setOpen] = useState(false)
  const isRefused = error !== null && rareFields.includes(error.field)
  useEffect(() => {
    if (isRefused) setOpen(true)
  }, [isRefused])
  return (
    <details class="more" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>More</summary>
      <div class="form">
        <TextArea
          label="Models"
          value={form.models}
          rows={3}
          mono
          hint="One id a line. Empty: the provider is asked for its list."
          error={textAt(error, 'models')}
          onInput={(models) => onChange({ models })}
        />
        <Select
          label="Where it runs"
          value={form.egress}
          options={[
            { value: '', text: 'By its address' },
            { value: 'local', text: 'On this machine or under our control' },
            { value: 'external', text: 'Outside' },
          ]}
          error={textAt(error, 'egress')}
          onChange={(value) => onChange({ egress: value === 'local' || value === 'external' ? value : '' })}
        />
        <TextField
          label="Region"
          value={form.region}
          placeholder="eu"
          maxLength={60}
          error={textAt(error, 'region')}
          onInput={(region) => onChange({ region })}
        />
        <TextField
          label="Most requests at once"
          value={form.maxInFlight}
          placeholder="No limit of its own"
          maxLength={9}
          inputMode="numeric"
          error={textAt(error, 'maxInFlight')}
          onInput={(maxInFlight) => onChange({ maxInFlight })}
        />
        {form.dialect === 'openai' ? <OpenAiFields form={form} error={error} onChange={onChange} /> : null}
      </div>
    </details>
  )
}

function OpenAiFields({ form, error, onChange }: FieldsProps) {
  return (
    <>
      <Select
        label="Key is sent as"
        value={form.auth}
        options={[
          { value: 'bearer', text: 'Authorization: Bearer' },
          { value: 'api-key', text: 'api-key, as Azure wants it' },
        ]}
        error={textAt(error, 'auth')}
        onChange={(value) => onChange({ auth: value === 'api-key' ? value : 'bearer' })}
      />
      <Checkbox
        label="It has POST /responses of its own"
        checked={form.hasResponses}
        onChange={(hasResponses) => onChange({ hasResponses })}
      />
    </>
  )
}
