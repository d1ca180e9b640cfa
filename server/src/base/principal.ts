/** Who is asking. Every call of every module carries one; `access` makes it, nobody else. */
export interface Principal {
  readonly id: string
  readonly name: string
  /** `person`: everybody who is no owner; `service`: an account of a program, which has keys only. */
  readonly kind: 'owner' | 'person' | 'service' | 'system'
  /** How the caller proved it: an API key, a session cookie, the local credential of the command line. */
  readonly via: 'key' | 'session' | 'local' | 'internal'
  /** Id of the key or session used. */
  readonly credentialId: string
  /** Ids of the keys that the key stays within, the nearest first; absent where there are none. */
  readonly withinKeys?: readonly string[]
  /** Ids of the groups that they are in, also through others, in order. */
  readonly groups?: readonly string[]
  /** A second factor was shown; for sessions. */
  readonly mfa?: boolean
  /** The key, or one that it stays within, may not do all that its owner may. */
  readonly isBounded?: boolean
  /** What is missing before this session may do anything: a second factor to show, or to set up. */
  readonly mfaNeeded?: 'verify' | 'enrol'
}
