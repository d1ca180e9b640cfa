/** A value that changes outside of components. */
export interface Store<T> {
  readonly get: () => T
  readonly set: (next: T | ((now: T) => T)) => void
  /** Gives the function that ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void
}

export function createStore<T extends object | null>(initial: T): Store<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set: (next) => {
      const changed: T = typeof next === 'function' ? (next as (now: T) => T)(value) : next
      if (changed === value) return
      value = changed
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
