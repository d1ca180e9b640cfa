/** Waits that end. */
import { CairnError, type FailureDetail } from './errors.ts'
import type { ErrorCode } from '@cairn/contract'

/** Resolves after `ms` milliseconds; rejects at once with the signal's reason when it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const timer = setTimeout(finish, ms)
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    function finish() {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** The promise's value, or an error of that code when it takes longer than `ms` milliseconds. */
export async function withDeadline<T>(
  promise: Promise<T>,
  ms: number,
  code: ErrorCode,
  detail: FailureDetail = {},
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CairnError(code, detail)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
