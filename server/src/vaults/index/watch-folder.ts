/** Says which paths of a folder may have changed, some milliseconds after they did; never what is true of them. */
import { watch, type FSWatcher } from 'node:fs'

export interface FolderWatch {
  close(): void
}

const settleMs = 40
const mostPaths = 100

/**
 * Calls back with the notes that may have changed, or with null when anything may have (a folder moved, settings
 * changed, too many at once, the watch broke).
 */
export function watchFolder(root: string, onChange: (paths: string[] | null) => void): FolderWatch {
  let changed = new Set<string>()
  let everything = false
  let timer: ReturnType<typeof setTimeout> | null = null
  let watcher: FSWatcher | null = null
  const report = () => {
    timer = null
    const paths = everything || changed.size > mostPaths ? null : [...changed]
    changed = new Set()
    everything = false
    onChange(paths)
  }
  const note = (name: string | null) => {
    if (name !== null && isForeign(name)) return
    if (name !== null && /\.md$/i.test(name)) changed.add(name.replaceAll('\\', '/').normalize('NFC'))
    else everything = true
    timer ??= setTimeout(report, settleMs)
  }
  try {
    watcher = watch(root, { recursive: true }, (_, name) => note(name))
    watcher.on('error', () => note(null))
  } catch {
    // Without a watch (too many for this system) the regular pass finds the changes.
  }
  return {
    close() {
      if (timer) clearTimeout(timer)
      watcher?.close()
    },
  }
}

/** Hidden files are no notes; of them only the vault's settings matter. */
function isForeign(name: string): boolean {
  return /(?:^|[\\/])\./.test(name) && !/^\.obsidian[\\/]app\.json$/.test(name)
}
