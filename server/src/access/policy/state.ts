/**
 * The access state that this process goes by, and for how long. It is read from the database, compiled, and believed for
 * a lease; when the lease is over it has to be confirmed, and while it cannot be, nobody is let in: an old permission is
 * never used. A change in this host ends the lease of all its processes before the change is acknowledged.
 */
import { CairnError, fail, withDeadline, type Clock } from '../../base/index.ts'
import { compile, type Engine } from '../engine/index.ts'
import type { World } from '@cairn/contract'

export interface AccessState {
  /** Resolves when `engine` is of `epoch` at least and within its lease. Throws `access.unconfirmed`. */
  confirm(epoch?: number): Promise<void>
  /** What was confirmed last. */
  engine(): Engine
  /** Something changed: what is known has to be read again before it is used. */
  forget(): void
}

export interface AccessStateOptions {
  readonly clock: Clock
  /** The newest epoch. */
  readonly epoch: () => Promise<number>
  /** Everything of one epoch. */
  readonly load: () => Promise<World>
  /** Called when there is a newer epoch than the one that was gone by. */
  readonly onNews: () => void
}

/** A change elsewhere takes effect here within this time. */
const leaseMs = 500
/** From this age on it is confirmed in the background, so that few requests wait for it. */
const earlyMs = 250
const confirmMs = 2_000
const mostTries = 10

export async function openAccessState({ clock, epoch, load, onNews }: AccessStateOptions): Promise<AccessState> {
  let engine = compile(await load())
  let confirmedAt = -Infinity
  let generation = 0
  let refreshing: Promise<void> | null = null

  async function refresh(): Promise<void> {
    const [askedAt, before] = [clock.monotonic(), generation]
    const newest = await withDeadline(epoch(), confirmMs, 'access.unconfirmed')
    if (newest !== engine.world.epoch) {
      onNews()
      engine = compile(await withDeadline(load(), confirmMs, 'access.unconfirmed'))
    }
    // What was read while something changed may be older than the change.
    if (before === generation) confirmedAt = askedAt
  }

  const refreshOnce = () => (refreshing ??= refresh().finally(() => (refreshing = null)))
  const isFresh = (ms: number) => clock.monotonic() - confirmedAt < ms

  async function confirm(least: number): Promise<void> {
    try {
      for (let tries = 0; tries < mostTries; tries++) {
        await refreshOnce()
        if (isFresh(leaseMs) && engine.world.epoch >= least) return
      }
    } catch (thrown) {
      throw unconfirmed(thrown)
    }
    fail('access.unconfirmed', { internal: `epoch ${engine.world.epoch}, asked for ${least}`, retryAfterMs: 1_000 })
  }

  await refreshOnce()
  return {
    async confirm(least = 0) {
      if (!isFresh(leaseMs) || engine.world.epoch < least) return confirm(least)
      if (!isFresh(earlyMs)) refreshOnce().catch(() => undefined)
    },
    engine: () => engine,
    forget() {
      generation++
      confirmedAt = -Infinity
    },
  }
}

/**
 * What is read of who calls, in the time that a confirmation may take. Throws the refusals of the read itself, and
 * `access.unconfirmed` where it cannot be read now: who cannot be looked up is not let in, and not called unknown.
 */
export async function readConfirmed<T>(read: Promise<T>): Promise<T> {
  try {
    return await withDeadline(read, confirmMs, 'access.unconfirmed', { retryAfterMs: 1_000 })
  } catch (thrown) {
    throw thrown instanceof CairnError && thrown.code.startsWith('access.') ? thrown : unconfirmed(thrown)
  }
}

function unconfirmed(cause: unknown): CairnError {
  const internal = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown'
  return new CairnError('access.unconfirmed', { internal, retryAfterMs: 1_000 })
}
