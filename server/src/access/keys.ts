/** API keys. Only a hash of a key is stored, and its beginning so that its owner knows it again. */
import type { KeyInfo } from '@cairn/contract'
import {
  createId,
  createToken,
  errorFields,
  fail,
  sha256,
  type Clock,
  type HostPeers,
  type Logger,
  type Principal,
} from '../base/index.ts'
import type { Statement, Store } from '../storage/index.ts'
import type { Owner } from './owner.ts'
import type { Access } from './types.ts'

const dayMs = 86_400_000
/** Last use of a key is written at most this often. */
const lastUsedEveryMs = 60_000
/** `cairn_` and six characters of 43. */
const prefixLength = 12

export interface KeysOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly owner: Owner
  /** Told when a key is revoked, since each process believes a key for a second. */
  readonly peers: Pick<HostPeers, 'collect' | 'answer'>
}

export interface Keys extends Pick<Access, 'listKeys' | 'createKey' | 'revokeKey'> {
  /** The id of the key in force. Throws `access.key-unknown`, in the same words whether it is unknown, expired or revoked. */
  authenticate(key: string): Promise<Principal['credentialId']>
}

/** How long a key that was found is believed; a revocation by this host is heard at once, by another server so late. */
const believedMs = 1_000
const mostBelieved = 10_000
const revokedTopic = 'access.key-revoked'

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createKeys({ store, clock, logger, owner, peers }: KeysOptions): Keys {
  const lastUsed = new Map<string, number>()
  const believed = new Map<string, { readonly row: KeyRow; readonly untilMs: number }>()
  let revocations = 0
  peers.answer(revokedTopic, () => {
    revocations++
    believed.clear()
    return true
  })

  /** Without a read for a key that was used within the last second. */
  async function find(hash: string): Promise<KeyRow | null> {
    const known = believed.get(hash)
    if (known && known.untilMs > clock.monotonic()) return known.row
    const before = revocations
    const row = await findKey(store, hash)
    if (known) believed.delete(hash)
    // What was read while a key was being revoked may be older than that.
    if (!row || before !== revocations) return row
    if (believed.size >= mostBelieved) believed.clear()
    believed.set(hash, { row, untilMs: clock.monotonic() + believedMs })
    return row
  }

  function noteUse(keyId: string, now: number): void {
    if (now - (lastUsed.get(keyId) ?? -Infinity) < lastUsedEveryMs) return
    lastUsed.set(keyId, now)
    store
      .write([{ text: 'UPDATE access_keys SET last_used_at = ? WHERE id = ?', params: [now, keyId] }])
      .catch((thrown: unknown) =>
        logger.warn('the last use of a key could not be written', { keyId, ...errorFields(thrown) }),
      )
  }

  return {
    async authenticate(key) {
      const row = await find(sha256(key))
      const now = clock.now()
      if (!row || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= now)) {
        fail('access.key-unknown', {
          message: 'This API key is unknown, expired or revoked. Make a new one with `npx cairn key create`.',
        })
      }
      noteUse(row.id, now)
      return row.id
    },
    async listKeys() {
      const rows = await store.read(
        'SELECT id, name, prefix, created_at, expires_at, last_used_at, revoked_at FROM access_keys WHERE principal_id = ? ORDER BY created_at, id',
        [owner.id],
      )
      return rows.map(toKeyInfo)
    },
    async createKey(_principal, { name, expiresInDays }) {
      const key = `cairn_${createToken(32)}`
      const createdAt = clock.now()
      const info: KeyInfo = {
        id: createId('key'),
        name,
        prefix: key.slice(0, prefixLength),
        createdAt,
        expiresAt: expiresInDays === undefined ? null : createdAt + expiresInDays * dayMs,
        lastUsedAt: null,
        revokedAt: null,
      }
      await store.write([insertKey(info, owner.id, key)])
      return { ...info, key }
    },
    async revokeKey(_principal, keyId) {
      const done = await store.write([
        {
          text: 'UPDATE access_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
          params: [clock.now(), keyId],
          expectChanges: 1,
        },
      ])
      if (done === null)
        fail('access.key-missing', { message: 'There is no such key in force. See `npx cairn key list`.' })
      // Every process of this host has forgotten it before the caller is told that it is revoked.
      await peers.collect(revokedTopic)
    },
  }
}

export function insertKey(info: KeyInfo, principalId: string, key: string): Statement {
  return {
    text: 'INSERT INTO access_keys (id, principal_id, name, prefix, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    params: [info.id, principalId, info.name, info.prefix, sha256(key), info.createdAt, info.expiresAt],
  }
}

interface KeyRow {
  id: string
  expiresAt: number | null
  revokedAt: number | null
}

export async function findKey(store: Store, hash: string): Promise<KeyRow | null> {
  const [row] = await store.read('SELECT id, expires_at, revoked_at FROM access_keys WHERE hash = ?', [hash])
  if (!row) return null
  return {
    id: String(row['id']),
    expiresAt: toNumber(row['expires_at']),
    revokedAt: toNumber(row['revoked_at']),
  }
}

function toKeyInfo(row: Record<string, unknown>): KeyInfo {
  return {
    id: String(row['id']),
    name: String(row['name']),
    prefix: String(row['prefix']),
    createdAt: Number(row['created_at']),
    expiresAt: toNumber(row['expires_at']),
    lastUsedAt: toNumber(row['last_used_at']),
    revokedAt: toNumber(row['revoked_at']),
  }
}

function toNumber(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}
