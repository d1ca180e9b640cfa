/**
 * One count for all processes of a host, kept by their supervisor: it outlives each of them, answers no requests itself,
 * and is one thread, so the count is exact without a lock. Questions of one turn of the loop go in one message.
 */
import type { Clock } from '../../base/index.ts'
import { createGcra } from './gcra.ts'
import type { LimitQuestion, Refusal, RemoteLimits } from './types.ts'

/** On which the supervisor is asked. */
export const limitsTopic = 'limits'

/** The supervisor’s side. Both are the same program, so nothing is checked. */
export function createHostLimits(clock: Clock): (question: unknown) => (Refusal | null)[] {
  const gcra = createGcra({ clock })
  return (question) =>
    (question as LimitQuestion[]).map(({ kind, takes }) => {
      if (kind === 'take') return gcra.take(takes).refused
      gcra.adjust(takes)
      return null
    })
}

type Ask = (topic: string, question: unknown) => Promise<unknown>

interface Waiting {
  readonly question: LimitQuestion
  readonly resolve: (refusal: Refusal | null) => void
  readonly reject: (reason: unknown) => void
}

/** A worker’s side. Rejects when the supervisor does not answer. */
export function createSupervisorLimits(ask: Ask): RemoteLimits {
  let gathered: Waiting[] = []

  async function send(): Promise<void> {
    const sent = gathered
    gathered = []
    try {
      const answers = (await ask(
        limitsTopic,
        sent.map(({ question }) => question),
      )) as (Refusal | null)[]
      for (const [index, { resolve }] of sent.entries()) resolve(answers[index] ?? null)
    } catch (thrown) {
      for (const { reject } of sent) reject(thrown)
    }
  }

  function put(question: LimitQuestion): Promise<Refusal | null> {
    return new Promise((resolve, reject) => {
      gathered.push({ question, resolve, reject })
      if (gathered.length === 1) queueMicrotask(() => void send())
    })
  }

  return {
    take: (takes) => put({ kind: 'take', takes }),
    adjust: async (takes) => void (await put({ kind: 'adjust', takes })),
  }
}
