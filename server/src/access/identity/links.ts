/**
 * Single-use links: to sign in, to take an invitation, to set a forgotten password. The token has 192 random bits and
 * stands in the fragment of the address; its hash is stored, and deleting that row is what using it means.
 *
 * Whoever has a link to set a password can become its person. So one that was made by somebody who is no owner waits
 * until a second administrator has confirmed it, and opens nothing before.
 */
import type { LinkInfo, PendingLink } from '@cairn/contract'
import { createId, createToken, fail, sha256, type Clock } from '../../base/index.ts'
import { toText, type Statement, type Store } from '../../storage/index.ts'
import type { Changes } from './changes.ts'

export type LinkPurpose = 'sign-in' | 'invitation' | 'reset'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const livesMs: Readonly<Record<LinkPurpose, number>> = {
  'sign-in': 10 * minuteMs,
  reset: 60 * minuteMs,
  invitation: 7 * dayMs,
}
/** How long a link waits to be confirmed. Its life counts from then on. */
const waitsMs = 7 * dayMs
const tokenBytes = 24

export interface MadeLink {
  readonly token: string
  readonly expiresAt: number
  /** False while it waits for a second administrator. */
  readonly isConfirmed: boolean
}

/** Who makes a link to set a password. */
export interface LinkMaker {
  /** Id of the person or service. */
  readonly id: string
  /** What an owner makes waits for nobody. */
  readonly isOwner: boolean
}

export interface NewLink {
  readonly principalId: string
  readonly purpose: Exclude<LinkPurpose, 'sign-in'>
  readonly maker: LinkMaker
}

export interface Links {
  /** To sign in oneself. */
  createSignIn(principalId: string): Promise<MadeLink>
  /** What stores it, for a write of its own or one with more in it. It replaces one that was made before. */
  prepare(link: NewLink): { link: MadeLink; statements: Statement[] }
  create(link: NewLink): Promise<MadeLink>
  /**
   * Opens a link that waits, for its whole life from now on. Throws `access.link-missing` for one that waits no longer,
   * `access.forbidden` for who made it.
   */
  confirm(principalId: string, linkId: string, by: string): Promise<PendingLink>
  /**
   * What a link for setting a password is for; using it up takes `redeem`. Throws `access.link-invalid`,
   * `access.link-unconfirmed`.
   */
  describe(token: string): Promise<LinkInfo & { principalId: string }>
  /** Whose link it is, while it is in force; null otherwise. */
  findHolder(token: string, purpose: LinkPurpose): Promise<string | null>
  /** Changes one row exactly when the link is in force and waits for nobody. */
  use(token: string, purposes: readonly LinkPurpose[]): Statement
}

