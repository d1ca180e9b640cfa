/** What reports are made from, and what is made: as it goes between the thread that serves and the thread that reports. */
import type { AuditReport, AuditReportId, AuditReportParameter, ReportRow } from '@cairn/contract'
import type { AuditEventType } from '@cairn/contract'
import type { SqlSession } from '../../platform/index.ts'
import type { OpenedEntry } from '../read/read-entries.ts'

export type ReportPin = AuditReport['pin']
export type ReportPeriod = NonNullable<AuditReport['period']>

export interface ReportAsked {
  readonly id: AuditReportId
  readonly asOf: number | null
  readonly from: number | null
  readonly to: number | null
  /** Rows of each part. */
  readonly limit: number
  readonly parameters: Readonly<Record<AuditReportParameter, number>>
}

/** A vault, or a note in one. */
export interface ReportPlace {
  readonly vault: string
  readonly path: string | null
}

/** Of what the log says until its pin, what decides which state belongs to it. */
export interface ReportBasis {
  readonly pin: ReportPin
  readonly period: ReportPeriod | null
  /** The newest revision of the rules that an entry tells of; null where none does. */
  readonly revision: number | null
  /** Those that the entries of the period tell of, in order. */
  readonly revisions: readonly number[]
  /** Places that the report will name. Whoever asks may not know of all of them. */
  readonly places: readonly ReportPlace[]
}

export interface StatePerson {
  readonly id: string
  readonly kind: 'user' | 'service'
  readonly isActive: boolean
  readonly isOwner: boolean
  readonly hasSecondFactor: boolean
}

export interface StateGroup {
  readonly id: string
  /** `user:ID` or `group:ID`. */
  readonly members: readonly string[]
}

export interface StateKey {
  readonly id: string
  readonly owner: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly isBounded: boolean
}

export interface StateGrant {
  readonly id: string
  readonly principal: string
  readonly role: string
  readonly scope: string
  /** Milliseconds since 1970. */
  readonly from: number | null
  readonly until: number | null
}

/** One statement of the rules that a revision added, removed or changed. */
export interface RuleChange {
  readonly what: string
  readonly whom: string | null
  readonly scope: string | null
  readonly before: string | null
  readonly after: string | null
}

export interface StateRevision {
  readonly seq: number
  /** `user:ID`. */
  readonly author: string
  readonly approver: string | null
  readonly changes: readonly RuleChange[]
}

export interface StateReceiver {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly cursor: number
  readonly failingSince: number | null
  readonly lastError: string | null
}

export interface StateLevel {
  readonly level: string
  /** Empty: all of them. */
  readonly categories: readonly string[]
  /** As rules of access write it; null for everywhere. */
  readonly place: string | null
  readonly provider: string | null
}

/** How things are now, as far as a report says it. What a report does not need is empty. */
export interface ReportState {
  readonly people: readonly StatePerson[]
  readonly groups: readonly StateGroup[]
  readonly keys: readonly StateKey[]
  readonly grants: readonly StateGrant[]
  readonly findings: readonly { readonly about: string; readonly message: string }[]
  readonly revisions: readonly StateRevision[]
  readonly receivers: readonly StateReceiver[]
  /** How much is kept of the use of notes and models; the first that fits decides. */
  readonly levels: readonly StateLevel[]
  readonly health: { readonly state: string; readonly waiting: number; readonly lost: number } | null
}

export const noState: ReportState = {
  people: [],
  groups: [],
  keys: [],
  grants: [],
  findings: [],
  revisions: [],
  receivers: [],
  levels: [],
  health: null,
}

/** What a report is made with. */
export interface ReportTools {
  readonly session: SqlSession
  /** Names the keys of people in the log. */
  readonly naming: Uint8Array
  readonly pin: ReportPin
  readonly period: ReportPeriod
  readonly parameters: ReportAsked['parameters']
  readonly state: ReportState
  /** Whether the one who asks may know of it. */
  sees(place: ReportPlace): boolean
  /** Entries of these types in order of their places, opened. */
  scan(types: readonly AuditEventType[], within: 'period' | 'log'): AsyncIterable<OpenedEntry>
  /** The same from the newest on. */
  scanBack(types: readonly AuditEventType[] | 'all', within: 'period' | 'log'): AsyncIterable<OpenedEntry>
  /** Those at these places, a thousand at most. */
  readAll(places: readonly number[]): Promise<OpenedEntry[]>
  /** Entries that were read so far and are not, or not all, those that the log signed at their places. */
  unsigned(): number
}

export interface MadePart {
  readonly id: string
  readonly rows: readonly ReportRow[]
}

export interface MadeReport {
  readonly totals: AuditReport['totals']
  readonly parts: readonly MadePart[]
}

export type MakeReport = (tools: ReportTools) => Promise<MadeReport>

/** A report as the thread hands it back: rows are cut, and all but the names is there. */
export interface ReportDraft {
  readonly totals: AuditReport['totals']
  readonly parts: AuditReport['parts']
  readonly read: AuditReport['read']
}
