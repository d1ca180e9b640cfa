/** Questions to the log and their answers, as they go between the thread that serves and the thread that reads. */
import type { AuditSummaryView } from '@cairn/contract'
import type { OpenedEntry } from '../read/read-entries.ts'
import type { AuditOutcome } from '../record/header.ts'

/** All that is given must hold; of a list, one of it. Ids that nobody has match nothing. */
export interface AuditFilter {
  /** Milliseconds since 1970. Entries tell the minute: every minute counts that the half-open window touches. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly categories?: readonly string[] | undefined
  readonly types?: readonly string[] | undefined
  readonly outcomes?: readonly AuditOutcome[] | undefined
  /** Id of who acted; `anonymous`, `server`. */
  readonly actor?: string | undefined
  /** Id of somebody who is named beside the actor. */
  readonly person?: string | undefined
  readonly vault?: string | undefined
  readonly note?: { readonly vault: string; readonly path: string } | undefined
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly requestId?: string | undefined
  /** Each must stand somewhere in what is public of the entry. */
  readonly words?: readonly string[] | undefined
}

export type AuditOrder = 'asc' | 'desc'

/** In the state of the log at a size, or as it is. */
export interface AsOf {
  /** Size of the log for which to answer. */
  readonly asOf?: number | undefined
  /** Wait a moment for what was appended until now. */
  readonly fresh?: boolean | undefined
}

export interface AuditQuery extends AsOf {
  readonly filter: AuditFilter
  readonly order: AuditOrder
  readonly limit: number
  /** Of the page before, for the same filter and order. */
  readonly cursor?: string | undefined
  /** Only what comes after this place; for who follows the log. */
  readonly after?: number | undefined
}

export interface Answered {
  /** Size of the log that the answer is about. */
  readonly size: number
  /** Entries of what was asked that could not be looked through yet; 0 for a whole answer. */
  readonly behind: number
}

export interface AuditPage extends Answered {
  readonly entries: readonly OpenedEntry[]
  /** For the next page. Null at the end; in ascending order without `asOf` there is always one. */
  readonly next: string | null
  /** In ascending order: all that fits up to this place is told, with what went before. */
  readonly through: number
}

export type SummaryDimension = AuditSummaryView['by'][number]
export type SummaryBucket = NonNullable<AuditSummaryView['bucket']>

export interface SummaryQuery extends AsOf {
  readonly filter: AuditFilter
  /** At most two. */
  readonly by: readonly SummaryDimension[]
  readonly bucket?: SummaryBucket | undefined
  /** Vaults that may be named; all others are one group. */
  readonly vaults: readonly string[]
}

export interface SummaryRow {
  /** One value for each dimension; null where an entry has none, or does not tell any more. */
  readonly group: readonly (string | null)[]
  /** In it are vaults that may not be named. */
  readonly hidden: boolean
  /** Beginning of the span in milliseconds since 1970, UTC; null without spans. Weeks begin on Mondays. */
  readonly start: number | null
  readonly count: number
  readonly tokensIn: number
  readonly tokensOut: number
}

export interface AuditSummary extends Answered {
  /** By span, and then from the most frequent. */
  readonly rows: readonly SummaryRow[]
  /** There were more groups than are told. */
  readonly truncated: boolean
}

export interface FoundEntry {
  /** Null for one that is pruned or not there yet. */
  readonly entry: OpenedEntry | null
  readonly size: number
  /** The first entry that is not pruned. */
  readonly minIndex: number
}
