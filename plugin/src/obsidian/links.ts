/** How notes link to each other, from Obsidian's metadata cache, and which note is open. */
import { MarkdownView, normalizePath, type Plugin } from 'obsidian'
import type { LinksPort } from '../core/ports.ts'
import type { Settings } from '../core/settings/settings-store.ts'
import { excludesNote } from './notes.ts'

export function createLinks(plugin: Plugin, settings: Settings): LinksPort {
  const { app } = plugin
  return {
    linksOf: (note) => Object.keys(app.metadataCache.resolvedLinks[normalizePath(note)] ?? {}),
    openNote() {
      const file = app.workspace.getActiveFile()
      return file === null || file.extension !== 'md' || excludesNote(app, settings, file) ? null : file.path
    },
    subscribe(listener) {
      const opened = app.workspace.on('file-open', listener)
      const resolved = app.metadataCache.on('resolved', listener)
      return () => {
        app.workspace.offref(opened)
        app.metadataCache.offref(resolved)
      }
    },
    async open(note) {
      const file = app.vault.getFileByPath(normalizePath(note))
      if (file === null) return false
      const shown = app.workspace
        .getLeavesOfType('markdown')
        .find(({ view }) => view instanceof MarkdownView && view.file === file)
      const leaf = shown ?? app.workspace.getLeaf('tab')
      if (shown === undefined) await leaf.openFile(file)
      await app.workspace.revealLeaf(leaf)
      return true
    },
  }
}
