/** The source of truth of a row: one number that grows with every write. */
import type { Load } from './subject.ts'

export interface Source {
  readonly load: Load
  readonly fail: Load
  write(): void
  /** A load that has read the source and then takes its time. */
  pauseAfterRead(): { readonly load: Load; readonly reached: Promise<void>; resume(): void }
  /** A copy that does not follow until it is told to. */
  replica(position: number): { readonly load: Load; catchUp(position: number): void }
}

export function createSource(): Source {
  let version = 1
  return {
    load: () => Promise.resolve({ version }),
    fail: () => Promise.reject(new Error('the source is down')),
    write: () => void (version += 1),
    pauseAfterRead() {
      const reached = Promise.withResolvers<void>()
      const resumed = Promise.withResolvers<void>()
      const load = async () => {
        const read = version
        reached.resolve()
        await resumed.promise
        return { version: read }
      }
      return { load, reached: reached.promise, resume: () => resumed.resolve() }
    },
    replica(position) {
      let copy = { version, sourceSeq: position }
      return {
        load: () => Promise.resolve(copy),
        catchUp: (now) => void (copy = { version, sourceSeq: now }),
      }
    },
  }
}
