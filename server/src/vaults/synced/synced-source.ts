/** The notes of a synced vault as the indexer asks for them; followed by looking for a new number in the state store. */
import type { Store } from '../../storage/index.ts'
import { nothingExcluded } from '../folder/exclusions.ts'
import type { NoteSource } from '../folder/note-source.ts'
import type { NoteFile } from '../folder/read-folder.ts'

const lookEveryMs = 250
/** More changes than this are found by a whole pass. */
const mostPaths = 500

export function syncedSource(store: Store, vault: string): NoteSource {
  const readNumbers = async (): Promise<{ seq: number; purges: number } | null> => {
    const [row] = await store.read('SELECT seq, purges FROM vaults_synced WHERE vault = ?', [vault])
    return row ? { seq: Number(row['seq']), purges: Number(row['purges']) } : null
  }

  async function findChanged(after: number): Promise<string[] | null> {
    const rows = await store.read(
      'SELECT path FROM vaults_synced_notes WHERE vault = ? AND seq > ? ORDER BY seq LIMIT ?',
      [vault, after, mostPaths + 1],
    )
    return rows.length > mostPaths ? null : rows.map((row) => String(row['path']))
  }

  return {
    canRead: async () => (await readNumbers()) !== null,
    readExclusions: async () => nothingExcluded,
    async list() {
      const rows = await store.read(
        'SELECT path, seq, size, mtime FROM vaults_synced_notes WHERE vault = ? AND deleted = 0',
        [vault],
      )
      return { notes: rows.map(toFile).toSorted((a, b) => (a.path < b.path ? -1 : 1)), problems: [] }
    },
    async lookUp(path) {
      const [row] = await store.read(
        'SELECT path, seq, size, mtime FROM vaults_synced_notes WHERE vault = ? AND path = ? AND deleted = 0',
        [vault, path],
      )
      return row ? toFile(row) : null
    },
    async read({ path }) {
      const [row] = await store.read(
        'SELECT text FROM vaults_synced_notes WHERE vault = ? AND path = ? AND deleted = 0',
        [vault, path],
      )
      return row ? { text: String(row['text']) } : { problem: 'was deleted meanwhile' }
    },
    watch(onChange) {
      let last: { seq: number; purges: number } | null = null
      let isClosed = false
      async function look(): Promise<void> {
        const now = await readNumbers()
        if (now === null || isClosed) return
        const before = last
        last = now
        if (before === null || before.purges !== now.purges) onChange(null)
        else if (before.seq !== now.seq) onChange(await findChanged(before.seq))
      }
      let timer = setTimeout(again, lookEveryMs)
      function again(): void {
        // What cannot be read now is looked for at the next turn, and found by the regular pass at the latest.
        void look()
          .catch(() => (last = null))
          .finally(() => {
            if (!isClosed) timer = setTimeout(again, lookEveryMs)
          })
      }
      return {
        close() {
          isClosed = true
          clearTimeout(timer)
        },
      }
    },
  }
}

/** Each change of a note is another file to the indexer; a rename is known by its text. */
function toFile(row: Record<string, unknown>): NoteFile {
  const path = String(row['path'])
  return {
    path,
    file: path,
    size: Number(row['size']),
    mtimeMs: Number(row['mtime']),
    inode: `sync:${Number(row['seq'])}`,
  }
}
