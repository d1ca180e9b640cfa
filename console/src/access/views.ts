/** The views of access, and which of them are for whom: what somebody may not do is not there. */
import type { Matrix } from '@cairn/contract'

export const views = [
  { id: 'people', title: 'People' },
  { id: 'matrix', title: 'Roles' },
  { id: 'folders', title: 'Folders' },
  { id: 'policy', title: 'Policy' },
  { id: 'why', title: 'Why' },
] as const

export type ViewId = (typeof views)[number]['id']

/** Roles and explanations are everybody’s; folders are for who shares one. */
export function viewsFor({ may, roles }: Pick<Matrix, 'may' | 'roles'>): readonly ViewId[] {
  const holds = (action: string) => may.includes(action)
  const shares = roles.some(({ all, holders }) => holders.length > 0 && all.includes('share'))
  const open: Record<ViewId, boolean> = {
    people: holds('user.manage') || holds('group.manage'),
    matrix: true,
    folders: holds('policy.view') || shares,
    policy: holds('policy.view'),
    why: true,
  }
  return views.map(({ id }) => id).filter((id) => open[id])
}

/** The asked view as far as it is open, or the first. */
export function chooseView(asked: string | null, open: readonly ViewId[]): ViewId {
  return open.find((id) => id === asked) ?? open[0] ?? 'matrix'
}
