/** Whether a file is still the one that was opened: SQLite goes on writing to a file that was deleted or moved away. */
import { statSync } from 'node:fs'
import { CairnError } from '../base/index.ts'

/** The check throws `storage.failed` when the file at this path is gone or another one. Costs one look at the folder. */
export function watchFile(path: string): () => void {
  let known: { ino: bigint; dev: bigint } | null = null
  return () => {
    const now = look(path)
    known ??= now
    if (now === null || now.ino !== known?.ino || now.dev !== known.dev)
      throw new CairnError('storage.failed', {
        message: 'A file of the data directory was deleted or replaced while it was in use. Put it back, and restart.',
        internal: 'the file is not the one that was opened',
      })
  }
}

function look(path: string): { ino: bigint; dev: bigint } | null {
  try {
    const { ino, dev } = statSync(path, { bigint: true })
    return { ino, dev }
  } catch {
    return null
  }
}
