/** One group: its members, who brought them, groups within it, renaming and removing it. */
import { useState } from 'preact/hooks'
import type { GroupInfo, GroupMember, UserInfo } from '@cairn/contract'
import { Badge, Button, Combobox, Dialog, ErrorState, Icon, TextField } from '@cairn/ui'
import { addMember, removeGroup, removeMember, renameGroup } from './access-api.ts'
import { useAccess } from './access-context.ts'
import type { AddDialogProps } from './add-dialogs.tsx'
import { namePrincipal } from './names.ts'
import { nestable } from './people.ts'
import { RemoveDialog } from './remove-dialog.tsx'
import { errorText, useAction } from './use-action.ts'

export interface GroupDialogProps extends AddDialogProps {
  readonly group: GroupInfo
  readonly groups: readonly GroupInfo[]
  readonly users: readonly UserInfo[]
}

export function GroupDialog({ group, groups, users, onChanged, onClose }: GroupDialogProps) {
  const { names } = useAccess()
  const { error, run } = useAction()
  const [isRemoving, setRemoving] = useState(false)
  const nameOf = ({ kind, id }: Pick<GroupMember, 'kind' | 'id'>) => namePrincipal(names, `${kind}:${id}`)
  const add = async (value: string) => {
    const [kind = 'user', id = ''] = value.split(':')
    const member = { kind: kind === 'group' ? ('group' as const) : ('user' as const), id }
    if (await run(() => addMember(group.id, member.kind, id), `${nameOf(member)} is in ${group.name}`)) onChanged()
  }
  const drop = async ({ kind, id }: GroupMember) => {
    const done = await run(() => removeMember(group.id, kind, id), `${nameOf({ kind, id })} left ${group.name}`)
    if (done) onChanged()
  }
  if (isRemoving)
    return (
      <RemoveDialog
        name={group.name}
        remove={() => removeGroup(group.id)}
        onRemoved={() => {
          onChanged()
          onClose()
        }}
        onClose={() => setRemoving(false)}
      >
        Its members lose what the group was given, at once.
      </RemoveDialog>
    )
  return (
    <Dialog
      title={group.name}
      onClose={onClose}
      footer={
        <Button icon="trash" onClick={() => setRemoving(true)}>
          Remove group
        </Button>
      }
    >
      {error ? <ErrorState title={errorText(error)} /> : null}
      <Combobox
        label="Add a member"
        value=""
        placeholder="Name of a person or group"
        options={candidatesOf(group, groups, users)}
        onChange={(value) => void add(value)}
      />
      <Members members={group.members} nameOf={nameOf} onDrop={(member) => void drop(member)} />
      <Rename group={group} onChanged={onChanged} />
    </Dialog>
  )
}

function candidatesOf(group: GroupInfo, groups: readonly GroupInfo[], users: readonly UserInfo[]) {
  const within = new Set(group.members.map(({ kind, id }) => `${kind}:${id}`))
  const people = users.filter(({ kind, id }) => kind === 'user' && !within.has(`user:${id}`))
  return [
    ...people.map(({ id, name, email }) => ({ value: `user:${id}`, text: name, ...(email && { detail: email }) })),
    ...nestable(groups, group).map(({ id, name }) => ({ value: `group:${id}`, text: name, detail: 'Group' })),
  ]
}

interface MembersProps {
  readonly members: readonly GroupMember[]
  readonly nameOf: (member: GroupMember) => string
  readonly onDrop: (member: GroupMember) => void
}

/** Who the provider of the sign-in brought is taken out there, not here. */
function Members({ members, nameOf, onDrop }: MembersProps) {
  if (members.length === 0) return <p class="muted">Nobody is in it yet.</p>
  return (
    <ul class="access-list" aria-label="Members">
      {members.map((member) => (
        <li key={`${member.kind}:${member.id}`}>
          <Icon name={member.kind === 'group' ? 'group' : 'person'} size={18} />
          <span class="access-grow">{nameOf(member)}</span>
          {member.source === 'openid' ? (
            <Badge title="Brought by the provider of the sign-in">OpenID</Badge>
          ) : (
            <Button
              kind="quiet"
              small
              icon="close"
              label={`Take ${nameOf(member)} out`}
              onClick={() => onDrop(member)}
            />
          )}
        </li>
      ))}
    </ul>
  )
}

function Rename({ group, onChanged }: { readonly group: GroupInfo; readonly onChanged: () => void }) {
  const { busy, error, run } = useAction()
  const [name, setName] = useState(group.name)
  const save = async (event: Event) => {
    event.preventDefault()
    if (await run(() => renameGroup(group.id, name.trim()), `It is called ${name.trim()} now`)) onChanged()
  }
  return (
    <form class="access-inline" noValidate onSubmit={(event) => void save(event)}>
      <TextField label="Name" value={name} maxLength={120} error={errorText(error) || undefined} onInput={setName} />
      <Button type="submit" busy={busy} disabled={name.trim() === group.name || name.trim() === ''}>
        Rename
      </Button>
    </form>
  )
}
