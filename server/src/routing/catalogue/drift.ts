/**
 * An alarm for when what a provider tells no longer fits what we compute: token counts against our estimate of the same
 * text, and cost against our prices where a provider tells a cost (OpenRouter’s `usage.cost`). Each deployment has
 * moving sums in which a call counts for less with every later one, so that one odd reply is no alarm and a change of
 * the tokenizer or of a price is one after some dozens. What cannot be true at all is counted apart and told at once.
 */
import type { Clock, Logger } from '../../base/index.ts'
import type { UsageDoubt } from './usage-bounds.ts'

export interface DriftObservation {
  /** `provider/model`. */
  readonly deployment: string
  /** Tokens by the provider’s usage, those of reasoning left out: their text is not seen, so it cannot be estimated. */
  readonly told?: TokenCounts
  /** Tokens by our estimate of the same texts. */
  readonly estimated?: TokenCounts
  /** US dollars by the provider, and by our prices for the usage that it told. */
  readonly toldUsd?: number | null
  readonly computedUsd?: number | null
}

export interface TokenCounts {
  readonly input: number | null
  readonly output: number | null
}

const measures = ['input', 'output', 'cost'] as const

export interface DriftRatio {
  readonly deployment: string
  /** What differs most. */
  readonly of: (typeof measures)[number]
  /** What was told by what we computed: 1 where they agree, 2 where the provider tells twice as much. */
  readonly ratio: number
}

export interface DriftWatch {
  /** Takes a few additions. Counts that are not positive numbers are left out. */
  observe(observation: DriftObservation): void
  /** A usage that was not believed. The log tells it of each provider once an hour. */
  disbelieve(provider: string, doubt: UsageDoubt): void
  /** For the metric `cairn_usage_disbelieved_total`. */
  disbelieved(): { provider: string; doubt: UsageDoubt; count: number }[]
  /** For the metric `cairn_usage_drift_ratio`: one for each deployment with enough observations. */
  ratios(): DriftRatio[]
}

/** Observations of a measure before it counts. */
const leastObservations = 20
/** What remains of the sums with each observation: the last fifty make two thirds of them. */
const remaining = 0.98
/**
 * Shares by which told and computed may differ. Token estimates are by a rule that misses by a third either way for
 * code and for rare languages; cost is computed from the provider’s own counts and must fit but for rounding and steps.
 */
const allowedShare = { input: 1, output: 1, cost: 0.1 } as const satisfies Record<(typeof measures)[number], number>
const warnEveryMs = 3_600_000
const watchedDeployments = 2_000

interface Sums {
  count: number
  told: number
  computed: number
}

interface Watched {
  readonly sums: Record<(typeof measures)[number], Sums>
  /** `clock.monotonic()` of the last warning. */
  warnedAt: number
}

export function createDriftWatch({ logger, clock }: { logger: Logger; clock: Clock }): DriftWatch {
  const watched = new Map<string, Watched>()
  /** Providers are those of the configuration and a bounded number of stored ones. */
  const doubts = new Map<string, { provider: string; doubt: UsageDoubt; count: number }>()
  const toldAt = new Map<string, number>()

  function watch(deployment: string): Watched {
    const known = watched.get(deployment)
    if (known) return known
    const [oldest] = watched.keys()
    if (oldest !== undefined && watched.size >= watchedDeployments) watched.delete(oldest)
    const fresh = { sums: { input: emptySums(), output: emptySums(), cost: emptySums() }, warnedAt: -Infinity }
    watched.set(deployment, fresh)
    return fresh
  }

  function warn(deployment: string, state: Watched): void {
    const worst = findWorst(deployment, state)
    if (!worst || !isTooFar(worst) || clock.monotonic() - state.warnedAt < warnEveryMs) return
    state.warnedAt = clock.monotonic()
    logger.warn('what a provider tells of its usage differs from what was computed', {
      deployment,
      of: worst.of,
      ratio: Math.round(worst.ratio * 100) / 100,
    })
  }

  return {
    observe({ deployment, told, estimated, toldUsd, computedUsd }) {
      const state = watch(deployment)
      add(state.sums.input, told?.input, estimated?.input)
      add(state.sums.output, told?.output, estimated?.output)
      add(state.sums.cost, toldUsd, computedUsd)
      warn(deployment, state)
    },
    disbelieve(provider, doubt) {
      const key = `${provider} ${doubt}`
      const known = doubts.get(key)
      if (known) known.count += 1
      else doubts.set(key, { provider, doubt, count: 1 })
      if (clock.monotonic() - (toldAt.get(provider) ?? -Infinity) < warnEveryMs) return
      toldAt.set(provider, clock.monotonic())
      logger.warn('a provider told a usage that cannot be true; such calls are booked by our estimate', {
        provider,
        doubt,
      })
    },
    disbelieved: () => [...doubts.values()],
    ratios: () => [...watched].flatMap(([deployment, state]) => findWorst(deployment, state) ?? []),
  }
}

function emptySums(): Sums {
  return { count: 0, told: 0, computed: 0 }
}

function add(sums: Sums, told: number | null | undefined, computed: number | null | undefined): void {
  if (!isPositive(told) || !isPositive(computed)) return
  sums.count += 1
  sums.told = sums.told * remaining + told
  sums.computed = sums.computed * remaining + computed
}

/** The measure that is farthest outside what it may differ by, of those with enough observations. */
function findWorst(deployment: string, { sums }: Watched): DriftRatio | null {
  const ratios = measures.flatMap((of) => {
    const { count, told, computed } = sums[of]
    return count < leastObservations ? [] : [{ deployment, of, ratio: told / computed }]
  })
  return ratios.reduce<DriftRatio | null>(
    (worst, each) => (worst && excess(worst) >= excess(each) ? worst : each),
    null,
  )
}

function isTooFar(ratio: DriftRatio): boolean {
  return excess(ratio) > 1
}

/** Difference by what is allowed: above 1 is too far. Half as much is as far as twice as much. */
function excess({ of, ratio }: DriftRatio): number {
  return Math.abs(Math.log(ratio)) / Math.log(1 + allowedShare[of])
}

/** Bounded so that no sum becomes infinite. */
function isPositive(count: number | null | undefined): count is number {
  return typeof count === 'number' && count > 0 && count <= 1e15
}
