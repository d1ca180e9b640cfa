/** A subscription as an async iterable: one step at the start, then one after any number of changes. */

export type Subscribe = (listener: () => void) => () => void

/** Ends when one of the signals is aborted, and always unsubscribes. */
export async function* followChanges(
  subscribe: Subscribe,
  signals: readonly AbortSignal[],
): AsyncGenerator<void, void> {
  let hasChanged = true
  let wake: (() => void) | null = null
  const notify = () => {
    hasChanged = true
    wake?.()
  }
  const nudge = () => wake?.()
  const unsubscribe = subscribe(notify)
  for (const signal of signals) signal.addEventListener('abort', nudge)
  try {
    while (!signals.some(({ aborted }) => aborted)) {
      if (hasChanged) {
        hasChanged = false
        yield
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = null
      }
    }
  } finally {
    unsubscribe()
    for (const signal of signals) signal.removeEventListener('abort', nudge)
  }
}
