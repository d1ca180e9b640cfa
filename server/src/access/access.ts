/**
 * Who is asking, and may they. For now one owner, who may do everything, with any number of API keys and sessions.
 * Every call already carries a principal and every module already asks, so that roles can come without moving a wall.
 */
import type { KeyInfo } from '@cairn/contract'
import {
  CairnError,
  createId,
  createToken,
  errorFields,
  fail,
  sha256,
  type Clock,
  type Logger,
  type Principal,
  type Secret,
} from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import type { Access } from './types.ts'

const sessionMs = 30 * 86_400_000
const signInMs = 10 * 60_000
const dayMs = 86_400_000
/** Last use of a key is written at most this often. */
const lastUsedEveryMs = 60_000

export interface AccessOptions {
  store: Store
  clock: Clock
  logger: Logger
  /** `CAIRN_OWNER_KEY`: the owner's first key, taken while there is no owner. */
  ownerKey: Secret | null
  /** The bearer of the local command line, known only to those who can read `server.json`. */
  localCredential: Secret
}

interface KeyRow {
  id: string
  principalId: string
  expiresAt: number | null
  revokedAt: number | null
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function createAccess({
  store,
  clock,
  logger,
  ownerKey,
  localCredential,
}: AccessOptions): Promise<Access> {
  const owner = await ensureOwner(store, clock, ownerKey)
  const localHash = sha256(localCredential.reveal())
  const lastUsed = new Map<string, number>()

  const principal = (via: Principal['via'], credentialId: string): Principal => ({
    ...owner,
    kind: 'owner',
    via,
    credentialId,
  })

  async function byKey(key: string): Promise<Principal> {
    const hash = sha256(key)
    if (hash === localHash) return principal('local', 'local')
    const row = await findKey(store, hash)
    const now = clock.now()
    if (!row || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= now)) {
      fail('access.key-unknown', {
        message: 'This API key is unknown, expired or revoked. Make a new one with `npx cairn key create`.',
      })
    }
    noteUse(row.id, now)
    return principal('key', row.id)
  }

  function noteUse(keyId: string, now: number): void {
    if (now - (lastUsed.get(keyId) ?? 0) < lastUsedEveryMs) return
    lastUsed.set(keyId, now)
    store
      .write([{ text: 'UPDATE access_keys SET last_used_at = ? WHERE id = ?', params: [now, keyId] }])
      .catch((thrown: unknown) =>
        logger.warn('the last use of a key could not be written', { keyId, ...errorFields(thrown) }),
      )
  }

  async function bySession(token: string): Promise<Principal> {
    const [row] = await store.read('SELECT id, expires_at FROM access_sessions WHERE hash = ?', [sha256(token)])
    if (!row || Number(row['expires_at']) <= clock.now())
      fail('access.unauthenticated', { message: 'The session has ended. Sign in again.' })
    return principal('session', String(row['id']))
  }

  return {
    async authenticate({ key, session }) {
      if (key !== null) return byKey(key)
      if (session !== null) return bySession(session)
      return fail('access.unauthenticated', {
        message: 'Send an API key as `Authorization: Bearer …`, or sign in to the console.',
      })
    },
    require({ kind }) {
      if (kind !== 'owner') throw new CairnError('access.forbidden')
    },
    filter: () => ({ kind: 'all' }),
    async signIn(token) {
      const now = clock.now()
      const session = createToken(32)
      const id = createId('session')
      const expiresAt = now + sessionMs
      const done = await store.write([
        {
          text: 'DELETE FROM access_sign_in_tokens WHERE hash = ? AND expires_at > ?',
          params: [sha256(token), now],
          expectChanges: 1,
        },
        {
          text: 'INSERT INTO access_sessions (id, principal_id, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
          params: [id, owner.id, sha256(session), now, expiresAt],
        },
        { text: 'DELETE FROM access_sessions WHERE expires_at <= ?', params: [now] },
        { text: 'DELETE FROM access_sign_in_tokens WHERE expires_at <= ?', params: [now] },
      ])
      if (done === null)
        fail('access.link-invalid', {
          message: 'This sign-in link was used or has expired. Make a new one with `npx cairn sign-in`.',
        })
      return { session, expiresAt, principal: principal('session', id) }
    },
    async signOut({ via, credentialId }) {
      if (via === 'session')
        await store.write([{ text: 'DELETE FROM access_sessions WHERE id = ?', params: [credentialId] }])
    },
    async createSignInToken() {
      const token = createToken(24)
      const expiresAt = clock.now() + signInMs
      await store.write([
        {
          text: 'INSERT INTO access_sign_in_tokens (hash, principal_id, expires_at) VALUES (?, ?, ?)',
          params: [sha256(token), owner.id, expiresAt],
        },
      ])
      return { token, expiresAt }
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
      const info = {
        id: createId('key'),
        name,
        prefix: key.slice(0, 12),
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
    },
  }
}

async function ensureOwner(store: Store, clock: Clock, ownerKey: Secret | null): Promise<{ id: string; name: string }> {
  const [existing] = await store.read("SELECT id, name FROM access_principals WHERE kind = 'owner'")
  const owner = existing
    ? { id: String(existing['id']), name: String(existing['name']) }
    : { id: createId('person'), name: 'Owner' }
  const now = clock.now()
  const key = ownerKey?.reveal() ?? null
  if (existing) {
    if (key !== null && !(await findKey(store, sha256(key)))) {
      throw new CairnError('config.invalid', {
        message:
          'CAIRN_OWNER_KEY is not the key this data directory was begun with. Unset it, and make a key with `npx cairn key create`.',
      })
    }
    return owner
  }
  const info = {
    id: createId('key'),
    name: 'CAIRN_OWNER_KEY',
    prefix: '',
    createdAt: now,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
  }
  await store.write([
    {
      text: "INSERT INTO access_principals (id, name, kind, created_at) VALUES (?, ?, 'owner', ?)",
      params: [owner.id, owner.name, now],
    },
    ...(key === null ? [] : [insertKey(info, owner.id, key)]),
  ])
  return owner
}

function insertKey(info: KeyInfo, principalId: string, key: string) {
  return {
    text: 'INSERT INTO access_keys (id, principal_id, name, prefix, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    params: [info.id, principalId, info.name, info.prefix, sha256(key), info.createdAt, info.expiresAt],
  }
}

async function findKey(store: Store, hash: string): Promise<KeyRow | null> {
  const [row] = await store.read('SELECT id, principal_id, expires_at, revoked_at FROM access_keys WHERE hash = ?', [
    hash,
  ])
  if (!row) return null
  return {
    id: String(row['id']),
    principalId: String(row['principal_id']),
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
