/** The searching thread, which ends when it is asked for the word `crash`. */
import '../index/search-worker.ts'

declare const self: { onmessage: ((event: MessageEvent<{ args: unknown[] }>) => void) | null }

const answer = self.onmessage
self.onmessage = (event) => {
  if (JSON.stringify(event.data.args).includes('"query":"crash"')) throw new Error('crash')
  answer?.(event)
}
