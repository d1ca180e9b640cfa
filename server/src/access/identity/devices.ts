/**
 * Pairing a device without a keyboard to sign in on (RFC 8628). The device shows a short code; somebody who is signed in
 * types it in the console, sees what asks and for which vault, and says yes or no; the device, which keeps asking, is then
 * given a key of that person, bound to the vault. The key is made at the moment it is fetched, so that it is stored
 * nowhere.
 */
import type { DeviceErrorName, DeviceShown, KeyBound } from '@cairn/contract'
import { createToken, fail, sha256, type Clock } from '../../base/index.ts'
import { toText, type Store } from '../../storage/index.ts'
import type { Changes } from './changes.ts'
import type { Keys } from './keys.ts'

const livesMs = 5 * 60_000
const intervalMs = 5_000
/** RFC 8628, section 3.5: each answer `slow_down` adds five seconds. */
const slowerByMs = 5_000
const mostWaiting = 1_000
/** The consonants of RFC 8628, section 6.1: 20 letters that make no words, so ten of them have 43 bits. */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'
const codeLetters = 10

/** What a device is paired for: to ask, to read and to send the vault that it has, never to change who may do what. */
const deviceActions: KeyBound['actions'] = [
  'discover',
  'read',
  'retrieve',
  'cite',
  'create',
  'write',
  'delete',
  'model.use',
  'cache.hit',
  'cache.fill',
]
/** Figures of the server are of no vault; they are told to a person who may see them. */
const wholeActions: KeyBound['actions'] = [...deviceActions, 'cache.read', 'usage.read']

export interface DeviceGrant {
  readonly key: string
  readonly keyId: string
  readonly principalId: string
  readonly vault: string | null
}

export type DeviceAnswer =
  | { readonly kind: 'granted'; readonly grant: DeviceGrant }
  | { readonly kind: 'error'; readonly error: DeviceErrorName }

export interface DeviceRequest {
  readonly deviceCode: string
  readonly userCode: string
  readonly expiresInMs: number
  readonly intervalMs: number
}

export interface DeviceDecision {
  readonly principalId: string
  readonly userCode: string
  readonly approve: boolean
  readonly vault: string | null
}

export interface Devices {
  /** Throws `server.busy` while too many wait. */
  begin(device: { client: string; vault: string | null }): Promise<DeviceRequest>
  /** For the one who decides; the code may be written in any way. Throws `access.device-code`. */
  look(userCode: string): Promise<DeviceShown>
  /** Once. `vault` is the id of the vault that was approved. Throws `access.device-code`. */
  decide(decision: DeviceDecision): Promise<DeviceShown>
  /** What the device is told that keeps asking. */
  poll(deviceCode: string): Promise<DeviceAnswer>
}

