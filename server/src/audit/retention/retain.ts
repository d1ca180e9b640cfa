/**
 * Retention: what is due goes, by entries that say so. A month of a category is due when it ended `personalMonths` ago, a
 * day of kept texts when it ended `keepDays` ago;
 * entries are due when they are `headerMonths` old, and go from the front, so one that is kept keeps those after it. Each
 * step looks at the policy and the holds of that moment, so that no plan of yesterday is carried out today.
 */
import { formatTime } from '../../base/index.ts'
import type { SqlSession } from '../../platform/index.ts'
import { destroyKeys, mostKeysAtOnce, removeAllGone, type Destroying } from '../gaps/forget.ts'
import { isHeldBy, listHolds, type Hold } from '../gaps/holds.ts'
import type { Forgetting } from '../gaps/own-entry.ts'
import { boundaryAt, prune } from '../gaps/prune.ts'
import { readHead } from '../log/append.ts'
import { readLevels } from '../levels/levels.ts'
import { daily, isCategory, parseHeader, periodOf, type AuditHeader } from '../record/header.ts'
import { pageEntries } from '../verify/source.ts'
import { readPolicy, type RetentionPolicy } from './policy.ts'

export interface DuePeriod {
  /** `auth/2026-11`. */
  readonly period: string
  /** Blocks that are there, and those of them that a hold keeps. */
  readonly blocks: number
  readonly held: number
}

export interface RetentionPlan {
  /** Milliseconds since 1970: as of when. */
  readonly at: number
  readonly periods: readonly DuePeriod[]
  /** Entries before `to` are due; null when none can go. `waitsFor`: why none after it. */
  readonly prune: { readonly from: number; readonly to: number } | null
  readonly waitsFor: 'horizon' | 'hold' | 'tile'
}

export interface Retained {
  readonly periods: readonly string[]
  readonly blocks: number
  readonly pruned: { readonly from: number; readonly to: number } | null
}

/** What would go at this time; changes nothing. */
export async function planRetention(session: SqlSession, at: number): Promise<RetentionPlan> {
  const [policy, holds] = [await readPolicy(session), await listHolds(session, 'active')]
  const periods: DuePeriod[] = []
  for (const period of await findDuePeriods(session, at))
    periods.push({ period, ...(await countBlocks(session, period, holds)) })
  const { minIndex, size } = await readHead(session, '')
  const { upTo, waitsFor } = await findPrunable(session, { policy, holds, at, minIndex, size })
  const signed = await session.run('SELECT MAX(size) AS size FROM audit_checkpoints')
  const to = Math.min(boundaryAt(upTo), boundaryAt(Number(signed.rows[0]?.['size'] ?? 0)))
  return { at, periods, prune: to > minIndex ? { from: minIndex, to } : null, waitsFor }
}

/** Does what is due. Whoever is stopped in between goes on with the next run. */
export async function retain(forgetting: Forgetting): Promise<Retained> {
  const { at } = forgetting.by
  const periods: string[] = []
  const shredding: Destroying = {
    kind: 'period',
    find: async (session) => (await findDuePeriods(session, at)).slice(0, mostKeysAtOnce),
    type: 'privacy.shredded',
    fields: (due) => ({ periods: due }),
  }
  for (let done = await destroyKeys(forgetting, shredding); done; done = await destroyKeys(forgetting, shredding))
    periods.push(...done.refs)
  const blocks = await removeAllGone(forgetting)
  const findBoundary = async (session: SqlSession) => (await planRetention(session, at)).prune?.to ?? 0
  const pruned = await prune(forgetting.sequencer, findBoundary, forgetting.by)
  return { periods, blocks, pruned: pruned && { from: pruned.from, to: pruned.to } }
}

