/** People, groups and services: who there is, how they come in, and adding, suspending and removing them. */
import { useCallback, useState } from 'preact/hooks'
import type { GroupInfo, UserInfo } from '@cairn/contract'
import { Badge, Button, EmptyState, Spinner, Table, TextField, type Column } from '@cairn/ui'
import { formatCount, formatCounted, formatDateTime } from '../shell/clock.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { listGroups, listUsers } from './access-api.ts'
import { useAccess } from './access-context.ts'
import { AddGroupDialog, AddServiceDialog, InviteDialog } from './add-dialogs.tsx'
import { GroupDialog } from './group-dialog.tsx'
import { PersonDialog } from './person-dialog.tsx'
import { ServiceDialog } from './service-dialog.tsx'
import { filterUsers, methodWords, rolesHeldBy, stateOf } from './people.ts'
import { Dash, StateBadge } from './state-badge.tsx'
import { useLoad } from './use-load.ts'

type OpenDialog =
  | { readonly kind: 'invite' }
  | { readonly kind: 'add-group' }
  | { readonly kind: 'add-service' }
  | { readonly kind: 'person' | 'service' | 'group'; readonly id: string }
  | null

const askUsers = () => listUsers()
const askGroups = () => listGroups()

/** Rows that are shown at once; more on request. */
const pageSize = 50

export function PeopleView({ params }: { readonly params: URLSearchParams }) {
  const { may, refresh } = useAccess()
  const users = useLoad(may('user.manage') ? askUsers : null)
  const groups = useLoad(may('group.manage') ? askGroups : null)
  const asked = params.get('person')
  const [dialog, setDialog] = useState<OpenDialog>(asked === null ? null : { kind: 'person', id: asked })
  const onChanged = useCallback(() => {
    users.reload()
    groups.reload()
    refresh()
  }, [users.reload, groups.reload, refresh])
  const all = users.value?.users ?? []
  return (
    <>
      {may('user.manage') ? (
        <>
          {users.failure ? <ViewFailure failure={users.failure} what="people" onRetry={users.reload} /> : null}
          {users.value ? (
            <PeopleSection people={all.filter(({ kind }) => kind === 'user')} onOpen={setDialog} />
          ) : users.failure ? null : (
            <Spinner label="Loading people" />
          )}
        </>
      ) : null}
      {may('group.manage') ? (
        <>
          {groups.failure ? <ViewFailure failure={groups.failure} what="groups" onRetry={groups.reload} /> : null}
          {groups.value ? <GroupsSection groups={groups.value.groups} onOpen={setDialog} /> : null}
        </>
      ) : null}
      {users.value ? (
        <ServicesSection services={all.filter(({ kind }) => kind === 'service')} onOpen={setDialog} />
      ) : null}
      <DialogOf
        dialog={dialog}
        users={all}
        groups={groups.value?.groups ?? []}
        onChanged={onChanged}
        onClose={() => setDialog(null)}
      />
    </>
  )
}

interface DialogOfProps {
  readonly dialog: OpenDialog
  readonly users: readonly UserInfo[]
  readonly groups: readonly GroupInfo[]
  readonly onChanged: () => void
  readonly onClose: () => void
}

function DialogOf({ dialog, users, groups, ...told }: DialogOfProps) {
  if (dialog === null) return null
  if (dialog.kind === 'invite') return <InviteDialog {...told} />
  if (dialog.kind === 'add-group') return <AddGroupDialog {...told} />
  if (dialog.kind === 'add-service') return <AddServiceDialog {...told} />
  if (dialog.kind === 'group') {
    const group = groups.find(({ id }) => id === dialog.id)
    return group ? <GroupDialog group={group} groups={groups} users={users} {...told} /> : null
  }
  const user = users.find(({ id }) => id === dialog.id)
  if (!user) return null
  return user.kind === 'service' ? (
    <ServiceDialog service={user} {...told} />
  ) : (
    <PersonDialog person={user} groups={groups} {...told} />
  )
}

type OnOpen = (dialog: OpenDialog) => void

function PeopleSection({ people, onOpen }: { readonly people: readonly UserInfo[]; readonly onOpen: OnOpen }) {
  const { matrix } = useAccess()
  const [text, setText] = useState('')
  const [most, setMost] = useState(pageSize)
  const found = filterUsers(people, text)
  const columns: readonly Column<UserInfo>[] = [
    {
      key: 'name',
      heading: 'Person',
      sortBy: ({ name }) => name,
      cell: (person) => <PersonName person={person} onOpen={onOpen} />,
    },
    { key: 'state', heading: 'State', sortBy: stateOf, cell: (person) => <StateBadge person={person} /> },
    {
      key: 'ways',
      heading: 'Signs in with',
      cell: ({ methods }) =>
        methods.length === 0 ? <Dash /> : methods.map((method) => methodWords[method]).join(', '),
    },
    {
      key: 'roles',
      heading: 'Own roles',
      cell: ({ id }) => <RoleNames roles={rolesHeldBy(matrix.roles, `user:${id}`)} />,
    },
    {
      key: 'seen',
      heading: 'Last seen',
      sortBy: ({ lastSeenAt }) => lastSeenAt,
      cell: ({ lastSeenAt }) => (lastSeenAt === null ? <Dash /> : formatDateTime(lastSeenAt)),
    },
  ]
  return (
    <section class="section" aria-labelledby="people-title">
      <header class="section-head">
        <h2 id="people-title">People</h2>
        <Button kind="primary" icon="plus" onClick={() => onOpen({ kind: 'invite' })}>
          Invite
        </Button>
      </header>
      {people.length > 8 ? (
        <div class="access-find">
          <TextField label="Find" hideLabel placeholder="Find by name or e-mail" value={text} onInput={setText} />
        </div>
      ) : null}
      <Table
        caption="People"
        columns={columns}
        rows={found.slice(0, most)}
        rowKey={({ id }) => id}
        empty={<EmptyState icon="person" title="Nobody is called like this" />}
      />
      {found.length > most ? (
        <Button onClick={() => setMost(most + pageSize)}>
          Show {formatCount(Math.min(pageSize, found.length - most))} more
        </Button>
      ) : null}
    </section>
  )
}

