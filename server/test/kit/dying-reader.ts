/** A thread in place of the one that reads the log: it dies of a question for what is before the first entry. */
import { serveWorker } from '../../src/platform/index.ts'

serveWorker({
  open: () => null,
  find: (seq: number) => {
    if (seq < 0) process.exit(1)
    return { entry: null, size: seq, minIndex: 0 }
  },
  close: () => null,
})
