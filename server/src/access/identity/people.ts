/**
 * People and service accounts. One of the people at least is an active owner, always: what would end that is refused by
 * a condition inside the write itself, so that two administrators who remove each other at the same moment cannot both
 * succeed (see `changes.ts`).
 */
import { identityLimits, type UserInfo } from '@cairn/contract'
import { createId, fail, type Clock } from '../../base/index.ts'
import { toNumber, toText, type Statement, type Store, type StoredRow } from '../../storage/index.ts'
import type { Changes } from './changes.ts'
import { canonicalEmail } from './email.ts'
import { endLinksMadeBy, endLinksOfOthers, linkColumns, toPendingLink } from './links.ts'

export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly kind: 'user' | 'service'
  readonly status: 'active' | 'suspended'
  readonly isOwner: boolean
}

export interface PersonChange {
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly status?: 'active' | 'suspended' | undefined
  readonly isOwner?: boolean | undefined
}

export interface People {
  list(): Promise<UserInfo[]>
  /** Throws `access.user-missing`. */
  describe(id: string): Promise<UserInfo>
  find(id: string): Promise<Person | null>
  findByEmail(email: string): Promise<Person | null>
  /** The one who has been owner longest among those who are active. */
  firstOwner(): Promise<Person>
  /** Throws `access.user-exists`, `request.invalid`. */
  addUser(
    /** `isVouched`: nobody else has to confirm that there is such a person. */
    user: { name: string; email: string | null; isVouched: boolean },
    also?: (id: string) => readonly Statement[],
  ): Promise<string>
  addService(name: string): Promise<string>
  /** Throws `access.user-missing`, `access.user-exists`, `access.last-owner`, `request.invalid`. Gives the epoch. */
  change(id: string, change: PersonChange): Promise<number>
  /** With everything that is theirs. Throws `access.user-missing`, `access.last-owner`. Gives the epoch. */
  remove(id: string): Promise<number>
}

interface NewPerson extends Omit<Person, 'id' | 'status' | 'isOwner'> {
  readonly isVouched: boolean
}

const columns = 'id, name, email, kind, status, is_owner'

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createPeople({ store, clock, changes }: { store: Store; clock: Clock; changes: Changes }): People {
  async function find(id: string): Promise<Person | null> {
    const [row] = await store.read(`SELECT ${columns} FROM access_principals WHERE id = ?`, [id])
    return row ? toPerson(row) : null
  }

  async function findByEmail(email: string): Promise<Person | null> {
    const [row] = await store.read(`SELECT ${columns} FROM access_principals WHERE email = ?`, [email])
    return row ? toPerson(row) : null
  }

  async function add(person: NewPerson, also: (id: string) => readonly Statement[]) {
    const id = createId(person.kind === 'user' ? 'person' : 'service')
    const done = await changes.write([
      {
        text: `INSERT INTO access_principals (id, name, kind, created_at, email, status, is_owner, is_vouched)
          SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS TEXT), 'active', 0,
            CAST(? AS BIGINT) WHERE (SELECT COUNT(*) FROM access_principals) < ?
          ON CONFLICT DO NOTHING`,
        params: [
          id,
          person.name,
          person.kind,
          clock.now(),
          person.email,
          person.isVouched ? 1 : 0,
          identityLimits.users,
        ],
        expectChanges: 1,
      },
      ...also(id),
    ])
    if (done !== null) return id
    if (person.email !== null && (await findByEmail(person.email))) fail('access.user-exists')
    return fail('request.invalid', { message: `There are ${identityLimits.users} people and services already.` })
  }

  async function describeAll(where: string, params: readonly string[]): Promise<UserInfo[]> {
    const rows = await store.read(
      `SELECT p.id, p.name, p.email, p.kind, p.status, p.is_owner, p.created_at,
        (SELECT COUNT(*) FROM access_passwords w WHERE w.principal_id = p.id) AS passwords,
        (SELECT COUNT(*) FROM access_totp t WHERE t.principal_id = p.id AND t.confirmed_at IS NOT NULL) AS totps,
        (SELECT COUNT(*) FROM access_external_ids e WHERE e.principal_id = p.id) AS external_ids,
        (SELECT MAX(s.last_seen_at) FROM access_sessions s WHERE s.principal_id = p.id) AS last_seen_at, ${linkColumns}
        FROM access_principals p LEFT JOIN access_sign_in_tokens l
          ON l.principal_id = p.id AND l.purpose <> 'sign-in' AND l.expires_at > ?
        ${where} ORDER BY p.created_at, p.id`,
      [clock.now(), ...params],
    )
    return rows.map(toUserInfo)
  }

  return {
    find,
    findByEmail,
    list: () => describeAll('', []),
    async describe(id) {
      const [info] = await describeAll('WHERE p.id = ?', [id])
      return info ?? fail('access.user-missing')
    },
    async firstOwner() {
      const [row] = await store.read(
        `SELECT ${columns} FROM access_principals WHERE is_owner = 1 AND status = 'active' ORDER BY created_at, id LIMIT 1`,
      )
      return row ? toPerson(row) : fail('internal.error', { internal: 'there is no active owner' })
    },
    addUser: ({ name, email, isVouched }, also = () => []) =>
      add({ name, email: email === null ? null : canonicalEmail(email), kind: 'user', isVouched }, also),
    addService: (name) => add({ name, email: null, kind: 'service', isVouched: true }, () => []),
    async change(id, change) {
      const before = (await find(id)) ?? fail('access.user-missing')
      if (before.kind === 'service' && (change.email !== undefined || change.isOwner === true))
        fail('request.invalid', { message: 'A service account has no e-mail address and is no owner.' })
      const email = change.email === undefined ? undefined : canonicalEmail(change.email)
      const done = await changes.write(changeStatements(id, { ...change, email })).catch(async (thrown: unknown) => {
        // The unique index has refused it; both engines say so in words of their own.
        const holder = email === undefined ? null : await findByEmail(email)
        if (holder && holder.id !== id) fail('access.user-exists')
        throw thrown
      })
      return done?.epoch ?? fail((await find(id)) === null ? 'access.user-missing' : 'access.last-owner')
    },
    async remove(id) {
      const done = await changes.write(removeStatements(id))
      return done?.epoch ?? fail((await find(id)) === null ? 'access.user-missing' : 'access.last-owner')
    },
  }
}

