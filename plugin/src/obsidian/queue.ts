/** Questions that wait for the server, in the device's storage. */
import { createStore } from '@cairn/ui/store'
import { dequeue, enqueue, readQueue, type WaitingQuestion } from '../core/offline-queue.ts'
import type { QueuePort } from '../core/ports.ts'
import type { Settings } from '../core/settings/settings-store.ts'
import type { DeviceStorage } from './device.ts'
import { newId, now } from './time.ts'

const storedAs = 'cairn-waiting'

/** Where the settings keep nothing on the device, questions wait in memory only. */
export function createQueue(storage: DeviceStorage, settings: Settings): QueuePort {
  const keeps = () => settings.get('privacy.keepQuestions')
  const waiting = createStore<readonly WaitingQuestion[]>(readQueue(keeps() ? storage.read(storedAs) : null, now()))
  const change = (list: readonly WaitingQuestion[]) => {
    waiting.set(list)
    storage.write(storedAs, keeps() && list.length > 0 ? list : null)
  }
  settings.values.subscribe(() => {
    if (!keeps() && storage.read(storedAs) !== null) storage.write(storedAs, null)
  })
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
