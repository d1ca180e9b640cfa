/** One verification of the whole log by the server, told as it goes on; ending the signal ends it there too. */
import { auditVerifyProgressSchema, auditVerifyReportSchema, type AuditVerifyReport } from '@cairn/contract'
import { readEvents, tryParseJson } from '@cairn/ui/client'
import { brokenOff, failureOf, malformed, type Failure, type Reply } from '../../api/failure.ts'
import { send } from '../../api/request.ts'

export interface VerifyProgress {
  readonly done: number
  readonly size: number
}

export interface VerifyRun {
  readonly onProgress: (progress: VerifyProgress) => void
  readonly signal: AbortSignal
  readonly open?: (signal: AbortSignal) => Promise<Reply<ReadableStream<Uint8Array>>>
}

/** Null when it was ended by the signal. */
export async function runVerification({
  onProgress,
  signal,
  open = askServer,
}: VerifyRun): Promise<Reply<AuditVerifyReport> | null> {
  const failed = (failure: Failure) => (signal.aborted ? null : ({ ok: false, failure } as const))
  const reply = await open(signal)
  if (!reply.ok) return failed(reply.failure)
  try {
    for await (const { event, data } of readEvents(reply.value)) {
      if (signal.aborted) return null
      const value = tryParseJson(data)
      if (event === 'error') return failed(readError(value))
      const progress = event === 'progress' ? auditVerifyProgressSchema.safeParse(value) : null
      if (progress?.success) onProgress(progress.data)
      if (event !== 'report') continue
      const report = auditVerifyReportSchema.safeParse(value)
      return report.success ? { ok: true, value: report.data } : failed(malformed)
    }
  } catch {
    // Broken off, or ended by the signal.
  }
  return failed(brokenOff)
}

async function askServer(signal: AbortSignal): Promise<Reply<ReadableStream<Uint8Array>>> {
  const reply = await send('/api/audit/verify', { method: 'POST', body: {}, accept: 'text/event-stream', signal })
  if (!reply.ok) return reply
  return reply.value.body ? { ok: true, value: reply.value.body } : { ok: false, failure: malformed }
}

function readError(value: unknown): Failure {
  const { code, message } = (value as { error?: { code?: unknown; message?: unknown } } | null)?.error ?? {}
  return typeof code === 'string' ? failureOf(code, typeof message === 'string' ? message : '') : malformed
}

/** Entries a second, and seconds until the end at that speed; null before anything is known. */
export function speedOf(
  { done, size }: VerifyProgress,
  elapsedMs: number,
): { rate: number; secondsLeft: number } | null {
  if (done <= 0 || elapsedMs <= 0) return null
  const rate = (done / elapsedMs) * 1_000
  return { rate, secondsLeft: Math.max(0, size - done) / rate }
}
