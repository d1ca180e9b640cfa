/**
 * The second factor: codes that change every thirty seconds (RFC 6238, by the library `otpauth`), and ten recovery codes
 * for the day the phone is gone. The secret is sealed by the keyring under the person’s id. A code counts one step early
 * and one step late, and once: the step it belongs to is written down, and the same or an earlier one is refused after it.
 */
import { Secret as TotpSecret, TOTP } from 'otpauth'
import { createToken, fail, sha256, type Clock } from '../../base/index.ts'
import type { Keyring } from '../../platform/index.ts'
import type { Statement, Store } from '../../storage/index.ts'
import type { Person } from './people.ts'

const periodSeconds = 30
const digits = 6
/** RFC 4226, section 4, asks for 128 bits at least and recommends 160. */
const secretBytes = 20
const stepsAround = 1
const recoveryCodes = 10
/** An enrolment that was begun and not finished. */
const enrolMs = 15 * 60_000

export interface TotpState {
  readonly since: number
  readonly recoveryCodesLeft: number
}

export interface Totp {
  /** Null while it is not set up. */
  find(principalId: string): Promise<TotpState | null>
  /** A new secret, which counts once a code of it was shown. Throws `access.totp-state` when one is set up already. */
  begin(person: Person): Promise<{ secret: string; uri: string }>
  /** Sets it up and gives the recovery codes. Throws `access.totp-state`, `access.sign-in-refused`. */
  confirm(principalId: string, code: string): Promise<{ codes: string[] }>
  /** Uses the code up, one of the app or a recovery code. */
  verify(principalId: string, code: string): Promise<boolean>
  /** New recovery codes in place of those before. Throws `access.totp-state`. */
  renewCodes(principalId: string): Promise<{ codes: string[] }>
  /** What removes it. */
  remove(principalId: string): Statement[]
}

