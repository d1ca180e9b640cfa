/** One's own account: name and e-mail address, password, second factor. What an administrator may do instead is below. */
import type { Account } from '@cairn/contract'
import { fail, type Principal } from '../../base/index.ts'
import type { Store } from '../../storage/index.ts'
import type { Attempts, AttemptSubject } from './attempts.ts'
import type { Changes } from './changes.ts'
import type { LinkMaker, Links, MadeLink } from './links.ts'
import type { Passwords } from './passwords.ts'
import type { People, Person } from './people.ts'
import type { Sessions } from './sessions.ts'
import type { Totp } from './totp.ts'

export interface Accounts {
  describe(principal: Principal): Promise<Account>
  /** The address may be set while there is none; after that an administrator changes it. */
  change(principal: Principal, change: { name?: string | undefined; email?: string | undefined }): Promise<void>
  /** Ends the person’s other sessions. Throws `access.sign-in-refused`, `access.attempts`, `access.password-weak`. */
  changePassword(principal: Principal, given: { current?: string | undefined; password: string }): Promise<void>
  /** Throws `access.sign-in-refused` for a wrong password, `access.totp-state`. */
  beginTotp(principal: Principal, password: string | undefined): Promise<{ secret: string; uri: string }>
  /** The session then counts as one with a second factor. */
  confirmTotp(principal: Principal, code: string): Promise<{ codes: string[] }>
  /** Takes a code. Throws `access.sign-in-refused`, `access.mfa-needed` where the policy asks for a second factor. */
  removeTotp(principal: Principal, code: string): Promise<void>
  renewRecoveryCodes(principal: Principal, code: string): Promise<{ codes: string[] }>
  /** For an administrator: somebody’s second factor is gone, and their sessions. Throws `access.user-missing`. */
  clearTotp(personId: string): Promise<void>
  /** A new account and the link with which its person sets a password. Throws `access.user-exists`, `request.invalid`. */
  invite(person: { name: string; email: string }, maker: LinkMaker): Promise<{ id: string; link: MadeLink }>
  /** A link to set a new password. Throws `access.user-missing`, `request.invalid` for who has no use for one. */
  resetLink(personId: string, maker: LinkMaker): Promise<MadeLink>
  isMfaRequired(person: Pick<Person, 'isOwner' | 'kind'>): boolean
}

export interface AccountsOptions {
  readonly store: Store
  readonly changes: Changes
  readonly people: People
  readonly passwords: Passwords
  readonly totp: Totp
  readonly attempts: Attempts
  readonly links: Links
  readonly sessions: Sessions
  readonly requireMfa: 'off' | 'admins' | 'everyone'
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createAccounts(options: AccountsOptions): Accounts {
  const { store, changes, people, passwords, totp, attempts, links, sessions, requireMfa } = options
  const get = async ({ id }: Principal) => (await people.find(id)) ?? fail('access.user-missing')
  const isMfaRequired: Accounts['isMfaRequired'] = ({ isOwner, kind }) =>
    kind === 'user' && (requireMfa === 'everyone' || (requireMfa === 'admins' && isOwner))

  /** Counted like an attempt to sign in: a session left open must not become a place to guess. */
  async function prove(subject: string, isRight: () => Promise<boolean>, field: string): Promise<void> {
    const subjects: AttemptSubject[] = [{ kind: 'account', value: subject }]
    await attempts.take(subjects)
    if (!(await isRight())) fail('access.sign-in-refused', { param: field, message: `${field}: it is wrong.` })
    await attempts.giveBack(subjects)
  }
  const proveCode = (id: string, code: string) => prove(`code of ${id}`, () => totp.verify(id, code), 'code')

  /** Nothing to show while there is no password. */
  async function provePassword(id: string, password: string | undefined, field: string): Promise<void> {
    if ((await passwords.changedAt(id)) === null) return
    await prove(`password of ${id}`, () => passwords.verify(id, password ?? ''), field)
  }

  return {
    isMfaRequired,
    async describe(principal) {
      const person = await get(principal)
      const [changedAt, second, external] = await Promise.all([
        passwords.changedAt(person.id),
        totp.find(person.id),
        store.read('SELECT 1 AS one FROM access_external_ids WHERE principal_id = ? LIMIT 1', [person.id]),
      ])
      return {
        id: person.id,
        name: person.name,
        email: person.email,
        password: changedAt === null ? null : { changedAt },
        totp: second,
        openid: external.length > 0,
        mfaRequired: isMfaRequired(person),
      }
    },
    async change(principal, { name, email }) {
      const person = await get(principal)
      if (email !== undefined && person.email !== null)
        fail('request.invalid', { param: 'email', message: 'email: an administrator changes an address that is set.' })
      await people.change(person.id, { name, email })
    },
    async changePassword(principal, { current, password }) {
      const person = await get(principal)
      if (person.email === null)
        fail('request.invalid', {
          param: 'email',
          message: 'Set an e-mail address first: it is what you sign in with.',
        })
      await provePassword(person.id, current, 'current')
      const set = await passwords.prepare(person, password)
      await changes.write([
        set,
        {
          text: 'DELETE FROM access_sessions WHERE principal_id = ? AND id <> ?',
          params: [person.id, principal.via === 'session' ? principal.credentialId : ''],
        },
        { text: 'DELETE FROM access_sign_in_tokens WHERE principal_id = ?', params: [person.id] },
      ])
    },
    async beginTotp(principal, password) {
      const person = await get(principal)
      await provePassword(person.id, password, 'password')
      return totp.begin(person)
    },
    async confirmTotp({ id, credentialId }, code) {
      const subjects: AttemptSubject[] = [{ kind: 'account', value: `code of ${id}` }]
      await attempts.take(subjects)
      const codes = await totp.confirm(id, code)
      await attempts.giveBack(subjects)
      await sessions.raise(credentialId)
      return codes
    },
    async removeTotp(principal, code) {
      const person = await get(principal)
      if (isMfaRequired(person))
        fail('access.mfa-needed', {
          message: 'This server asks you for a second factor, so it stays. Renew its codes instead.',
        })
      await proveCode(person.id, code)
      await changes.write(totp.remove(person.id))
    },
    async renewRecoveryCodes({ id }, code) {
      await proveCode(id, code)
      return totp.renewCodes(id)
    },
    async clearTotp(personId) {
      if ((await people.find(personId)) === null) fail('access.user-missing')
      await changes.write([
        ...totp.remove(personId),
        { text: 'DELETE FROM access_sessions WHERE principal_id = ?', params: [personId] },
      ])
    },
    async invite({ name, email }, maker) {
      let made: MadeLink | null = null
      const id = await people.addUser({ name, email, isVouched: maker.isOwner }, (principalId) => {
        const { link, statements } = links.prepare({ principalId, purpose: 'invitation', maker })
        made = link
        return statements
      })
      return { id, link: made ?? (await links.create({ principalId: id, purpose: 'invitation', maker })) }
    },
    async resetLink(personId, maker) {
      const person = (await people.find(personId)) ?? fail('access.user-missing')
      if (person.kind === 'service' || person.email === null || person.status !== 'active')
        fail('request.invalid', {
          message: 'A link to set a password is for an active person with an e-mail address.',
        })
      const isNew = (await passwords.changedAt(personId)) === null
      return links.create({ principalId: personId, purpose: isNew ? 'invitation' : 'reset', maker })
    },
  }
}
