/**
 * Tells the log of the cache what has changed in the vaults, after the change is stored and before the index claims to
 * have been announced. Announcing twice costs a few answers; announcing never would be wrong, so what cannot be
 * announced stays stored and is tried again, by this process or by the next that indexes.
 */
import { errorFields, type Logger } from '../base/index.ts'
import type { Statement, Store } from '../storage/index.ts'
import type { LogPosition } from './types.ts'

/** Commits to the log that these scopes are no longer true. Null when it could not. */
export type Announce = (scopes: readonly string[]) => Promise<LogPosition | null>

export interface AnnouncerOptions {
  /** The stored index. */
  readonly store: Store
  readonly announce: Announce
  readonly logger: Logger
  /** The stored index of the vault now says up to where it is announced. */
  readonly onAnnounced: (vault: string) => void
}

export interface Announcer {
  /** Announces what is stored; to be called after each change and when this process begins to index. */
  wake(): void
  close(): Promise<void>
}

interface Row {
  readonly vault: string
  readonly seq: number
  readonly scopes: readonly string[]
}

const rowsAtOnce = 200
/** More scopes are announced as their vault. */
const mostScopes = 500
const retryMs = 500
const longestRetryMs = 10_000

export function createAnnouncer({ store, announce, logger, onAnnounced }: AnnouncerOptions): Announcer {
  let isAsked = false
  let running: Promise<void> | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let failures = 0
  let isClosed = false

  function wake(): void {
    isAsked = true
    if (timer) clearTimeout(timer)
    timer = null
    running ??= run().finally(() => {
      running = null
      if (isAsked && failures === 0 && !isClosed) wake()
    })
  }

  async function run(): Promise<void> {
    try {
      while (isAsked && !isClosed) {
        isAsked = false
        while (!isClosed && (await announceSome()));
      }
      failures = 0
    } catch (thrown) {
      if (isClosed) return
      // Told once, not at every try.
      if (failures === 0) logger.warn('changes of the vaults cannot be announced yet', errorFields(thrown))
      timer = setTimeout(wake, Math.min(longestRetryMs, retryMs * 2 ** failures))
      failures++
    }
  }

  /** True when there may be more. */
  async function announceSome(): Promise<boolean> {
    const rows = await readRows(store)
    const vaults = new Set(rows.map(({ vault }) => vault))
    for (const vault of vaults) {
      const own = rows.filter((row) => row.vault === vault)
      const position = await announce([...joinScopes(vault, own), `index:${vault}`])
      if (position === null) throw new Error('the log did not take it')
      await store.write([setPosition(vault, position), ...own.map(deleteRow)])
      onAnnounced(vault)
    }
    return rows.length === rowsAtOnce
  }

  return {
    wake,
    async close() {
      isClosed = true
      if (timer) clearTimeout(timer)
      await running
    },
  }
}

async function readRows(store: Store): Promise<Row[]> {
  const rows = await store.read('SELECT vault, seq, scopes FROM index_announcements ORDER BY vault, seq LIMIT ?', [
    rowsAtOnce,
  ])
  return rows.map((row) => ({
    vault: String(row['vault']),
    seq: Number(row['seq']),
    scopes: JSON.parse(String(row['scopes'])) as string[],
  }))
}

function joinScopes(vault: string, rows: readonly Row[]): string[] {
  const scopes = new Set(rows.flatMap((row) => row.scopes))
  return scopes.size > mostScopes ? [`vault:${vault}`] : [...scopes]
}

/**
 * What the log says up to there about the vault is in the stored index: it was stored before it was announced. Another
 * process may have come further meanwhile.
 */
function setPosition(vault: string, { epoch, seq }: LogPosition): Statement {
  return {
    text: `UPDATE index_vaults SET log_seq = CASE WHEN log_epoch = ? AND log_seq > ? THEN log_seq ELSE ? END, log_epoch = ?
      WHERE vault = ?`,
    params: [epoch, seq, seq, epoch, vault],
  }
}

/** Unless a later life of the vault has written another under the same number. */
function deleteRow({ vault, seq, scopes }: Row): Statement {
  return {
    text: 'DELETE FROM index_announcements WHERE vault = ? AND seq = ? AND scopes = ?',
    params: [vault, seq, JSON.stringify(scopes)],
  }
}