export interface TotpOptions {
  readonly store: Store
  readonly clock: Clock
  readonly seal: Pick<Keyring, 'sealSecret' | 'openSecret'>
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createTotp({ store, clock, seal }: TotpOptions): Totp {
  /** The step of a code that fits and was not used, or null. */
  async function findStep(principalId: string, code: string, condition: string): Promise<number | null> {
    const [row] = await store.read(
      `SELECT sealed_secret, created_at, confirmed_at, last_step FROM access_totp WHERE principal_id = ? AND ${condition}`,
      [principalId],
    )
    const secret = row && seal.openSecret('second-factors', [principalId], String(row['sealed_secret']))
    const now = clock.now()
    if (!row || !secret) return null
    if (row['confirmed_at'] === null && Number(row['created_at']) <= now - enrolMs) return null
    const delta = createCodes(secret, '').validate({ token: code, timestamp: now, window: stepsAround })
    if (delta === null) return null
    const step = Math.floor(now / 1_000 / periodSeconds) + delta
    return step > Number(row['last_step']) ? step : null
  }

  async function useRecoveryCode(principalId: string, code: string): Promise<boolean> {
    const gone = {
      text: 'DELETE FROM access_recovery_codes WHERE principal_id = ? AND hash = ?',
      params: [principalId, hashRecoveryCode(principalId, code)],
      expectChanges: 1,
    }
    return (await store.write([gone])) !== null
  }

  return {
    async find(principalId) {
      const [row] = await store.read(
        `SELECT confirmed_at, (SELECT COUNT(*) FROM access_recovery_codes c WHERE c.principal_id = t.principal_id) AS codes
          FROM access_totp t WHERE principal_id = ? AND confirmed_at IS NOT NULL`,
        [principalId],
      )
      return row ? { since: Number(row['confirmed_at']), recoveryCodesLeft: Number(row['codes']) } : null
    },
    async begin(person) {
      const secret = new TotpSecret({ size: secretBytes }).base32
      const sealed = seal.sealSecret('second-factors', [person.id], secret)
      const done = await store.write([
        {
          text: `INSERT INTO access_totp (principal_id, sealed_secret, created_at, confirmed_at, last_step)
            VALUES (?, ?, ?, NULL, 0) ON CONFLICT (principal_id) DO UPDATE
            SET sealed_secret = excluded.sealed_secret, created_at = excluded.created_at
            WHERE access_totp.confirmed_at IS NULL`,
          params: [person.id, sealed, clock.now()],
          expectChanges: 1,
        },
      ])
      if (done === null)
        fail('access.totp-state', { message: 'A second factor is set up already. Remove it to set up another.' })
      return { secret, uri: createCodes(secret, person.email ?? person.name).toString() }
    },
    async confirm(principalId, given) {
      const step = await findStep(principalId, normaliseCode(given), 'confirmed_at IS NULL')
      if (step === null)
        fail('access.sign-in-refused', {
          param: 'code',
          message: 'The code does not fit. Check the clock of the device, or begin again.',
        })
      const { codes, statements } = prepareCodes(principalId)
      const done = await store.write([
        {
          text: 'UPDATE access_totp SET confirmed_at = ?, last_step = ? WHERE principal_id = ? AND confirmed_at IS NULL AND last_step < ?',
          params: [clock.now(), step, principalId, step],
          expectChanges: 1,
        },
        ...statements,
      ])
      if (done === null) fail('access.totp-state', { message: 'The second factor was set up already.' })
      return { codes }
    },
    async verify(principalId, given) {
      const code = normaliseCode(given)
      if (!/^\d{6}$/.test(code)) return useRecoveryCode(principalId, code)
      const step = await findStep(principalId, code, 'confirmed_at IS NOT NULL')
      if (step === null) return false
      const done = await store.write([
        {
          text: 'UPDATE access_totp SET last_step = ? WHERE principal_id = ? AND last_step < ?',
          params: [step, principalId, step],
          expectChanges: 1,
        },
      ])
      return done !== null
    },
    async renewCodes(principalId) {
      const { codes, statements } = prepareCodes(principalId)
      const isSetUp = {
        text: 'UPDATE access_totp SET last_step = last_step WHERE principal_id = ? AND confirmed_at IS NOT NULL',
        params: [principalId],
        expectChanges: 1,
      }
      if ((await store.write([isSetUp, ...statements])) === null)
        fail('access.totp-state', { message: 'Set up a second factor first.' })
      return { codes }
    },
    remove: (principalId) => [
      { text: 'DELETE FROM access_totp WHERE principal_id = ?', params: [principalId] },
      { text: 'DELETE FROM access_recovery_codes WHERE principal_id = ?', params: [principalId] },
    ],
  }
}

function createCodes(secret: string, label: string): TOTP {
  // SHA-1, because authenticator apps know nothing else; HMAC does not need what SHA-1 has lost (RFC 6238, section 1.2).
  return new TOTP({
    issuer: 'Cairn',
    label,
    algorithm: 'SHA1',
    digits,
    period: periodSeconds,
    secret: TotpSecret.fromBase32(secret),
  })
}

function prepareCodes(principalId: string): { codes: string[]; statements: Statement[] } {
  const codes = Array.from({ length: recoveryCodes }, createRecoveryCode)
  return {
    codes,
    statements: [
      { text: 'DELETE FROM access_recovery_codes WHERE principal_id = ?', params: [principalId] },
      ...codes.map((code) => ({
        text: 'INSERT INTO access_recovery_codes (hash, principal_id) VALUES (?, ?)',
        params: [hashRecoveryCode(principalId, normaliseCode(code)), principalId],
      })),
    ],
  }
}

/** 80 random bits in four groups, in Crockford’s base 32. */
function createRecoveryCode(): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
  const bytes = Buffer.from(createToken(16), 'base64url')
  const letters = Array.from({ length: 16 }, (_, i) => alphabet[(bytes[i] ?? 0) & 31])
  return (letters.join('').match(/.{4}/g) ?? []).join('-')
}

function normaliseCode(code: string): string {
  return code.normalize('NFKC').toLowerCase().replace(/[\s-]/g, '')
}

function hashRecoveryCode(principalId: string, code: string): string {
  return sha256(`recovery code of ${principalId}: ${code}`)
}
