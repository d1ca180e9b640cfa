/** The read side of one process, on the thread that may wait: its own connections and its own keys. */
import type { Clock } from '../../base/index.ts'
import type { SqlConnection } from '../../platform/index.ts'
import { openConnection, type StoreLocation } from '../../storage/index.ts'
import { readHead, type Head } from '../log/append.ts'
import { auditSchema } from '../log/schema.ts'
import { createAnswers, type Answers } from '../query/answer.ts'
import { followLog, type Following } from '../query/catch-up.ts'
import { createCursors } from '../query/cursor.ts'
import { createLogFollower } from '../query/follow-log.ts'
import { openIndexStore, type IndexStore } from '../query/index-store.ts'
import { createKeyBook, type AuditSecrets } from '../record/key-book.ts'
import { createNoteSigner, type NoteVerifier } from '../tree/signed-note.ts'
import { createReadBlock, type ReadBlock } from '../verify/opener.ts'
import { compareSeen, type Comparison } from '../witness/compare.ts'

export interface LogReaderOptions {
  readonly location: StoreLocation
  /** Of the index: a file of its own on SQLite, the same database on PostgreSQL. */
  readonly indexLocation: StoreLocation
  readonly secrets: AuditSecrets
  readonly clock: Clock
  /** Hears how far the index is whenever it went on. */
  readonly onReached?: (size: number) => void
  readonly onProblem?: (thrown: unknown) => void
  /** Hears why an index was made anew. */
  readonly onReset?: (why: string) => void
}

export interface LogReader extends Answers, Pick<Following, 'wake'> {
  /** Compares a checkpoint that somebody has seen with the log. */
  compareSeen(note: string): Promise<Comparison>
  readonly connection: SqlConnection
  readonly index: IndexStore
  close(): Promise<void>
}

/** The log must have been begun. Throws `storage.failed`. */
export async function openLogReader(options: LogReaderOptions): Promise<LogReader> {
  const { location, indexLocation, secrets, clock, onReached = () => {}, onProblem = () => {}, onReset } = options
  const log = await openConnection({ location, schemas: [auditSchema], connections: 2 })
  let index: IndexStore
  let verifier: NoteVerifier
  try {
    const { origin } = await readHead(log, '')
    ;({ verifier } = createNoteSigner(origin, secrets.signing))
    const { wrapping } = secrets
    index = await openIndexStore({ location: indexLocation, origin, wrapping, ...(onReset ? { onReset } : {}) })
  } catch (thrown) {
    await log.close()
    throw thrown
  }
  const openBlocks = createBlockOpener(log, secrets)
  const following = followLog({
    follower: createLogFollower({ log, store: index, clock, openBlocks }),
    reached: () => index.use(async ({ state }) => state.upto),
    clock,
    onReached,
    onProblem,
  })
  const { naming } = secrets
  const { catchUp, wake, stop } = following
  const cursors = createCursors(naming)
  return {
    ...createAnswers({ log, store: index, naming, cursors, openBlocks, catchUp }),
    compareSeen: (note) => compareSeen(log, note, verifier),
    connection: log,
    index,
    wake,
    async close() {
      await stop()
      await index.close()
      await log.close()
    },
  }
}

/** Keys are remembered as long as none is destroyed. */
function createBlockOpener(log: SqlConnection, secrets: AuditSecrets): (head: Head) => Promise<ReadBlock> {
  const book = createKeyBook(secrets)
  return ({ origin, keysEpoch }) => {
    book.follow(keysEpoch)
    return createReadBlock(log, { book, wrapping: secrets.wrapping, origin })
  }
}
