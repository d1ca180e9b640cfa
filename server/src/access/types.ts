/** What the rest of the server asks of `access`. */
import type { KeyInfo, Permission } from '@cairn/contract'
import type { NoteFilter, Principal } from '../base/index.ts'

export interface Credentials {
  /** Text after `Bearer ` in `authorization`, or the value of `x-api-key`. */
  readonly key: string | null
  /** Value of the session cookie; `http` passes it for same-origin requests only. */
  readonly session: string | null
}

export interface Access {
  /** Throws `access.unauthenticated` or `access.key-unknown`. */
  authenticate(credentials: Credentials): Promise<Principal>
  /** Throws `access.forbidden`; pure. */
  require(principal: Principal, permission: Permission, resource?: string): void
  /** Which notes of a vault the principal may use for a permission; pure. */
  filter(principal: Principal, permission: Permission, vault: string): NoteFilter
  /** Trades a one-time sign-in token for a session. Throws `access.link-invalid`. */
  signIn(token: string): Promise<{ session: string; expiresAt: number; principal: Principal }>
  signOut(principal: Principal): Promise<void>
  /** A one-time sign-in token, valid 10 minutes, for the owner. */
  createSignInToken(): Promise<{ token: string; expiresAt: number }>
  listKeys(principal: Principal): Promise<KeyInfo[]>
  createKey(
    principal: Principal,
    options: { name: string; expiresInDays?: number | undefined },
  ): Promise<KeyInfo & { key: string }>
  /** Throws `access.key-missing`. */
  revokeKey(principal: Principal, keyId: string): Promise<void>
}
