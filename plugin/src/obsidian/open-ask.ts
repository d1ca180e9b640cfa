/** Shows the view *Ask* in the right sidebar, with a question in its box, and the notes that it is asked of, if they are given. */
import type { App } from 'obsidian'
import type { AskScope } from '@cairn/contract'
import { AskView, askViewType } from './ask-view.ts'

/** As `openAsk`, and sends the question as if the person had pressed Enter. */
export async function askNow(app: App, question: string): Promise<void> {
  await openAsk(app)
  const view = app.workspace.getLeavesOfType(askViewType)[0]?.view
  if (view instanceof AskView) view.ask(question)
}

export async function openAsk(app: App, draft?: string, only?: AskScope | null): Promise<void> {
  const leaf = await app.workspace.ensureSideLeaf(askViewType, 'right', {
    active: true,
    reveal: true,
    ...(draft === undefined && !only ? {} : { state: { draft, only } }),
  })
  await leaf.loadIfDeferred()
  if (leaf.view instanceof AskView) leaf.view.focusInput()
}
