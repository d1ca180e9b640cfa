/** The matrix of roles and actions as it is drawn: groups of actions, what is shown of them, and what a cell says. */
import type { Matrix } from '@cairn/contract'

export type Role = Matrix['roles'][number]
export type ActionInfo = Matrix['actions'][number]

export interface ActionGroup {
  readonly title: string
  /** What all of them can be asked of; null where it differs. */
  readonly on: readonly string[] | null
  readonly actions: readonly ActionInfo[]
}

export interface MatrixFilter {
  readonly text: string
  /** Id of a role, or empty. */
  readonly role: string
  /** A type of resource, or empty. */
  readonly on: string
}

/** By the narrowest thing that an action can be asked of. */
export function groupActions(actions: readonly ActionInfo[]): readonly ActionGroup[] {
  const titles = ['Notes and folders', 'Vaults', 'Models', 'Caches', 'Server'] as const
  const titleOf = ({ on }: ActionInfo): (typeof titles)[number] => {
    if (on.includes('note')) return 'Notes and folders'
    if (on.includes('vault')) return 'Vaults'
    if (on.includes('model')) return 'Models'
    return on.includes('cache') ? 'Caches' : 'Server'
  }
  return titles
    .map((title) => {
      const within = actions.filter((action) => titleOf(action) === title)
      const on = within[0]?.on ?? []
      return { title, actions: within, on: within.every((each) => each.on.join() === on.join()) ? on : null }
    })
    .filter((group) => group.actions.length > 0)
}

/** Actions whose name or description contains all words, that mean something there and that the role allows. */
export function filterActions(
  actions: readonly ActionInfo[],
  roles: readonly Role[],
  { text, role, on }: MatrixFilter,
): readonly ActionInfo[] {
  const words = text.trim().toLowerCase().split(/\s+/)
  const held = roles.find(({ id }) => id === role)?.all
  return actions.filter(
    ({ id, description, on: types }) =>
      words.every((word) => `${id} ${description}`.toLowerCase().includes(word)) &&
      (on === '' || types.includes(on)) &&
      (held === undefined || held.includes(id)),
  )
}

/** A role may be shown alone; without one all are, or those that allow something of what is left. */
export function filterRoles(
  roles: readonly Role[],
  actions: readonly ActionInfo[],
  { text, role, on }: MatrixFilter,
): readonly Role[] {
  if (role !== '') return roles.filter(({ id }) => id === role)
  if (text.trim() === '' && on === '') return roles
  return roles.filter(({ all }) => actions.some(({ id }) => all.includes(id)))
}

export type CellState = 'own' | 'inherited' | 'none'

export function cellOf(role: Role, action: string): CellState {
  if (role.own.includes(action)) return 'own'
  return role.all.includes(action) ? 'inherited' : 'none'
}

/** The nearest of the roles below that lists the action itself; undefined where the role does so or none does. */
export function inheritedFrom(roles: readonly Role[], role: Role, action: string): string | undefined {
  const byId = new Map(roles.map((each) => [each.id, each]))
  const below = new Set(role.inherits)
  for (const id of below) {
    const found = byId.get(id)
    if (found?.own.includes(action)) return id
    for (const next of found?.inherits ?? []) below.add(next)
  }
  return undefined
}

export const typeWords: Readonly<Record<string, string>> = {
  org: 'Server',
  vault: 'Vaults',
  folder: 'Folders',
  note: 'Notes',
  model: 'Models',
  cache: 'Caches',
}
