/** The thread that reads the log, so that no question holds up who serves or who appends. */
import { errorFields, systemClock } from '../../base/index.ts'
import { serveWorker } from '../../platform/index.ts'
import type { StoreLocation } from '../../storage/index.ts'
import type { AuditQuery, SummaryQuery } from '../query/types.ts'
import type { AuditSecrets } from '../record/key-book.ts'
import { openLogReader, type LogReader } from './log-reader.ts'

export interface ReaderPlace {
  readonly location: StoreLocation
  readonly indexLocation: StoreLocation
  readonly secrets: AuditSecrets
}

let reader: LogReader | null = null

const { emit } = serveWorker({
  async open(place: ReaderPlace) {
    reader = await openLogReader({
      ...place,
      clock: systemClock,
      onReached: (size) => emit('reached', size),
      onProblem: (thrown) => emit('problem', { doing: 'follow', ...errorFields(thrown) }),
      onReset: (why) => emit('reset', why),
    })
  },
  query: (query: AuditQuery) => theReader().query(query),
  summarize: (query: SummaryQuery) => theReader().summarize(query),
  find: (seq: number) => theReader().find(seq),
  textsOf: (seq: number) => theReader().textsOf(seq),
  compareSeen: (note: string) => theReader().compareSeen(note),
  wake: () => theReader().wake(),
  async close() {
    await reader?.close()
    reader = null
  },
})

function theReader(): LogReader {
  if (reader === null) throw new Error('the reader is not open')
  return reader
}
