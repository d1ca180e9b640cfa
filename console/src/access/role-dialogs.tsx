/** A role of one’s own, and roles that are kept in different hands. */
import { useState } from 'preact/hooks'
import {
  customRoleSchema,
  isAction,
  roleTable,
  separationSchema,
  type CustomRole,
  type PolicyDocument,
  type Separation,
} from '@cairn/contract'
import { Checkbox, Dialog, FieldGroup, TextField } from '@cairn/ui'
import { useAccess } from './access-context.ts'
import { FormActions } from './add-dialogs.tsx'
import { nextId } from './deny-dialog.tsx'
import { groupActions } from './matrix.ts'

interface DialogProps<T> {
  readonly document: PolicyDocument
  readonly onDone: (item: T) => void
  readonly onClose: () => void
}

export function RoleDialog({
  role,
  document,
  onDone,
  onClose,
}: DialogProps<CustomRole> & { readonly role: CustomRole | null }) {
  const { matrix } = useAccess()
  const [form, setForm] = useState<CustomRole>(role ?? { id: '', inherits: [], actions: [] })
  const [error, setError] = useState<string>()
  const change = (part: Partial<CustomRole>) => {
    setError(undefined)
    setForm((before) => ({ ...before, ...part }))
  }
  const save = (event: Event) => {
    event.preventDefault()
    const description = form.description?.trim()
    const { description: _, ...rest } = form
    const parsed = customRoleSchema.safeParse({ ...rest, ...(description && { description }) })
    const isTaken = document.roles.some(({ id }) => id === form.id && id !== role?.id)
    if (isTaken) return setError('There is a role of this name.')
    if (!parsed.success) return setError(parsed.error.issues[0]?.message)
    if (form.inherits.length + form.actions.length === 0) return setError('A role allows something.')
    onDone(parsed.data)
  }
  const others = [...Object.keys(roleTable), ...document.roles.map(({ id }) => id)].filter((id) => id !== role?.id)
  return (
    <Dialog title={role ? `Change ${role.id}` : 'A role of your own'} onClose={onClose}>
      <form class="form access-fields" noValidate onSubmit={save}>
        <TextField
          label="Name"
          value={form.id}
          placeholder="reviewer"
          maxLength={128}
          disabled={role !== null}
          error={error}
          onInput={(id) => change({ id })}
        />
        <TextField
          label="What it is for"
          value={form.description ?? ''}
          maxLength={500}
          onInput={(description) => change({ description })}
        />
        <Choices
          label="Holds all of"
          names={others}
          chosen={form.inherits}
          onChange={(inherits) => change({ inherits })}
        />
        {groupActions(matrix.actions).map(({ title, actions }) => (
          <Choices
            key={title}
            label={title}
            names={actions.map(({ id }) => id)}
            chosen={form.actions}
            onChange={(next) => change({ actions: next.filter(isAction) })}
          />
        ))}
        <FormActions busy={false} action={role ? 'Change' : 'Add'} onClose={onClose} />
      </form>
    </Dialog>
  )
}

export function SeparationDialog({
  rule,
  document,
  onDone,
  onClose,
}: DialogProps<Separation> & { readonly rule: Separation | null }) {
  const [roles, setRoles] = useState<readonly string[]>(rule?.roles ?? [])
  const [error, setError] = useState<string | null>(null)
  const all = [...Object.keys(roleTable), ...document.roles.map(({ id }) => id)]
  const save = (event: Event) => {
    event.preventDefault()
    const id =
      rule?.id ??
      nextId(
        document.separation.map((each) => each.id),
        'separation',
      )
    const parsed = separationSchema.safeParse({ id, roles: [...roles] })
    if (!parsed.success) return setError('Choose two roles at least.')
    onDone(parsed.data)
  }
  return (
    <Dialog title="Roles in different hands" onClose={onClose}>
      <form class="form access-fields" noValidate onSubmit={save}>
        <p>Nobody is given two of these, whatever the place.</p>
        <Choices label="Roles" names={all} chosen={roles} onChange={setRoles} />
        {error ? (
          <p class="cairn-field-error" role="alert">
            {error}
          </p>
        ) : null}
        <FormActions busy={false} action={rule ? 'Change' : 'Add'} onClose={onClose} />
      </form>
    </Dialog>
  )
}

interface ChoicesProps {
  readonly label: string
  readonly names: readonly string[]
  readonly chosen: readonly string[]
  readonly onChange: (chosen: string[]) => void
}

function Choices({ label, names, chosen, onChange }: ChoicesProps) {
  return (
    <FieldGroup label={label}>
      {names.map((name) => (
        <Checkbox
          key={name}
          label={name}
          checked={chosen.includes(name)}
          onChange={(checked) => onChange(checked ? [...chosen, name] : chosen.filter((each) => each !== name))}
        />
      ))}
    </FieldGroup>
  )
}
