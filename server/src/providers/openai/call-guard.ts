/**
 * The deadlines of one call: how long a provider may be silent while we wait for it, and how long the whole reply may
 * take. A client that reads slowly is not a silent provider, so time counts only while a read is pending.
 */
import { CairnError, type Clock } from '../../base/index.ts'

export interface Timeouts {
  /** Name lookup, connecting and the reply’s head, when streaming from an external provider. */
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly totalTimeoutMs: number
  /** From the request to the first content of a stream; no bound of its own when absent. */
  readonly firstTokenTimeoutMs?: number
}

export interface CallGuard {
  /** Aborted by the caller’s signal, by a deadline, or by `close`. */
  readonly signal: AbortSignal
  /** The promise’s value; counts as silence of the provider until it settles. */
  wait<T>(promise: Promise<T>): Promise<T>
  /** Ends the call with a timeout unless what is returned is called within so many milliseconds. */
  expect(what: string, ms: number): () => void
  /** Ends the timers of a reply that was read to its end. */
  finish(): void
  /** Ends the timers and, if the reply is not read to its end, the connection. */
  close(): void
  /** Tells whether the caller, not a deadline of ours, ended it. */
  readonly caller: AbortSignal
}

export function createCallGuard(caller: AbortSignal, timeouts: Timeouts, clock: Clock): CallGuard {
  const controller = new AbortController()
  const { idleTimeoutMs, totalTimeoutMs } = timeouts
  const expected = new Set<ReturnType<typeof setTimeout>>()
  const startedAt = clock.monotonic()
  let waitingSince: number | null = null
  // One timer for both: most calls end before either.
  let timer = setTimeout(check, Math.min(idleTimeoutMs, totalTimeoutMs))
  const leave = () => end(caller.reason)

  function check() {
    const now = clock.monotonic()
    const leftMs = totalTimeoutMs - (now - startedAt)
    if (leftMs <= 1) return end(late(`longer than ${totalTimeoutMs} ms`))
    const silentMs = waitingSince === null ? 0 : now - waitingSince
    if (silentMs >= idleTimeoutMs - 1) return end(late(`silent for ${idleTimeoutMs} ms`))
    timer = setTimeout(check, Math.min(leftMs, idleTimeoutMs - silentMs))
  }

  function release() {
    clearTimeout(timer)
    for (const each of expected) clearTimeout(each)
    caller.removeEventListener('abort', leave)
  }

  function end(reason: unknown) {
    release()
    if (!controller.signal.aborted) controller.abort(reason)
  }

  if (caller.aborted) leave()
  else caller.addEventListener('abort', leave, { once: true })

  return {
    signal: controller.signal,
    async wait(promise) {
      waitingSince = clock.monotonic()
      try {
        return await promise
      } catch (thrown) {
        throw controller.signal.aborted ? (controller.signal.reason as Error) : thrown
      } finally {
        waitingSince = null
      }
    },
    expect(what, ms) {
      const expiry = setTimeout(() => end(late(`no ${what} within ${ms} ms`)), ms)
      expected.add(expiry)
      return () => {
        clearTimeout(expiry)
        expected.delete(expiry)
      }
    },
    finish: release,
    close: () => end(givenUp),
    caller,
  }
}

/** One for all: making an error with its stack for each call costs more than the call’s other bookkeeping. */
const givenUp = new DOMException('The reply was read or given up.', 'AbortError')

function late(internal: string): CairnError {
  return new CairnError('upstream.timeout', { internal })
}
