/**
 * Records what happened: hands events to the thread that appends them, and decides what becomes of one that cannot be
 * made durable. Events of one turn of the event loop go over in one message.
 */
import { CairnError, errorFields, withDeadline, type Clock, type Logger } from '../base/index.ts'
import { keepWorker, openWorker } from '../platform/index.ts'
import type { AppendEnd, LogPlace, OpenedEvent, SignedEvent } from './log/log-worker.ts'
import { createCallContexts } from './call-contexts.ts'
import { createKeeping } from './keeping.ts'
import { isSilenced, ruleOf } from './levels/level-of.ts'
import { followLevels } from './levels/levels.ts'
import { modeOf } from './record/mode.ts'
import type { AuditEvent } from './record/prepare.ts'
import { startRetention } from './retention/automatic.ts'
import { createSpool, isLogFailure } from './spool.ts'
import type { Comparison } from './witness/compare.ts'
import { createWitnessFile, type WitnessPlace } from './witness/witness-file.ts'
import { createWitnesses } from './witness/witnesses.ts'
import type { AuditHealth, Audit, AuditEntry } from './types.ts'

export interface AuditOptions extends LogPlace {
  readonly clock: Clock
  readonly logger: Logger
  /** Folder of events that wait for the log. */
  readonly spoolFolder: string
  /** No other process of this deployment works yet; this one sees to what the others left, and to retention. */
  readonly isFirst: boolean
  /** Hears of every checkpoint that this process signs. */
  readonly onSigned?: (signed: SignedEvent) => void
  /** Compares a checkpoint with the log, on a thread that may wait. */
  readonly compare?: (note: string) => Promise<Comparison>
  /** Where checkpoints are told to; null: nowhere but to clients. */
  readonly witnessFile?: WitnessPlace | null
  /** What the last verification by itself found wrong. */
  readonly finding?: () => string | null
  /** The thread’s program; for tests that make it fail. */
  readonly program?: URL
  /** Milliseconds after which a log that does not answer is taken for broken; for tests. */
  readonly answerMs?: number
}

/** What waits for a log that does not answer for so long is refused or kept aside. */
const usualAnswerMs = 5_000
const closeMs = 10_000
const drainEveryMs = 1_000
const mostPending = 20_000

interface Waiting {
  readonly event: AuditEvent
  readonly resolve: (seq: number) => void
  readonly reject: (reason: unknown) => void
}

