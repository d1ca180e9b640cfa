/** The policy as a form: what is never allowed, roles of one’s own, roles in different hands. Grants stand on Folders. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { CustomRole, Deny, PolicyDocument, Separation } from '@cairn/contract'
import { Badge, Button } from '@cairn/ui'
import { hrefOf } from '../shell/router.ts'
import { useAccess } from './access-context.ts'
import { DenyDialog } from './deny-dialog.tsx'
import { namePrincipal, sayDeny } from './names.ts'
import { RoleDialog, SeparationDialog } from './role-dialogs.tsx'
import { formatCounted } from '../shell/clock.ts'

export interface PolicyFormProps {
  readonly document: PolicyDocument
  readonly canChange: boolean
  /** `roles` opens the dialog of a new role. */
  readonly startWith: string | null
  readonly onChange: (document: PolicyDocument) => void
}

type OpenDialog =
  | { readonly kind: 'deny'; readonly item: Deny | null }
  | { readonly kind: 'role'; readonly item: CustomRole | null }
  | { readonly kind: 'separation'; readonly item: Separation | null }
  | null

export function PolicyForm({ document, canChange, startWith, onChange }: PolicyFormProps) {
  const { names } = useAccess()
  const [dialog, setDialog] = useState<OpenDialog>(
    startWith === 'roles' && canChange ? { kind: 'role', item: null } : null,
  )
  const { denies, roles, separation, grants, breakGlass } = document
  return (
    <div class="access-policy">
      <Statements
        title="Never allowed"
        empty="Nothing is denied. A deny wins over every role."
        items={denies}
        textOf={(deny) => `${sayDeny(names, deny)}.`}
        noteOf={({ note }) => note}
        onAdd={canChange ? () => setDialog({ kind: 'deny', item: null }) : null}
        onEdit={canChange ? (item) => setDialog({ kind: 'deny', item }) : null}
        onRemove={({ id }) => onChange({ ...document, denies: denies.filter((each) => each.id !== id) })}
      />
      <Statements
        title="Own roles"
        empty="The built-in roles are enough so far."
        items={roles}
        textOf={({ id }) => id}
        noteOf={describeRole}
        onAdd={canChange ? () => setDialog({ kind: 'role', item: null }) : null}
        onEdit={canChange ? (item) => setDialog({ kind: 'role', item }) : null}
        onRemove={({ id }) => onChange({ ...document, roles: roles.filter((each) => each.id !== id) })}
      />
      <Statements
        title="In different hands"
        empty="Anybody may hold any roles together."
        items={separation}
        textOf={(rule) => rule.roles.join(' and ')}
        noteOf={() => 'Nobody holds two of these.'}
        onAdd={canChange ? () => setDialog({ kind: 'separation', item: null }) : null}
        onEdit={canChange ? (item) => setDialog({ kind: 'separation', item }) : null}
        onRemove={({ id }) => onChange({ ...document, separation: separation.filter((each) => each.id !== id) })}
      />
      <section class="card">
        <h3>Given roles</h3>
        <p class="muted">
          {formatCounted(grants.length, 'role')} given. They are given and taken back on{' '}
          <a href={hrefOf('access', { view: 'folders' })}>Folders</a>.
        </p>
        <p class="muted">
          {breakGlass.length === 0
            ? 'Nobody may ask for emergency access.'
            : `Emergency access: ${breakGlass.map((each) => namePrincipal(names, each)).join(', ')}.`}
        </p>
      </section>
      <FormDialog dialog={dialog} document={document} onChange={onChange} onClose={() => setDialog(null)} />
    </div>
  )
}

function describeRole({ inherits, actions, description }: CustomRole): string {
  const from = inherits.length > 0 ? `all of ${inherits.join(', ')}` : ''
  return [description ?? '', [from, actions.join(', ')].filter(Boolean).join(' and ')].filter(Boolean).join(' · ')
}

interface StatementsProps<T> {
  readonly title: string
  readonly empty: string
  readonly items: readonly T[]
  readonly textOf: (item: T) => string
  readonly noteOf: (item: T) => ComponentChildren
  readonly onAdd: (() => void) | null
  readonly onEdit: ((item: T) => void) | null
  readonly onRemove: (item: T) => void
}

function Statements<T extends { readonly id: string }>(props: StatementsProps<T>) {
  const { title, empty, items, textOf, noteOf, onAdd, onEdit, onRemove } = props
  return (
    <section class="card">
      <header class="card-head">
        <h3>
          {title} {items.length > 0 ? <Badge>{items.length}</Badge> : null}
        </h3>
        {onAdd ? (
          <Button small icon="plus" label={`Add to ${title.toLowerCase()}`} onClick={onAdd}>
            Add
          </Button>
        ) : null}
      </header>
      {items.length === 0 ? (
        <p class="muted">{empty}</p>
      ) : (
        <ul class="access-list">
          {items.map((item) => (
            <li key={item.id}>
              <span class="access-grow">
                {textOf(item)}
                <span class="muted access-sub">{noteOf(item)}</span>
              </span>
              {onEdit ? (
                <span class="spans">
                  <Button small label={`Change ${item.id}`} onClick={() => onEdit(item)}>
                    Change
                  </Button>
                  <Button small kind="quiet" icon="trash" label={`Remove ${item.id}`} onClick={() => onRemove(item)} />
                </span>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

interface FormDialogProps extends Pick<PolicyFormProps, 'document' | 'onChange'> {
  readonly dialog: OpenDialog
  readonly onClose: () => void
}

function FormDialog({ dialog, document, onChange, onClose }: FormDialogProps) {
  if (dialog === null) return null
  const keep = (part: Partial<PolicyDocument>) => {
    onChange({ ...document, ...part })
    onClose()
  }
  if (dialog.kind === 'deny')
    return (
      <DenyDialog
        deny={dialog.item}
        taken={[...document.grants, ...document.denies].map(({ id }) => id)}
        onDone={(deny) => keep({ denies: replaceOrAdd(document.denies, dialog.item?.id, deny) })}
        onClose={onClose}
      />
    )
  if (dialog.kind === 'role')
    return (
      <RoleDialog
        role={dialog.item}
        document={document}
        onDone={(role) => keep({ roles: replaceOrAdd(document.roles, dialog.item?.id, role) })}
        onClose={onClose}
      />
    )
  return (
    <SeparationDialog
      rule={dialog.item}
      document={document}
      onDone={(rule) => keep({ separation: replaceOrAdd(document.separation, dialog.item?.id, rule) })}
      onClose={onClose}
    />
  )
}

/** In the place of the one with the id, or at the end. */
function replaceOrAdd<T extends { readonly id: string }>(items: readonly T[], id: string | undefined, item: T): T[] {
  const at = items.findIndex((each) => each.id === id)
  return at < 0 ? [...items, item] : items.map((each, index) => (index === at ? item : each))
}
