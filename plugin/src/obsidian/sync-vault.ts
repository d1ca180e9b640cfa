/** Obsidian's vault as sync sees it: lists without reading, reads in portions, and tells what changes. */
import { normalizePath, TFile, TFolder, type App, type Plugin, type TAbstractFile } from 'obsidian'
import type { LocalVault } from '../core/sync/index.ts'
import { now } from './time.ts'

/** Work in one piece is at most this long, so that typing and scrolling are not held up. */
const longestTaskMs = 8

/** A function that waits for the next task when the present one has lasted long enough. */
export function createPortions(): () => Promise<void> {
  let startedAt = now()
  return async () => {
    if (now() - startedAt < longestTaskMs) return
    await nextTask()
    startedAt = now()
  }
}

/** By a message and not by a timer, which windows in the background get once a second. */
function nextTask(): Promise<void> {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      done()
    }
    port2.postMessage(null)
  })
}

/** `gate` comes before each read. */
export function createLocalVault(app: App, gate: () => Promise<void>): LocalVault {
  const breathe = createPortions()
  return {
    list: () => app.vault.getMarkdownFiles().map(({ path, stat }) => ({ path, mtimeMs: stat.mtime, size: stat.size })),
    async read(path) {
      await gate()
      await breathe()
      const file = app.vault.getFileByPath(path)
      // Gone between the list and the read, or not readable: the next run looks again.
      return file === null ? null : app.vault.read(file).catch(() => null)
    },
  }
}

/** `changed` is told of notes, `changedAll` when a folder was moved or deleted. Ends with the plugin. */
export function followVault(
  plugin: Plugin,
  { changed, changedAll }: { changed: (...paths: string[]) => void; changedAll: () => void },
): void {
  const { vault } = plugin.app
  const tell = (file: TAbstractFile, ...before: string[]) => {
    if (file instanceof TFolder) changedAll()
    else if (file instanceof TFile) {
      const paths = [file.path, ...before].filter((path) => /\.md$/i.test(path))
      if (paths.length > 0) changed(...paths)
    }
  }
  plugin.registerEvent(vault.on('create', (file: TAbstractFile) => void (file instanceof TFile && tell(file))))
  plugin.registerEvent(vault.on('modify', (file) => tell(file)))
  plugin.registerEvent(vault.on('delete', (file) => tell(file)))
  plugin.registerEvent(vault.on('rename', (file, before) => tell(file, before)))
}

/** By its canonical path; file systems of Apple may name it in another Unicode form. */
export function findFile(app: App, path: string): TFile | null {
  return (
    app.vault.getFileByPath(path) ??
    app.vault.getMarkdownFiles().find((file) => file.path.normalize('NFC') === path) ??
    null
  )
}

/** Puts a text in the place of a note, or makes it with the folders that it needs. */
export async function putNote(app: App, path: string, text: string): Promise<void> {
  const file = findFile(app, path)
  if (file !== null) return void (await app.vault.process(file, () => text))
  const parts = path.split('/').slice(0, -1)
  for (let depth = 1; depth <= parts.length; depth++) {
    const folder = normalizePath(parts.slice(0, depth).join('/'))
    if (app.vault.getFolderByPath(folder) === null) await app.vault.createFolder(folder)
  }
  await app.vault.create(path, text)
}
