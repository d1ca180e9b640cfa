/**
 * Sessions of browsers. Of a session only a hash is stored. It ends at its absolute age, after a time without use, when
 * its holder or an administrator ends it, and with the account: at once on this server, within a second on others.
 */
import type { SessionItem } from '@cairn/contract'
import { createId, createToken, errorFields, fail, sha256, type Clock, type Logger } from '../../base/index.ts'
import { toText, type Statement, type Store, type StoredRow } from '../../storage/index.ts'
import type { Changes } from './changes.ts'
import { toPerson, type Person } from './people.ts'

/** Last use of a session is written at most this often. */
const lastSeenEveryMs = 60_000
const mostPerPerson = 100

export type SignInMethod = 'link' | 'password' | 'openid'

export interface SessionLifetime {
  /** A session ends so long after it began. */
  readonly sessionMs: number
  /** And when it was not used for so long. */
  readonly sessionIdleMs: number
}

export interface LiveSession {
  readonly id: string
  readonly mfa: boolean
  /** The person has set up a second factor. */
  readonly hasTotp: boolean
  readonly person: Person
}

export interface NewSession {
  readonly principalId: string
  readonly method: SignInMethod
  readonly mfa: boolean
  /** Browser and system, as `describeDevice` has it. */
  readonly device: string
  readonly sealedIdToken?: string | null
}

export interface BegunSession {
  readonly id: string
  /** The value of the cookie. */
  readonly session: string
  readonly expiresAt: number
}

export interface Sessions {
  /** Throws `access.unauthenticated` when there is none, or it has ended. */
  authenticate(session: string): Promise<LiveSession>
  /** What begins one, after `first`, in one write; null when an expectation of `first` was not met. */
  begin(session: NewSession, first?: readonly Statement[]): Promise<BegunSession | null>
  /** A second factor was shown in it. */
  raise(id: string, also?: readonly Statement[]): Promise<void>
  list(principalId: string, currentId: string): Promise<SessionItem[]>
  /** Throws `access.session-missing` for one that is not theirs. */
  revoke(principalId: string, id: string): Promise<void>
  /** Gives how many. */
  revokeOthers(principalId: string, keptId: string | null): Promise<number>
  /** What the provider wants to see again when the session ends, sealed; null when it did not begin there. */
  findIdToken(id: string): Promise<string | null>
}

export interface SessionsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly changes: Changes
  readonly lifetime: SessionLifetime
}

