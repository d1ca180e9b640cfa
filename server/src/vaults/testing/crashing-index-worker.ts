/** The indexing thread, which ends when it is asked to index a folder anew that holds a file `.crash`. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import '../index/index-worker.ts'

declare const self: { onmessage: ((event: MessageEvent<{ method: string; args: unknown[] }>) => void) | null }

const answer = self.onmessage
self.onmessage = (event) => {
  const { method, args } = event.data
  const mark = join(String(args[1]), '.crash')
  if (method === 'reindex' && existsSync(mark)) {
    rmSync(mark)
    throw new Error('crash')
  }
  answer?.(event)
}
