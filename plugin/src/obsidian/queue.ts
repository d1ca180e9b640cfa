/** Questions that wait for the server, in the device's storage. */
import { createStore } from '@cairn/ui/store'
import { dequeue, enqueue, readQueue, type WaitingQuestion } from '../core/offline-queue.ts'
import type { QueuePort } from '../core/ports.ts'
import type { DeviceStorage } from './device.ts'
import { newId, now } from './time.ts'

const storedAs = 'cairn-waiting'

/** `keeps`: whether questions may be kept on the device at all; without it they wait in memory only. */
export function createQueue(storage: DeviceStorage, keeps: () => boolean): QueuePort {
  const waiting = createStore<readonly WaitingQuestion[]>(readQueue(keeps() ? storage.read(storedAs) : null, now()))
  const change = (list: readonly WaitingQuestion[]) => {
    waiting.set(list)
    storage.write(storedAs, keeps() && list.length > 0 ? list : null)
  }
  return {
    list: waiting.get,
    subscribe: waiting.subscribe,
    add(question) {
      const changed = enqueue(waiting.get(), { ...question, id: newId(), queuedAt: now() })
      if (typeof changed === 'string') return changed
      change(changed)
      return null
    },
    remove: (id) => change(dequeue(waiting.get(), id)),
  }
}
