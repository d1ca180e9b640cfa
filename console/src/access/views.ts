/** The views of access, and which of them are for whom: what somebody may not do is not there. */
import type { Action, Matrix } from '@cairn/contract'

export const views = [
  { id: 'people', title: 'People' },
  { id: 'matrix', title: 'Roles' },
  { id: 'folders', title: 'Folders' },
  { id: 'held', title: 'Held back' },
  { id: 'policy', title: 'Policy' },
  { id: 'why', title: 'Why' },
] as const

export type ViewId = (typeof views)[number]['id']

/** Roles and explanations are everybody’s; folders are for who shares one, and what is held back for who restricts one. */
export function viewsFor({ may, roles }: Pick<Matrix, 'may' | 'roles'>): readonly ViewId[] {
  const holds = (action: string) => may.includes(action)
  const isHeld = (action: Action) => roles.some(({ all, holders }) => holders.length > 0 && all.includes(action))
  const open: Record<ViewId, boolean> = {
    people: holds('user.manage') || holds('group.manage'),
    matrix: true,
    folders: holds('policy.view') || isHeld('share'),
    held: isHeld('restrict'),
    policy: holds('policy.view'),
    why: true,
  }
  return views.map(({ id }) => id).filter((id) => open[id])
}

/** The asked view as far as it is open, or the first. */
export function chooseView(asked: string | null, open: readonly ViewId[]): ViewId {
  return open.find((id) => id === asked) ?? open[0] ?? 'matrix'
}

/** Title of the asked view when there is such a view and it is not open. */
export function findClosed(asked: string | null, open: readonly ViewId[]): string | null {
  const found = views.find(({ id }) => id === asked)
  return found === undefined || open.includes(found.id) ? null : found.title
}
