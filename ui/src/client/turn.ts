/** One question with everything that came back for it, and how each event of the stream changes it. Pure. */
import type { AskEvent, AskScope, Citation, HistoryTurn, Outcome, Receipt } from '@cairn/contract'
import type { Failure, Failures } from './failure.ts'

export interface Turn {
  readonly id: number
  readonly question: string
  /** Null for all vaults. */
  readonly vault: string | null
  /** Null for the server's default. */
  readonly model: string | null
  /** The notes that it is asked of; all of them unless told. */
  readonly only?: AskScope | null | undefined
  /** `asking` until the first token. */
  readonly status: 'asking' | 'streaming' | 'done' | 'stopped' | 'failed'
  readonly answer: string
  readonly outcome: Outcome | null
  readonly confidence: number | null
  readonly citations: readonly Citation[]
  readonly related: readonly Citation[]
  readonly receipt: Receipt | null
  readonly failure: Failure | null
  readonly askedAt: number
  /** From the question to the end of the answer, as seen here. */
  readonly tookMs: number | null
}

/** Earlier exchanges that go along with a follow-up; older ones no longer help to understand it. */
const usualExchanges = 10

export type NewTurn = Pick<Turn, 'id' | 'question' | 'vault' | 'model' | 'only' | 'askedAt'>

export function newTurn(asked: NewTurn): Turn {
  return {
    ...asked,
    status: 'asking',
    answer: '',
    outcome: null,
    confidence: null,
    citations: [],
    related: [],
    receipt: null,
    failure: null,
    tookMs: null,
  }
}

export const isRunning = (turn: Turn | undefined): boolean => turn?.status === 'asking' || turn?.status === 'streaming'

/** `failureOf` has the words of the client for what the server tells in the stream. */
export function applyEvent(turn: Turn, event: AskEvent, failureOf: Failures['failureOf']): Turn {
  switch (event.event) {
    case 'token':
      return { ...turn, status: 'streaming', answer: turn.answer + event.data.text }
    case 'citation':
      return { ...turn, citations: [...turn.citations, event.data] }
    case 'related':
      return { ...turn, related: [...turn.related, event.data] }
    case 'receipt':
      return { ...turn, receipt: event.data }
    case 'error':
      return {
        ...turn,
        status: 'failed',
        failure: failureOf(event.data.error.code, event.data.error.message, 0, turn.receipt?.requestId),
      }
    case 'done': {
      const { outcome, confidence } = event.data
      if (outcome === 'error')
        return { ...turn, status: 'failed', failure: turn.failure ?? failureOf('internal.error', '') }
      return { ...turn, status: 'done', outcome, confidence: confidence ?? null }
    }
  }
}

export function failTurn(turn: Turn, failure: Failure): Turn {
  return { ...turn, status: 'failed', failure }
}

/** What a follow-up tells of the answers before it, each with the signed label of the notes it was made from. */
export function historyOf(turns: readonly Turn[], exchanges = usualExchanges): HistoryTurn[] {
  if (exchanges === 0) return []
  const answered = turns.filter((turn) => turn.status === 'done' && turn.outcome === 'answered' && turn.receipt)
  return answered.slice(-exchanges).flatMap((turn): HistoryTurn[] => [
    { role: 'user', content: turn.question },
    { role: 'assistant', content: turn.answer, ...(turn.receipt && { label: turn.receipt.label }) },
  ])
}

export interface NoteCitations {
  readonly vault: string
  readonly note: string
  readonly citations: readonly Citation[]
}

/** Citations by note, in the order in which the notes first appear. */
export function groupByNote(citations: readonly Citation[]): NoteCitations[] {
  const groups = Map.groupBy(citations, (citation) => `${citation.vault}\n${citation.note}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first ? [{ vault: first.vault, note: first.note, citations: group }] : []
  })
}

/** `Handbook/Travel policy.md` as title and folder. */
export function nameOfNote(note: string): { title: string; folder: string } {
  const slash = note.lastIndexOf('/')
  return {
    title: note.slice(slash + 1).replace(/\.md$/i, ''),
    folder: slash < 0 ? '' : note.slice(0, slash).replaceAll('/', ' › '),
  }
}
