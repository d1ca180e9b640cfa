/** The views of the audit log. Those that show entries share what is looked for, and carry it on to the others. */

export const views = [
  { id: 'search', title: 'Search' },
  { id: 'groups', title: 'Groups' },
  { id: 'live', title: 'Live' },
  { id: 'reports', title: 'Reports' },
  { id: 'integrity', title: 'Integrity' },
  { id: 'export', title: 'Export' },
  { id: 'retention', title: 'Retention' },
] as const

export type ViewId = (typeof views)[number]['id']

export function chooseView(asked: string | null): ViewId {
  return views.find(({ id }) => id === asked)?.id ?? 'search'
}
