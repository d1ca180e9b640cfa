/**
 * Holds what a call may cost against every budget it falls under, in one transaction that takes place only when all of
 * them have room. The database is the one owner: however many processes ask at once, each update sees the one before.
 */
import { fail, withDeadline, noLimitNano, type Clock } from '../base/index.ts'
import type { Statement, Store } from '../storage/index.ts'
import { openBalances } from './balances.ts'
import type { Booker } from './booker.ts'
import { lockBalances } from './booking-statements.ts'
import type { Hold, LineHead } from './ledger.ts'
import type { Period, Periods } from './periods.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { CompiledRule } from './rules.ts'
import { packSubjects, type SubjectKey } from './subjects.ts'
import type { Estimate } from './types.ts'
import type { BudgetView } from './view.ts'
import { adviseOnShortage, describeShortage, type Refused, type Shortage } from './words.ts'

export interface Reservations {
  /** Resolves when it is durable. Throws `budget.exceeded`, `storage.failed`. */
  reserve(head: LineHead, subjects: readonly SubjectKey[], estimate: Estimate, whom: Refused): Promise<Hold>
  /** By what this process knows: the budget with the least room, where that is too little. */
  findShortage(rules: readonly CompiledRule[], at: number, nano: number): Shortage | null
}

export interface ReservationsOptions {
  readonly store: Store
  readonly view: BudgetView
  readonly booker: Booker
  readonly calendar: (at: number) => Periods
  readonly clock: Clock
  readonly runId: string
  readonly told: RefusalLog
}

/** Rules or balances may change between a look and the write; more often than this in a row they do not. */
const mostTries = 6
/** A client that is told to come back within the hour may as well wait. */
const longestWaitMs = 3_600_000
/** How long a refusal waits for bookings of this process that may make room. */
const settleMs = 1_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createReservations(options: ReservationsOptions): Reservations {
  const { store, view, booker, calendar, clock, runId, told } = options
  let opening: Promise<unknown> | null = null

  const periodsOf = (at: number): Period[] => {
    const { day, month } = calendar(at)
    return [day, month]
  }

  /** The budget with the least room. */
  function findTightest(rules: readonly CompiledRule[], at: number): Shortage | null {
    let tightest: Shortage | null = null
    for (const rule of rules)
      for (const period of periodsOf(at)) {
        const balance = view.balance(period.key, rule.subject)
        const limitNano = period.name === 'day' ? rule.dayNano : rule.monthNano
        const found = { rule, period, limitNano, spentNano: 0, reservedNano: 0, ...balance }
        if (tightest === null || roomOf(found) < roomOf(tightest)) tightest = found
      }
    return tightest
  }

  function findShortage(rules: readonly CompiledRule[], at: number, nano: number): Shortage | null {
    const tightest = findTightest(rules, at)
    return tightest !== null && roomOf(tightest) < nano ? tightest : null
  }

  const isOpen = (rules: readonly CompiledRule[], at: number) =>
    rules.every((rule) => periodsOf(at).every(({ key }) => view.balance(key, rule.subject) !== undefined))

  /** Of all rules at once, and once for all who ask. */
  function open(at: number): Promise<unknown> {
    opening ??= openBalances(store, view.rules, calendar(at))
      .then(() => view.refresh())
      .finally(() => (opening = null))
    return opening
  }

  async function hold(
    head: LineHead,
    subjects: readonly SubjectKey[],
    estimate: Estimate,
    whom: Refused,
  ): Promise<Hold> {
    const nano = estimate.nanoUsd ?? 0
    for (let tries = 0; tries < mostTries; tries++) {
      const rules = view.rules.match(subjects)
      if (!isOpen(rules, head.at)) await open(head.at)
      // Looked at before it is tried, since a refusal costs no write then; looked at twice, since others give back.
      if (nano > 0 && findShortage(rules, head.at, nano) !== null) {
        await settled()
        await view.refresh()
        const shortage = findShortage(view.rules.match(subjects), head.at, nano)
        if (shortage !== null) refuse(shortage, nano, { now: clock.now(), whom, told })
      }
      if (await tryHold(head, subjects, estimate)) return { id: head.id, at: head.at, heldNano: nano, subjects }
      await view.refresh()
    }
    // Each time there was room at the look and none at the write: many share what is left of the budget.
    const tightest = findTightest(view.rules.match(subjects), head.at)
    if (tightest !== null && nano > 0 && tightest.limitNano < noLimitNano)
      refuse(tightest, nano, { now: clock.now(), whom, told })
    fail('server.busy', { internal: 'a reservation was overtaken again and again', retryAfterMs: 500 })
  }

  /** What this process has settled may make room; nobody is refused because it is not written yet. */
  const settled = () =>
    booker.waiting === 0 ? undefined : withDeadline(booker.flush(), settleMs, 'server.busy').catch(() => undefined)

  async function tryHold(head: LineHead, subjects: readonly SubjectKey[], estimate: Estimate): Promise<boolean> {
    const nano = estimate.nanoUsd ?? 0
    const periods = periodsOf(head.at).map(({ key }) => key)
    const expected = view.rules.match(subjects).length * periods.length
    const keys = periods.flatMap((period) => subjects.map((subject) => ({ period, subject })))
    const statements = [
      insertReservation(head, runId, subjects, estimate),
      ...(expected > 0 ? lockBalances(keys, store.dialect) : []),
      takeStatement(periods, subjects, nano, expected),
    ]
    const result = await store.write(statements)
    if (result !== null) view.learn(result.rows.at(-1) ?? [])
    return result !== null
  }

  return {
    async reserve(head, subjects, estimate, whom) {
      try {
        return await hold(head, subjects, estimate, whom)
      } catch (thrown) {
        // The write may stand although its answer was lost.
        if (isUncertain(thrown))
          booker.add({ line: null, hold: { id: head.id, at: head.at, heldNano: estimate.nanoUsd ?? 0, subjects } })
        throw thrown
      }
    },
    findShortage: (rules, at, nano) => (nano > 0 ? findShortage(rules, at, nano) : null),
  }
}