async function findDuePeriods(session: SqlSession, at: number): Promise<string[]> {
  const [policy, { keepDays }] = [await readPolicy(session), await readLevels(session)]
  const { rows } = await session.run("SELECT ref FROM audit_keys WHERE kind = 'period' AND wrapped IS NOT NULL")
  return rows
    .map((row) => String(row['ref']))
    .filter((period) => {
      const [category = '', time = ''] = period.split('/')
      const horizon = isCategory(category) ? policy[category].personalMonths : null
      if (horizon === null) return false
      // Its last moment is the first of the next month, or of the next day.
      const isDue = addMonths(`${time.slice(0, 7)}-01T00:00:00Z`, horizon + 1) <= at
      return isDue || (category === daily && Date.parse(`${time}T00:00:00Z`) + (keepDays + 1) * dayMs <= at)
    })
    .sort()
}

async function countBlocks(
  session: SqlSession,
  period: string,
  holds: readonly Hold[],
): Promise<{ blocks: number; held: number }> {
  const { rows } = await session.run(
    'SELECT subject, COUNT(*) AS blocks FROM audit_blocks WHERE period = ? AND sealed IS NOT NULL GROUP BY subject',
    [period],
  )
  const counted = rows.map((row) => ({ subject: String(row['subject']), blocks: Number(row['blocks']) }))
  const isHeld = ({ subject }: { subject: string }) => holds.some((hold) => isHeldBy(hold, { subject, period }))
  const sum = (some: readonly { blocks: number }[]) => some.reduce((total, { blocks }) => total + blocks, 0)
  return { blocks: sum(counted), held: sum(counted.filter(isHeld)) }
}

interface Front {
  readonly policy: RetentionPolicy
  readonly holds: readonly Hold[]
  readonly at: number
  readonly minIndex: number
  readonly size: number
}

/** Reads from the front what may go, and the first that may not. */
async function findPrunable(
  session: SqlSession,
  { policy, holds, at, minIndex, size }: Front,
): Promise<{ upTo: number; waitsFor: RetentionPlan['waitsFor'] }> {
  for (let after = minIndex - 1; ;) {
    const { rows } = await session.run(
      `SELECT seq, header FROM audit_entries WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ${pageEntries}`,
      [after, size],
    )
    if (rows.length === 0) return { upTo: size, waitsFor: 'tile' }
    for (const row of rows) {
      const [seq, header] = [Number(row['seq']), parseHeader(String(row['header']))]
      if (header === null || !isExpired(header, policy, at)) return { upTo: seq, waitsFor: 'horizon' }
      if (await isKept(session, seq, header, holds)) return { upTo: seq, waitsFor: 'hold' }
      after = seq
    }
  }
}

function isExpired(header: AuditHeader, policy: RetentionPolicy, at: number): boolean {
  return isCategory(header.cat) && addMonths(header.t, policy[header.cat].headerMonths) <= at
}

/** A hold on a person keeps the entries that have a block of theirs; any other, all of its category and months. */
async function isKept(session: SqlSession, seq: number, header: AuditHeader, holds: readonly Hold[]): Promise<boolean> {
  const period = periodOf(header)
  const fitting = holds.filter((hold) => isHeldBy(hold, { subject: hold.scope.subject ?? '', period }))
  if (fitting.length === 0) return false
  if (fitting.some(({ scope }) => scope.subject === undefined)) return true
  const { rows } = await session.run('SELECT subject FROM audit_blocks WHERE seq = ?', [seq])
  return rows.some((row) => fitting.some(({ scope }) => scope.subject === row['subject']))
}

const dayMs = 86_400_000

/** Of a moment in UTC; a day that the month has not becomes its last. */
export function addMonths(iso: string, months: number): number {
  const at = Date.parse(iso)
  const [year = 0, month = 0, day = 0] = formatTime(at).slice(0, 10).split('-').map(Number)
  const first = Date.UTC(year, month - 1 + months, 1)
  const last = Date.UTC(year, month + months, 0)
  return Math.min(first + (day - 1) * dayMs, last) + (at % dayMs)
}
