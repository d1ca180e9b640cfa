/**
 * One making of a value: its stamp is taken before the source is read, its scopes and inputs are gathered while it is
 * made, and what was read from the cache meanwhile becomes part of it (the dependency graph).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { CairnError } from '../base/index.ts'
import type { Entry } from './entry.ts'
import type { LogView } from './log/log-view.ts'
import type { Timers } from './log/timers.ts'
import type { InvalidationScope, ScopeId } from './scopes.ts'
import type { CachePolicy, Fill } from './types.ts'

export interface FillRecord {
  readonly epoch: string
  asOf: number
  readonly scopes: Set<ScopeId>
  /** Monotonic time after which an input is no longer fresh. */
  freshUntil: number
  ttlMs: number
  priceMicroUsd: number
  isStored: boolean
}

/** Fills under way in this process; while there is none, a hit need not ask whether it is an input. */
let running = 0
const current = new AsyncLocalStorage<FillRecord>()

/** Makes an entry that is read inside a fill one of its inputs. */
export function noteInput(entry: Entry): void {
  if (running > 0) addInput(entry)
}

function addInput({ header, freshUntil }: Entry): void {
  const record = current.getStore()
  if (!record) return
  record.asOf = Math.min(record.asOf, header.asOf)
  record.freshUntil = Math.min(record.freshUntil, freshUntil)
  if (header.epoch !== record.epoch) record.isStored = false
  for (const scope of header.scopes) record.scopes.add(scope)
}

/**
 * An input that is not kept, because it was overtaken or is told while it is made: what is made of it is not kept
 * either, but who shares it must know what it depends on.
 */
export function noteUnkeptInput(scopes: readonly ScopeId[]): void {
  if (running === 0) return
  const record = current.getStore()
  if (!record) return
  record.isStored = false
  for (const scope of scopes) record.scopes.add(scope)
}

function stopRunning(): void {
  running--
}

export interface FillOptions<T> {
  readonly make: (fill: Fill) => Promise<T>
  readonly scopes: readonly ScopeId[]
  readonly nameScope: (scope: InvalidationScope) => ScopeId
  readonly view: LogView
  readonly timers: Timers
  readonly policy: CachePolicy
  readonly abort: AbortController
  /** Called before the source is read. */
  readonly begin: (record: FillRecord) => void
}

/** Throws what `make` throws, or `cache.fill-timeout`. */
export async function runFill<T>({
  make,
  scopes,
  nameScope,
  view,
  timers,
  policy,
  abort,
  begin,
}: FillOptions<T>): Promise<{ made: T; record: FillRecord }> {
  const record: FillRecord = {
    epoch: view.epoch,
    asOf: view.newest,
    scopes: new Set(scopes),
    freshUntil: Number.POSITIVE_INFINITY,
    ttlMs: policy.ttlMs,
    priceMicroUsd: 0,
    isStored: true,
  }
  const { asOf } = record
  const fill: Fill = {
    signal: abort.signal,
    asOf,
    addScopes: (more) => {
      for (const scope of more) record.scopes.add(nameScope(scope))
    },
    noStore: () => {
      record.isStored = false
    },
    sourceSeq: (seq) => {
      record.asOf = Math.min(record.asOf, seq)
    },
    ttl: (ms) => {
      record.ttlMs = ms
    },
    price: (microUsd) => {
      record.priceMicroUsd = microUsd
    },
  }
  running++
  begin(record)
  let isLive = false
  try {
    const making = current.run(record, () => make(fill))
    const made =
      policy.hardTimeoutMs > 0 ? await within(making, { ms: policy.hardTimeoutMs, timers, abort }) : await making
    // What is told while it is made reads its inputs until it is whole.
    const whole = (made as { whole?: unknown } | null)?.whole
    if (whole instanceof Promise) {
      isLive = true
      void whole.then(stopRunning, stopRunning)
    }
    return { made, record }
  } finally {
    if (!isLive) stopRunning()
  }
}

function within<T>(
  making: Promise<T>,
  { ms, timers, abort }: { ms: number; timers: Timers; abort: AbortController },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(ms, () => {
      const late = new CairnError('cache.fill-timeout')
      reject(late)
      abort.abort(late)
    })
    making.then(resolve, reject).finally(cancel)
  })
}
