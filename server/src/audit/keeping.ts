/** What is done to the log itself: people erased, months shredded, entries pruned, holds. On the thread that appends. */
import type { AuditLevels } from '@cairn/contract'
import type { Clock } from '../base/index.ts'
import type { Hold, HoldRequest } from './gaps/holds.ts'
import type { AuditLog, ByWhom } from './log/log.ts'
import type { PolicyChange, RetentionPolicy } from './retention/policy.ts'
import type { Retained, RetentionPlan } from './retention/retain.ts'

/** Who does it, and in which call. */
export interface Keeper {
  readonly actor: string
  readonly requestId: string | null
}

export interface Keeping {
  /**
   * Destroys the keys of people and removes what they sealed. Resolves with the number of the entry that says so, or null
   * when nothing of them is there.
   */
  erase(by: Keeper, people: readonly string[], why: { reason: string; request: string }): Promise<number | null>
  readonly holds: {
    list(): Promise<readonly Hold[]>
    /** Throws `request.invalid`. */
    place(by: Keeper, request: HoldRequest): Promise<Hold>
    /** Throws `audit.hold-missing`. */
    release(by: Keeper, which: { readonly id: string; readonly reason: string }): Promise<Hold>
  }
  readonly retention: {
    policy(): Promise<RetentionPolicy>
    /** Throws `request.invalid`; `storage.failed` for what is not as the log left it, unless it is taken as it stands. */
    change(by: Keeper, changes: Partial<RetentionPolicy>, how?: PolicyChange): Promise<RetentionPolicy>
    /** What would go now. */
    plan(): Promise<RetentionPlan>
    run(by: Keeper): Promise<Retained>
  }
  /** How much is kept of the use of notes and models. */
  readonly levels: {
    read(): Promise<AuditLevels>
    change(by: Keeper, levels: AuditLevels): Promise<AuditLevels>
  }
}

/** Of the thread: the name of one of its jobs, and what it takes. */
export type CallThread = <T>(job: string, ...args: readonly unknown[]) => Promise<T>

export function createKeeping(call: CallThread, clock: Clock): Keeping {
  const whom = ({ actor, requestId }: Keeper): ByWhom => ({
    actor,
    at: clock.now(),
    context: requestId === null ? {} : { requestId },
  })
  return {
    async erase(by, people, why) {
      const done = await call<Awaited<ReturnType<AuditLog['erase']>>>('erase', whom(by), people, why)
      await call('removeGone', whom(by))
      return done?.seq ?? null
    },
    holds: {
      list: () => call('listHolds'),
      place: (by, request) => call('placeHold', whom(by), request),
      release: (by, which) => call('releaseHold', whom(by), which),
    },
    retention: {
      policy: () => call('policy'),
      change: (by, changes, how) => call('changePolicy', whom(by), changes, { asTheyStand: how?.asTheyStand === true }),
      plan: () => call('plan', clock.now()),
      run: (by) => call('retain', whom(by)),
    },
    levels: {
      read: () => call('levels'),
      change: (by, levels) => call('changeLevels', whom(by), levels),
    },
  }
}
