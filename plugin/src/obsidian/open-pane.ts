/** Shows the views *Dashboard* and *Sources map*: in the leaf that shows it already, else in a new tab in the middle. */
import type { App } from 'obsidian'
import { dashboardViewType, mapViewType } from './pane-view.ts'

export async function openPane(app: App, id: 'dashboard' | 'map'): Promise<void> {
  const type = id === 'dashboard' ? dashboardViewType : mapViewType
  const leaf = app.workspace.getLeavesOfType(type)[0] ?? app.workspace.getLeaf('tab')
  if (leaf.getViewState().type !== type) await leaf.setViewState({ type, active: true })
  await app.workspace.revealLeaf(leaf)
  await leaf.loadIfDeferred()
  app.workspace.setActiveLeaf(leaf, { focus: true })
}
