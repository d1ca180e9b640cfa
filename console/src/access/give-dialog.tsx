/** Giving somebody a role on a place: to whom, which role and what it allows, for how long. */
import { useCallback, useState } from 'preact/hooks'
import { accessLimits, isValidOn, type GrantCreate, type PrincipalName, type Statements } from '@cairn/contract'
import { Combobox, DateTimeField, Dialog, ErrorState, Select, TextField } from '@cairn/ui'
import { createGrant, listPrincipals } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { FormActions } from './add-dialogs.tsx'
import type { Role } from './matrix.ts'
import { kindOf, namePrincipal, partsOf, placeScope, principalKinds } from './names.ts'
import { errorText, useAction } from './use-action.ts'
import { useLoad } from './use-load.ts'

export interface GiveDialogProps {
  readonly statements: Statements
  readonly onChanged: () => void
  readonly onClose: () => void
}

interface GiveForm {
  readonly principal: string
  readonly role: string
  readonly from: string
  readonly until: string
  readonly note: string
}

export function GiveDialog({ statements, onChanged, onClose }: GiveDialogProps) {
  const { matrix, names, may } = useAccess()
  const { busy, error, run, clear } = useAction()
  const { scope } = statements
  const roles = givableRoles(matrix.roles, statements, may('user.assign'))
  const [form, setForm] = useState<GiveForm>({
    principal: '',
    role: roles.find(({ id }) => id === 'asker')?.id ?? roles[0]?.id ?? '',
    from: '',
    until: '',
    note: '',
  })
  const [isTried, setTried] = useState(false)
  const change = (part: Partial<GiveForm>) => {
    clear()
    setForm((before) => ({ ...before, ...part }))
  }
  const give = async (event: Event) => {
    event.preventDefault()
    setTried(true)
    if (form.principal === '') return
    const done = `${namePrincipal(names, form.principal)} has the role ${form.role}`
    if (await run(() => createGrant(readForm(form, scope)), done)) onChanged()
  }
  return (
    <Dialog title={`Give a role on ${placeScope(names, scope)}`} onClose={onClose}>
      <form class="form access-fields" noValidate onSubmit={(event) => void give(event)}>
        {error ? <ErrorState title={errorText(error)} /> : null}
        <WhoField
          scope={scope}
          value={form.principal}
          error={isTried && form.principal === '' ? 'Pick a person, group or service.' : undefined}
          onChange={(principal) => change({ principal })}
        />
        <Select
          label="Role"
          value={form.role}
          options={roles.map(({ id }) => ({ value: id, text: id }))}
          hint={<Allows role={roles.find(({ id }) => id === form.role)} scope={scope} />}
          onChange={(role) => change({ role })}
        />
        <div class="models-pair">
          <DateTimeField label="From" value={form.from} onInput={(from) => change({ from })} />
          <DateTimeField label="Until" value={form.until} onInput={(until) => change({ until })} />
        </div>
        <TextField
          label="Note"
          value={form.note}
          placeholder="Why, for those who look at it later"
          maxLength={accessLimits.reasonLength}
          onInput={(note) => change({ note })}
        />
        <FormActions busy={busy} action="Give role" onClose={onClose} />
      </form>
    </Dialog>
  )
}

function readForm({ principal, role, from, until, note }: GiveForm, scope: string): GrantCreate {
  return {
    principal,
    role,
    scope,
    ...(from && { from: toInstant(from) }),
    ...(until && { until: toInstant(until) }),
    ...(note.trim() && { note: note.trim() }),
  }
}

/** From the reader’s clock to UTC. */
export function toInstant(local: string): string {
  return new Date(local).toISOString()
}

/**
 * Roles that mean something there and that the giver may give: any, or those within what they hold there. Of several that
 * allow the same there the smallest, such as curator on a folder, where vault-admin would allow no more.
 */
export function givableRoles(
  roles: readonly Role[],
  { scope, may }: Pick<Statements, 'scope' | 'may'>,
  isAdmin: boolean,
): readonly Role[] {
  const { kind } = partsOf(scope)
  const smallest = new Map<string, Role>()
  for (const role of roles) {
    const given = role.all.filter((action) => isValidOn(action, kind))
    if (given.length === 0 || (!isAdmin && !given.every((action) => may.includes(action)))) continue
    const before = smallest.get(given.join())
    if (before === undefined || role.all.length < before.all.length) smallest.set(given.join(), role)
  }
  return [...smallest.values()]
}

function Allows({ role, scope }: { readonly role: Role | undefined; readonly scope: string }) {
  if (!role) return null
  const { kind } = partsOf(scope)
  const given = role.all.filter((action) => isValidOn(action, kind))
  return (
    <>
      {role.description} Allows {given.join(', ')}.
    </>
  )
}

interface WhoFieldProps {
  readonly scope: string
  readonly value: string
  readonly error: string | undefined
  readonly onChange: (principal: string) => void
}

function WhoField({ scope, value, error, onChange }: WhoFieldProps) {
  const ask = useCallback(() => listPrincipals(scope), [scope])
  const { value: reply } = useLoad(ask)
  return (
    <Combobox
      label="Who"
      value={value}
      placeholder="Name of a person, group or service"
      options={optionsOf(reply?.principals ?? [])}
      error={error}
      onChange={onChange}
    />
  )
}

export function optionsOf(principals: readonly PrincipalName[]) {
  return principals
    .filter(({ isActive }) => isActive)
    .map(({ id, name }) => ({ value: id, text: name, detail: principalKinds[kindOf(id)] }))
}