/** Rejects with `storage.failed` when the log cannot be opened. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openAudit(options: AuditOptions): Promise<Audit> {
  const {
    location,
    origin,
    secrets,
    clock,
    logger,
    spoolFolder,
    isFirst,
    onSigned,
    program,
    compare = cannotCompare,
    witnessFile = null,
    finding = () => null,
    answerMs = usualAnswerMs,
  } = options
  const spool = createSpool({ folder: spoolFolder, key: secrets.wrapping, logger, takesOthers: isFirst })
  let collected: Waiting[] = []
  let [pending, lost] = [0, 0]
  let newest: SignedEvent | null = null
  let lastSeen: number | null = null
  const calls = createCallContexts(clock)
  let trouble: { since: number; message: string } | null = null
  let isClosing = false
  let timer: ReturnType<typeof setTimeout> | null = null

  const place: LogPlace = { location, origin, secrets }
  const thread = keepWorker(() =>
    openWorker({
      program: program ?? new URL('./log/log-worker.ts', import.meta.url),
      place,
      openMs: closeMs,
      late: 'the log does not open',
      onProblem: (fields) => logger.error('a fault in the thread of the audit log', fields),
      listen(started) {
        started.on('opened', (data) => (lastSeen ??= (data as OpenedEvent).signedBefore))
        started.on('signed', (data) => {
          newest = data as SignedEvent
          onSigned?.(newest)
          witnesses.signed(newest)
        })
        started.on('problem', (data) => logger.error('the audit log has a problem', data as Record<string, string>))
      },
    }),
  )

  /** A thread that does not answer is given up, so that the next call finds a new one. */
  async function ask<T>(job: string, ...args: readonly unknown[]): Promise<T> {
    const to = await thread.get()
    let isAnswered = false
    const answer = to.call<T>(job, ...args).finally(() => (isAnswered = true))
    try {
      return await withDeadline(answer, answerMs, 'storage.failed', {
        message: 'The disk of the audit log does not answer.',
      })
    } catch (thrown) {
      if (!isAnswered) to.terminate()
      throw thrown
    }
  }

  function handOver(): void {
    const batch = collected
    collected = []
    send(batch).catch((thrown: unknown) => {
      for (const { reject } of batch) reject(thrown)
    })
  }

  async function send(batch: readonly Waiting[]): Promise<void> {
    const ends = await ask<AppendEnd[]>(
      'append',
      batch.map(({ event }) => event),
    )
    batch.forEach(({ resolve, reject }, at) => {
      const end = ends[at]
      if (end && 'seq' in end) resolve(end.seq)
      else reject(new CairnError(end?.failed.code ?? 'storage.failed', end?.failed))
    })
  }

  function append(event: AuditEvent): Promise<number> {
    if (pending >= mostPending) return Promise.reject(new CairnError('server.busy', { retryAfterMs: 1_000 }))
    pending++
    return new Promise<number>((resolve, reject) => {
      if (collected.push({ event, resolve, reject }) === 1) setImmediate(handOver)
    }).finally(() => pending--)
  }

  function failed(thrown: unknown): void {
    const message = thrown instanceof CairnError ? thrown.message : 'The audit log cannot be written.'
    if (trouble === null) logger.error('the audit log cannot be written', errorFields(thrown))
    trouble ??= { since: clock.now(), message }
    retry()
  }

  function retry(): void {
    if (isClosing) return
    timer ??= setTimeout(() => {
      timer = null
      void recover()
    }, drainEveryMs)
    timer.unref?.()
  }

  /** Appends what waits; only then the log counts as back. */
  async function recover(): Promise<void> {
    try {
      const kept = await spool.drain((mark, events) => ask<number>('appendOnce', mark, events))
      const gone = spool.takeLost()
      if (kept + gone > 0) await append(gapEvent(clock.now(), kept, gone))
      else if (trouble !== null) await append(gapEvent(clock.now(), 0, 0))
      if (trouble !== null) logger.info('the audit log is written again', { kept, lost: gone })
      trouble = null
    } catch (thrown) {
      failed(thrown)
    }
  }

  async function keepAside(event: AuditEvent, thrown: unknown): Promise<null> {
    failed(thrown)
    if (modeOf(event.type) === 'best-effort' || !(await spool.keep(event))) lost++
    return null
  }

  async function record({
    type,
    actor,
    requestId,
    outcome,
    fields = {},
    context = {},
  }: AuditEntry): Promise<number | null> {
    if (isSilenced(levels.now(), { type, fields })) return null
    const about = requestId === null ? context : { ...calls.find(requestId), ...context, requestId }
    const event: AuditEvent = { type, actor, outcome, at: clock.now(), fields, context: about }
    try {
      return await append(event)
    } catch (thrown) {
      if (thrown instanceof CairnError && !isLogFailure(thrown)) throw thrown
      if (modeOf(type) !== 'strict') return keepAside(event, thrown)
      failed(thrown)
      return refuse(thrown)
    }
  }

  const keeping = createKeeping(async (job, ...args) => (await thread.get()).call(job, ...args), clock)
  const levels = followLevels(keeping.levels.read, clock.monotonic)
  const witnesses = createWitnesses({
    compare,
    record,
    file: witnessFile === null ? null : createWitnessFile(witnessFile, clock),
    clock,
    logger,
  })
  await thread.get()
  await recover()
  // As they are by default, until they can be read.
  await keeping.levels.read().then(levels.learn, () => undefined)
  const retention = isFirst ? startRetention({ retention: keeping.retention, clock, lastSeen, logger }) : null
  // The server works on: whoever put a backup back has to be able to look at it.
  await witnesses
    .start()
    .catch((thrown: unknown) => logger.error('the witness file cannot be read', errorFields(thrown)))
  return {
    ...keeping,
    levels: {
      read: keeping.levels.read,
      async change(by, changed) {
        const now = await keeping.levels.change(by, changed)
        levels.learn(now)
        return now
      },
    },
    ruleFor: (entry) => ruleOf(levels.now(), entry),
    reportSeen: (note, witness = 'client') => witnesses.report(note, witness),
    alarms: () => witnesses.alarms(),
    witnesses: () => witnesses.states(newest?.size ?? 0),
    checkpoint: () => newest,
    record,
    aboutCall: calls.begin,
    requireReady() {
      if (trouble !== null) refuse(trouble)
    },
    health: () => ({
      state: stateOf(trouble !== null, witnesses.alarm(), finding()),
      since: trouble?.since ?? null,
      message: trouble?.message ?? witnesses.alarm() ?? finding(),
      waiting: spool.waiting(),
      lost,
      size: newest?.size ?? 0,
    }),
    async close() {
      isClosing = true
      retention?.stop()
      if (timer) clearTimeout(timer)
      handOver()
      const last = thread.current()
      try {
        if (last) await withDeadline(last.call('close'), closeMs, 'storage.failed')
      } finally {
        last?.terminate()
        await witnesses.close()
      }
    },
  }
}

function stateOf(isFailing: boolean, alarm: string | null, found: string | null): AuditHealth['state'] {
  if (isFailing) return 'failing'
  if (alarm !== null) return 'forked'
  return found === null ? 'ok' : 'damaged'
}

const cannotCompare = (): Promise<never> => Promise.reject(new CairnError('storage.failed'))

const retryAfterMs = 2_000

function refuse(thrown: unknown): never {
  const told = thrown instanceof Error || (typeof thrown === 'object' && thrown !== null && 'message' in thrown)
  throw new CairnError('audit.unavailable', {
    message:
      'The audit log cannot be written, and this is not done without it. Ask whoever runs the server, or try again.',
    retryAfterMs,
    ...(told ? { internal: String((thrown as { message: unknown }).message) } : {}),
  })
}

function gapEvent(at: number, kept: number, lost: number): AuditEvent {
  return { type: 'audit.gap', actor: 'server', outcome: 'ok', at, fields: { kept, lost }, context: {} }
}
