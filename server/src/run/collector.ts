/**
 * The supervisor's side of `HostPeers`: asks every worker and gathers. What is counted never goes back: a worker that
 * does not answer in time is taken at its last answer, and the last answers of workers that have ended are kept.
 */

/** Puts the last answer of an ended worker to those of the ones before it. */
export type Fold = (earlier: unknown, last: unknown) => unknown

export interface Collector<W> {
  /** Asks all workers. Never rejects. */
  collect(topic: string): Promise<readonly unknown[]>
  /** Asks one of the workers, the next if it does not answer; undefined when none does. */
  askOne(topic: string): Promise<unknown>
  answered(worker: W, id: number, answers: readonly unknown[]): void
  ended(worker: W): void
}

export interface CollectorOptions<W> {
  /** Those that can be asked. */
  readonly workers: () => readonly W[]
  readonly ask: (worker: W, id: number, topic: string) => void
  /** By topic; the first value is what there is while no worker has ended. */
  readonly folds: Readonly<Record<string, { readonly empty: unknown; readonly fold: Fold }>>
}

const answerMs = 1_000

interface Question<W> {
  readonly worker: W
  readonly topic: string
  readonly resolve: (answers: readonly unknown[]) => void
}

export function createCollector<W extends object>({ workers, ask, folds }: CollectorOptions<W>): Collector<W> {
  const questions = new Map<number, Question<W>>()
  const lastAnswers = new Map<W, Map<string, unknown>>()
  const departed = new Map(Object.entries(folds).map(([topic, { empty }]) => [topic, empty]))
  let nextId = 1

  function question(worker: W, topic: string): Promise<readonly unknown[]> {
    const id = nextId++
    const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
    const timer = setTimeout(() => resolve([]), answerMs)
    questions.set(id, { worker, topic, resolve })
    ask(worker, id, topic)
    return promise.finally(() => {
      clearTimeout(timer)
      questions.delete(id)
    })
  }

  return {
    async collect(topic) {
      const answers = await Promise.all(workers().map((worker) => question(worker, topic)))
      if (!departed.has(topic)) return answers.flat()
      // Looked up at the end: one that has ended meanwhile is among the departed now, and counts once.
      const living = [...lastAnswers.values()].flatMap((known) => (known.has(topic) ? [known.get(topic)] : []))
      return [...living, departed.get(topic)]
    },
    async askOne(topic) {
      for (const worker of workers()) {
        const [answer] = await question(worker, topic)
        if (answer !== undefined) return answer
      }
      return undefined
    },
    answered(worker, id, answers) {
      const asked = questions.get(id)
      if (asked?.worker !== worker) return
      if (answers.length > 0 && departed.has(asked.topic)) {
        const known = lastAnswers.get(worker) ?? new Map<string, unknown>()
        lastAnswers.set(worker, known.set(asked.topic, answers[0]))
      }
      asked.resolve(answers)
    },
    ended(worker) {
      for (const { worker: asked, resolve } of questions.values()) if (asked === worker) resolve([])
      for (const [topic, last] of lastAnswers.get(worker) ?? []) {
        const { fold } = folds[topic] as { fold: Fold }
        departed.set(topic, fold(departed.get(topic), last))
      }
      lastAnswers.delete(worker)
    },
  }
}
