/**
 * The log is verified by the server itself, soon after its start and then every so often: an attacker of the store should not
 * have to wait for somebody to ask. What comes of it is on record, and a finding stays in the health until a later
 * verification finds nothing.
 */
import { CairnError, createId, errorFields, type Logger } from '../../base/index.ts'
import type { Recorder } from '../types.ts'
import type { VerifyReport } from './verify.ts'

/** A server that has just started has better things to do. */
const usualFirstMs = 15 * 60_000
/** Where another verification is under way, or the log could not be read. */
const againMs = 15 * 60_000

export interface VerifyingOptions {
  readonly verify: (signal: AbortSignal) => Promise<VerifyReport>
  readonly recorder: Recorder
  readonly logger: Logger
  /** 0: never. */
  readonly everyMs: number
  readonly firstAfterMs?: number
}

export interface Verifying {
  /** What the last verification found wrong; null when nothing, or before the first. */
  finding(): string | null
  stop(): void
}

export function startVerifying(options: VerifyingOptions): Verifying {
  const { verify, recorder, logger, everyMs, firstAfterMs = usualFirstMs } = options
  const stopping = new AbortController()
  let finding: string | null = null
  let timer: ReturnType<typeof setTimeout> | null = null

  function lookIn(ms: number): void {
    if (stopping.signal.aborted || everyMs === 0) return
    timer = setTimeout(() => void look(), ms)
    timer.unref?.()
  }

  async function look(): Promise<void> {
    try {
      learn(await verify(stopping.signal))
      lookIn(everyMs)
    } catch (thrown) {
      if (stopping.signal.aborted) return
      const isBusy = thrown instanceof CairnError && thrown.code === 'server.busy'
      if (!isBusy) logger.error('the audit log could not be verified', errorFields(thrown))
      lookIn(Math.min(againMs, everyMs))
    }
  }

  function learn({ ok, size, errors, errorCount }: VerifyReport): void {
    const codes = [...new Set(errors.map(({ code }) => code))].join(', ')
    finding = ok
      ? null
      : `The last verification of the audit log, of ${size} entries, found ${errorCount} things wrong (${codes}). Run \`npx cairn audit verify\`.`
    if (finding !== null) logger.error('the audit log is damaged', { findings: errorCount, codes })
    recorder
      .record({
        type: 'audit.verified',
        actor: 'server',
        requestId: createId('verify'),
        outcome: ok ? 'ok' : 'failed',
        fields: { size, errors: errorCount },
      })
      .catch((thrown: unknown) => logger.error('a verification could not be recorded', errorFields(thrown)))
  }

  lookIn(firstAfterMs)
  return {
    finding: () => finding,
    stop() {
      stopping.abort()
      if (timer) clearTimeout(timer)
    },
  }
}
