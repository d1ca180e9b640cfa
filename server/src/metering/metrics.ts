/** The meter’s numbers in the shape that `http` shows as metrics. No label names a person or a key. */
import { toUsd } from '../base/index.ts'
import type { UsageCount } from './counts.ts'

/** What a meter counts of itself. */
export interface MeterStats {
  readonly counts: Iterable<UsageCount>
  /** Reservations that this process has open. */
  readonly reservations: number
  /** Bookings that wait to be written. */
  readonly waiting: number
  /** Bookings that were given up. */
  readonly dropped: number
  /** Calls refused, by code of the error table. */
  readonly refusals: ReadonlyMap<string, number>
}

interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[]
}

export function createMeteringMetrics(meter: { stats(): MeterStats }): () => readonly Family[] {
  return () => {
    const { counts, reservations, waiting, dropped, refusals } = meter.stats()
    const list = [...counts]
    const each = (read: (count: UsageCount) => number, more: Readonly<Record<string, string>> = {}) =>
      list.map((count) => ({
        labels: { provider: count.provider, model: count.model, kind: count.kind, ...more },
        value: read(count),
      }))
    return [
      {
        name: 'cairn_tokens_total',
        help: 'Tokens used at providers, by provider, model, kind of call and direction.',
        type: 'counter',
        samples: [
          ...each(({ inputTokens }) => inputTokens, { direction: 'input' }),
          ...each(({ outputTokens }) => outputTokens, { direction: 'output' }),
        ],
      },
      {
        name: 'cairn_cost_usd_total',
        help: 'Cost of calls to providers in US dollars, where their price is known.',
        type: 'counter',
        samples: each(({ nanoUsd }) => toUsd(nanoUsd)),
      },
      {
        name: 'cairn_saved_usd_total',
        help: 'Cost in US dollars that answers from the cache saved.',
        type: 'counter',
        samples: each(({ savedNano }) => toUsd(savedNano)),
      },
      {
        name: 'cairn_budget_refusals_total',
        help: 'Calls refused by a budget or a limit.',
        type: 'counter',
        samples: [...refusals].map(([code, value]) => ({ labels: { code }, value })),
      },
      gauge('cairn_reservations_open', 'Calls under way that hold money of budgets.', reservations),
      gauge('cairn_bookings_waiting', 'Lines of the ledger that wait to be written.', waiting),
      {
        name: 'cairn_bookings_dropped_total',
        help: 'Lines of the ledger that could not be written and were given up.',
        type: 'counter',
        samples: [{ value: dropped }],
      },
    ]
  }
}

function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: 'gauge', samples: [{ value }] }
}
