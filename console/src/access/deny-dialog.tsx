/** A deny: who may never do what where, but for whom it does not hold, and when it does. */
import { useState } from 'preact/hooks'
import {
  accessIdSchema,
  denyImplications,
  denySchema,
  isAction,
  isValidOn,
  type Action,
  type Deny,
} from '@cairn/contract'
import { Checkbox, Combobox, Dialog, FieldGroup, Select, TextField } from '@cairn/ui'
import { useConsole } from '../shell/console-context.ts'
import { useStore } from '@cairn/ui/store'
import { useAccess } from './access-context.ts'
import { FormActions } from './add-dialogs.tsx'
import { optionsOf } from './give-dialog.tsx'
import { namePrincipal, partsOf, sayActions } from './names.ts'

export interface DenyDialogProps {
  readonly deny: Deny | null
  /** Ids of other statements. */
  readonly taken: readonly string[]
  readonly onDone: (deny: Deny) => void
  readonly onClose: () => void
}

/** In the order of their implications: who may not discover may not read either. */
const usual: readonly Action[] = ['discover', 'read', 'retrieve', 'cite', 'write', 'move', 'delete', 'share', 'export']

const noDeny: Deny = { id: '', principal: 'group:everyone', actions: ['retrieve'], scope: 'tag:' }

export function DenyDialog({ deny, taken, onDone, onClose }: DenyDialogProps) {
  const [form, setForm] = useState<Deny>(deny ?? noDeny)
  const [error, setError] = useState<string | null>(null)
  const change = (part: Partial<Deny>) => {
    setError(null)
    setForm((before) => ({ ...before, ...part }))
  }
  const save = (event: Event) => {
    event.preventDefault()
    const { when, except, note, ...rest } = form
    const id = form.id === '' ? nextId(taken) : form.id
    const parsed = denySchema.safeParse({
      ...rest,
      id,
      ...(when && { when }),
      ...(except?.length && { except }),
      ...(note?.trim() && { note: note.trim() }),
    })
    if (!parsed.success) return setError(parsed.error.issues[0]?.message ?? 'This is no deny.')
    onDone(parsed.data)
  }
  return (
    <Dialog title={deny ? 'Change what is never allowed' : 'Never allow'} onClose={onClose}>
      <form class="form access-fields" noValidate onSubmit={save}>
        <WhoFields form={form} onChange={change} />
        <ScopeFields scope={form.scope} onChange={(scope) => change({ scope })} />
        <ActionFields form={form} onChange={change} />
        <WhenField form={form} onChange={change} />
        <TextField label="Note" value={form.note ?? ''} maxLength={500} onInput={(note) => change({ note })} />
        {error ? (
          <p class="cairn-field-error" role="alert">
            {error}
          </p>
        ) : null}
        <FormActions busy={false} action={deny ? 'Change' : 'Add'} onClose={onClose} />
      </form>
    </Dialog>
  )
}

/** `deny-1`, `deny-2` and on; ids stay readable in the history. */
export function nextId(taken: readonly string[], prefix = 'deny'): string {
  for (let at = 1; ; at++) if (!taken.includes(`${prefix}-${at}`)) return accessIdSchema.parse(`${prefix}-${at}`)
}

interface FieldsProps {
  readonly form: Deny
  readonly onChange: (part: Partial<Deny>) => void
}

function WhoFields({ form, onChange }: FieldsProps) {
  const { names } = useAccess()
  const options = optionsOf([...names.principals.values()])
  const except = form.except ?? []
  return (
    <>
      <Combobox
        label="Who"
        value={form.principal}
        options={options}
        onChange={(principal) => onChange({ principal })}
      />
      <Combobox
        label="But not"
        value=""
        placeholder={except.length === 0 ? 'Nobody is left out' : 'Another one'}
        options={options.filter(({ value }) => !except.includes(value) && value !== 'group:everyone')}
        onChange={(value) => onChange({ except: [...except, value] })}
      />
      {except.length > 0 ? (
        <div class="access-roles">
          {except.map((each) => (
            <button
              key={each}
              type="button"
              class="access-chip"
              aria-label={`Remove ${namePrincipal(names, each)}`}
              onClick={() => onChange({ except: except.filter((other) => other !== each) })}
            >
              {namePrincipal(names, each)} <span aria-hidden="true">×</span>
            </button>
          ))}
        </div>
      ) : null}
    </>
  )
}

