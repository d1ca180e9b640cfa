/**
 * Writes what was settled: many bookings in one transaction, off the path of requests. While a write is under way the
 * next ones gather. What cannot be written is kept and tried again; a try that may have succeeded unseen is repeated,
 * and what it did before makes it do nothing.
 */
import { CairnError, errorFields, sleep, type Logger } from '../base/index.ts'
import type { Store, WriteResult } from '../storage/index.ts'
import { bookingWrite, type Entry } from './booking-statements.ts'
import type { Periods } from './periods.ts'
import type { BudgetView } from './view.ts'

export interface Booker {
  /** Never throws. Free calls wait a little for company; what gives money back is written at once. */
  add(entry: Entry): void
  /** Resolves when everything added so far is in the ledger. */
  flush(): Promise<void>
  readonly waiting: number
  /** Lines that were given up, because too many waited or the database refuses them. */
  readonly dropped: number
  /** Tries for at most `ms` to write what waits. */
  close(ms: number): Promise<void>
}

export interface BookerOptions {
  readonly store: Store
  readonly view: BudgetView
  readonly calendar: (at: number) => Periods
  readonly logger: Logger
  /** How long a free call waits for company, in milliseconds. */
  readonly gatherMs?: number
  /** Most lines of free calls that wait while the store cannot be written. */
  readonly mostWaiting?: number
}

const batchSize = 200
const firstPauseMs = 100
const longestPauseMs = 5_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createBooker(options: BookerOptions): Booker {
  const { store, view, calendar, logger, gatherMs = 200, mostWaiting = 50_000 } = options
  const surroundings = { dialect: store.dialect, calendar }
  const stopping = new AbortController()
  let queue: Entry[] = []
  let batch: Entry[] = []
  let draining: Promise<void> | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let dropped = 0
  let pauseMs = firstPauseMs
  /** Fewer after each failure, more after each success. */
  let size = batchSize

  const drainNow = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    draining ??= drain().finally(() => (draining = null))
    return draining
  }

  async function drain(): Promise<void> {
    // One turn of the loop, so that calls that end together are booked together.
    await new Promise((resolve) => setImmediate(resolve))
    while (!stopping.signal.aborted) {
      if (batch.length === 0) {
        batch = queue.slice(0, size)
        queue = queue.slice(size)
      }
      if (batch.length === 0) return
      await writeBatch()
    }
  }

  async function writeBatch(): Promise<void> {
    try {
      if ((await write(batch)) === null) await writeEach()
      else batch = []
      if (pauseMs > firstPauseMs) logger.info('usage is booked again', { waiting: queue.length })
      pauseMs = firstPauseMs
      size = Math.min(batchSize, size * 2)
    } catch (thrown) {
      if (isRefused(thrown)) return refuse(thrown)
      if (size === 1) rotate()
      size = Math.max(1, Math.floor(size / 8))
      if (pauseMs === firstPauseMs)
        logger.error('usage cannot be booked and is kept for now', {
          ...errorFields(thrown),
          waiting: queue.length + batch.length,
        })
      await sleep(pauseMs, stopping.signal).catch(() => undefined)
      pauseMs = Math.min(longestPauseMs, pauseMs * 2)
      queue = [...batch.slice(size), ...queue]
      batch = batch.slice(0, size)
    }
  }

  /** In case it is this line that fails: others go first. */
  function rotate(): void {
    queue.push(...batch)
    batch = []
  }

  async function write(entries: readonly Entry[]): Promise<WriteResult | null> {
    const { statements, balances } = bookingWrite(entries, surroundings)
    const result = await store.write(statements)
    if (result !== null && balances !== null) view.learn(result.rows[balances] ?? [])
    return result
  }

  async function writeEach(): Promise<void> {
    while (batch.length > 0 && !stopping.signal.aborted) {
      const [entry] = batch
      if (entry && (await write([entry])) === null) await explain(entry)
      batch = batch.slice(1)
    }
  }

  /** The line stands already: by an earlier try of ours, or because we were taken for dead. */
  async function explain({ line }: Entry): Promise<void> {
    if (line === null) return
    const [row] = await store.read('SELECT outcome FROM metering_ledger WHERE id = ?', [line.id])
    if (row?.['outcome'] === 'lost' && line.outcome !== 'lost')
      logger.warn('a call was booked by its estimate, because this process seemed dead while it ran', {
        request: line.requestId,
      })
  }

  function refuse(thrown: unknown): void {
    if (batch.length > 1) {
      // Alone each, so that only the one that is refused is lost.
      queue = [...batch.slice(1), ...queue]
      batch = batch.slice(0, 1)
      return
    }
    logger.error('the database refuses a line of the ledger', errorFields(thrown))
    dropped++
    batch = []
  }

  return {
    add(entry) {
      if (entry.hold === null && queue.length >= mostWaiting) {
        if (dropped++ === 0) logger.error('too many bookings wait for the store; further ones are lost')
        return
      }
      queue.push(entry)
      if (entry.hold !== null || queue.length >= batchSize) void drainNow()
      else if (draining === null && timer === null) {
        timer = setTimeout(() => void drainNow(), gatherMs)
        timer.unref()
      }
    },
    async flush() {
      while (queue.length + batch.length > 0 && !stopping.signal.aborted) await drainNow()
      await draining
    },
    get waiting() {
      return queue.length + batch.length
    },
    get dropped() {
      return dropped
    },
    async close(ms) {
      const late = setTimeout(() => stopping.abort(new Error('closing')), ms)
      while (queue.length + batch.length > 0 && !stopping.signal.aborted)
        await Promise.race([drainNow(), aborted(stopping.signal)])
      clearTimeout(late)
      stopping.abort(new Error('closed'))
      if (timer !== null) clearTimeout(timer)
      const left = queue.length + batch.length
      if (left > 0) logger.error('some usage could not be booked before the end', { lines: left })
    },
  }
}

function isRefused(thrown: unknown): boolean {
  return thrown instanceof CairnError && thrown.code === 'request.invalid'
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
