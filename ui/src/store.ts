/** The hook that follows a store. */
import { useEffect, useState } from 'preact/hooks'
import type { Store } from './plain-store.ts'

export { createStore, type Store } from './plain-store.ts'

export function useStore<T>(store: Pick<Store<T>, 'get' | 'subscribe'>): T {
  const [, setTick] = useState(0)
  useEffect(() => {
    const update = () => setTick((tick) => tick + 1)
    update()
    return store.subscribe(update)
  }, [store])
  return store.get()
}
