/**
 * The page: an Obsidian of our own writing for real browsers. It loads the plugin's shipped files as Obsidian does, as
 * text that is handed `require`, `module` and `exports`, and refuses everything that a phone does not have.
 */
// oxlint-disable-next-line import/no-namespace -- a plugin is handed the whole module
import * as commands from '@codemirror/commands'
// oxlint-disable-next-line import/no-namespace -- a plugin is handed the whole module
import * as language from '@codemirror/language'
// oxlint-disable-next-line import/no-namespace -- a plugin is handed the whole module
import * as state from '@codemirror/state'
// oxlint-disable-next-line import/no-namespace -- a plugin is handed the whole module
import * as view from '@codemirror/view'
import { App } from './app.ts'
import { live } from './base.ts'
import { openBase } from './bases.ts'
import { extendGlobals, extendWindow } from './dom.ts'
import type { FileSource, ListedFile } from './files.ts'
import { markBody, mode } from './mode.ts'
// oxlint-disable-next-line import/no-namespace -- a plugin is handed the whole module
import * as obsidian from './obsidian.ts'
import { closeAllModals } from './overlays.ts'
import type { Plugin, PluginManifest } from './plugin.ts'

const provided: Readonly<Record<string, unknown>> = {
  obsidian,
  '@codemirror/commands': commands,
  '@codemirror/language': language,
  '@codemirror/state': state,
  '@codemirror/view': view,
}

function require(name: string): unknown {
  if (Object.hasOwn(provided, name)) return provided[name]
  throw new Error(`The plugin wants ${name}, which phones do not have.`)
}

const path = (file: string) => file.split('/').map(encodeURIComponent).join('/')

const files: FileSource = {
  list: async () => (await fetch('/vault-files.json')).json() as Promise<ListedFile[]>,
  read: async (file) => {
    const response = await fetch(`/vault/${path(file)}`)
    if (!response.ok) throw new Error(`There is no file ${file}.`)
    return response.text()
  },
  // The server says whether what is written goes into the folder; unless told it stays in this page.
  write: async (file, data) => {
    if (!document.documentElement.hasAttribute('data-writes-through')) return
    const init = data === null ? { method: 'DELETE' } : { method: 'PUT', body: data }
    await fetch(`/vault/${path(file)}`, init)
  },
}

async function readText(name: string): Promise<string> {
  return (await fetch(`/plugin/${name}`)).text()
}

/** Loads the plugin as Obsidian does; gives the milliseconds that its program and `onload` took. */
async function enable(app: App): Promise<number> {
  const manifest = JSON.parse(await readText('manifest.json')) as PluginManifest
  const [program, styles] = await Promise.all([readText('main.js'), readText('styles.css')])
  const sheet = document.head.createEl('style', { attr: { 'data-plugin': manifest.id } })
  sheet.textContent = styles
  const startedAt = performance.now()
  const module = { exports: {} as { default?: new (app: App, manifest: PluginManifest) => Plugin } }
  // oxlint-disable-next-line typescript/no-implied-eval -- this is how Obsidian runs a plugin's file
  new Function('require', 'module', 'exports', program)(require, module, module.exports)
  const Main = module.exports.default
  if (Main === undefined) throw new Error('main.js exports no plugin')
  const plugin = new Main(app, manifest)
  app.plugins.plugins[manifest.id] = plugin
  app.plugins.enabledPlugins.add(manifest.id)
  plugin.load()
  const tookMs = performance.now() - startedAt
  await plugin.loading
  return tookMs
}

function disable(app: App, id: string): void {
  const plugin = app.plugins.plugins[id]
  if (plugin === undefined) return
  plugin.unload()
  delete app.plugins.plugins[id]
  app.plugins.enabledPlugins.delete(id)
  for (const sheet of document.head.findAll(`style[data-plugin="${id}"]`)) sheet.remove()
}

extendWindow(window)
extendGlobals()
markBody()
const container = document.body.createDiv('app-container').createDiv('horizontal-main-container')
const app = new App(container, files)

/** What tests do with the host from outside. */
const host = {
  app,
  live,
  closeAllModals,
  enable: () => enable(app),
  disable: (id: string) => disable(app, id),
  /** As when a sync tool puts another file in its place. */
  writeData: async (id: string, content: unknown) => {
    app.pluginData.write(id, content)
    await app.plugins.plugins[id]?.onExternalSettingsChange?.()
  },
  /** As when a base with this view is opened whose query gives these notes. */
  openBase: (id: string, paths: readonly string[]) =>
    openBase(
      app,
      id,
      paths.flatMap((each) => app.vault.getFileByPath(each) ?? []),
    ),
  /** As when somebody follows a link `obsidian://…`. */
  openLink: (action: string, params: Record<string, string>) =>
    app.protocolHandlers.get(action)?.({ action, ...params }),
  isReady: false,
}
Object.assign(window, { host, app })

await app.vault.load(files)
await app.metadataCache.load()
app.vault.adapter.reads.length = 0
if (!mode.isWaiting) await enable(app)
app.workspace.setReady()
host.isReady = true
