/** What the rest of the server asks of `access`. */
import type { AccessContext, Action, KeyCreate, KeyInfo, PendingLink } from '@cairn/contract'
import type { NoteFilter, Principal } from '../base/index.ts'
import type { Subject } from './engine/index.ts'
import type { Identity } from './identity/identity.ts'
import type { LinkMaker } from './identity/links.ts'
import type { SignedIn, Visitor } from './identity/sign-in.ts'
import type { Joining, Managing } from './people-rules.ts'
import type { Policy } from './policy/policy.ts'

export interface Credentials {
  /** Text after `Bearer ` in `authorization`, or the value of `x-api-key`. */
  readonly key: string | null
  /** Value of the session cookie; `http` passes it for same-origin requests only. */
  readonly session: string | null
  /** The epoch that the caller has heard of: it is not answered by an earlier one. */
  readonly epoch?: number
}

export interface Access {
  /** Who there is: people, groups, accounts, sessions, devices. */
  readonly identity: Identity
  /** Who may do what, and how that is changed. */
  readonly policy: Policy
  /**
   * Also makes sure that what the answers below go by is no older than its lease. Throws `access.unauthenticated`,
   * `access.key-unknown`, `access.unconfirmed`.
   */
  authenticate(credentials: Credentials): Promise<Principal>
  /** Makes sure of the same for a request that is on its way. Throws `access.unconfirmed`. */
  confirm(epoch?: number): Promise<void>
  /** The state of people, keys and rules that the answers below go by. */
  epoch(): number
  /** Whether an action is allowed; on the whole server when no resource is named. Pure. */
  may(principal: Principal, action: Action, resource?: string, context?: AccessContext): boolean
  /** Throws `access.forbidden`, `access.mfa-needed`; pure. */
  require(principal: Principal, action: Action, resource?: string, context?: AccessContext): void
  /** Throws `access.mfa-needed`. */
  requireSignedIn(principal: Principal): void
  /** Throws `access.forbidden` for who manages people and is no owner, where it takes one. */
  requireManage(principal: Principal, user: string, managing?: Managing): Promise<void>
  /** As whom somebody makes links for others. */
  linkMaker(principal: Principal): LinkMaker
  /**
   * Opens a link that another administrator made. Throws `access.forbidden` for its maker and for a key,
   * `access.link-missing`.
   */
  confirmLink(principal: Principal, user: string, link: string): Promise<PendingLink>
  /** Throws `access.forbidden` where bringing somebody into a group would give what a grant to them could not. */
  requireJoin(principal: Principal, joining: Joining): void
  /** Which notes of a vault the principal may use for an action; pure. */
  filter(principal: Principal, action: Action, vault: string, context?: AccessContext): NoteFilter
  /** Whether a vault, or anything in it, may be known to the principal. For whom it is not, it does not exist. */
  seesVault(principal: Principal, vault: string): boolean
  /** Who the engine is asked about. */
  subjectOf(principal: Principal): Subject
  contextOf(principal: Principal): AccessContext
  /** Trades a one-time sign-in token for a session. Throws `access.link-invalid`. */
  signIn(token: string, visitor: Visitor): Promise<{ session: string; expiresAt: number; principal: Principal }>
  /** The principal of somebody who has just signed in. */
  principalOf(signedIn: SignedIn): Principal
  signOut(principal: Principal): Promise<void>
  /**
   * A one-time sign-in token, valid 10 minutes; for the owner when nobody is named. Throws `access.forbidden` for a
   * key that is bounded or expires, and for a service account.
   */
  createSignInToken(principal?: Principal): Promise<{ token: string; expiresAt: number }>
  listKeys(principal: Principal): Promise<KeyInfo[]>
  /**
   * A key of one’s own, or of a service account for who manages people: an owner, or somebody who holds all that it says
   * it may do. Made with a key it stays within that key. Throws
   * `access.key-missing`, `access.key-wider`, `access.forbidden`, `access.mfa-needed`, `access.user-missing`.
   */
  createKey(principal: Principal, options: KeyCreate): Promise<KeyInfo & { key: string }>
  /** With those that stay within it. Throws `access.key-missing`, `access.forbidden` for one of an owner. */
  revokeKey(principal: Principal, keyId: string): Promise<void>
}