const roomOf = ({ limitNano, spentNano, reservedNano }: Shortage) => limitNano - spentNano - reservedNano

const isUncertain = (thrown: unknown) => (thrown as { code?: unknown }).code === 'storage.failed'

interface Refusing {
  readonly now: number
  readonly whom: Refused
  readonly told: RefusalLog
}

function refuse(shortage: Shortage, nano: number, { now, whom, told }: Refusing): never {
  const internal = describeShortage(shortage, nano, null)
  told.note(shortage.rule.subject, () => internal)
  const isTooLarge = nano > shortage.limitNano
  const waitMs = Math.max(0, shortage.period.toMs - now)
  fail('budget.exceeded', {
    message: `${describeShortage(shortage, nano, whom)}${adviseOnShortage(shortage, nano, whom)}`,
    internal,
    ...(isTooLarge || waitMs > longestWaitMs ? {} : { retryAfterMs: waitMs }),
  })
}

function insertReservation(
  head: LineHead,
  runId: string,
  subjects: readonly SubjectKey[],
  { inputTokens, outputTokens, nanoUsd }: Estimate,
): Statement {
  return {
    text: `INSERT INTO metering_reservations (id, run_id, at, request_id, principal_id, key_id, teams, kind, provider,
        model, input_tokens, output_tokens, held_nano, subjects) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      head.id,
      runId,
      head.at,
      head.requestId,
      head.principalId,
      head.keyId,
      JSON.stringify(head.teams),
      head.kind,
      head.provider,
      head.model,
      inputTokens,
      outputTokens,
      nanoUsd,
      packSubjects(subjects),
    ],
  }
}

/**
 * THE condition: each line that a rule has for one of the subjects gives its room, or none of this takes place. `expected`
 * is how many lines the rules make, so that a rule set meanwhile is noticed as well.
 */
function takeStatement(
  periods: readonly string[],
  subjects: readonly SubjectKey[],
  nano: number,
  expected: number,
): Statement {
  const within = `period IN (${periods.map(() => '?').join(', ')}) AND subject IN (${subjects.map(() => '?').join(', ')})`
  // A call without a known price takes no room, also where there is none.
  const room = nano > 0 ? ' AND spent_nano + reserved_nano + CAST(? AS BIGINT) <= limit_nano' : ''
  return {
    text: `UPDATE metering_balances SET reserved_nano = reserved_nano + CAST(? AS BIGINT) WHERE ${within}${room}
      RETURNING period, subject, limit_nano, spent_nano, reserved_nano`,
    params: [nano, ...periods, ...subjects, ...(nano > 0 ? [nano] : [])],
    expectChanges: expected,
  }
}
