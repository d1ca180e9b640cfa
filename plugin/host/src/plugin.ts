/** Plugins: what they register, and that all of it goes when they go. */
import type { Extension } from '@codemirror/state'
import type { App } from './app.ts'
import type { BasesViewRegistration } from './bases.ts'
import { Component, type IconName } from './base.ts'
import type { Editor } from './editor.ts'
import { setIcon } from './icons.ts'
import { postProcessors, type MarkdownPostProcessor, type MarkdownPostProcessorContext } from './markdown.ts'
import { setTooltip } from './overlays.ts'
import type { PluginSettingTab } from './setting-tab.ts'
import { editorExtensions, type MarkdownView } from './views.ts'
import type { ViewCreator } from './workspace.ts'

export interface PluginManifest {
  dir?: string
  id: string
  name: string
  author: string
  version: string
  minAppVersion: string
  description: string
  isDesktopOnly?: boolean
}

export interface Command {
  id: string
  name: string
  icon?: IconName
  mobileOnly?: boolean
  repeatable?: boolean
  callback?: () => unknown
  checkCallback?: (checking: boolean) => boolean | void
  editorCallback?: (editor: Editor, view: MarkdownView) => unknown
  editorCheckCallback?: (checking: boolean, editor: Editor, view: MarkdownView) => boolean | void
  hotkeys?: { modifiers: string[]; key: string }[]
}

export type ObsidianProtocolData = { action: string } & Record<string, string>
export type CliFlags = Record<string, { value?: string; description: string; required?: boolean }>
export type CliHandler = (params: Record<string, string>) => string | Promise<string>

export abstract class Plugin extends Component {
  app: App
  manifest: PluginManifest
  settings?: unknown

  constructor(app: App, manifest: PluginManifest) {
    super()
    this.app = app
    this.manifest = manifest
  }

  addRibbonIcon(icon: IconName, title: string, callback: (event: MouseEvent) => unknown): HTMLElement {
    const action = this.app.workspace.ribbonEl.createEl('button', 'clickable-icon side-dock-ribbon-action')
    setIcon(action, icon)
    setTooltip(action, title)
    action.addEventListener('click', callback)
    this.register(() => action.remove())
    return action
  }

  addStatusBarItem(): HTMLElement {
    const item = this.app.statusBarEl.createDiv(`status-bar-item plugin-${this.manifest.id}`)
    this.register(() => item.remove())
    return item
  }

  addCommand(command: Command): Command {
    const own = { ...command, id: `${this.manifest.id}:${command.id}`, name: `${this.manifest.name}: ${command.name}` }
    this.app.commands.commands[own.id] = own
    this.register(() => delete this.app.commands.commands[own.id])
    return own
  }

  removeCommand(commandId: string): void {
    delete this.app.commands.commands[`${this.manifest.id}:${commandId}`]
  }

  addSettingTab(tab: PluginSettingTab): void {
    this.app.setting.add(tab)
    this.register(() => this.app.setting.remove(tab))
  }

  registerView(type: string, creator: ViewCreator): void {
    this.app.viewCreators.set(type, creator)
    this.register(() => {
      this.app.viewCreators.delete(type)
      // Leaves stay where they are and show nothing, until the plugin is back.
      for (const leaf of this.app.workspace.getLeavesOfType(type)) void leaf.setViewState({ type: 'empty' })
    })
  }

  registerEditorExtension(extension: Extension): void {
    editorExtensions.add(extension)
    this.register(() => editorExtensions.delete(extension))
  }

  registerMarkdownPostProcessor(processor: MarkdownPostProcessor): MarkdownPostProcessor {
    postProcessors.add(processor)
    this.register(() => postProcessors.delete(processor))
    return processor
  }

  registerMarkdownCodeBlockProcessor(
    language: string,
    handler: (source: string, element: HTMLElement, context: MarkdownPostProcessorContext) => unknown,
  ): MarkdownPostProcessor {
    return this.registerMarkdownPostProcessor(async (element, context) => {
      for (const code of element.findAll(`pre > code.language-${language}`)) {
        const place = createDiv(`block-language-${language}`)
        code.parentElement?.replaceWith(place)
        await handler(code.textContent ?? '', place, context)
      }
    })
  }

  registerObsidianProtocolHandler(action: string, handler: (params: ObsidianProtocolData) => unknown): void {
    this.app.protocolHandlers.set(action, handler)
    this.register(() => this.app.protocolHandlers.delete(action))
  }

  /** False where Bases is off. */
  registerBasesView(viewId: string, registration: BasesViewRegistration): boolean {
    if (this.app.internalPlugins.plugins['bases']?.enabled !== true) return false
    this.app.basesViews.set(viewId, registration)
    this.register(() => this.app.basesViews.delete(viewId))
    return true
  }

  registerCliHandler(command: string, _description: string, _flags: CliFlags | null, handler: CliHandler): void {
    this.app.cliHandlers.set(command, handler)
    this.register(() => this.app.cliHandlers.delete(command))
  }

  registerHoverLinkSource(id: string, info: { display: string; defaultMod: boolean }): void {
    this.app.hoverLinkSources.set(id, info)
    this.register(() => this.app.hoverLinkSources.delete(id))
  }

  /** Null while the plugin has saved nothing. */
  loadData(): Promise<unknown> {
    return Promise.resolve(this.app.pluginData.read(this.manifest.id))
  }

  saveData(data: unknown): Promise<void> {
    this.app.pluginData.write(this.manifest.id, data)
    return Promise.resolve()
  }

  onExternalSettingsChange?(): unknown
}
