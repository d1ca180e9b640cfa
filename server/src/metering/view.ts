/**
 * What this process knows of rules and balances: learnt from each of its own writes, and read anew about once a second,
 * so that planning can look without asking the store.
 */
import { budgetRuleSchema } from '@cairn/contract'
import { errorFields, type Clock, type Logger } from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import type { Periods } from './periods.ts'
import { compileRules, type RuleSet } from './rules.ts'
import type { SubjectKey } from './subjects.ts'

export interface Balance {
  readonly limitNano: number
  readonly spentNano: number
  readonly reservedNano: number
}

export interface BudgetView {
  /** The rules as last read. */
  readonly rules: RuleSet
  balance(period: string, subject: SubjectKey): Balance | undefined
  /** What was settled or cancelled and is about to be written, so that nobody is refused because of it meanwhile. */
  foresee(at: number, subjects: readonly SubjectKey[], change: { spent: number; reserved: number }): void
  /** Rows of `metering_balances`. */
  learn(rows: readonly Readonly<Record<string, unknown>>[]): void
  /** Reads the store, beginning after the call. Throws `storage.failed`. */
  refresh(): Promise<void>
}

export interface ViewOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly calendar: (at: number) => Periods
}

export function createView({ store, clock, logger, calendar }: ViewOptions): BudgetView {
  let rules = compileRules(0, [])
  let balances = new Map<string, Balance>()

  function learn(rows: readonly Readonly<Record<string, unknown>>[], into = balances): void {
    for (const row of rows)
      into.set(`${String(row['period'])} ${String(row['subject'])}`, {
        limitNano: Number(row['limit_nano']),
        spentNano: Number(row['spent_nano']),
        reservedNano: Number(row['reserved_nano']),
      })
  }

  async function read(): Promise<void> {
    const [newest] = await store.read('SELECT MAX(version) AS version FROM metering_budgets')
    const version = Number(newest?.['version'] ?? 0)
    if (version !== rules.version) rules = await readRules(version)
    if (rules.isEmpty) {
      balances = new Map()
      return
    }
    const { day, month } = calendar(clock.now())
    const rows = await store.read(
      'SELECT period, subject, limit_nano, spent_nano, reserved_nano FROM metering_balances WHERE period IN (?, ?)',
      [day.key, month.key],
    )
    const fresh = new Map<string, Balance>()
    learn(rows, fresh)
    balances = fresh
  }

  async function readRules(version: number): Promise<RuleSet> {
    const [row] = await store.read('SELECT rules FROM metering_budgets WHERE version = ?', [version])
    const list = JSON.parse(row ? String(row['rules']) : '[]') as unknown[]
    const known = list.flatMap((each) => {
      const parsed = budgetRuleSchema.safeParse(each)
      if (!parsed.success) logger.error('a stored budget rule cannot be read and is left out', { version })
      return parsed.success ? [parsed.data] : []
    })
    return compileRules(version, known)
  }

  const refresh = oneAfterAnother(read)
  return {
    get rules() {
      return rules
    },
    balance: (period, subject) => balances.get(`${period} ${subject}`),
    foresee(at, subjects, { spent, reserved }) {
      const { day, month } = calendar(at)
      for (const period of [day.key, month.key])
        for (const subject of subjects) {
          const key = `${period} ${subject}`
          const known = balances.get(key)
          if (known === undefined) continue
          const reservedNano = Math.max(0, known.reservedNano + reserved)
          balances.set(key, { ...known, spentNano: known.spentNano + spent, reservedNano })
        }
    },
    learn: (rows) => learn(rows),
    refresh,
  }
}

/** Whoever asks while one is under way shares the next, so that what it sees is newer than the call. */
function oneAfterAnother(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null
  function start(): Promise<void> {
    return (running = work().finally(() => (running = null)))
  }
  async function follow(before: Promise<void>): Promise<void> {
    await before.catch(() => undefined)
    next = null
    await start()
  }
  return () => (running === null ? start() : (next ??= follow(running)))
}

/** Calls `work` every `ms` while it is not under way. What it throws is logged once until it succeeds again. */
export function repeat(what: string, ms: number, work: () => Promise<void>, logger: Logger): () => Promise<void> {
  let under: Promise<void> | null = null
  let isFailing = false
  async function once(): Promise<void> {
    try {
      await work()
      isFailing = false
    } catch (thrown) {
      if (!isFailing) logger.warn(`${what} failed and is tried again`, errorFields(thrown))
      isFailing = true
    }
  }
  const timer = setInterval(() => {
    under ??= once().finally(() => (under = null))
  }, ms)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await under
  }
}
