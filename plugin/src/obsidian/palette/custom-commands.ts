/** The custom commands of the vault, kept up while their notes change. No note is read before `start`. */
import { parseYaml, TFile, type App, type Plugin, type TAbstractFile } from 'obsidian'
import { createStore, type Store } from '@cairn/ui/store'
import {
  mostCustomCommands,
  parseCustomCommand,
  type BrokenCommand,
  type CustomCommand,
} from '../../core/palette/index.ts'
import type { Settings } from '../../core/settings/settings-store.ts'
import { later } from '../time.ts'

export interface CustomCommands {
  /** In the order of their paths. */
  readonly list: Pick<Store<readonly (CustomCommand | BrokenCommand)[]>, 'get' | 'subscribe'>
  readonly folder: () => string
  /** Reads them, and follows the vault from then on. */
  readonly start: () => void
}

/** Notes change in bursts while one types in them. */
const settleMs = 300

export function createCustomCommands(plugin: Plugin, settings: Settings): CustomCommands {
  const { app } = plugin
  const list = createStore<readonly (CustomCommand | BrokenCommand)[]>([])
  const folder = () => settings.get('commands.folder').replace(/^\/+|\/+$/g, '')
  let cancel: (() => void) | null = null
  let round = 0
  const read = async () => {
    cancel = null
    const mine = ++round
    const found = await readAll(app, folder())
    if (mine === round) list.set(found)
  }
  const soon = () => {
    cancel ??= later(() => void read(), settleMs)
  }
  return {
    list,
    folder,
    start() {
      const { vault } = app
      const isOurs = (path: string) => folder() !== '' && path.startsWith(`${folder()}/`)
      const follow = (file: TAbstractFile) => {
        if (isOurs(file.path)) soon()
      }
      plugin.registerEvent(vault.on('create', follow))
      plugin.registerEvent(vault.on('modify', follow))
      plugin.registerEvent(vault.on('delete', follow))
      plugin.registerEvent(
        vault.on('rename', (file, before) => {
          if (isOurs(before)) soon()
          else follow(file)
        }),
      )
      let known = folder()
      plugin.register(
        settings.values.subscribe(() => {
          if (folder() === known) return
          known = folder()
          soon()
        }),
      )
      plugin.register(() => {
        cancel?.()
        round++
      })
      void read()
    },
  }
}

async function readAll(app: App, folder: string): Promise<(CustomCommand | BrokenCommand)[]> {
  if (folder === '') return []
  const files = app.vault
    .getMarkdownFiles()
    .filter(({ path }) => path.startsWith(`${folder}/`))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .slice(0, mostCustomCommands)
  return Promise.all(
    files.map(async (file) =>
      parseCustomCommand({ path: file.path, folder, text: await app.vault.cachedRead(file) }, parseYaml),
    ),
  )
}

/** Opens the note of a command; false when it is gone. */
export async function openCommandNote(app: App, path: string): Promise<boolean> {
  const file = app.vault.getAbstractFileByPath(path)
  if (!(file instanceof TFile)) return false
  await app.workspace.getLeaf('tab').openFile(file)
  return true
}

const example = `---
description: Explains the selection to somebody.
arguments:
  - name: whom
    description: Who it is for.
    default: a new colleague
  - name: length
    kind: choice
    choices: [short, long]
    default: short
---
Explain this to {{arg.whom}}, in a {{arg.length}} text, with what my notes say about it:

{{selection!}}
`

/** A command to begin with, opened. */
export async function makeExample(app: App, { folder }: CustomCommands): Promise<string | null> {
  const at = folder()
  if (at === '') return 'Give the folder of custom commands first.'
  if (app.vault.getFolderByPath(at) === null) await app.vault.createFolder(at)
  const path = `${at}/Explain to.md`
  if (app.vault.getFileByPath(path) === null) await app.vault.create(path, example)
  await openCommandNote(app, path)
  return null
}
