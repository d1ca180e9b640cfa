/** Work that goes on in steps, each of which says how long to wait before the next one: deliveries to those outside. */
import { randomInt } from 'node:crypto'
import { CairnError, sleep } from '../base/index.ts'

export interface Wait {
  readonly ms: number
  /** `wake` ends it. */
  readonly untilWoken?: boolean
}

export const now: Wait = { ms: 0 }

export interface Stepping {
  wake(): void
  /** Resolves when the step that is under way has ended; it hears of it by its signal. */
  stop(): Promise<void>
}

export interface SteppingOptions {
  readonly step: (stopping: AbortSignal) => Promise<Wait>
  /** A step that rejects is no end: the next one comes after a while. */
  readonly onFault: (thrown: unknown) => void
  readonly faultMs: number
}

export function keepStepping({ step, onFault, faultMs }: SteppingOptions): Stepping {
  const stopping = new AbortController()
  let waking = Promise.withResolvers<void>()

  async function pause({ ms, untilWoken = false }: Wait): Promise<void> {
    if (ms === 0) return
    if (!untilWoken) return sleep(ms, stopping.signal)
    const rested = new AbortController()
    await Promise.race([sleep(ms, AbortSignal.any([stopping.signal, rested.signal])), waking.promise])
    waking = Promise.withResolvers()
    rested.abort()
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await pause(await step(stopping.signal))
      } catch (thrown) {
        if (stopping.signal.aborted) return
        onFault(thrown)
        await sleep(faultMs, stopping.signal).catch(() => undefined)
      }
    }
  }

  const running = run()
  return {
    wake: () => waking.resolve(),
    async stop() {
      stopping.abort(new CairnError('server.stopping'))
      await running
    },
  }
}

/** Twice as long after each failure, and up to half of it less, so that several do not come back at once. */
export function backoffMs(failures: number, { firstMs, mostMs }: { firstMs: number; mostMs: number }): number {
  const most = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 20))
  return most - randomInt(Math.floor(most / 2) + 1)
}

const longestFailure = 200

/** For those who look after the receiver: nothing of what was sent, and no secret, is in the words of our errors. */
export function describeFailure(thrown: unknown): { readonly code: string; readonly words: string } {
  const code = codeOf(thrown)
  const more = thrown instanceof CairnError ? thrown.internal : null
  return { code, words: `${code}${more === null ? '' : `: ${more}`}`.slice(0, longestFailure) }
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof CairnError) return thrown.code
  return thrown instanceof DOMException && thrown.name === 'TimeoutError' ? 'upstream.timeout' : 'internal.error'
}