const insertLink = `INSERT INTO access_sign_in_tokens (hash, principal_id, expires_at, purpose, link_id, made_by, waits)
  VALUES (?, ?, ?, ?, ?, ?, ?)`

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createLinks({ store, clock, changes }: { store: Store; clock: Clock; changes: Changes }): Links {
  const deleteExpired = (): Statement => ({
    text: 'DELETE FROM access_sign_in_tokens WHERE expires_at <= ?',
    params: [clock.now()],
  })

  function prepare({ principalId, purpose, maker }: NewLink) {
    const lifeMs = maker.isOwner ? livesMs[purpose] : waitsMs
    const link: MadeLink = {
      token: createToken(tokenBytes),
      expiresAt: clock.now() + lifeMs,
      isConfirmed: maker.isOwner,
    }
    const statements: Statement[] = [
      {
        text: "DELETE FROM access_sign_in_tokens WHERE principal_id = ? AND purpose <> 'sign-in'",
        params: [principalId],
      },
      deleteExpired(),
      {
        text: insertLink,
        params: [
          sha256(link.token),
          principalId,
          link.expiresAt,
          purpose,
          createId('link'),
          maker.id,
          maker.isOwner ? 0 : 1,
        ],
      },
      ...(maker.isOwner ? [vouchFor(principalId)] : []),
    ]
    return { link, statements }
  }

  async function find(principalId: string, linkId: string) {
    const [row] = await store.read(
      `SELECT ${linkColumns} FROM access_sign_in_tokens l WHERE l.principal_id = ? AND l.link_id = ? AND l.expires_at > ?`,
      [principalId, linkId, clock.now()],
    )
    return row ? toPendingLink(row) : null
  }

  return {
    prepare,
    async createSignIn(principalId) {
      const link: MadeLink = {
        token: createToken(tokenBytes),
        expiresAt: clock.now() + livesMs['sign-in'],
        isConfirmed: true,
      }
      // A terminal may have printed several of these, so none is replaced.
      await store.write([
        deleteExpired(),
        {
          text: insertLink,
          params: [sha256(link.token), principalId, link.expiresAt, 'sign-in', createId('link'), principalId, 0],
        },
      ])
      return link
    },
    async create(asked) {
      const { link, statements } = prepare(asked)
      // One after another, so that of two who make one at the same moment the second replaces the first.
      await changes.write(statements)
      return link
    },
    async confirm(principalId, linkId, by) {
      const found = (await find(principalId, linkId)) ?? linkMissing()
      if (found.madeBy === by)
        fail('access.forbidden', { message: 'You made this link yourself. Another administrator has to confirm it.' })
      const expiresAt = clock.now() + livesMs[found.purpose]
      // All that must be true is asked in the write itself: of two who confirm at once one does.
      const done = await changes.write([
        {
          text: `UPDATE access_sign_in_tokens SET waits = 0, confirmed_by = ?, expires_at = ?
            WHERE principal_id = ? AND link_id = ? AND waits = 1 AND expires_at > ? AND made_by <> ?
            AND EXISTS (SELECT 1 FROM access_principals p WHERE p.id = made_by AND p.status = 'active')`,
          params: [by, expiresAt, principalId, linkId, clock.now(), by],
          expectChanges: 1,
        },
        vouchFor(principalId),
      ])
      if (done === null) linkMissing()
      return { ...found, expiresAt, isConfirmed: true }
    },
    async describe(token) {
      const [row] = await store.read(
        `SELECT l.principal_id, l.purpose, l.expires_at, l.waits, p.name, p.email FROM access_sign_in_tokens l
          JOIN access_principals p ON p.id = l.principal_id
          WHERE l.hash = ? AND l.expires_at > ? AND l.purpose <> 'sign-in' AND p.status = 'active'`,
        [sha256(token), clock.now()],
      )
      if (!row) linkInvalid()
      if (Number(row['waits']) === 1) linkUnconfirmed()
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
      text: `DELETE FROM access_sign_in_tokens WHERE hash = ? AND expires_at > ? AND waits = 0
        AND purpose IN (${purposes.map(() => '?').join(', ')})`,
      params: [sha256(token), clock.now(), ...purposes],
      expectChanges: 1,
    }),
  }
}

/** Of a row `l` of a link, for `toPendingLink`. */
export const linkColumns =
  'l.link_id, l.purpose AS link_purpose, l.made_by, l.expires_at AS link_expires_at, l.waits AS link_waits'

export function toPendingLink(row: Readonly<Record<string, unknown>>): PendingLink {
  return {
    id: String(row['link_id']),
    purpose: row['link_purpose'] === 'invitation' ? 'invitation' : 'reset',
    madeBy: String(row['made_by']),
    expiresAt: Number(row['link_expires_at']),
    isConfirmed: Number(row['link_waits']) === 0,
  }
}

/** What ends with somebody who is shut out: links that were made by them, and that nobody else stands behind. */
export function endLinksMadeBy(principalId: string): Statement {
  return {
    text: "DELETE FROM access_sign_in_tokens WHERE made_by = ? AND confirmed_by IS NULL AND purpose <> 'sign-in'",
    params: [principalId],
  }
}

/** Who becomes an owner is entered by no link that an owner has not made. */
export function endLinksOfOthers(principalId: string): Statement {
  return {
    text: 'DELETE FROM access_sign_in_tokens WHERE principal_id = ? AND (waits = 1 OR confirmed_by IS NOT NULL)',
    params: [principalId],
  }
}

function vouchFor(principalId: string): Statement {
  return { text: 'UPDATE access_principals SET is_vouched = 1 WHERE id = ?', params: [principalId] }
}

/** In the same words whether it is unknown, used, replaced or expired. */
export function linkInvalid(): never {
  fail('access.link-invalid', {
    message:
      'This link was used or has expired. Ask whoever runs this server for a new one; for their own there is `npx cairn sign-in`.',
  })
}

function linkMissing(): never {
  fail('access.link-missing', {
    message: 'This link was confirmed, used or replaced, or has expired. Look at the list of people again.',
  })
}

export function linkUnconfirmed(): never {
  fail('access.link-unconfirmed', {
    message:
      'A second administrator has to confirm this link before it opens. Ask whoever gave it to you to have that done, then open it again.',
  })
}
