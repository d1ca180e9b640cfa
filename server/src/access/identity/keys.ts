/**
 * API keys. Only a hash of a key is stored, and its beginning so that its owner knows it again. A key may stay within
 * another: then it is used with every key of its chain in force and with the bounds of all of them, and it ends with any
 * of them.
 */
import { identityLimits, type KeyCreate, type KeyInfo } from '@cairn/contract'
import { createId, createToken, errorFields, fail, sha256, type Clock, type Logger } from '../../base/index.ts'
import { toNumber, toText, type Statement, type Store, type StoredRow } from '../../storage/index.ts'
import { isWithin, parseBound, type Bound } from './bounds.ts'
import type { Changes } from './changes.ts'
import { toPerson, type Person } from './people.ts'

const dayMs = 86_400_000
/** Last use of a key is written at most this often. */
const lastUsedEveryMs = 60_000
/** `cairn_` and six characters of 43. */
const prefixLength = 12
/** A walk up a chain ends here whatever the rows say. */
const mostSteps = identityLimits.keyDepth + 2

export interface LiveKey {
  readonly id: string
  readonly person: Person
  /** Ids of the keys that it stays within, the nearest first. */
  readonly within: readonly string[]
  /** Of the key and those it stays within, where they have one. */
  readonly bounds: readonly Bound[]
}

export interface NewKey extends Pick<KeyCreate, 'name' | 'expiresInDays' | 'bound'> {
  readonly principalId: string
  readonly parentId: string | null
  readonly device?: KeyInfo['device']
}

export interface Keys {
  /** Throws `access.key-unknown`, in the same words whether it is unknown, expired, revoked, or its owner suspended. */
  authenticate(key: string): Promise<LiveKey>
  list(principalId: string): Promise<KeyInfo[]>
  /** Throws `access.key-missing` for a parent that is not in force, `access.key-wider`. */
  create(key: NewKey): Promise<KeyInfo & { key: string }>
  /** What stores a key of its own; for writes with more in them. */
  prepare(key: NewKey): { created: KeyInfo & { key: string }; statement: Statement }
  /** Whether it, or one that it stays within, expires. */
  hasEnd(keyId: string): Promise<boolean>
  /** Whose key it is; null when there is none. */
  findOwner(keyId: string): Promise<string | null>
  /** With all keys that stay within it. `within`: only what stays within that key. Throws `access.key-missing`. */
  revoke(principalId: string | null, keyId: string, within?: string | null): Promise<void>
}

export interface KeysOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly changes: Changes
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createKeys({ store, clock, logger, changes }: KeysOptions): Keys {
  const lastUsed = new Map<string, number>()
  const find = changes.believe((hash) => findChain(store, 'hash', hash))

  function noteUse(keyId: string, now: number): void {
    if (now - (lastUsed.get(keyId) ?? -Infinity) < lastUsedEveryMs) return
    if (lastUsed.size >= 10_000) lastUsed.clear()
    lastUsed.set(keyId, now)
    store
      .write([{ text: 'UPDATE access_keys SET last_used_at = ? WHERE id = ?', params: [now, keyId] }])
      .catch((thrown: unknown) =>
        logger.warn('the last use of a key could not be written', { keyId, ...errorFields(thrown) }),
      )
  }

  function prepare({ principalId, name, expiresInDays, bound, parentId, device = null }: NewKey) {
    const key = `cairn_${createToken(32)}`
    const createdAt = clock.now()
    const created = {
      id: createId('key'),
      name,
      prefix: key.slice(0, prefixLength),
      createdAt,
      expiresAt: expiresInDays === undefined ? null : createdAt + expiresInDays * dayMs,
      lastUsedAt: null,
      revokedAt: null,
      bound: bound ?? null,
      parent: parentId,
      device,
      key,
    }
    return { created, statement: insertKey(created, principalId, key) }
  }

  return {
    prepare,
    async authenticate(key) {
      const chain = await find(sha256(key))
      const now = clock.now()
      const [first, ...outer] = chain?.keys ?? []
      if (!chain || !first || chain.person.status !== 'active' || !isInForce(chain, now)) {
        fail('access.key-unknown', {
          message: 'This API key is unknown, expired or revoked. Make a new one with `npx cairn key create`.',
        })
      }
      noteUse(first.id, now)
      return { id: first.id, person: chain.person, within: outer.map(({ id }) => id), bounds: boundsOf(chain) }
    },
    async list(principalId) {
      const rows = await store.read(
        `SELECT ${columns} FROM access_keys WHERE principal_id = ? ORDER BY created_at, id`,
        [principalId],
      )
      return rows.map(toKeyInfo)
    },
    async create(asked) {
      if (asked.parentId !== null) await refuseWider(asked, asked.parentId)
      const { created, statement } = prepare(asked)
      if ((await changes.write([statement])) === null) fail('access.key-missing')
      return created
    },
    async hasEnd(keyId) {
      const chain = await findChain(store, 'id', keyId)
      return chain === null || chain.keys.some(({ expiresAt }) => expiresAt !== null)
    },
    async findOwner(keyId) {
      const [row] = await store.read('SELECT principal_id FROM access_keys WHERE id = ?', [keyId])
      return toText(row?.['principal_id'])
    },
    async revoke(principalId, keyId, within = null) {
      const chain = await findChain(store, 'id', keyId)
      const isTheirs = chain !== null && (principalId === null || chain.person.id === principalId)
      const isReached = within === null || chain?.keys.some(({ id }) => id === within) === true
      const now = clock.now()
      const done =
        isTheirs && isReached
          ? await changes.write([
              {
                text: 'UPDATE access_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
                params: [now, keyId],
                expectChanges: 1,
              },
              {
                text: `UPDATE access_keys SET revoked_at = ? WHERE revoked_at IS NULL AND id IN (
                  WITH RECURSIVE below(id) AS (
                    SELECT CAST(? AS TEXT) UNION SELECT k.id FROM access_keys k JOIN below b ON k.parent_id = b.id)
                  SELECT id FROM below)`,
                params: [now, keyId],
              },
            ])
          : null
      if (done === null)
        fail('access.key-missing', { message: 'There is no such key in force. See `npx cairn key list`.' })
    },
  }

  /** A child is of the same owner, no deeper than the limit, and no wider than its parent. */
  async function refuseWider({ principalId, bound, expiresInDays }: NewKey, parentId: string): Promise<void> {
    const chain = await findChain(store, 'id', parentId)
    const now = clock.now()
    if (!chain || chain.person.id !== principalId || !isInForce(chain, now))
      fail('access.key-missing', { param: 'parent', message: 'parent: there is no such key of yours in force.' })
    if (chain.keys.length > identityLimits.keyDepth)
      fail('access.key-wider', {
        param: 'parent',
        message: `Keys within keys go ${identityLimits.keyDepth} deep. Make this one within an earlier key.`,
      })
    const wider = boundsOf(chain).find((outer) => !isWithin(bound ?? null, outer))
    if (wider !== undefined)
      fail('access.key-wider', {
        param: 'bound',
        message: 'bound: give actions, scopes and conditions that the key it stays within has.',
      })
    const until = chain.keys.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [expiresAt]))
    const expiresAt = expiresInDays === undefined ? Infinity : now + expiresInDays * dayMs
    // One without an end ends with its parent; one that says it lives longer would be a promise that is not kept.
    if (expiresInDays !== undefined && expiresAt > Math.min(...until))
      fail('access.key-wider', {
        param: 'expiresInDays',
        message: 'expiresInDays: the key that it stays within expires earlier.',
      })
  }
}

