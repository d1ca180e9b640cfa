/** A thread that does as told: answers, loses a rejection, throws where nobody catches, exits. */
import { serveWorker } from '../index.ts'

serveWorker({
  open: () => undefined,
  write: (writes: readonly unknown[]) =>
    writes.map((statements) => ({ result: { changes: [JSON.stringify(statements).length], rows: [] } })),
  close: () => undefined,
  never: () => new Promise(() => undefined),
  loseRejection: () => void Promise.reject(new Error('lost')),
  throwOutside: () =>
    void setTimeout(() => {
      throw new RangeError('outside')
    }, 0),
  exit: () => process.exit(7),
  fail: () => {
    throw new Error('inside')
  },
})