/** True for somebody whose going leaves an active owner behind. */
const mayGo = `(is_owner = 0 OR status <> 'active' OR EXISTS (
  SELECT 1 FROM access_principals o WHERE o.is_owner = 1 AND o.status = 'active' AND o.id <> access_principals.id))`

function changeStatements(id: string, { name, email, status, isOwner }: PersonChange): Statement[] {
  const statements: Statement[] = []
  const set = (assignment: string, params: readonly (string | number)[], condition = '1 = 1') =>
    statements.push({
      text: `UPDATE access_principals SET ${assignment} WHERE id = ? AND ${condition}`,
      params: [...params, id],
      expectChanges: 1,
    })
  if (name !== undefined) set('name = ?', [name])
  if (email !== undefined) set('email = ?', [email])
  if (isOwner === true) {
    set('is_owner = 1, is_vouched = 1', [])
    statements.push(endLinksOfOthers(id))
  }
  if (isOwner === false) set("is_owner = 0, kind = CASE WHEN kind = 'owner' THEN 'user' ELSE kind END", [], mayGo)
  if (status === 'active') set("status = 'active'", [])
  if (status === 'suspended') {
    set("status = 'suspended'", [], mayGo)
    // Keys stay, and are refused while their owner is suspended; what a browser or a mailbox holds is ended for good.
    statements.push(
      { text: 'DELETE FROM access_sessions WHERE principal_id = ?', params: [id] },
      { text: 'DELETE FROM access_sign_in_tokens WHERE principal_id = ?', params: [id] },
      endLinksMadeBy(id),
    )
  }
  if (statements.length === 0) set('name = name', [])
  return statements
}

const ownTables = [
  'access_sessions',
  'access_sign_in_tokens',
  'access_passwords',
  'access_totp',
  'access_recovery_codes',
  'access_external_ids',
  'access_keys',
  'access_devices',
] as const

function removeStatements(id: string): Statement[] {
  return [
    { text: `DELETE FROM access_principals WHERE id = ? AND ${mayGo}`, params: [id], expectChanges: 1 },
    { text: "DELETE FROM access_group_members WHERE member_kind = 'user' AND member_id = ?", params: [id] },
    endLinksMadeBy(id),
    ...ownTables.map((table) => ({ text: `DELETE FROM ${table} WHERE principal_id = ?`, params: [id] })),
  ]
}

export function toPerson(row: StoredRow): Person {
  return {
    id: String(row['id']),
    name: String(row['name']),
    email: toText(row['email']),
    kind: row['kind'] === 'service' ? 'service' : 'user',
    status: row['status'] === 'active' ? 'active' : 'suspended',
    isOwner: Number(row['is_owner']) === 1,
  }
}

function toUserInfo(row: StoredRow): UserInfo {
  const has = (name: string) => Number(row[name] ?? 0) > 0
  return {
    ...toPerson(row),
    methods: [
      ...(has('passwords') ? (['password'] as const) : []),
      ...(has('totps') ? (['totp'] as const) : []),
      ...(has('external_ids') ? (['openid'] as const) : []),
    ],
    createdAt: Number(row['created_at']),
    lastSeenAt: toNumber(row['last_seen_at']),
    link: toText(row['link_id']) === null ? null : toPendingLink(row),
  }
}
