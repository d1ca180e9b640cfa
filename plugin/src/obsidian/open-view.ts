/** Shows Cairn's views: *Ask* in the right sidebar, with a question in its box if one is given; the others in the middle. */
import type { App } from 'obsidian'
import { AskView, askViewType } from './ask-view.ts'
import { dashboardViewType, mapViewType } from './pane-view.ts'

export async function openAsk(app: App, draft?: string): Promise<void> {
  const leaf = await app.workspace.ensureSideLeaf(askViewType, 'right', {
    active: true,
    reveal: true,
    ...(draft === undefined ? {} : { state: { draft } }),
  })
  await leaf.loadIfDeferred()
  if (leaf.view instanceof AskView) leaf.view.focusInput()
}

/** In the leaf that shows it already, else in a new tab. */
export async function openPane(app: App, id: 'dashboard' | 'map'): Promise<void> {
  const type = id === 'dashboard' ? dashboardViewType : mapViewType
  const leaf = app.workspace.getLeavesOfType(type)[0] ?? app.workspace.getLeaf('tab')
  if (leaf.getViewState().type !== type) await leaf.setViewState({ type, active: true })
  await app.workspace.revealLeaf(leaf)
  await leaf.loadIfDeferred()
  app.workspace.setActiveLeaf(leaf, { focus: true })
}
