/**
 * The Obsidian plugin's entry: puts its parts together when Obsidian loads it, and nothing more. Until the layout is ready
 * only the settings are read; no note is, and the server is not asked.
 */
import {
  addAskBase,
  addCommands,
  addIcon,
  addSyncStatus,
  AskView,
  askViewType,
  CairnSettingTab,
  confirm,
  createApi,
  DashboardView,
  dashboardViewType,
  MapView,
  mapViewType,
  followCustomCommands,
  openAsk,
  openCairn,
  openPairing,
  openPane,
  Plugin,
  SyncView,
  syncViewType,
  type Cairn,
  type CairnApi,
} from './obsidian/index.ts'

/** Three stacked stones, in Obsidian's grid of 100. */
const logo =
  '<g fill="currentColor"><path d="M13 80c-2-9 11-16 37-16 26 0 39 7 37 16-2 7-13 10-37 10s-35-3-37-10Z"/><path d="M24 50c-1-8 10-13 28-13 16 0 25 6 24 13-1 7-10 10-26 9-16 0-25-2-26-9Z" opacity=".78"/><path d="M34 23c1-8 7-13 16-13 9 1 15 6 14 13 0 7-6 10-15 10-9-1-15-4-15-10Z" opacity=".58"/></g>'

// Obsidian takes the plugin from the default export.
export default class CairnPlugin extends Plugin {
  #cairn: Cairn | null = null

  /** For other plugins. Null while Cairn is not loaded. */
  get api(): CairnApi | null {
    const cairn = this.#cairn
    if (cairn === null) return null
    return createApi(this.app, cairn)
  }

  override async onload(): Promise<void> {
    const cairn = await openCairn(this, {
      pair: () => openPairing(this.app, cairn),
      confirm: (question) => confirm(this.app, question),
      openView: (view, question) => void (view === 'ask' ? openAsk(this.app, question) : openPane(this.app, view)),
    })
    this.#cairn = cairn
    addIcon('cairn', logo)
    this.registerView(askViewType, (leaf) => new AskView(leaf, cairn))
    this.registerView(dashboardViewType, (leaf) => new DashboardView(leaf, cairn))
    this.registerView(mapViewType, (leaf) => new MapView(leaf, cairn))
    this.registerView(syncViewType, (leaf) => new SyncView(leaf, cairn))
    this.addRibbonIcon('cairn', 'Ask your notes', () => void openAsk(this.app))
    addCommands(this, cairn)
    addAskBase(this, cairn)
    this.addSettingTab(new CairnSettingTab(this.app, this, cairn))
    this.app.workspace.onLayoutReady(() => {
      cairn.start()
      followCustomCommands(this, cairn)
      addSyncStatus(this, cairn)
      if (cairn.settings.get('integrations.styleSettings')) this.app.workspace.trigger('parse-style-settings')
    })
  }

  override onunload(): void {
    void this.#cairn?.close()
    this.#cairn = null
  }

  /** Another device, a sync tool or a hand has written data.json. */
  override async onExternalSettingsChange(): Promise<void> {
    await this.#cairn?.settings.readAgain()
  }
}
