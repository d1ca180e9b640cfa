/** What is known of calls, for the entries about them: while they last, and for some seconds after they ended. */
import type { Clock } from '../base/index.ts'
import type { AuditEntry } from './types.ts'

type Context = NonNullable<AuditEntry['context']>

export interface OpenCall {
  add(more: Context): void
  end(): void
}

export interface CallContexts {
  /** Gives what says more of it, and what ends it. */
  begin(requestId: string, context: Context): OpenCall
  find(requestId: string): Context | undefined
}

/** Entries about a call that broke off come a moment later. */
const keepMs = 10_000

export function createCallContexts(clock: Pick<Clock, 'monotonic'>): CallContexts {
  const open = new Map<string, Context>()
  let [ended, before] = [new Map<string, Context>(), new Map<string, Context>()]
  let turnedAt = clock.monotonic()
  return {
    begin(requestId, first) {
      let context = first
      open.set(requestId, context)
      return {
        add(more) {
          context = { ...context, ...more }
          open.set(requestId, context)
        },
        end() {
          open.delete(requestId)
          if (clock.monotonic() - turnedAt > keepMs) {
            ;[before, ended] = [ended, new Map()]
            turnedAt = clock.monotonic()
          }
          ended.set(requestId, context)
        },
      }
    },
    find: (requestId) => open.get(requestId) ?? ended.get(requestId) ?? before.get(requestId),
  }
}
