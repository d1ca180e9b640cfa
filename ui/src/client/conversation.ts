/**
 * A conversation: asks, stops, asks again. It lives as long as the page or view; the server keeps none of it.
 * Tokens are gathered and shown once a frame, so that a fast model does not make the page work for each.
 */
import type { AskEvent, AskRequest, AskScope } from '@cairn/contract'
import { createStore, type Store } from '../store.ts'
import type { Failure, Failures } from './failure.ts'
import { applyEvent, failTurn, historyOf, isRunning, newTurn, type Turn } from './turn.ts'

export interface Scope {
  /** Null for all vaults. */
  readonly vault: string | null
  /** Null for the server's default. */
  readonly model: string | null
  /** The notes that are asked; all of them unless told. */
  readonly only?: AskScope | null | undefined
}

export interface Conversation {
  readonly turns: Store<readonly Turn[]>
  readonly ask: (question: string, scope: Scope) => void
  readonly stop: () => void
  /** Asks the last question again, in the place of its failed or stopped answer. */
  readonly retry: () => void
  readonly clear: () => void
}

export interface ConversationParts {
  readonly streamAnswer: (
    request: AskRequest,
    signal: AbortSignal,
    onEvent: (event: AskEvent) => void,
  ) => Promise<Failure | null>
  readonly failureOf: Failures['failureOf']
  readonly now: () => number
  /** Runs a function with the next frame. */
  readonly nextFrame: (run: () => void) => void
  /** Earlier exchanges that go along with a follow-up; the usual number unless told. */
  readonly exchanges?: () => number
  /** What else each question says, such as how many sources are wanted. */
  readonly more?: () => Pick<AskRequest, 'limit'>
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its functions is short
export function createConversation(parts: ConversationParts): Conversation {
  const { streamAnswer, now, nextFrame, failureOf } = parts
  const turns = createStore<readonly Turn[]>([])
  let nextId = 1
  let running = new AbortController()

  const replace = (id: number, change: (turn: Turn) => Turn) =>
    turns.set((list) => list.map((turn) => (turn.id === id ? change(turn) : turn)))

  const run = async (turn: Turn, history: AskRequest['history']) => {
    running = new AbortController()
    const { signal } = running
    let waiting: AskEvent[] = []
    const flush = () => {
      const events = waiting
      waiting = []
      if (events.length > 0)
        replace(turn.id, (shown) => events.reduce((told: Turn, event) => applyEvent(told, event, failureOf), shown))
    }
    const failure = await streamAnswer(
      {
        question: turn.question,
        ...parts.more?.(),
        ...(turn.vault && { vault: turn.vault }),
        ...(turn.model && { model: turn.model }),
        ...(turn.only && { scope: turn.only }),
        ...(history?.length && { history }),
      },
      signal,
      (event) => {
        if (signal.aborted) return
        if (waiting.push(event) === 1) nextFrame(flush)
      },
    )
    flush()
    const tookMs = now() - turn.askedAt
    replace(turn.id, (shown) => {
      if (!isRunning(shown)) return shown.tookMs === null ? { ...shown, tookMs } : shown
      if (signal.aborted) return { ...shown, status: 'stopped', tookMs }
      return { ...(failure ? failTurn(shown, failure) : shown), tookMs }
    })
  }

  const ask = (question: string, scope: Scope) => {
    const before = turns.get()
    if (isRunning(before.at(-1)) || question.trim() === '') return
    const turn = newTurn({
      id: nextId++,
      question: question.trim(),
      vault: scope.vault,
      model: scope.model,
      only: scope.only,
      askedAt: now(),
    })
    turns.set([...before, turn])
    void run(turn, historyOf(before, parts.exchanges?.()))
  }

  return {
    turns,
    ask,
    stop: () => {
      if (!isRunning(turns.get().at(-1))) return
      running.abort()
    },
    retry: () => {
      const last = turns.get().at(-1)
      if (!last || isRunning(last)) return
      turns.set((list) => list.slice(0, -1))
      ask(last.question, last)
    },
    clear: () => {
      running.abort()
      turns.set([])
    },
  }
}
