/** The views of the audit log. They share what is looked for. */

export const views = [
  { id: 'search', title: 'Search' },
  { id: 'groups', title: 'Groups' },
  { id: 'live', title: 'Live' },
  { id: 'reports', title: 'Reports' },
] as const

export type ViewId = (typeof views)[number]['id']

export function chooseView(asked: string | null): ViewId {
  return views.find(({ id }) => id === asked)?.id ?? 'search'
}
