/** One line of the ledger, and its way into numbers that any database takes. */
import type { Periods } from './periods.ts'
import { cleanKeys, cleanTeams, cleanText, listCallerSubjects, listModelSubjects, type SubjectKey } from './subjects.ts'
import type { Booking, MeteredCall, MeteredModel } from './types.ts'

/** What is known when an attempt begins. */
export interface LineHead {
  /** Begins with the time in base 36, nine digits. */
  readonly id: string
  readonly at: number
  readonly requestId: string
  readonly principalId: string
  readonly keyId: string
  /** The keys that this one stays within, the nearest first. */
  readonly withinKeys: readonly string[]
  readonly teams: readonly string[]
  readonly kind: string
  readonly provider: string
  readonly model: string
}

export interface LedgerLine extends LineHead, Booking {
  readonly savedNano: number | null
}

/** What an open reservation holds. */
export interface Hold {
  readonly id: string
  readonly at: number
  readonly heldNano: number
  readonly subjects: readonly SubjectKey[]
}

export interface LineIds {
  next(at: number): string
}

/** Ids that grow with time and differ between processes. */
export function createLineIds(runId: string): LineIds {
  const tail = runId.slice(-10)
  let count = 0
  return { next: (at) => `${at.toString(36).padStart(9, '0')}-${tail}-${(count++).toString(36)}` }
}

export function openLine(id: string, at: number, call: MeteredCall, model: MeteredModel): LineHead {
  return {
    id,
    at,
    requestId: cleanText(call.requestId),
    principalId: cleanText(call.principal.id),
    keyId: cleanText(call.principal.credentialId),
    withinKeys: cleanKeys(call.principal),
    teams: cleanTeams(call.teams),
    kind: call.kind,
    provider: cleanText(model.provider),
    model: cleanText(model.deployment),
  }
}

export function closeLine(head: LineHead, booking: Booking): LedgerLine {
  return {
    ...head,
    inputTokens: whole(booking.inputTokens),
    outputTokens: whole(booking.outputTokens),
    cacheReadTokens: whole(booking.cacheReadTokens),
    cacheWriteTokens: whole(booking.cacheWriteTokens),
    reasoningTokens: whole(booking.reasoningTokens),
    nanoUsd: booking.nanoUsd === null ? null : whole(booking.nanoUsd),
    savedNano: null,
    isEstimated: booking.isEstimated,
    outcome: cleanText(booking.outcome),
    ttftMs: booking.ttftMs === null ? null : whole(booking.ttftMs),
    totalMs: whole(booking.totalMs),
  }
}

const most = 9e15

/** A count that a provider told may be anything. */
export function whole(value: number): number {
  return value > 0 ? Math.min(most, Math.round(value)) : 0
}

export function lineSubjects({ principalId, keyId, withinKeys, teams, model, provider }: LineHead): SubjectKey[] {
  return [
    ...listCallerSubjects({ principal: { id: principalId, credentialId: keyId, withinKeys, via: 'internal' }, teams }),
    ...listModelSubjects({ deployment: model, provider, egress: 'external' }),
  ]
}

export interface Delta {
  readonly period: string
  readonly subject: SubjectKey
  spent: number
  reserved: number
}

/** Adds up what balances change by, each line of them once. */
export function createDeltas(calendar: (at: number) => Periods) {
  const deltas = new Map<string, Delta>()
  return {
    add(at: number, subjects: readonly SubjectKey[], change: { spent: number; reserved: number }): void {
      if (change.spent === 0 && change.reserved === 0) return
      const { day, month } = calendar(at)
      for (const period of [day.key, month.key])
        for (const subject of subjects) {
          const key = `${period} ${subject}`
          const known = deltas.get(key)
          if (known) {
            known.spent += change.spent
            known.reserved += change.reserved
          } else deltas.set(key, { period, subject, ...change })
        }
    },
    /** In the one order in which every transaction locks them. */
    list(): Delta[] {
      return [...deltas.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, delta]) => delta)
    },
  }
}