interface SessionRow {
  readonly id: string
  readonly mfa: boolean
  readonly hasTotp: boolean
  readonly expiresAt: number
  lastSeenAt: number
  readonly person: Person
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSessions({ store, clock, logger, changes, lifetime }: SessionsOptions): Sessions {
  const { sessionMs, sessionIdleMs } = lifetime
  const find = changes.believe(async (hash) => {
    const [row] = await store.read(
      `SELECT s.id AS session_id, s.mfa, s.expires_at, s.last_seen_at, p.id, p.name, p.email, p.kind, p.status, p.is_owner,
        (SELECT COUNT(*) FROM access_totp t WHERE t.principal_id = p.id AND t.confirmed_at IS NOT NULL) AS totps
        FROM access_sessions s JOIN access_principals p ON p.id = s.principal_id WHERE s.hash = ?`,
      [hash],
    )
    return row ? toSessionRow(row) : null
  })
  const everyMs = Math.min(lastSeenEveryMs, sessionIdleMs / 4)

  function noteUse(row: SessionRow, now: number): void {
    if (now - row.lastSeenAt < everyMs) return
    row.lastSeenAt = now
    store
      .write([{ text: 'UPDATE access_sessions SET last_seen_at = ? WHERE id = ?', params: [now, row.id] }])
      .catch((thrown: unknown) => logger.warn('the last use of a session could not be written', errorFields(thrown)))
  }

  return {
    async authenticate(session) {
      const row = await find(sha256(session))
      const now = clock.now()
      const isOver = !row || row.expiresAt <= now || row.lastSeenAt + sessionIdleMs <= now
      if (isOver || row.person.status !== 'active')
        fail('access.unauthenticated', { message: 'The session has ended. Sign in again.' })
      noteUse(row, now)
      return row
    },
    async begin({ principalId, method, mfa, device, sealedIdToken = null }, first = []) {
      const now = clock.now()
      const begun: BegunSession = { id: createId('session'), session: createToken(32), expiresAt: now + sessionMs }
      const done = await store.write([
        ...first,
        {
          text: `INSERT INTO access_sessions
            (id, principal_id, hash, created_at, expires_at, method, mfa, device, last_seen_at, sealed_id_token)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          params: [
            begun.id,
            principalId,
            sha256(begun.session),
            now,
            begun.expiresAt,
            method,
            mfa,
            device,
            now,
            sealedIdToken,
          ],
        },
        {
          text: 'DELETE FROM access_sessions WHERE expires_at <= ? OR last_seen_at <= ?',
          params: [now, now - sessionIdleMs],
        },
        { text: 'DELETE FROM access_sign_in_tokens WHERE expires_at <= ?', params: [now] },
        {
          text: `DELETE FROM access_sessions WHERE principal_id = ? AND id NOT IN (
            SELECT id FROM access_sessions WHERE principal_id = ? ORDER BY last_seen_at DESC, id LIMIT ${mostPerPerson})`,
          params: [principalId, principalId],
        },
      ])
      return done === null ? null : begun
    },
    async raise(id, also = []) {
      await changes.write([{ text: 'UPDATE access_sessions SET mfa = 1 WHERE id = ?', params: [id] }, ...also])
    },
    async list(principalId, currentId) {
      const now = clock.now()
      const rows = await store.read(
        `SELECT id, method, mfa, device, created_at, last_seen_at, expires_at FROM access_sessions
          WHERE principal_id = ? AND expires_at > ? AND last_seen_at > ? ORDER BY last_seen_at DESC, id`,
        [principalId, now, now - sessionIdleMs],
      )
      return rows.map((row) => toSessionItem(row, { currentId, sessionIdleMs }))
    },
    async revoke(principalId, id) {
      const done = await changes.write([
        {
          text: 'DELETE FROM access_sessions WHERE id = ? AND principal_id = ?',
          params: [id, principalId],
          expectChanges: 1,
        },
      ])
      if (done === null) fail('access.session-missing')
    },
    async revokeOthers(principalId, keptId) {
      const done = await changes.write([
        { text: 'DELETE FROM access_sessions WHERE principal_id = ? AND id <> ?', params: [principalId, keptId ?? ''] },
      ])
      return done?.result.changes[0] ?? 0
    },
    async findIdToken(id) {
      const [row] = await store.read('SELECT sealed_id_token FROM access_sessions WHERE id = ?', [id])
      return toText(row?.['sealed_id_token'])
    },
  }
}

function toSessionRow(row: StoredRow): SessionRow {
  return {
    id: String(row['session_id']),
    mfa: Number(row['mfa']) === 1,
    hasTotp: Number(row['totps']) > 0,
    expiresAt: Number(row['expires_at']),
    lastSeenAt: Number(row['last_seen_at']),
    person: toPerson(row),
  }
}

function toSessionItem(row: StoredRow, at: { currentId: string; sessionIdleMs: number }): SessionItem {
  const method = String(row['method'])
  const lastSeenAt = Number(row['last_seen_at'])
  return {
    id: String(row['id']),
    isCurrent: row['id'] === at.currentId,
    method: method === 'password' || method === 'openid' ? method : 'link',
    mfa: Number(row['mfa']) === 1,
    device: String(row['device']),
    createdAt: Number(row['created_at']),
    lastSeenAt,
    expiresAt: Math.min(Number(row['expires_at']), lastSeenAt + at.sessionIdleMs),
  }
}

const browsers: readonly [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(?:Headless)?Chrome\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly [RegExp, string][] = [
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

/** Browser and system out of the `user-agent` header, so that a person knows their own devices; never the header itself. */
export function describeDevice(userAgent: string | null): string {
  const text = (userAgent ?? '').slice(0, 500)
  const first = (table: readonly [RegExp, string][]) => table.find(([pattern]) => pattern.test(text))?.[1]
  const [browser, system] = [first(browsers), first(systems)]
  return browser === undefined
    ? (system ?? 'Unknown browser')
    : system === undefined
      ? browser
      : `${browser} on ${system}`
}
