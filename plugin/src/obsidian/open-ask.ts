/** Shows the view *Ask* in the right sidebar, with a question in its box if one is given. */
import type { App } from 'obsidian'
import { AskView, askViewType } from './ask-view.ts'

export async function openAsk(app: App, draft?: string): Promise<void> {
  const leaf = await app.workspace.ensureSideLeaf(askViewType, 'right', {
    active: true,
    reveal: true,
    ...(draft === undefined ? {} : { state: { draft } }),
  })
  await leaf.loadIfDeferred()
  if (leaf.view instanceof AskView) leaf.view.focusInput()
}
