/**
 * The thread of the audit log with a fault layer between it and its disk. What is broken stands in a file beside the
 * log, `FILE.fault`: `EIO` or `ENOSPC` fail every write as the system would, `hang` answers nothing any more.
 */
import { existsSync, readFileSync } from 'node:fs'
import { openLog, type AuditLog } from '../../src/audit/log/log.ts'
import type { AppendEnd, LogPlace } from '../../src/audit/log/log-worker.ts'
import type { AuditEvent } from '../../src/audit/record/prepare.ts'
import { CairnError, systemClock } from '../../src/base/index.ts'
import { serveWorker, watchFile, type SqlConnection } from '../../src/platform/index.ts'

let log: AuditLog | null = null
let file = ''

function faultNow(): string {
  return existsSync(`${file}.fault`) ? readFileSync(`${file}.fault`, 'utf8').trim() : ''
}

/** As the engine throws them: SQLite tells both by their codes. */
const errors: Readonly<Record<string, CairnError>> = {
  EIO: new CairnError('storage.failed', { message: 'The disk reports an error.', internal: 'SQLITE_IOERR_WRITE' }),
  ENOSPC: new CairnError('storage.failed', { message: 'The disk is full.', internal: 'SQLITE_FULL' }),
}

const wrap = (connection: SqlConnection): SqlConnection => ({
  ...connection,
  transaction: async (work) => {
    const fault = faultNow()
    if (fault === 'hang') await new Promise(() => undefined)
    const error = errors[fault]
    if (error) throw error
    return connection.transaction(work)
  },
})

const theLog = (): AuditLog => {
  if (log === null) throw new Error('the log is not open')
  return log
}

serveWorker({
  async open({ location, origin, secrets }: LogPlace) {
    if (location.kind === 'sqlite') file = location.file
    const checkPlace = watchFile(file)
    log = await openLog({ location, origin, secrets, clock: systemClock, checkPlace, wrap })
    return { size: (await log.head()).size }
  },
  append: (events: readonly AuditEvent[]): Promise<AppendEnd[]> =>
    Promise.all(
      events.map((event) =>
        theLog()
          .append(event)
          .then(
            (seq) => ({ seq }),
            ({ code, message, internal }: CairnError) => ({ failed: { code, message, internal: internal ?? '' } }),
          ),
      ),
    ),
  appendOnce: (mark: string, events: readonly AuditEvent[]) => theLog().appendOnce(mark, events),
  async close() {
    if (faultNow() !== 'hang') await log?.close()
  },
})
