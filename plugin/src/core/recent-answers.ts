/** The last questions of this device with the notes that answered them: for the dashboard and the map of sources. Pure. */
import { groupByNote, type Turn } from '@cairn/ui/client'

export interface RecentAnswer {
  readonly question: string
  readonly askedAt: number
  readonly outcome: 'answered' | 'not-found' | 'refused'
  readonly tookMs: number | null
  readonly costUsd: number
  readonly savedUsd: number
  /** The tier of the cache that the answer came from; null when a model made it. */
  readonly tier: 'memory' | 'disk' | 'shared' | null
  readonly notes: readonly { readonly vault: string; readonly note: string }[]
}

const tierNames = ['memory', 'disk', 'shared'] as const

const mostAnswers = 60
const mostChars = 2_000
const mostNotes = 20

/** Null for a turn that is not over, or failed. */
export function toAnswer({ status, outcome, receipt, ...turn }: Turn): RecentAnswer | null {
  if (status !== 'done' || outcome === null || receipt === null) return null
  const isHit = receipt.cache.status === 'hit' || receipt.cache.status === 'stale'
  return {
    question: turn.question.slice(0, mostChars),
    askedAt: turn.askedAt,
    outcome,
    tookMs: turn.tookMs,
    costUsd: receipt.costUsd,
    savedUsd: receipt.savedUsd,
    tier: isHit ? (tierNames.find((name) => name === receipt.cache.tier) ?? null) : null,
    notes: groupByNote(turn.citations)
      .slice(0, mostNotes)
      .map(({ vault, note }) => ({ vault, note })),
  }
}

/** Latest first. */
export function addAnswer(answers: readonly RecentAnswer[], answer: RecentAnswer): readonly RecentAnswer[] {
  return [answer, ...answers].slice(0, mostAnswers)
}

/** What stands in storage; what is no answer is left out. */
export function readAnswers(stored: unknown): readonly RecentAnswer[] {
  return (Array.isArray(stored) ? (stored as unknown[]) : []).filter(isAnswer).slice(0, mostAnswers)
}

const outcomes: readonly unknown[] = ['answered', 'not-found', 'refused'] satisfies RecentAnswer['outcome'][]
const tiers: readonly unknown[] = [...tierNames, null]

function isAnswer(value: unknown): value is RecentAnswer {
  if (!isRecord(value)) return false
  const { question, askedAt, outcome, tookMs, costUsd, savedUsd, tier, notes } = value
  return (
    typeof question === 'string' &&
    question !== '' &&
    question.length <= mostChars &&
    [askedAt, costUsd, savedUsd, tookMs ?? 0].every((each) => typeof each === 'number' && Number.isFinite(each)) &&
    outcomes.includes(outcome) &&
    tiers.includes(tier) &&
    Array.isArray(notes) &&
    notes.length <= mostNotes &&
    (notes as unknown[]).every(
      (each) => isRecord(each) && typeof each['vault'] === 'string' && typeof each['note'] === 'string',
    )
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** How many of the answers came from which tier; `made` by a model or the built-in one. */
export function countTiers(answers: readonly RecentAnswer[]): Record<'memory' | 'disk' | 'shared' | 'made', number> {
  const counts = { memory: 0, disk: 0, shared: 0, made: 0 }
  for (const { tier } of answers) counts[tier ?? 'made'] += 1
  return counts
}