export interface DevicesOptions {
  readonly store: Store
  readonly clock: Clock
  readonly changes: Changes
  readonly keys: Pick<Keys, 'prepare'>
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createDevices({ store, clock, changes, keys }: DevicesOptions): Devices {
  async function findWaiting(userCode: string): Promise<DeviceShown> {
    const [row] = await store.read(
      "SELECT client, vault, expires_at FROM access_devices WHERE code_hash = ? AND status = 'pending' AND expires_at > ?",
      [hashUserCode(userCode), clock.now()],
    )
    if (!row) codeUnknown()
    return { clientName: String(row['client']), vault: toText(row['vault']), expiresAt: Number(row['expires_at']) }
  }

  return {
    look: findWaiting,
    async begin({ client, vault }) {
      const now = clock.now()
      const deviceCode = createToken(32)
      const userCode = createUserCode()
      const done = await store.write([
        // A device that asks again after its end is told so for a while.
        { text: 'DELETE FROM access_devices WHERE expires_at < ?', params: [now - livesMs] },
        {
          text: `INSERT INTO access_devices
            (device_hash, code_hash, client, vault, status, principal_id, expires_at, polled_at, interval_ms)
            SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), 'pending', NULL, CAST(? AS BIGINT),
              0, ${intervalMs} WHERE (SELECT COUNT(*) FROM access_devices) < ${mostWaiting}`,
          params: [sha256(deviceCode), hashUserCode(userCode), client, vault, now + livesMs],
          expectChanges: 1,
        },
      ])
      if (done === null)
        fail('server.busy', { retryAfterMs: livesMs, message: 'Too many devices wait to be paired. Try again later.' })
      return { deviceCode, userCode, expiresInMs: livesMs, intervalMs }
    },
    async decide({ principalId, userCode, approve, vault }) {
      const shown = await findWaiting(userCode)
      const done = await store.write([
        {
          text: `UPDATE access_devices SET status = ?, principal_id = ?, vault = ?
            WHERE code_hash = ? AND status = 'pending' AND expires_at > ?`,
          params: [approve ? 'approved' : 'refused', principalId, vault, hashUserCode(userCode), clock.now()],
          expectChanges: 1,
        },
      ])
      return done === null ? codeUnknown() : shown
    },
    async poll(deviceCode) {
      const hash = sha256(deviceCode)
      const now = clock.now()
      const [row] = await store.read('SELECT * FROM access_devices WHERE device_hash = ?', [hash])
      if (!row || Number(row['expires_at']) <= now) return { kind: 'error', error: 'expired_token' }
      if (row['status'] === 'refused') return { kind: 'error', error: 'access_denied' }
      if (now - Number(row['polled_at']) < Number(row['interval_ms'])) {
        await store.write([
          {
            text: `UPDATE access_devices SET interval_ms = interval_ms + ${slowerByMs}, polled_at = ? WHERE device_hash = ?`,
            params: [now, hash],
          },
        ])
        return { kind: 'error', error: 'slow_down' }
      }
      const polled = { text: 'UPDATE access_devices SET polled_at = ? WHERE device_hash = ?', params: [now, hash] }
      if (row['status'] === 'pending') {
        await store.write([polled])
        return { kind: 'error', error: 'authorization_pending' }
      }
      return grant({
        hash,
        client: String(row['client']),
        vault: toText(row['vault']),
        principalId: String(row['principal_id']),
      })
    },
  }

  /** The key is stored and the request gone in one write, so that of two who ask at once one is given it. */
  async function grant(paired: {
    hash: string
    client: string
    vault: string | null
    principalId: string
  }): Promise<DeviceAnswer> {
    const { hash, client, vault, principalId } = paired
    const { created, statement } = keys.prepare({
      principalId,
      name: client,
      parentId: null,
      bound:
        vault === null
          ? { actions: wholeActions, scopes: ['org:cairn'] }
          : { actions: deviceActions, scopes: [`vault:${vault}`, 'model:*', 'cache:*'] },
      device: { client, vault },
    })
    const done = await changes.write([
      {
        text: `DELETE FROM access_devices WHERE device_hash = ? AND status = 'approved'
          AND EXISTS (SELECT 1 FROM access_principals WHERE id = ? AND status = 'active')`,
        params: [hash, principalId],
        expectChanges: 1,
      },
      statement,
    ])
    if (done === null) return { kind: 'error', error: 'expired_token' }
    return { kind: 'granted', grant: { key: created.key, keyId: created.id, principalId, vault } }
  }
}

function codeUnknown(): never {
  fail('access.device-code', {
    param: 'userCode',
    message: 'userCode: no device waits with this code. It is good for five minutes; let the device show a new one.',
  })
}

function createUserCode(): string {
  let code = ''
  while (code.length < codeLetters)
    for (const byte of Buffer.from(createToken(32), 'base64url'))
      // What is left above the last whole multiple would make some letters likelier.
      if (code.length < codeLetters && byte < 256 - (256 % alphabet.length)) code += alphabet[byte % alphabet.length]
  return `${code.slice(0, 5)}-${code.slice(5)}`
}

function hashUserCode(userCode: string): string {
  return sha256(
    `user code ${userCode
      .normalize('NFKC')
      .toUpperCase()
      .replace(/[^A-Z]/g, '')}`,
  )
}
