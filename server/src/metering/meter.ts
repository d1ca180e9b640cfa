/**
 * The meter: may a call begin, hold what it may cost, book what it did cost. A call that costs nothing and that no rule
 * is about passes without a wait; its line of the ledger is written later with others. Where money is at stake the
 * reservation is durable before the provider hears of the call.
 */
import { CairnError, createId, type Clock, type HostPeers, type Logger } from '../base/index.ts'
import type { Redis } from '../platform/index.ts'
import type { Store, StoreLocation } from '../storage/index.ts'
import { createBooker } from './booker.ts'
import { createBudgets } from './budgets.ts'
import { createCounts } from './counts.ts'
import { closeLine, createLineIds, openLine, whole, type Hold, type LineHead } from './ledger.ts'
import { correctTokens, giveBack, listTakes, takeLimits, tellRefusal, type LimitTakes } from './limit-takes.ts'
import { createLimitOwner } from './limits/owners.ts'
import type { Taken } from './limits/types.ts'
import { createLostAndFound } from './lost.ts'
import type { MeterStats } from './metrics.ts'
import { createCalendar } from './periods.ts'
import { createReadAside } from './read-aside.ts'
import { createRefusalLog } from './refusal-log.ts'
import { createReservations } from './reserve.ts'
import type { CompiledRule } from './rules.ts'
import { listCallerSubjects, listModelSubjects, type SubjectKey } from './subjects.ts'
import type { Booking, Estimate, Meter, MeteredAttempt, MeteredCall, MeteredModel, MeteredRequest } from './types.ts'
import { readUsage } from './usage.ts'
import { createView, repeat } from './view.ts'
import { describeShortage } from './words.ts'

export interface MeterOptions {
  readonly store: Store
  /** Where `store` is; long reads on SQLite open a connection of their own. */
  readonly location: StoreLocation
  readonly clock: Clock
  readonly logger: Logger
  /** Nobody else works on the deployment yet, so that what is open was left by the dead. */
  readonly isFirst: boolean
  readonly deploymentId: string
  /** Counts limits for all servers; null without one. */
  readonly redis: Redis | null
  readonly peers: Pick<HostPeers, 'askOwner'>
  /** Processes of this host. */
  readonly workers: number
  /** How often rules and balances are read, in milliseconds; 1,000 when absent. */
  readonly refreshMs?: number
  /** Between signs of life, and how long none makes a process dead; 2 and 20 seconds when absent. */
  readonly beatMs?: number
  readonly deadAfterMs?: number
  /** How long closing tries to write what waits, in milliseconds; 5,000 when absent. */
  readonly closeMs?: number
}

export interface OpenMeter extends Meter {
  stats(): MeterStats
}

