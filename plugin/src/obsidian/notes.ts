/** The vault as Cairn's views see it. Notes are read only where a person asks for one. */
import {
  getAllTags,
  MarkdownView,
  normalizePath,
  type TFile,
  type App,
  type Plugin,
  type TAbstractFile,
} from 'obsidian'
import { isExcluded } from '../core/exclusions.ts'
import type { NotesPort } from '../core/ports.ts'
import { findPassage } from '../core/find-passage.ts'
import type { Settings } from '../core/settings/settings-store.ts'

export function createNotes(plugin: Plugin, settings: Settings): NotesPort {
  const { app } = plugin
  const find = followRenames(plugin)
  const leafFor = () => {
    const where = settings.get('answers.openIn')
    return app.workspace.getLeaf(where === 'same' ? false : where)
  }
  return {
    vaultName: app.vault.getName(),
    has: (path) => find(path) !== null,
    async openPassage({ note, start, end, quote, heading }) {
      const file = find(note)
      if (file === null) return false
      const open = app.workspace
        .getLeavesOfType('markdown')
        .find(({ view }) => view instanceof MarkdownView && view.file === file)
      const leaf = open ?? leafFor()
      const text = await app.vault.cachedRead(file)
      const place = findPassage(text, { start, end, quote, heading })
      const line = lineOf(text, place.start)
      await leaf.openFile(file, { eState: { line } })
      await app.workspace.revealLeaf(leaf)
      if (leaf.view instanceof MarkdownView && leaf.view.getMode() === 'source') {
        const { editor } = leaf.view
        const range = { from: editor.offsetToPos(place.start), to: editor.offsetToPos(place.end) }
        editor.setSelection(range.from, range.to)
        editor.scrollIntoView(range, true)
      }
      return true
    },
    openLink: (target) => app.workspace.openLinkText(target, '', settings.get('answers.openIn') !== 'same'),
    async create(folder, title, text, extension = 'md') {
      const path = normalizePath(folder)
      if (folder !== '' && app.vault.getFolderByPath(path) === null) await app.vault.createFolder(path)
      const file = await app.vault.create(freePath(app, `${folder === '' ? '' : `${path}/`}${title}`, extension), text)
      return file.path
    },
    insertAtCursor(text) {
      const view = lastEdited(app)
      if (view === null) return false
      view.editor.replaceSelection(text)
      return true
    },
    append(text) {
      const editor = lastEdited(app)?.editor
      if (editor === undefined) return false
      const line = editor.lastLine()
      const before = editor.getValue()
      const gap = before === '' ? '' : '\n'.repeat(Math.max(0, 2 - (/\n*$/.exec(before)?.[0].length ?? 0)))
      editor.replaceRange(`${gap}${text}\n`, { line, ch: editor.getLine(line).length })
      return true
    },
    headingsOf(path) {
      const file = find(path)
      const headings = file === null ? [] : (app.metadataCache.getFileCache(file)?.headings ?? [])
      return headings.filter(({ level }) => level > 1).map(({ heading }) => heading)
    },
    countExcluded() {
      const files = app.vault.getMarkdownFiles()
      const excluded = files.filter((file) => excludesNote(app, settings, file))
      return { excluded: excluded.length, all: files.length }
    },
  }
}

/** Finds notes by the names that they had when an answer was made, too. */
function followRenames(plugin: Plugin): (path: string) => TFile | null {
  const { vault } = plugin.app
  const renamed = new Map<string, TFile>()
  plugin.registerEvent(
    vault.on('rename', (file: TAbstractFile, before: string) => {
      const moved = vault.getFileByPath(file.path)
      if (moved !== null) renamed.set(before, moved)
    }),
  )
  return (path) => {
    const normal = normalizePath(path)
    const moved = renamed.get(normal)
    return vault.getFileByPath(normal) ?? (moved === undefined ? null : vault.getFileByPath(moved.path))
  }
}

/** Whether the settings keep the note on this device. */
export function excludesNote(app: App, settings: Settings, file: TFile): boolean {
  const exclusions = {
    folders: settings.get('privacy.excludedFolders'),
    tags: settings.get('privacy.excludedTags'),
  }
  return isExcluded(exclusions, { path: file.path, tags: tagsOf(app, file) })
}

export function tagsOf(app: App, file: TFile): string[] {
  const cache = app.metadataCache.getFileCache(file)
  return cache === null ? [] : (getAllTags(cache) ?? [])
}

function lastEdited(app: App): MarkdownView | null {
  const active = app.workspace.getActiveViewOfType(MarkdownView)
  if (active !== null) return active
  const recent = app.workspace.getMostRecentLeaf()?.view
  return recent instanceof MarkdownView ? recent : null
}

/** Names count up until one is free: `Title`, `Title 2`. */
function freePath(app: App, place: string, extension: string): string {
  for (let count = 1; ; count++) {
    const path = `${place}${count === 1 ? '' : ` ${count}`}.${extension}`
    if (app.vault.getAbstractFileByPath(path) === null) return path
  }
}

function lineOf(text: string, offset: number): number {
  let line = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}
