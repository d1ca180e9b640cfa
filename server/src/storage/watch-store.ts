/** Asks a store every few seconds whether it still answers. */
import { withDeadline } from '../base/index.ts'
import type { Store } from './types.ts'

const everyMs = 5_000
const answerMs = 2_000

export interface StoreWatch {
  /** As of the last time that it was asked. */
  answers(): boolean
  stop(): void
}

export function watchStore(store: Pick<Store, 'read'>): StoreWatch {
  let isThere = true
  let isAsking = false
  const ask = async () => {
    if (isAsking) return
    isAsking = true
    try {
      await withDeadline(store.read('SELECT 1 AS one'), answerMs, 'storage.failed')
      isThere = true
    } catch {
      isThere = false
    } finally {
      isAsking = false
    }
  }
  const timer = setInterval(() => void ask(), everyMs)
  return { answers: () => isThere, stop: () => clearInterval(timer) }
}