function PersonName({ person, onOpen }: { readonly person: UserInfo; readonly onOpen: OnOpen }) {
  return (
    <div class="access-name">
      <button type="button" class="access-link" onClick={() => onOpen({ kind: 'person', id: person.id })}>
        {person.name}
      </button>
      {person.isOwner ? <Badge tone="accent">Owner</Badge> : null}
      {person.email ? <span class="muted">{person.email}</span> : null}
    </div>
  )
}

const mostRoles = 3

function RoleNames({ roles }: { readonly roles: readonly string[] }) {
  if (roles.length === 0) return <Dash />
  const rest = roles.length - mostRoles
  return (
    <span class="access-roles">
      {roles.slice(0, mostRoles).map((role) => (
        <Badge key={role}>{role}</Badge>
      ))}
      {rest > 0 ? <span class="muted">+{formatCount(rest)}</span> : null}
    </span>
  )
}

function GroupsSection({ groups, onOpen }: { readonly groups: readonly GroupInfo[]; readonly onOpen: OnOpen }) {
  const { matrix } = useAccess()
  const [most, setMost] = useState(pageSize)
  const add = (
    <Button icon="plus" onClick={() => onOpen({ kind: 'add-group' })}>
      Add group
    </Button>
  )
  const columns: readonly Column<GroupInfo>[] = [
    {
      key: 'name',
      heading: 'Group',
      sortBy: ({ name }) => name,
      cell: ({ id, name }) => (
        <button type="button" class="access-link" onClick={() => onOpen({ kind: 'group', id })}>
          {name}
        </button>
      ),
    },
    {
      key: 'members',
      heading: 'Members',
      sortBy: ({ members }) => members.length,
      cell: ({ members }) => <MemberCount members={members} />,
    },
    {
      key: 'roles',
      heading: 'Roles',
      cell: ({ id }) => <RoleNames roles={rolesHeldBy(matrix.roles, `group:${id}`)} />,
    },
  ]
  return (
    <section class="section" aria-labelledby="groups-title">
      <header class="section-head">
        <h2 id="groups-title">Groups</h2>
        {groups.length > 0 ? add : null}
      </header>
      <Table
        caption="Groups"
        columns={columns}
        rows={groups.slice(0, most)}
        rowKey={({ id }) => id}
        initialSort={{ key: 'name', descending: false }}
        empty={
          <EmptyState icon="group" title="No group yet" action={add}>
            Give roles to a group once, and people get them by joining.
          </EmptyState>
        }
      />
      {groups.length > most ? <Button onClick={() => setMost(most + pageSize)}>Show more</Button> : null}
    </section>
  )
}

function MemberCount({ members }: { readonly members: GroupInfo['members'] }) {
  const nested = members.filter(({ kind }) => kind === 'group').length
  const external = members.filter(({ source }) => source === 'openid').length
  const people = members.length - nested
  const told = [
    people > 0 || nested === 0 ? formatCounted(people, 'person', 'people') : '',
    nested > 0 ? formatCounted(nested, 'group') : '',
  ]
  return (
    <>
      {told.filter(Boolean).join(', ')}
      {external > 0 ? <span class="muted"> · {formatCount(external)} from OpenID</span> : null}
    </>
  )
}

function ServicesSection({ services, onOpen }: { readonly services: readonly UserInfo[]; readonly onOpen: OnOpen }) {
  const { matrix } = useAccess()
  const add = (
    <Button icon="plus" onClick={() => onOpen({ kind: 'add-service' })}>
      Add service
    </Button>
  )
  const columns: readonly Column<UserInfo>[] = [
    {
      key: 'name',
      heading: 'Service',
      sortBy: ({ name }) => name,
      cell: ({ id, name }) => (
        <button type="button" class="access-link" onClick={() => onOpen({ kind: 'service', id })}>
          {name}
        </button>
      ),
    },
    { key: 'state', heading: 'State', cell: (service) => <StateBadge person={service} /> },
    {
      key: 'roles',
      heading: 'Own roles',
      cell: ({ id }) => <RoleNames roles={rolesHeldBy(matrix.roles, `service:${id}`)} />,
    },
  ]
  return (
    <section class="section" aria-labelledby="services-title">
      <header class="section-head">
        <h2 id="services-title">Services</h2>
        {services.length > 0 ? add : null}
      </header>
      <Table
        caption="Services"
        columns={columns}
        rows={services.slice(0, pageSize * 4)}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon="server" title="No service yet" action={add}>
            A program with keys and roles of its own, for work that is nobody’s in particular.
          </EmptyState>
        }
      />
    </section>
  )
}
