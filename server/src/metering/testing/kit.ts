/** Calls, models and a clock for tests of the meter, and the law that its tables keep. */
import { createLonePeers, silentLogger, systemClock, type Clock } from '../../base/index.ts'
import type { Store, StoreLocation } from '../../storage/index.ts'
import { openMeter, type Booking, type MeteredCall, type MeteredModel, type OpenMeter } from '../index.ts'
import type { MeterOptions } from '../meter.ts'

export const paid: MeteredModel = { deployment: 'far/large', provider: 'far', egress: 'external' }
export const free: MeteredModel = { deployment: 'near/small', provider: 'near', egress: 'local' }

export function callOf(user = 'ada', more: Partial<MeteredCall> = {}): MeteredCall {
  return {
    requestId: 'request_1',
    principal: { id: user, credentialId: `key-of-${user}`, via: 'key' },
    teams: [],
    mayReadUsage: () => true,
    kind: 'chat',
    ...more,
  }
}

export const cents = (count: number) => count * 10_000_000

export function estimateOf(nanoUsd: number | null, tokens = 100) {
  return { inputTokens: tokens / 2, outputTokens: tokens / 2, nanoUsd }
}

export function bookingOf(nanoUsd: number | null, more: Partial<Booking> = {}): Booking {
  return {
    inputTokens: 50,
    outputTokens: 50,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    nanoUsd,
    isEstimated: false,
    outcome: 'ok',
    ttftMs: 100,
    totalMs: 200,
    ...more,
  }
}

/** Stands still until it is moved; both of its times go together. */
export interface TestClock extends Clock {
  advance(ms: number): void
}

export function createTestClock(now = Date.UTC(2026, 2, 5, 12)): TestClock {
  let passed = 0
  return {
    now: () => now + passed,
    monotonic: () => passed,
    advance(ms) {
      passed += ms
    },
  }
}

export function openTestMeter(
  store: Store,
  location: StoreLocation,
  more: Partial<MeterOptions> = {},
): Promise<OpenMeter> {
  return openMeter({
    store,
    location,
    clock: systemClock,
    logger: silentLogger,
    isFirst: true,
    deploymentId: 'deployment_test',
    redis: null,
    peers: createLonePeers(),
    workers: 1,
    refreshMs: 50,
    ...more,
  })
}

/**
 * THE law: each balance is the sum of the ledger and of what is open for its subject and period, and the hours are the
 * sum of the ledger. The sums are made here, line by line, from the tables alone. Returns what is wrong.
 */
export async function findBreaches(store: Store): Promise<string[]> {
  // One statement sees one state, whoever writes meanwhile.
  const rows = await store.read(
    `SELECT 'line' AS what, principal_id, key_id, COALESCE(within_keys, '[]') AS within, teams, provider, model, kind, at, COALESCE(cost_nano, 0) AS nano, '' AS period, '' AS subject, 0 AS reserved FROM metering_ledger
      UNION ALL SELECT 'open', principal_id, key_id, subjects, teams, provider, model, kind, at, COALESCE(held_nano, 0), '', '', 0 FROM metering_reservations
      UNION ALL SELECT 'balance', '', '', '', '', '', '', '', 0, spent_nano, period, subject, reserved_nano FROM metering_balances
      UNION ALL SELECT 'hour', '', '', '', '', '', '', '', hour, cost_nano, dimension, id, lines FROM metering_hours`,
  )
  const spent = new Map<string, number>()
  const open = new Map<string, number>()
  const hours = new Map<string, number>()
  const add = (into: Map<string, number>, key: string, by: number) => into.set(key, (into.get(key) ?? 0) + by)
  const wrong: string[] = []
  for (const row of rows) {
    if (row['what'] !== 'line' && row['what'] !== 'open') continue
    const text = (name: string) => String(row[name])
    const teams = JSON.parse(text('teams')) as string[]
    const isLine = row['what'] === 'line'
    const within = isLine ? (JSON.parse(text('within')) as string[]) : keysIn(text('within'), text('key_id'))
    const time = new Date(Number(row['at'])).toISOString()
    const subjects: [string, string][] = [
      ['all', '*'],
      ['key', text('key_id')],
      ['user', text('principal_id')],
      ['model', text('model')],
      ['provider', text('provider')],
      ...teams.map((team): [string, string] => ['team', team]),
    ]
    for (const [kind, id] of subjects)
      for (const period of [time.slice(0, 10), time.slice(0, 7)])
        add(row['what'] === 'line' ? spent : open, `${period} ${kind}:${id}`, Number(row['nano']))
    for (const key of within)
      for (const period of [time.slice(0, 10), time.slice(0, 7)])
        add(row['what'] === 'line' ? spent : open, `${period} key:${key}`, Number(row['nano']))
    if (row['what'] === 'line') {
      const above = within.map((key) => ['within', key] as const)
      for (const [kind, id] of [...subjects, ['kind', text('kind')] as const, ...above]) {
        const key = `${kind} ${id} ${time.slice(0, 13)}`
        add(hours, `${key} nano`, Number(row['nano']))
        add(hours, `${key} lines`, 1)
      }
    }
  }
  for (const row of rows) {
    const key = `${String(row['period'])} ${String(row['subject'])}`
    if (row['what'] === 'balance') {
      const [isSpent, isHeld] = [Number(row['nano']), Number(row['reserved'])]
      const [wasSpent, wasHeld] = [spent.get(key) ?? 0, open.get(key) ?? 0]
      if (isSpent !== wasSpent) wrong.push(`${key}: spent ${isSpent}, in the ledger ${wasSpent}`)
      if (isHeld !== wasHeld) wrong.push(`${key}: held ${isHeld}, open ${wasHeld}`)
    } else if (row['what'] === 'hour') {
      const hour = `${key} ${new Date(Number(row['at'])).toISOString().slice(0, 13)}`
      add(hours, `${hour} nano`, -Number(row['nano']))
      add(hours, `${hour} lines`, -Number(row['reserved']))
    }
  }
  for (const [key, left] of hours) if (left !== 0) wrong.push(`hour ${key}: ${left} apart`)
  return wrong
}

/** Keys of the subjects that a reservation names, without its own. */
function keysIn(subjects: string, own: string): string[] {
  const keys = subjects.split('\n').filter((subject) => subject.startsWith('key:'))
  return keys.map((subject) => subject.slice('key:'.length)).filter((key) => key !== own)
}

export async function countOpen(store: Store): Promise<number> {
  return Number((await store.read('SELECT COUNT(*) AS n FROM metering_reservations'))[0]?.['n'])
}
