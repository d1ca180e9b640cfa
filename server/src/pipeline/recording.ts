/**
 * One source, many readers. A recording reads its source when the fastest reader wants more, keeps what came, and lets
 * every reader begin at the start and go on live. A reader that leaves disturbs nobody; when the last one leaves, the
 * source is cancelled. What was read to its clean end within the bound is handed over whole; anything else is not.
 *
 * Beyond the bound the recording is a relay: nobody new is let in, what every reader has had is dropped, and when the
 * slowest reader is a bound behind the fastest, the fastest waits. So memory stays within twice the bound.
 */

/** Something that is told piece by piece and then says how it ended. */
export interface Source<P, E> {
  /** Called again only when the last call has settled. Throws when the source breaks off. */
  next(): Promise<IteratorResult<P, E>>
  /** Ends it, also while `next` is pending. */
  cancel(): void
}

export interface Reader<P, E> {
  /** The next piece, or the end. Throws what the source threw, and the signal's reason when this reader was told to leave. */
  next(): Promise<IteratorResult<P, E>>
  /** No more is wanted; the last to leave cancels the source. */
  leave(): void
}

export interface Recording<P, E> {
  /** A reader from the first piece on, which leaves when the signal is aborted; null when nobody new is let in. */
  open(signal: AbortSignal): Reader<P, E> | null
  /** Everything, once the source has ended cleanly; null when it did not, or was too large. */
  readonly whole: Promise<{ readonly pieces: readonly P[]; readonly end: E } | null>
}

export interface RecordingOptions<P> {
  sizeOf(piece: P): number
  /** Most bytes that are kept. */
  readonly maxBytes: number
  /** How long the first reader may take to come; nobody reads a source that nobody waits for. */
  readonly unheardMs?: number
}

interface Listener {
  /** Number of the piece it reads next. */
  at: number
  wake: (() => void) | null
  hasLeft: boolean
}

const usualUnheardMs = 2_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function recordSource<P, E>(
  source: Source<P, E>,
  { sizeOf, maxBytes, unheardMs = usualUnheardMs }: RecordingOptions<P>,
): Recording<P, E> {
  const listeners = new Set<Listener>()
  const whole = Promise.withResolvers<{ pieces: readonly P[]; end: E } | null>()
  /** Pieces from number `first` on, and beyond the bound how many readers each of them still waits for. */
  let pieces: P[] = []
  let unread: number[] = []
  let first = 0
  let heldBytes = 0
  let isRelay = false
  let isReading = false
  let last: { end: E } | { thrown: unknown } | null = null
  let isCancelled = false
  const timer = setTimeout(() => cancelIfUnheard(), unheardMs)

  function cancelIfUnheard(): void {
    clearTimeout(timer)
    if (listeners.size > 0 || last || isCancelled) return
    isCancelled = true
    pieces = []
    whole.resolve(null)
    source.cancel()
  }

  function wakeAll(): void {
    for (const listener of listeners) listener.wake?.()
  }

  function settle(how: NonNullable<typeof last>): void {
    if (isCancelled) return
    last = how
    whole.resolve('end' in how && !isRelay ? { pieces, end: how.end } : null)
  }

  function take(piece: P): void {
    if (isCancelled) return
    pieces.push(piece)
    heldBytes += sizeOf(piece)
    if (isRelay) unread.push(listeners.size)
    else if (heldBytes > maxBytes) becomeRelay()
  }

  function becomeRelay(): void {
    isRelay = true
    whole.resolve(null)
    unread = pieces.map((_, index) => [...listeners].filter(({ at }) => at <= index).length)
    drop()
  }

  /** Drops what no reader waits for any more. */
  function drop(): void {
    let gone = 0
    while (gone < unread.length && unread[gone] === 0) heldBytes -= sizeOf(pieces[gone++] as P)
    if (gone === 0) return
    pieces.splice(0, gone)
    unread.splice(0, gone)
    first += gone
  }

  /** Asks the source for one piece, unless that is under way or the slowest reader is too far behind. */
  function read(): void {
    if (isReading || last || isCancelled || (isRelay && heldBytes > maxBytes)) return
    isReading = true
    source
      .next()
      .then(
        (step) => (step.done === true ? settle({ end: step.value }) : take(step.value)),
        (thrown: unknown) => settle({ thrown }),
      )
      .finally(() => {
        isReading = false
        wakeAll()
      })
  }

  function advance(listener: Listener): P {
    const index = listener.at++ - first
    const piece = pieces[index] as P
    if (isRelay) {
      ;(unread[index] as number)--
      drop()
      // The fastest may have waited for this.
      if (index === 0) wakeAll()
    }
    return piece
  }

  function leave(listener: Listener): void {
    if (listener.hasLeft) return
    listener.hasLeft = true
    listeners.delete(listener)
    listener.wake?.()
    if (isRelay) {
      for (let index = listener.at - first; index < unread.length; index++) (unread[index] as number)--
      drop()
      wakeAll()
    }
    if (listeners.size === 0) cancelIfUnheard()
  }

  async function next(listener: Listener, signal: AbortSignal): Promise<IteratorResult<P, E>> {
    for (;;) {
      if (listener.hasLeft) throw signal.aborted ? (signal.reason as Error) : new Error('the reader has left')
      if (listener.at < first + pieces.length) return { done: false, value: advance(listener) }
      if (last) {
        if ('thrown' in last) throw last.thrown
        return { done: true, value: last.end }
      }
      read()
      await new Promise<void>((wake) => {
        listener.wake = wake
      })
      listener.wake = null
    }
  }

  return {
    whole: whole.promise,
    open(signal) {
      if (isRelay || isCancelled || signal.aborted) return null
      clearTimeout(timer)
      const listener: Listener = { at: 0, wake: null, hasLeft: false }
      listeners.add(listener)
      const abort = () => leave(listener)
      signal.addEventListener('abort', abort, { once: true })
      return {
        next: () => next(listener, signal),
        leave() {
          signal.removeEventListener('abort', abort)
          leave(listener)
        },
      }
    },
  }
}
