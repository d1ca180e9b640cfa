/** Who has a role on a place: given there, or above it, and whether that still counts. */
import { isValidOn, type Statements } from '@cairn/contract'
import { Badge, Button, EmptyState, Icon, Table, type Column } from '@cairn/ui'
import { formatDateTime, now } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { useConsole } from '../shell/console-context.ts'
import { useAccess } from './access-context.ts'
import type { Role } from './matrix.ts'
import { kindOf, namePrincipal, nameScope, partsOf, sayWhen, type ScopeKind } from './names.ts'

type HeldGrant = Statements['grants'][number]

export interface GrantTableProps {
  readonly statements: Statements
  readonly onRevoke: (grant: HeldGrant) => void
  readonly onGive: () => void
}

export function GrantTable({ statements, onRevoke, onGive }: GrantTableProps) {
  const { matrix, names, may } = useAccess()
  const { session } = useConsole()
  const here = statements.may
  const grants = relevantGrants(statements, matrix.roles, partsOf(statements.scope).kind)
  const canTake = may('user.assign') || here.includes('share')
  const isMine = ({ principal }: HeldGrant) => principal === `user:${session.principal.id}`
  const columns: readonly Column<HeldGrant>[] = [
    {
      key: 'who',
      heading: 'Who',
      sortBy: ({ principal }) => namePrincipal(names, principal),
      cell: (grant) => <Holder grant={grant} />,
    },
    { key: 'role', heading: 'Role', sortBy: ({ role }) => role, cell: ({ role }) => <Badge>{role}</Badge> },
    { key: 'from', heading: 'Given on', sortBy: ({ scope }) => scope.length, cell: (grant) => <Given grant={grant} /> },
    { key: 'when', heading: 'When', cell: (grant) => <Window grant={grant} /> },
    {
      key: 'actions',
      heading: 'Actions',
      hideHeading: true,
      align: 'end',
      cell: (grant) =>
        !grant.isInherited && !grant.id.startsWith('owner.') && (canTake || isMine(grant)) ? (
          <Button
            small
            label={`Take back ${grant.role} of ${namePrincipal(names, grant.principal)}`}
            onClick={() => onRevoke(grant)}
          >
            Take back
          </Button>
        ) : null,
    },
  ]
  return (
    <section class="section">
      <h3>Roles here</h3>
      <Table
        caption="Roles here"
        columns={columns}
        rows={grants.toSorted((a, b) => Number(a.isInherited) - Number(b.isInherited)).slice(0, mostShown)}
        rowKey={({ id }) => id}
        empty={
          <EmptyState
            icon="access"
            title="Nobody has a role here"
            action={canTake ? <Button onClick={onGive}>Give a role</Button> : null}
          />
        }
      />
      {grants.length > mostShown ? (
        <p class="muted">
          The first {mostShown} of {grants.length} are shown.
        </p>
      ) : null}
    </section>
  )
}

/** Those whose role allows something on this kind of place: who may use models of the server is beside the point on a folder. */
function relevantGrants({ grants }: Statements, roles: readonly Role[], kind: ScopeKind): readonly HeldGrant[] {
  return grants.filter(({ role, isInherited }) => {
    const all = roles.find(({ id }) => id === role)?.all ?? []
    return !isInherited || all.some((action) => isValidOn(action, kind))
  })
}

const mostShown = 300

function Holder({ grant: { principal, note } }: { readonly grant: HeldGrant }) {
  const { names } = useAccess()
  const kind = kindOf(principal)
  return (
    <div class="access-holder">
      <Icon name={kind === 'group' ? 'group' : kind === 'service' ? 'server' : 'person'} size={18} />
      <span>
        <strong>{namePrincipal(names, principal)}</strong>
        {note ? <span class="muted access-sub">{note}</span> : null}
      </span>
    </div>
  )
}

function Given({ grant }: { readonly grant: HeldGrant }) {
  const { names } = useAccess()
  if (!grant.isInherited) return <>Here</>
  return (
    <span class="access-given">
      <a href={hrefOf('access', { view: 'folders', scope: grant.scope })}>{nameScope(names, grant.scope)}</a>
      {grant.stoppedAt === null ? null : (
        <Badge tone="warn" icon="lock" title={`${nameScope(names, grant.stoppedAt)} is restricted`}>
          Stopped
        </Badge>
      )}
    </span>
  )
}

function Window({ grant: { from, until, when } }: { readonly grant: HeldGrant }) {
  if (from === undefined && until === undefined && when === undefined) return <span class="muted">Always</span>
  const isOver = until !== undefined && Date.parse(until) <= now()
  return (
    <span>
      {from === undefined ? '' : `From ${formatDateTime(Date.parse(from))} `}
      {until === undefined ? (
        ''
      ) : isOver ? (
        <Badge tone="warn">Over</Badge>
      ) : (
        `Until ${formatDateTime(Date.parse(until))}`
      )}
      {when === undefined ? '' : sayWhen(when).slice(2)}
    </span>
  )
}
