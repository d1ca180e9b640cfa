/** The app as a plugin sees it, with what Obsidian has and does not promise, as far as Cairn looks at it. */
import type { BasesViewRegistration } from './bases.ts'
import { Events, type Component } from './base.ts'
import { FileManager, Vault, type FileSource } from './files.ts'
import { Keymap, Scope } from './keymap.ts'
import { MetadataCache } from './metadata.ts'
import { mode } from './mode.ts'
import type { CliHandler, Command, ObsidianProtocolData, Plugin } from './plugin.ts'
import { SettingsModal } from './settings-modal.ts'
import { MarkdownView } from './views.ts'
import { Workspace, type ViewCreator } from './workspace.ts'

/** What stays in the browser for this vault, by a prefix. */
class Kept {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = `obsidian-host:${prefix}:`
  }

  read(name: string): unknown {
    const text = window.localStorage.getItem(`${this.#prefix}${name}`)
    return text === null ? null : (JSON.parse(text) as unknown)
  }

  write(name: string, value: unknown): void {
    if (value === null || value === undefined) window.localStorage.removeItem(`${this.#prefix}${name}`)
    else window.localStorage.setItem(`${this.#prefix}${name}`, JSON.stringify(value))
  }

  names(): string[] {
    return Object.keys(window.localStorage).flatMap((key) =>
      key.startsWith(this.#prefix) ? [key.slice(this.#prefix.length)] : [],
    )
  }
}

export class SecretStorage extends Events {
  readonly #kept = new Kept('secret')

  setSecret(id: string, secret: string): void {
    if (!/^[a-z0-9-]+$/.test(id)) throw new Error('A secret’s id has small letters, digits and dashes.')
    this.#kept.write(id, secret)
    this.trigger('change', id)
  }

  getSecret(id: string): string | null {
    const secret = this.#kept.read(id)
    return typeof secret === 'string' ? secret : null
  }

  listSecrets(): string[] {
    return this.#kept.names()
  }
}

export class App {
  readonly scope = new Scope()
  readonly keymap = new Keymap(this.scope)
  readonly vault: Vault
  readonly metadataCache: MetadataCache
  readonly fileManager: FileManager
  readonly secretStorage = new SecretStorage()
  readonly workspace: Workspace
  readonly statusBarEl: HTMLElement
  lastEvent: Event | null = null

  readonly viewCreators = new Map<string, ViewCreator>([['markdown', (leaf) => new MarkdownView(leaf)]])
  readonly basesViews = new Map<string, BasesViewRegistration>()
  readonly protocolHandlers = new Map<string, (params: ObsidianProtocolData) => unknown>()
  readonly cliHandlers = new Map<string, CliHandler>()
  readonly hoverLinkSources = new Map<string, { display: string; defaultMod: boolean }>()
  readonly pluginData = new Kept('data')
  readonly #local = new Kept('local')

  /** Not promised by Obsidian; Cairn looks whether it is there. */
  readonly commands = {
    commands: {} as Record<string, Command>,
    listCommands: (): Command[] => Object.values(this.commands.commands).filter((each) => this.#canRun(each)),
    executeCommandById: (id: string): boolean => this.runCommand(id),
  }
  readonly hotkeyManager = {
    customKeys: {} as Record<string, { modifiers: string[]; key: string }[]>,
    defaultKeys: {} as Record<string, { modifiers: string[]; key: string }[]>,
  }
  readonly plugins = { enabledPlugins: new Set<string>(), plugins: {} as Record<string, Plugin & Component> }
  readonly internalPlugins = {
    plugins: { bases: { enabled: true }, canvas: { enabled: true } } as Record<string, { enabled: boolean }>,
  }
  readonly setting: SettingsModal

  constructor(parent: HTMLElement, source: FileSource) {
    this.vault = new Vault(source)
    this.metadataCache = new MetadataCache(this.vault)
    this.fileManager = new FileManager(this.vault)
    this.workspace = new Workspace(this, parent)
    this.statusBarEl = document.body.createDiv('status-bar')
    this.setting = new SettingsModal(this)
    this.keymap.listen(window)
  }

  isDarkMode(): boolean {
    return mode.theme === 'dark'
  }

  loadLocalStorage(key: string): unknown {
    return this.#local.read(key)
  }

  saveLocalStorage(key: string, data: unknown): void {
    this.#local.write(key, data)
  }

  /** Runs a command as Obsidian's palette does; false when it cannot run now. */
  runCommand(id: string): boolean {
    const command = this.commands.commands[id]
    if (command === undefined || !this.#canRun(command)) return false
    const view = this.workspace.getActiveViewOfType(MarkdownView)
    if (view !== null && command.editorCheckCallback !== undefined)
      command.editorCheckCallback(false, view.editor, view)
    else if (view !== null && command.editorCallback !== undefined) command.editorCallback(view.editor, view)
    else if (command.checkCallback !== undefined) command.checkCallback(false)
    else command.callback?.()
    return true
  }

  #canRun({ editorCheckCallback, editorCallback, checkCallback }: Command): boolean {
    const view = this.workspace.getActiveViewOfType(MarkdownView)
    if (editorCheckCallback !== undefined) return view !== null && editorCheckCallback(true, view.editor, view) === true
    if (editorCallback !== undefined) return view !== null
    return checkCallback === undefined || checkCallback(true) === true
  }
}
