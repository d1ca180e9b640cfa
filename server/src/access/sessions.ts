/** Sessions of the console, begun with a one-time sign-in token. Of both, only a hash is stored. */
import { createId, createToken, fail, sha256, type Clock, type Principal } from '../base/index.ts'
import type { Store } from '../storage/index.ts'
import type { Owner } from './owner.ts'

const sessionMs = 30 * 86_400_000
const signInMs = 10 * 60_000

export interface SessionsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly owner: Owner
}

export interface Sessions {
  /** The id of the session. Throws `access.unauthenticated` when there is none, or it has ended. */
  authenticate(session: string): Promise<Principal['credentialId']>
  /** Trades the token for a session, once however many try at the same time. Throws `access.link-invalid`. */
  begin(token: string): Promise<{ id: string; session: string; expiresAt: number }>
  end(sessionId: string): Promise<void>
  createSignInToken(): Promise<{ token: string; expiresAt: number }>
}

export function createSessions({ store, clock, owner }: SessionsOptions): Sessions {
  return {
    async authenticate(session) {
      const [row] = await store.read('SELECT id, expires_at FROM access_sessions WHERE hash = ?', [sha256(session)])
      if (!row || Number(row['expires_at']) <= clock.now())
        fail('access.unauthenticated', { message: 'The session has ended. Sign in again.' })
      return String(row['id'])
    },
    async begin(token) {
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
      return { id, session, expiresAt }
    },
    async end(sessionId) {
      await store.write([{ text: 'DELETE FROM access_sessions WHERE id = ?', params: [sessionId] }])
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
  }
}
