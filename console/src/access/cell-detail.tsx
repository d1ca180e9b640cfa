/** What a cell of the matrix means, and who holds the role there, with the statement that says so. */
import { Badge, Icon } from '@cairn/ui'
import { formatCount } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { useAccess } from './access-context.ts'
import { cellOf, inheritedFrom, typeWords, type Role } from './matrix.ts'
import { namePrincipal, placeScope } from './names.ts'

/** A cell, a whole role, or a whole action. */
export type Chosen = { readonly role: string | null; readonly action: string | null } | null

export function CellDetail({ chosen }: { readonly chosen: Chosen }) {
  const { matrix } = useAccess()
  const role = matrix.roles.find(({ id }) => id === chosen?.role)
  const action = matrix.actions.find(({ id }) => id === chosen?.action)
  if (!role && !action) return <Legend />
  return (
    <>
      {role && action ? <CellSentence role={role} action={action.id} /> : <h3>{role?.id ?? action?.id}</h3>}
      {action ? (
        <p class="muted">
          {action.description} On {action.on.map((type) => (typeWords[type] ?? type).toLowerCase()).join(', ')}.
        </p>
      ) : null}
      {role && !action ? <RoleFacts role={role} /> : null}
      {role ? <Holders role={role} /> : <HoldersOf action={action?.id ?? ''} />}
    </>
  )
}

function Legend() {
  return (
    <>
      <p class="muted">Point at a cell, or walk with the arrow keys, to see what it means and who holds it.</p>
      <ul class="access-legend">
        <li>
          <span class="access-mark is-own" /> The role itself
        </li>
        <li>
          <span class="access-mark is-inherited" /> From a role below it
        </li>
      </ul>
    </>
  )
}

function CellSentence({ role, action }: { readonly role: Role; readonly action: string }) {
  const { matrix } = useAccess()
  const state = cellOf(role, action)
  const from = inheritedFrom(matrix.roles, role, action)
  return (
    <>
      <h3>
        {role.id} · {action}
      </h3>
      <p>
        {state === 'none' ? (
          <Badge>Not allowed by this role</Badge>
        ) : (
          <Badge tone="accent" icon="check">
            {state === 'own' ? 'Allowed' : `Allowed, from ${from ?? 'a role below'}`}
          </Badge>
        )}
      </p>
    </>
  )
}

function RoleFacts({ role }: { readonly role: Role }) {
  return (
    <p class="muted">
      {role.description}
      {role.inherits.length > 0 ? ` Holds all of ${role.inherits.join(', ')}.` : ''}
      {role.builtIn ? '' : ' Made here.'}
    </p>
  )
}

const mostHolders = 8

export function Holders({ role }: { readonly role: Role }) {
  const { names, may } = useAccess()
  const rest = role.holders.length - mostHolders
  if (role.holders.length === 0)
    return <p class="muted">{may('policy.view') ? 'Nobody holds this role.' : 'You do not hold this role.'}</p>
  return (
    <div>
      <h4>Held by</h4>
      <ul class="access-holders">
        {role.holders.slice(0, mostHolders).map(({ grant, principal, scope }) => (
          <li key={grant}>
            <Icon name={principal.startsWith('group:') ? 'group' : 'person'} size={16} />
            <span>
              {namePrincipal(names, principal)}
              {may('policy.view') ? (
                <a class="access-sub" href={hrefOf('access', { view: 'folders', scope })}>
                  {placeScope(names, scope)}
                </a>
              ) : (
                <span class="muted access-sub">{placeScope(names, scope)}</span>
              )}
            </span>
          </li>
        ))}
        {rest > 0 ? <li class="muted">and {formatCount(rest)} more</li> : null}
      </ul>
    </div>
  )
}

/** Roles that allow an action. */
function HoldersOf({ action }: { readonly action: string }) {
  const { matrix } = useAccess()
  const roles = matrix.roles.filter(({ all }) => all.includes(action))
  return (
    <div>
      <h4>Allowed by</h4>
      {roles.length === 0 ? (
        <p class="muted">No role.</p>
      ) : (
        <p class="access-roles">
          {roles.map(({ id }) => (
            <Badge key={id}>{id}</Badge>
          ))}
        </p>
      )}
    </div>
  )
}
