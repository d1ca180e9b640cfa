/** The matrix on a phone: a role under each other, opened to see what it allows and who holds it. */
import { Badge } from '@cairn/ui'
import { formatCount } from '../shell/clock.ts'
import { Holders } from './cell-detail.tsx'
import { cellOf, type ActionGroup, type Role } from './matrix.ts'

export interface MatrixListProps {
  readonly roles: readonly Role[]
  readonly groups: readonly ActionGroup[]
}

export function MatrixList({ roles, groups }: MatrixListProps) {
  return (
    <ul class="access-role-list">
      {roles.map((role) => (
        <li key={role.id} class="card">
          <details class="access-fold" open={roles.length === 1}>
            <summary>
              <span class="access-grow">
                <strong>{role.id}</strong>
                <span class="muted access-sub">{role.description}</span>
              </span>
              <Badge>{formatCount(role.all.length)}</Badge>
            </summary>
            {groups.map((group) => (
              <Allowed key={group.title} role={role} group={group} />
            ))}
            <Holders role={role} />
          </details>
        </li>
      ))}
    </ul>
  )
}

function Allowed({ role, group }: { readonly role: Role; readonly group: ActionGroup }) {
  const allowed = group.actions.filter(({ id }) => cellOf(role, id) !== 'none')
  if (allowed.length === 0) return null
  return (
    <div>
      <h4>{group.title}</h4>
      <ul class="access-allowed">
        {allowed.map(({ id, description }) => (
          <li key={id}>
            <span class={`access-mark is-${cellOf(role, id)}`} aria-hidden="true" />
            <span>
              {id}
              <span class="muted access-sub">{description}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}