/** Throws `storage.failed`. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openMeter(options: MeterOptions): Promise<OpenMeter> {
  const { store, clock, logger, refreshMs = 1_000, beatMs = 2_000, deadAfterMs = 20_000, closeMs = 5_000 } = options
  const runId = createId('run')
  const calendar = createCalendar()
  const view = createView({ store, clock, logger, calendar })
  const booker = createBooker({ store, view, calendar, logger })
  const told = createRefusalLog({ logger, clock })
  const reservations = createReservations({ store, view, booker, calendar, clock, runId, told })
  const lost = createLostAndFound({ store, booker, clock, logger, runId, beatMs, deadAfterMs })
  const owner = createLimitOwner({ ...options, askOwner: options.peers.askOwner })
  const budgets = createBudgets({ store, view, calendar, clock })
  const aside = createReadAside(store, options.location, logger)
  const counts = createCounts()
  const ids = createLineIds(runId)
  const refusals = new Map<string, number>()
  let open = 0

  function noteRefusal(thrown: unknown): unknown {
    if (!(thrown instanceof CairnError && /^(budget|limit)\./.test(thrown.code))) return thrown
    refusals.set(thrown.code, (refusals.get(thrown.code) ?? 0) + 1)
    return thrown
  }

  async function take(wanted: LimitTakes, call: MeteredCall): Promise<Taken | null> {
    try {
      return await takeLimits(owner, wanted, { whom: call, told })
    } catch (thrown) {
      throw noteRefusal(thrown)
    }
  }

  function book(head: LineHead, booking: Booking, hold: Hold | null): void {
    const line = closeLine(head, booking)
    counts.add(line)
    if (hold !== null) view.foresee(hold.at, hold.subjects, { spent: line.nanoUsd ?? 0, reserved: -hold.heldNano })
    booker.add({ line, hold })
  }

  function release(hold: Hold): void {
    view.foresee(hold.at, hold.subjects, { spent: 0, reserved: -hold.heldNano })
    booker.add({ line: null, hold })
  }

  /** What is to be done with an attempt that nothing is held for. */
  function openFree(head: LineHead): MeteredAttempt {
    let isOver = false
    return {
      settle(booking) {
        if (isOver) return
        isOver = true
        book(head, booking, null)
      },
      cancel() {
        isOver = true
      },
    }
  }

  function openHeld(head: LineHead, hold: Hold | null, taken: Taken | null, wanted: LimitTakes): MeteredAttempt {
    let isOver = false
    if (hold !== null) open++
    const end = (): boolean => {
      if (isOver) return false
      isOver = true
      if (hold !== null) open--
      return true
    }
    return {
      settle(booking) {
        if (!end()) return
        correctTokens(taken, wanted, whole(booking.inputTokens) + whole(booking.outputTokens))
        book(head, booking, hold)
      },
      cancel() {
        if (!end()) return
        giveBack(taken, wanted)
        if (hold !== null) release(hold)
      },
    }
  }

  async function attemptUnderRules(
    head: LineHead,
    { call, caller }: { call: MeteredCall; caller: readonly SubjectKey[] },
    model: MeteredModel,
    estimate: Estimate,
  ): Promise<MeteredAttempt> {
    const ofModel = listModelSubjects(model)
    const subjects = [...caller, ...ofModel]
    const rules = view.rules.match(subjects)
    // Requests of the caller were taken when the call began; those of the model are taken now.
    const wanted = listTakes(view.rules.match(ofModel), rules, tokensOf(estimate))
    const taken = await take(wanted, call)
    if (!isMoneyAtStake(rules, model, estimate)) return openHeld(head, null, taken, wanted)
    lost.noteActivity()
    try {
      const hold = await reservations.reserve(head, subjects, cleanEstimate(estimate), call)
      return openHeld(head, hold, taken, wanted)
    } catch (thrown) {
      giveBack(taken, wanted)
      throw noteRefusal(thrown)
    }
  }

  function openRequest(call: MeteredCall, caller: readonly SubjectKey[] | null): MeteredRequest {
    return {
      attempt(model, estimate) {
        const at = clock.now()
        const head = openLine(ids.next(at), at, call, model)
        if (view.rules.isEmpty && !((estimate.nanoUsd ?? 0) > 0)) return Promise.resolve(openFree(head))
        return attemptUnderRules(head, { call, caller: caller ?? listCallerSubjects(call) }, model, estimate)
      },
      hit(model, { inputTokens, outputTokens, nanoUsd }) {
        const at = clock.now()
        const line = closeLine(openLine(ids.next(at), at, call, model), { ...hitBooking, inputTokens, outputTokens })
        const savedLine = { ...line, savedNano: nanoUsd === null ? null : whole(nanoUsd) }
        counts.add(savedLine)
        booker.add({ line: savedLine, hold: null })
      },
    }
  }

  async function beginUnderRules(call: MeteredCall): Promise<MeteredRequest> {
    const caller = listCallerSubjects(call)
    await take(listTakes(view.rules.match(caller), [], 0), call)
    return openRequest(call, caller)
  }

  const stopRefreshing = repeat('a look at budgets', refreshMs, () => view.refresh(), logger)
  async function close(): Promise<void> {
    await booker.close(closeMs)
    await Promise.all([lost.close(), stopRefreshing(), aside.close()])
  }
  try {
    await view.refresh()
    if (options.isFirst) await lost.settleAll()
  } catch (thrown) {
    await close()
    throw thrown
  }
  return {
    begin: (call) => (view.rules.isEmpty ? Promise.resolve(openRequest(call, null)) : beginUnderRules(call)),
    wouldRefuse(call, model, estimate) {
      if (view.rules.isEmpty) return null
      const ofModel = listModelSubjects(model)
      const rules = view.rules.match([...listCallerSubjects(call), ...ofModel])
      if (rules.length === 0) return null
      const wanted = listTakes(view.rules.match(ofModel), rules, tokensOf(estimate))
      const refusal = wanted.takes.length === 0 ? null : owner.peek(wanted.takes)
      if (refusal !== null) return tellRefusal(wanted, refusal, { whom: call, told })
      const nano = whole(estimate.nanoUsd ?? 0)
      const shortage = reservations.findShortage(rules, clock.now(), nano)
      if (shortage === null) return null
      told.note(shortage.rule.subject, () => describeShortage(shortage, nano, null))
      return describeShortage(shortage, nano, call)
    },
    usage: (query, of) => readUsage(aside, query, { dialect: store.dialect, now: clock.now(), of: of ?? null }),
    listBudgets: () => budgets.list(),
    setBudgets: (rules, by) => budgets.set(rules, by),
    flush: () => booker.flush(),
    stats: () => ({
      counts: counts.list(),
      reservations: open,
      waiting: booker.waiting,
      dropped: booker.dropped,
      refusals,
    }),
    close,
  }
}

const hitBooking: Booking = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  nanoUsd: 0,
  isEstimated: false,
  outcome: 'hit',
  ttftMs: null,
  totalMs: 0,
}

function tokensOf({ inputTokens, outputTokens }: Estimate): number {
  return whole(inputTokens) + whole(outputTokens)
}

/** A model on this machine without a price costs nothing; another’s is noted where somebody watches money. */
function isMoneyAtStake(rules: readonly CompiledRule[], { egress }: MeteredModel, { nanoUsd }: Estimate): boolean {
  if (nanoUsd === null) return egress === 'external' && rules.some(({ hasMoney }) => hasMoney)
  return nanoUsd > 0
}

function cleanEstimate({ inputTokens, outputTokens, nanoUsd }: Estimate): Estimate {
  return {
    inputTokens: whole(inputTokens),
    outputTokens: whole(outputTokens),
    nanoUsd: nanoUsd === null ? null : whole(nanoUsd),
  }
}
