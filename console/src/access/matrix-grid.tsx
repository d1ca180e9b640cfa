/**
 * The matrix as a grid of cells (ARIA’s grid): one stop of the Tab key, the arrow keys within it, and whatever is pointed
 * at or focused is explained beside it.
 */
import { Fragment } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { Chosen } from './cell-detail.tsx'
import { cellOf, inheritedFrom, typeWords, type ActionGroup, type ActionInfo, type Role } from './matrix.ts'

export interface MatrixGridProps {
  readonly roles: readonly Role[]
  readonly groups: readonly ActionGroup[]
  readonly chosen: Chosen
  readonly onChoose: (chosen: Chosen) => void
}

/** Row 0 are the roles, column 0 the actions. */
interface Place {
  readonly row: number
  readonly column: number
}

const moves: Readonly<Record<string, (place: Place, last: Place) => Place>> = {
  ArrowRight: ({ row, column }) => ({ row, column: column + 1 }),
  ArrowLeft: ({ row, column }) => ({ row, column: column - 1 }),
  ArrowDown: ({ row, column }) => ({ row: row + 1, column }),
  ArrowUp: ({ row, column }) => ({ row: row - 1, column }),
  Home: ({ row }) => ({ row, column: 0 }),
  End: ({ row }, last) => ({ row, column: last.column }),
}

export function MatrixGrid({ roles, groups, chosen, onChoose }: MatrixGridProps) {
  const actions = groups.flatMap((group) => group.actions)
  const { table, onKeyDown, cell } = useGrid(roles, actions, onChoose)
  const rowOf = new Map(actions.map(({ id }, at) => [id, at + 1]))
  return (
    <div class="access-grid-frame" onKeyDown={onKeyDown}>
      <table ref={table} class="access-grid" role="grid" aria-label="Roles and actions" aria-readonly="true">
        <thead>
          <tr>
            <td class="access-corner" />
            {roles.map(({ id }, at) => (
              <th
                key={id}
                scope="col"
                role="columnheader"
                class={chosen?.role === id ? 'is-chosen' : undefined}
                {...cell(0, at + 1)}
              >
                <span class="access-role">{id}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <Fragment key={group.title}>
              <tr class="access-group">
                <th scope="rowgroup" role="rowheader" colSpan={roles.length + 1}>
                  {group.title}
                  {group.on === null ? null : <Types on={group.on} />}
                </th>
              </tr>
              {group.actions.map((action) => (
                <ActionRow
                  key={action.id}
                  action={action}
                  hasTypes={group.on === null}
                  roles={roles}
                  chosen={chosen}
                  cell={(column) => cell(rowOf.get(action.id) ?? 0, column)}
                />
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Where the focus is, how it moves, and what every cell carries for that. */
function useGrid(roles: readonly Role[], actions: readonly ActionInfo[], onChoose: MatrixGridProps['onChoose']) {
  const last = { row: actions.length, column: roles.length }
  const [asked, setAsked] = useState<Place>({ row: 1, column: 1 })
  const active = { row: Math.min(asked.row, last.row), column: Math.min(asked.column, last.column) }
  const table = useRef<HTMLTableElement>(null)
  const choose = ({ row, column }: Place) => {
    const role = roles[column - 1]
    const action = actions[row - 1]
    if (role || action) onChoose({ role: role?.id ?? null, action: action?.id ?? null })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    const next = move(active, last)
    const row = Math.max(0, Math.min(last.row, next.row))
    const column = Math.max(row === 0 ? 1 : 0, Math.min(last.column, next.column))
    setAsked({ row, column })
    table.current?.querySelector<HTMLElement>(`[data-place="${row} ${column}"]`)?.focus()
  }
  const cell = (row: number, column: number) => ({
    'data-place': `${row} ${column}`,
    tabIndex: active.row === row && active.column === column ? 0 : -1,
    onFocus: () => {
      setAsked({ row, column })
      choose({ row, column })
    },
    onMouseEnter: () => choose({ row, column }),
  })
  return { table, onKeyDown, cell }
}

function Types({ on }: { readonly on: readonly string[] }) {
  return <span class="muted"> on {on.map((type) => (typeWords[type] ?? type).toLowerCase()).join(', ')}</span>
}

interface ActionRowProps {
  readonly action: ActionInfo
  readonly hasTypes: boolean
  readonly roles: readonly Role[]
  readonly chosen: Chosen
  readonly cell: (column: number) => Record<string, unknown>
}

function ActionRow({ action, hasTypes, roles, chosen, cell }: ActionRowProps) {
  return (
    <tr class={chosen?.action === action.id ? 'is-chosen' : undefined}>
      <th scope="row" role="rowheader" {...cell(0)}>
        <span>{action.id}</span>
        {hasTypes ? <Types on={action.on} /> : null}
      </th>
      {roles.map((role, at) => (
        <td key={role.id} role="gridcell" class={chosen?.role === role.id ? 'is-chosen' : undefined} {...cell(at + 1)}>
          <Mark roles={roles} role={role} action={action.id} />
        </td>
      ))}
    </tr>
  )
}

function Mark({
  roles,
  role,
  action,
}: {
  readonly roles: readonly Role[]
  readonly role: Role
  readonly action: string
}) {
  const state = cellOf(role, action)
  if (state === 'none') return <span class="cairn-hidden">No</span>
  const from = state === 'own' ? undefined : inheritedFrom(roles, role, action)
  return (
    <>
      <span class={`access-mark is-${state}`} aria-hidden="true" />
      <span class="cairn-hidden">{state === 'own' ? 'Yes' : `Yes, from ${from ?? 'a role below'}`}</span>
    </>
  )
}
