/**
 * The workers of a supervisor: starts them, replaces one that ends, stops them all. One that dies again and again is
 * started after longer and longer pauses; only when none is left and none can be started the crew is lost.
 */
import { CairnError, sleep, withDeadline, type Clock, type Logger } from '../base/index.ts'
import { startChild, type ChildProcess } from '../platform/index.ts'
import type { Config } from '@cairn/contract'
import { createCollector, type Collector, type CollectorOptions } from './collector.ts'
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts'

export interface CrewOptions {
  readonly size: number
  /** What a worker is told; `found` are the model servers that the first one found, null for the first one. */
  readonly describe: (worker: number, found: Config['upstreams'] | null) => WorkerStart
  readonly folds: CollectorOptions<Member>['folds']
  /** What the supervisor itself keeps for all workers, by topic: a count that must be one. */
  readonly owned?: Readonly<Record<string, (question: unknown) => unknown>>
  readonly clock: Clock
  readonly logger: Logger
}

export interface Crew {
  /** Resolves when the first worker listens. Throws why it cannot. */
  startFirst(): Promise<void>
  /** Starts the others; resolves when all listen, or have been tried. */
  startOthers(): Promise<void>
  readonly collector: Collector<Member>
  /** Rejects when there is no worker any more and none can be started. */
  readonly lost: Promise<never>
  /** Everything in good order within about `ms`, then by force. */
  stop(ms: number): Promise<void>
}

/** One worker process. */
export interface Member {
  readonly slot: number
  readonly child: ChildProcess
  isReady: boolean
  startedMs: number
}

const startMs = 120_000
const shortestPauseMs = 100
const longestPauseMs = 10_000
/** A worker that lived so long did not die of its start. */
const livedMs = 10_000
const mostFailures = 5
/** The first word on a worker's command line; `main.ts` looks for it. */
export const workerArgument = 'worker-process'

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createCrew({ size, describe, folds, owned = {}, clock, logger }: CrewOptions): Crew {
  const members = new Set<Member>()
  const isStopping = new AbortController()
  const { promise: lost, reject: giveUp } = Promise.withResolvers<never>()
  lost.catch(() => undefined)
  const failures = new Map<number, number>()
  let failedStarts = 0
  let found: Config['upstreams'] | null = null

  const tell = ({ child }: Member, message: ToWorker) => child.send(message)
  const ready = () => [...members].filter(({ isReady }) => isReady)
  const collector = createCollector<Member>({
    workers: ready,
    ask: (member, id, topic) => tell(member, { kind: 'ask', id, topic }),
    folds,
  })

  /** Resolves when it listens; throws why it does not. */
  async function start(slot: number): Promise<void> {
    const { promise: listens, resolve, reject } = Promise.withResolvers<void>()
    const child = startChild({ args: [workerArgument], onMessage: (message) => hear(message as FromWorker) })
    const member: Member = { slot, child, isReady: false, startedMs: clock.monotonic() }
    members.add(member)

    function hear(message: FromWorker): void {
      if (message.kind === 'answer') collector.answered(member, message.id, message.answers)
      else if (message.kind === 'collect')
        void collector
          .collect(message.topic)
          .then((answers) => tell(member, { kind: 'collected', id: message.id, answers }))
      else if (message.kind === 'own')
        tell(member, { kind: 'owned', id: message.id, ...answerOwned(owned[message.topic], message.question) })
      else if (message.kind === 'failed') reject(new CairnError(toCode(message.code), { message: message.message }))
      else {
        member.isReady = true
        found ??= message.found
        resolve()
      }
    }

    void child.ended.then((how) => {
      members.delete(member)
      collector.ended(member)
      reject(new CairnError('internal.error', { internal: `a worker process ended at its start (${how})` }))
      if (member.isReady) replace(member, how)
    })
    tell(member, { kind: 'start', start: describe(slot, found) })
    try {
      await withDeadline(listens, startMs, 'internal.error', { internal: 'a worker process did not start in time' })
      failedStarts = 0
    } catch (thrown) {
      child.kill('SIGKILL')
      failedStarts++
      throw thrown
    }
  }

  function replace({ slot, child, startedMs }: Member, how: string): void {
    if (isStopping.signal.aborted) return
    if (clock.monotonic() - startedMs > livedMs) failures.delete(slot)
    logger.warn('a worker process ended and is replaced', { worker: slot, pid: child.pid, how })
    void fill(slot)
  }

  async function fill(slot: number): Promise<void> {
    while (!isStopping.signal.aborted) {
      const count = failures.get(slot) ?? 0
      failures.set(slot, count + 1)
      try {
        await sleep(Math.min(longestPauseMs, shortestPauseMs * 2 ** count), isStopping.signal)
        return await start(slot)
      } catch (thrown) {
        if (isStopping.signal.aborted) return
        const reason = thrown instanceof CairnError ? (thrown.internal ?? thrown.message) : String(thrown)
        logger.error('a worker process does not start', { worker: slot, reason })
        if (ready().length === 0 && failedStarts >= mostFailures) return giveUp(thrown)
      }
    }
  }

  return {
    collector,
    lost,
    startFirst: () => start(0),
    async startOthers() {
      const slots = Array.from({ length: size - 1 }, (_, index) => index + 1)
      await Promise.all(
        slots.map((slot) =>
          start(slot).catch((thrown: unknown) => {
            if (isStopping.signal.aborted) return
            const reason = thrown instanceof CairnError ? (thrown.internal ?? thrown.message) : String(thrown)
            logger.error('a worker process does not start', { worker: slot, reason })
            void fill(slot)
          }),
        ),
      )
    },
    async stop(ms) {
      isStopping.abort(new Error('stopping'))
      const all = [...members]
      const recording = ready()[0]
      for (const member of all) {
        if (member.isReady) tell(member, { kind: 'stop', records: member === recording })
        else member.child.kill('SIGKILL')
      }
      const over = Promise.all(all.map(({ child }) => child.ended))
      await withDeadline(over, ms, 'server.stopping').catch(() => {
        for (const { child } of members) child.kill('SIGKILL')
        return over
      })
    },
  }
}

function answerOwned(answer: ((question: unknown) => unknown) | undefined, question: unknown) {
  try {
    return { isKnown: answer !== undefined, answer: answer?.(question) }
  } catch {
    return { isKnown: false, answer: undefined }
  }
}

function toCode(code: string): CairnError['code'] {
  return code === 'config.invalid' || code === 'storage.failed' || code === 'vault.folder' ? code : 'internal.error'
}
