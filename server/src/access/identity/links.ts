/**
 * Single-use links: to sign in, to take an invitation, to set a forgotten password. The token has 192 random bits and
 * stands in the fragment of the address; its hash is stored, and deleting that row is what using it means.
 */
import type { LinkInfo } from '@cairn/contract'
import { createToken, fail, sha256, type Clock } from '../../base/index.ts'
import { toText, type Statement, type Store } from '../../storage/index.ts'

export type LinkPurpose = 'sign-in' | 'invitation' | 'reset'

const minuteMs = 60_000
const livesMs: Readonly<Record<LinkPurpose, number>> = {
  'sign-in': 10 * minuteMs,
  reset: 60 * minuteMs,
  invitation: 7 * 24 * 60 * minuteMs,
}
const tokenBytes = 24

export interface MadeLink {
  readonly token: string
  readonly expiresAt: number
}

export interface Links {
  /** What stores it, for a write of its own or one with more in it. A new link replaces those of its kind before. */
  prepare(principalId: string, purpose: LinkPurpose): { link: MadeLink; statements: Statement[] }
  create(principalId: string, purpose: LinkPurpose): Promise<MadeLink>
  /** What a link for setting a password is for; using it up takes `redeem`. Throws `access.link-invalid`. */
  describe(token: string): Promise<LinkInfo & { principalId: string }>
  /** Whose link it is, while it is in force; null otherwise. */
  findHolder(token: string, purpose: LinkPurpose): Promise<string | null>
  /** Changes one row exactly when the link is in force. */
  use(token: string, purposes: readonly LinkPurpose[]): Statement
}

export function createLinks({ store, clock }: { store: Store; clock: Clock }): Links {
  function prepare(principalId: string, purpose: LinkPurpose) {
    const now = clock.now()
    const link: MadeLink = { token: createToken(tokenBytes), expiresAt: now + livesMs[purpose] }
    // A terminal may have printed several links to sign in; of the others the last one counts.
    const replaced: Statement[] =
      purpose === 'sign-in'
        ? []
        : [
            {
              text: "DELETE FROM access_sign_in_tokens WHERE principal_id = ? AND purpose <> 'sign-in'",
              params: [principalId],
            },
          ]
    const statements: Statement[] = [
      ...replaced,
      { text: 'DELETE FROM access_sign_in_tokens WHERE expires_at <= ?', params: [now] },
      {
        text: 'INSERT INTO access_sign_in_tokens (hash, principal_id, expires_at, purpose) VALUES (?, ?, ?, ?)',
        params: [sha256(link.token), principalId, link.expiresAt, purpose],
      },
    ]
    return { link, statements }
  }

  return {
    prepare,
    async create(principalId, purpose) {
      const { link, statements } = prepare(principalId, purpose)
      await store.write(statements)
      return link
    },
    async describe(token) {
      const [row] = await store.read(
        `SELECT l.principal_id, l.purpose, l.expires_at, p.name, p.email FROM access_sign_in_tokens l
          JOIN access_principals p ON p.id = l.principal_id
          WHERE l.hash = ? AND l.expires_at > ? AND l.purpose <> 'sign-in' AND p.status = 'active'`,
        [sha256(token), clock.now()],
      )
      if (!row) linkInvalid()
      return {
        principalId: String(row['principal_id']),
        purpose: row['purpose'] === 'invitation' ? 'invitation' : 'reset',
        name: String(row['name']),
        email: toText(row['email']),
        expiresAt: Number(row['expires_at']),
      }
    },
    async findHolder(token, purpose) {
      const [row] = await store.read(
        'SELECT principal_id FROM access_sign_in_tokens WHERE hash = ? AND expires_at > ? AND purpose = ?',
        [sha256(token), clock.now(), purpose],
      )
      return row ? String(row['principal_id']) : null
    },
    use: (token, purposes) => ({
      text: `DELETE FROM access_sign_in_tokens WHERE hash = ? AND expires_at > ?
        AND purpose IN (${purposes.map(() => '?').join(', ')})`,
      params: [sha256(token), clock.now(), ...purposes],
      expectChanges: 1,
    }),
  }
}

/** In the same words whether it is unknown, used, replaced or expired. */
export function linkInvalid(): never {
  fail('access.link-invalid', {
    message:
      'This link was used or has expired. Ask whoever runs this server for a new one; for their own there is `npx cairn sign-in`.',
  })
}
