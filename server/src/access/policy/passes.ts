/** What extends somebody’s access for a time: delegations from one person to another, and emergencies. */
import type { Action, BreakGlass, Delegation } from '@cairn/contract'
import { createId, fail, formatTime, type Clock } from '../../base/index.ts'
import { toNumber, toText, type Store, type StoredRow } from '../../storage/index.ts'
import type { Changes } from '../identity/changes.ts'

export interface Emergency {
  readonly id: string
  /** `user:ID`. */
  readonly principal: string
  readonly actions: readonly Action[]
  readonly scope: string
  /** ISO 8601. */
  readonly from: string
  readonly until: string
  readonly reason: string
  readonly requestedAt: number
  readonly approvedBy: string | null
  readonly approvedAt: number | null
  readonly endedAt: number | null
  readonly reviewedBy: string | null
  readonly reviewedAt: number | null
  readonly review: string | null
}

export type NewEmergency = Pick<Emergency, 'principal' | 'actions' | 'scope' | 'from' | 'until' | 'reason'>

export interface Passes {
  /** In force or to come. */
  delegations(): Promise<Delegation[]>
  delegate(delegation: Omit<Delegation, 'id'>): Promise<{ delegation: Delegation; epoch: number }>
  /** Throws `access.delegation-missing`. */
  revoke(id: string): Promise<number>
  /** Newest first; those that were approved, asked for or reviewed. */
  emergencies(): Promise<Emergency[]>
  /** Throws `access.emergency-missing`. */
  findEmergency(id: string): Promise<Emergency>
  request(emergency: NewEmergency): Promise<Emergency>
  /** Throws `access.emergency-state` when it was decided already. */
  approve(id: string, by: string): Promise<number>
  end(id: string): Promise<number>
  review(id: string, by: string, text: string): Promise<number>
  /** Those that count now or will. */
  inForce(): Promise<BreakGlass[]>
}

export interface PassesOptions {
  readonly store: Store
  readonly clock: Clock
  readonly changes: Pick<Changes, 'write'>
}

const mostListed = 1_000

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createPasses({ store, clock, changes }: PassesOptions): Passes {
  const nowText = () => formatTime(clock.now())

  /** Of a row in that state, or nothing is written. */
  async function change(text: string, params: readonly (string | number)[], code: 'delegation' | 'emergency') {
    const done = await changes.write([{ text, params: [...params], expectChanges: 1 }])
    if (done === null)
      fail(code === 'delegation' ? 'access.delegation-missing' : 'access.emergency-state', {
        message:
          code === 'delegation'
            ? 'There is no such delegation in force.'
            : 'There is no such emergency access, or this step was taken already.',
      })
    return done.epoch
  }

  return {
    async delegations() {
      const rows = await store.read(
        `SELECT id, by_principal, to_principal, role, scope, from_at, until_at FROM access_delegations
          WHERE revoked_at IS NULL AND until_at > ? ORDER BY id LIMIT ${mostListed * 10}`,
        [nowText()],
      )
      return rows.map((row) => ({
        id: String(row['id']),
        by: String(row['by_principal']),
        to: String(row['to_principal']),
        role: String(row['role']),
        scope: String(row['scope']),
        from: String(row['from_at']),
        until: String(row['until_at']),
      }))
    },
    async delegate({ by, to, role, scope, from, until }) {
      const delegation = { id: createId('delegation'), by, to, role, scope, from: iso(from), until: iso(until) }
      const done = await changes.write([
        {
          text: `INSERT INTO access_delegations (id, by_principal, to_principal, role, scope, from_at, until_at, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          params: [delegation.id, by, to, role, scope, delegation.from, delegation.until, clock.now()],
        },
      ])
      return { delegation, epoch: done?.epoch ?? 0 }
    },
    revoke: (id) =>
      change(
        'UPDATE access_delegations SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
        [clock.now(), id],
        'delegation',
      ),
    async emergencies() {
      const rows = await store.read(
        `SELECT ${emergencyColumns} FROM access_emergencies ORDER BY requested_at DESC, id LIMIT ${mostListed}`,
      )
      return rows.map(toEmergency)
    },
    async findEmergency(id) {
      const [row] = await store.read(`SELECT ${emergencyColumns} FROM access_emergencies WHERE id = ?`, [id])
      return row
        ? toEmergency(row)
        : fail('access.emergency-missing', { message: 'There is no such emergency access.' })
    },
    async request({ principal, actions, scope, from, until, reason }) {
      const id = createId('emergency')
      const params = [id, principal, JSON.stringify(actions), scope, iso(from), iso(until), reason, clock.now()]
      await store.write([
        {
          text: `INSERT INTO access_emergencies (id, principal, actions, scope, from_at, until_at, reason, requested_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          params,
        },
      ])
      return this.findEmergency(id)
    },
    approve: (id, by) =>
      change(
        'UPDATE access_emergencies SET approved_by = ?, approved_at = ? WHERE id = ? AND approved_by IS NULL AND ended_at IS NULL',
        [by, clock.now(), id],
        'emergency',
      ),
    end: (id) =>
      change(
        'UPDATE access_emergencies SET ended_at = ? WHERE id = ? AND ended_at IS NULL',
        [clock.now(), id],
        'emergency',
      ),
    review: (id, by, text) =>
      change(
        'UPDATE access_emergencies SET reviewed_by = ?, reviewed_at = ?, review = ? WHERE id = ? AND approved_by IS NOT NULL AND reviewed_by IS NULL',
        [by, clock.now(), text, id],
        'emergency',
      ),
    async inForce() {
      const rows = await store.read(
        `SELECT ${emergencyColumns} FROM access_emergencies
          WHERE approved_by IS NOT NULL AND ended_at IS NULL AND until_at > ? ORDER BY id LIMIT ${mostListed * 10}`,
        [nowText()],
      )
      return rows.map((row) => {
        const { id, principal, approvedBy, actions, scope, from, until } = toEmergency(row)
        return { id, user: principal, approvedBy: approvedBy ?? '', actions: [...actions], scope, from, until }
      })
    },
  }
}

/** One spelling, so that texts compare as times do. */
function iso(instant: string): string {
  return formatTime(Date.parse(instant))
}

const emergencyColumns =
  'id, principal, actions, scope, from_at, until_at, reason, requested_at, approved_by, approved_at, ended_at, reviewed_by, reviewed_at, review'

function toEmergency(row: StoredRow): Emergency {
  return {
    id: String(row['id']),
    principal: String(row['principal']),
    actions: JSON.parse(String(row['actions'])) as Action[],
    scope: String(row['scope']),
    from: String(row['from_at']),
    until: String(row['until_at']),
    reason: String(row['reason']),
    requestedAt: Number(row['requested_at']),
    approvedBy: toText(row['approved_by']),
    approvedAt: toNumber(row['approved_at']),
    endedAt: toNumber(row['ended_at']),
    reviewedBy: toText(row['reviewed_by']),
    reviewedAt: toNumber(row['reviewed_at']),
    review: toText(row['review']),
  }
}
