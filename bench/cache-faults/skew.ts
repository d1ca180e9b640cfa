/** Clocks that differ: libraries read `Date.now`, so it is replaced by one that adds what the calling node is ahead. */
import { AsyncLocalStorage } from 'node:async_hooks'

const ahead = new AsyncLocalStorage<number>()
const trueNow = Date.now.bind(Date)
let isInstalled = false

export function installSkewedClock(): () => void {
  if (isInstalled) return () => {}
  isInstalled = true
  Date.now = () => trueNow() + (ahead.getStore() ?? 0)
  return () => {
    Date.now = trueNow
    isInstalled = false
  }
}

export function withSkew<T>(skewMs: number, call: () => T): T {
  return ahead.run(skewMs, call)
}