const scopeKinds = [
  { value: 'tag', text: 'Notes with a tag' },
  { value: 'vault', text: 'A vault' },
  { value: 'folder', text: 'A folder' },
  { value: 'note', text: 'A note' },
  { value: 'org', text: 'The whole server' },
] as const

/** A scope in parts; also in dialogs about other statements. */
export function ScopeFields({
  scope,
  onChange,
}: {
  readonly scope: string
  readonly onChange: (scope: string) => void
}) {
  const { matrix } = useAccess()
  const { vaults } = useStore(useConsole().vaultsWatch.store)
  const { kind, vault, path } = partsOf(scope)
  const write = (next: { kind?: string; vault?: string; path?: string }) => {
    const { kind: to, vault: within, path: name } = { kind, vault, path, ...next }
    if (to === 'org') return onChange(matrix.org)
    if (to === 'tag') return onChange(`tag:${name.replace(/^#/, '')}`)
    const chosen = within || (vaults?.[0]?.id ?? '')
    onChange(to === 'vault' ? `vault:${chosen}` : `${to}:${chosen}/${name}`)
  }
  return (
    <div class="models-pair">
      <Select label="Where" value={kind} options={scopeKinds} onChange={(next) => write({ kind: next, path: '' })} />
      {kind === 'vault' || kind === 'folder' || kind === 'note' ? (
        <Select
          label="Vault"
          value={vault}
          options={(vaults ?? []).map(({ id, name }) => ({ value: id, text: name }))}
          onChange={(next) => write({ vault: next })}
        />
      ) : null}
      {kind === 'tag' ? (
        <TextField
          label="Tag"
          value={path}
          placeholder="confidential"
          maxLength={200}
          onInput={(next) => write({ path: next })}
        />
      ) : null}
      {kind === 'folder' || kind === 'note' ? (
        <TextField
          label={kind === 'folder' ? 'Folder' : 'Note'}
          value={path}
          placeholder={kind === 'folder' ? 'Handbook' : 'Handbook/Leave.md'}
          maxLength={1_000}
          onInput={(next) => write({ path: next })}
        />
      ) : null}
    </div>
  )
}

function ActionFields({ form, onChange }: FieldsProps) {
  const { kind } = partsOf(form.scope)
  const others = form.actions.filter((action) => !usual.some((each) => each === action))
  const shown = [...usual, ...others].filter((action) => isValidOn(action, kind))
  const implied = impliedBy(form.actions)
  return (
    <div>
      <FieldGroup label="May not">
        {shown.map((action) => (
          <Checkbox
            key={action}
            label={action}
            checked={form.actions.includes(action)}
            onChange={(checked) =>
              onChange({
                actions: checked ? [...form.actions, action] : form.actions.filter((each) => each !== action),
              })
            }
          />
        ))}
      </FieldGroup>
      {implied.length > 0 ? <p class="cairn-field-hint">Then they may not {sayActions(implied)} either.</p> : null}
    </div>
  )
}

/** What goes with the denied actions. */
function impliedBy(actions: readonly string[]): readonly string[] {
  const all = actions.flatMap((action) => (isAction(action) ? (denyImplications[action] ?? []) : []))
  return [...new Set(all)].filter((action) => !actions.includes(action))
}

const whens = [
  { value: '', text: 'Always' },
  { value: 'external', text: 'When the model is outside' },
  { value: 'mfa', text: 'Without a second factor' },
] as const

const conditions: Readonly<Record<string, NonNullable<Deny['when']>>> = {
  external: [['model.egress', '==', 'external']],
  mfa: [['session.mfa', '==', false]],
}

/** The two that are asked for; what was written as JSON is kept as it is. */
function WhenField({ form, onChange }: FieldsProps) {
  const told = JSON.stringify(form.when)
  const known = Object.keys(conditions).find((name) => JSON.stringify(conditions[name]) === told)
  const value = form.when === undefined ? '' : (known ?? 'own')
  const set = (name: string) => {
    if (name !== 'own') onChange({ when: conditions[name] })
  }
  return (
    <Select
      label="When"
      value={value}
      options={[...whens, ...(value === 'own' ? [{ value: 'own', text: 'As written in JSON' }] : [])]}
      onChange={set}
    />
  )
}
