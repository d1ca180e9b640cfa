/** Obsidian's leaf for the panel *Vault sync*, and its line in the status bar. */
import { setIcon, setTooltip, type App, type Plugin } from 'obsidian'
import { stageWords } from '../core/sync/report.ts'
import { device } from './device.ts'
import type { Cairn } from './open-cairn.ts'
import { PaneView } from './pane-view.ts'

export const syncViewType = 'cairn-sync'

export class SyncView extends PaneView {
  override icon = 'refresh-cw'

  override getViewType(): string {
    return syncViewType
  }

  override getDisplayText(): string {
    return 'Vault sync'
  }

  override async loadPane(): ReturnType<PaneView['loadPane']> {
    const [{ mount }, { syncPane }] = await Promise.all([
      import('../features/mount.ts'),
      import('../features/sync/sync-pane.tsx'),
    ])
    return (element, parts) => mount(element, syncPane(parts))
  }
}

export async function openSyncView(app: App): Promise<void> {
  const leaf = await app.workspace.ensureSideLeaf(syncViewType, 'right', { active: true, reveal: true })
  await leaf.loadIfDeferred()
  leaf.view.containerEl.querySelector<HTMLElement>('.cairn-sync :is(button, select):enabled')?.focus()
}

const icons = { good: 'cloud', quiet: 'refresh-cw', warning: 'cloud-off' } as const

/** There while sync is on; opens the panel. Phones and tablets have no status bar. */
export function addSyncStatus(plugin: Plugin, { sync, settings }: Cairn): void {
  if (device.isMobile) return
  let item: HTMLElement | null = null
  const show = () => {
    const report = sync.report.get()
    if (report.stage.at === 'off' || !settings.get('sync.statusBar')) {
      item?.remove()
      item = null
      return
    }
    item ??= makeItem(plugin)
    const { title, sentence, tone } = stageWords(report)
    const button = item.querySelector('button')
    if (button === null || button.dataset['title'] === title) return
    button.dataset['title'] = title
    button.empty()
    setIcon(button.createSpan('status-bar-item-icon'), icons[tone])
    button.createSpan({ text: title })
    setTooltip(button, `Cairn: ${sentence}`)
  }
  plugin.register(sync.report.subscribe(show))
  plugin.register(settings.values.subscribe(show))
  show()
}

function makeItem(plugin: Plugin): HTMLElement {
  const item = plugin.addStatusBarItem()
  item.addClass('mod-clickable', 'cairn-status-item')
  const button = item.createEl('button', { cls: 'clickable-icon', attr: { type: 'button' } })
  button.addEventListener('click', () => void openSyncView(plugin.app))
  return item
}