export function insertKey(info: KeyInfo, principalId: string, key: string): Statement {
  return {
    text: `INSERT INTO access_keys (id, principal_id, name, prefix, hash, created_at, expires_at, parent_id, bound, device)
      SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT),
        CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT)
        WHERE CAST(? AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM access_keys WHERE id = ? AND revoked_at IS NULL)`,
    params: [
      info.id,
      principalId,
      info.name,
      info.prefix,
      sha256(key),
      info.createdAt,
      info.expiresAt,
      info.parent,
      info.bound === null ? null : JSON.stringify(info.bound),
      info.device === null ? null : JSON.stringify(info.device),
      info.parent,
      info.parent,
    ],
    expectChanges: 1,
  }
}

interface ChainKey {
  readonly id: string
  readonly parentId: string | null
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly bound: Bound
}

/** The key itself first, then what it stays within. */
interface KeyChain {
  readonly person: Person
  readonly keys: readonly ChainKey[]
}

function isInForce({ keys }: KeyChain, now: number): boolean {
  const isWhole = keys.length > 0 && keys.length <= mostSteps && keys.at(-1)?.parentId === null
  return (
    isWhole && keys.every(({ revokedAt, expiresAt }) => revokedAt === null && (expiresAt === null || expiresAt > now))
  )
}

function boundsOf({ keys }: KeyChain): Bound[] {
  return keys.flatMap(({ bound }) => (bound === null ? [] : [bound]))
}

/** Each key of the chain must have the same owner; the join leaves out one that has not, and the chain is then not whole. */
async function findChain(store: Store, by: 'hash' | 'id', value: string): Promise<KeyChain | null> {
  const rows = await store.read(
    `WITH RECURSIVE chain(key_id, parent_id, principal_id, expires_at, revoked_at, bound, depth) AS (
        SELECT id, parent_id, principal_id, expires_at, revoked_at, bound, 0 FROM access_keys WHERE ${by} = ?
        UNION ALL
        SELECT k.id, k.parent_id, k.principal_id, k.expires_at, k.revoked_at, k.bound, c.depth + 1
          FROM access_keys k JOIN chain c ON k.id = c.parent_id AND k.principal_id = c.principal_id
          WHERE c.depth < ${mostSteps})
      SELECT c.key_id, c.parent_id, c.expires_at, c.revoked_at, c.bound, p.id, p.name, p.email, p.kind, p.status, p.is_owner
        FROM chain c JOIN access_principals p ON p.id = c.principal_id ORDER BY c.depth`,
    [value],
  )
  const [first] = rows
  if (!first) return null
  const keys = rows.map((row) => ({
    id: String(row['key_id']),
    parentId: toText(row['parent_id']),
    expiresAt: toNumber(row['expires_at']),
    revokedAt: toNumber(row['revoked_at']),
    bound: parseBound(row['bound']),
  }))
  return { person: toPerson(first), keys }
}

export async function hasKey(store: Store, key: string): Promise<boolean> {
  return (await store.read('SELECT 1 AS one FROM access_keys WHERE hash = ?', [sha256(key)])).length > 0
}

const columns = 'id, name, prefix, created_at, expires_at, last_used_at, revoked_at, bound, parent_id, device'

function toKeyInfo(row: StoredRow): KeyInfo {
  return {
    id: String(row['id']),
    name: String(row['name']),
    prefix: String(row['prefix']),
    createdAt: Number(row['created_at']),
    expiresAt: toNumber(row['expires_at']),
    lastUsedAt: toNumber(row['last_used_at']),
    revokedAt: toNumber(row['revoked_at']),
    bound: parseBound(row['bound']),
    parent: toText(row['parent_id']),
    device: parseDevice(row['device']),
  }
}

function parseDevice(stored: unknown): KeyInfo['device'] {
  return typeof stored === 'string' ? (JSON.parse(stored) as KeyInfo['device']) : null
}
