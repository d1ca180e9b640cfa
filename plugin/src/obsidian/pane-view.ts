/** Obsidian's leaves for the views *Dashboard* and *Sources map*. What is in them is loaded when they are first opened. */
import { ItemView, type WorkspaceLeaf } from 'obsidian'
import type { Mounted } from '../features/mount.ts'
import type { CairnParts } from '../core/ports.ts'
import type { Cairn } from './open-cairn.ts'

export const dashboardViewType = 'cairn-dashboard'
export const mapViewType = 'cairn-map'

/** What is in it is loaded when it is first opened, and gone when it is closed. */
export abstract class PaneView extends ItemView {
  readonly #cairn: Cairn
  #mounted: Mounted | null = null

  constructor(leaf: WorkspaceLeaf, cairn: Cairn) {
    super(leaf)
    this.#cairn = cairn
    this.navigation = false
  }

  abstract loadPane(): Promise<(element: HTMLElement, parts: CairnParts) => Mounted>

  override async onOpen(): Promise<void> {
    const show = await this.loadPane()
    this.contentEl.addClass('cairn-view')
    this.#mounted = show(this.contentEl, this.#cairn)
  }

  override onClose(): Promise<void> {
    this.#mounted?.unmount()
    this.#mounted = null
    return Promise.resolve()
  }
}

export class DashboardView extends PaneView {
  override icon = 'layout-dashboard'

  override getViewType(): string {
    return dashboardViewType
  }

  override getDisplayText(): string {
    return 'Dashboard'
  }

  override async loadPane(): ReturnType<PaneView['loadPane']> {
    return (await import('../features/dashboard/mount-dashboard.tsx')).mountDashboard
  }
}

export class MapView extends PaneView {
  override icon = 'waypoints'

  override getViewType(): string {
    return mapViewType
  }

  override getDisplayText(): string {
    return 'Sources map'
  }

  override async loadPane(): ReturnType<PaneView['loadPane']> {
    return (await import('../features/map/mount-map.tsx')).mountMap
  }
}
