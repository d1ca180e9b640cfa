/** Who is asking. Every call of every module carries one; `access` makes it, nobody else. */
export interface Principal {
  readonly id: string
  readonly name: string
  readonly kind: 'owner' | 'system'
  /** How the caller proved it: an API key, a session cookie, the local credential of the command line. */
  readonly via: 'key' | 'session' | 'local' | 'internal'
  /** Id of the key or session used. */
  readonly credentialId: string
}
