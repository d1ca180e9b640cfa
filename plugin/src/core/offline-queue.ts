/** Questions that wait for the server: few, short-lived, on this device only, asked in the order in which they came. Pure. */

import type { AskScope } from '@cairn/contract'
import { readScope } from './ask/scope.ts'

export interface WaitingQuestion {
  readonly id: string
  readonly question: string
  readonly vault: string | null
  readonly model: string | null
  /** The notes that it is asked of; all unless told. */
  readonly only?: AskScope | null | undefined
  readonly queuedAt: number
}

const mostWaiting = 20
/** An answer to a question of last week surprises more than it helps. */
const livesMs = 7 * 86_400_000
const mostChars = 8_000

/** What stands in storage; what is wrong or too old is left out. */
export function readQueue(stored: unknown, now: number): WaitingQuestion[] {
  const items: unknown[] = Array.isArray(stored) ? stored : []
  return items
    .filter(isQuestion)
    .map((each) => ({ ...each, only: readScope(each.only) }))
    .filter(({ queuedAt }) => now - queuedAt < livesMs)
    .slice(0, mostWaiting)
}

/** The queue with one more, or why it cannot be. */
export function enqueue(queue: readonly WaitingQuestion[], question: WaitingQuestion): WaitingQuestion[] | string {
  if (queue.length >= mostWaiting)
    return `${mostWaiting} questions wait already. Take one away, or wait for the server.`
  const isThere = queue.some((each) => each.question === question.question && each.vault === question.vault)
  return isThere ? [...queue] : [...queue, question]
}

export function dequeue(queue: readonly WaitingQuestion[], id: string): WaitingQuestion[] {
  return queue.filter((each) => each.id !== id)
}

function isQuestion(value: unknown): value is WaitingQuestion {
  if (typeof value !== 'object' || value === null) return false
  const { id, question, vault, model, queuedAt } = value as Record<string, unknown>
  return (
    typeof id === 'string' &&
    typeof question === 'string' &&
    question !== '' &&
    question.length <= mostChars &&
    (vault === null || typeof vault === 'string') &&
    (model === null || typeof model === 'string') &&
    typeof queuedAt === 'number'
  )
}
