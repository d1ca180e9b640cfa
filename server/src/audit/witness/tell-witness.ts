/**
 * Tells a witness outside the newest checkpoint, and compares what it answers to have seen last. One that fails is tried
 * again, later each time; nothing piles up for it, because the newest checkpoint vouches for all before it.
 */
import { z } from 'zod'
import { errorFields, sha256, tryParseJson, type Clock, type Logger } from '../../base/index.ts'
import { backoffMs, describeFailure, keepStepping, now, type Wait } from '../keep-stepping.ts'
import type { SignedPost } from '../signed-post.ts'
import type { Comparison } from './compare.ts'
import type { WitnessProgress, WitnessStep, WitnessStore } from './witness-store.ts'

export interface TellingTiming {
  /** Between two looks at a log that has not grown, as far as this process knows. */
  readonly idleMs: number
  /** Between two looks whether another process still tells. */
  readonly heldMs: number
  readonly firstRetryMs: number
  readonly mostRetryMs: number
  /** How long the witness may take, its answer included. */
  readonly sendMs: number
}

const usual: TellingTiming = {
  idleMs: 5_000,
  heldMs: 10_000,
  firstRetryMs: 1_000,
  mostRetryMs: 5 * 60_000,
  sendMs: 20_000,
}

export interface TellingOptions {
  readonly witness: { readonly id: string; readonly every: number }
  /** Of the log. */
  readonly origin: string
  readonly post: SignedPost
  readonly store: WitnessStore
  /** Raises the alarm where what was seen is not of this log. */
  readonly judge: (note: string) => Promise<Comparison>
  readonly clock: Clock
  readonly logger: Logger
  /** Of this process. */
  readonly holder: string
  readonly timing?: Partial<TellingTiming>
}

export interface Telling {
  readonly id: string
  /** As of its last step; null before the first. */
  progress(): WitnessProgress | null
  counts(): { readonly told: number; readonly failed: number }
  wake(): void
  stop(): Promise<void>
}

export function startTelling(options: TellingOptions): Telling {
  const { witness, origin, post, store, judge, clock, logger, holder } = options
  const timing = { ...usual, ...options.timing }
  const { id, every } = witness
  let progress: WitnessProgress | null = null
  let [told, failed, failures] = [0, 0, 0]
  const mine = () => ({ id, holder, at: clock.now() })

  async function step(stopping: AbortSignal): Promise<Wait> {
    const next = await store.next({ ...mine(), every })
    progress = next.progress
    if (next.kind === 'held') return { ms: timing.heldMs }
    if (next.kind === 'idle') return { ms: timing.idleMs, untilWoken: true }
    return tell(next, stopping)
  }

  async function tell({ size, note }: Extract<WitnessStep, { kind: 'tell' }>, stopping: AbortSignal): Promise<Wait> {
    let answer: string | null
    try {
      answer = await ask({ size, note }, AbortSignal.any([stopping, AbortSignal.timeout(timing.sendMs)]))
    } catch (thrown) {
      if (stopping.aborted) throw stopping.reason
      return giveUpForNow(thrown)
    }
    const comparison = answer === null ? null : await judge(answer)
    const seen = comparison === null ? null : { size: comparison.seen, verdict: comparison.verdict }
    if (!(await store.done({ ...mine(), size, seen }))) return { ms: timing.heldMs }
    told++
    failures = 0
    progress = await store.progress(id)
    return now
  }

  async function ask({ size, note }: { size: number; note: string }, signal: AbortSignal): Promise<string | null> {
    const message = {
      id: `msg_${sha256(`${origin} ${id} ${size}`).slice(0, 32)}`,
      mediaType: 'application/json',
      body: new TextEncoder().encode(JSON.stringify({ checkpoint: note })),
    }
    return readSeen(await readStart(await post(message, signal), signal))
  }

  async function giveUpForNow(thrown: unknown): Promise<Wait> {
    failed++
    failures++
    const { isFirst } = await store.failed({ ...mine(), error: describeFailure(thrown).words })
    progress = await store.progress(id)
    logger[isFirst ? 'warn' : 'debug']('a witness of the audit log cannot be told', {
      witness: id,
      ...errorFields(thrown),
    })
    return { ms: backoffMs(failures, { firstMs: timing.firstRetryMs, mostMs: timing.mostRetryMs }) }
  }

  const stepping = keepStepping({
    step,
    onFault: (thrown) => logger.debug('a witness of the audit log waits', { witness: id, ...errorFields(thrown) }),
    faultMs: timing.heldMs,
  })
  return {
    id,
    progress: () => progress,
    counts: () => ({ told, failed }),
    wake: () => stepping.wake(),
    async stop() {
      await stepping.stop()
      await store.release(mine()).catch(() => undefined)
    },
  }
}

const answerSchema = z.object({ checkpoint: z.string().min(1).max(16_000) })
const mostAnswerBytes = 32_000

/** Null where the answer names no checkpoint: acknowledging is all that is asked of a witness. */
function readSeen(answer: string): string | null {
  const { data } = answerSchema.safeParse(tryParseJson(answer))
  return data?.checkpoint ?? null
}

/** No more of a body than an answer can have. One that stops in the middle ends with the signal. */
async function readStart(response: Response, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  const giveUp = () => void reader?.cancel(signal.reason).catch(() => undefined)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      parts.push(next.value)
      length += next.value.length
      if (length > mostAnswerBytes) break
    }
  } finally {
    signal.removeEventListener('abort', giveUp)
    await reader?.cancel().catch(() => undefined)
  }
  signal.throwIfAborted()
  return length > mostAnswerBytes ? '' : Buffer.concat(parts).toString()
}
