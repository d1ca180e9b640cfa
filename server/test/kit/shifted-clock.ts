/** The system’s clock, which a test puts forward where it would have to wait. */
import { systemClock, type Clock } from '../../src/base/index.ts'

export function createShiftedClock(): { readonly clock: Clock; pass(ms: number): void } {
  let aheadMs = 0
  return {
    clock: { now: () => systemClock.now() + aheadMs, monotonic: () => systemClock.monotonic() + aheadMs },
    pass: (ms) => void (aheadMs += ms),
  }
}
