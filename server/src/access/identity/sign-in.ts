/** The ways into a session: a single-use link, a password with its second factor, a provider of OpenID Connect. */
import type { LinkInfo } from '@cairn/contract'
import { CairnError, fail, type Principal } from '../../base/index.ts'
import type { Keyring } from '../../platform/index.ts'
import type { Statement, Store } from '../../storage/index.ts'
import type { Attempts, AttemptSubject } from './attempts.ts'
import type { Changes } from './changes.ts'
import { findCanonicalEmail } from './email.ts'
import type { Groups } from './groups.ts'
import { linkInvalid, linkUnconfirmed, type Links } from './links.ts'
import type { OpenId, OpenIdPerson } from './openid.ts'
import type { Passwords } from './passwords.ts'
import type { People, Person } from './people.ts'
import { describeDevice, type BegunSession, type Sessions } from './sessions.ts'
import type { Totp } from './totp.ts'

/** Where an attempt comes from. */
export interface Visitor {
  readonly address: string
  readonly userAgent: string | null
}

export interface SignedIn {
  readonly session: BegunSession
  readonly person: Person
  readonly mfa: boolean
}

export interface SignIn {
  /** Throws `access.link-invalid`. */
  withLink(token: string, visitor: Visitor): Promise<SignedIn>
  /** Throws `access.sign-in-refused`, `access.code-needed`, `access.attempts`. */
  withPassword(
    given: { email: string; password: string; code?: string | undefined },
    visitor: Visitor,
  ): Promise<SignedIn>
  /** What a link for setting a password is for. Throws `access.link-invalid`, `access.link-unconfirmed`. */
  describeLink(token: string): Promise<LinkInfo>
  /**
   * Sets the password and uses the link up. Signs in unless a second factor is set up, which is asked for as usual. Ends
   * the other sessions. Throws `access.link-invalid`, `access.link-unconfirmed`, `access.password-weak`.
   */
  redeemLink(token: string, password: string, visitor: Visitor): Promise<{ person: Person; signedIn: SignedIn | null }>
  /** Throws `access.openid-off`, `access.openid-failed`. */
  beginOpenId(origin: string): Promise<{ url: string; flow: string }>
  /**
   * Throws `access.openid-off`, `access.openid-state`, `access.openid-failed`, `access.openid-refused`, and
   * `access.link-unconfirmed` for an account that only one administrator stands behind, who is no owner.
   */
  finishOpenId(back: { origin: string; query: string; flow: string | null }, visitor: Visitor): Promise<SignedIn>
  /** Null when there is nothing to end at the provider. */
  endSessionUrl(principal: Principal, origin: string): Promise<string | null>
  /** Shows a second factor in a session that began without. Throws `access.sign-in-refused`, `access.attempts`. */
  raise(principal: Principal, code: string, visitor: Visitor): Promise<void>
}

export interface SignInOptions {
  readonly store: Store
  readonly changes: Changes
  readonly people: People
  readonly groups: Groups
  readonly passwords: Passwords
  readonly totp: Totp
  readonly attempts: Attempts
  readonly links: Links
  readonly sessions: Sessions
  readonly openid: OpenId | null
  readonly seal: Pick<Keyring, 'sealSecret' | 'openSecret'>
}

const refusedWords = 'The e-mail address, the password or the code is wrong.'
const idTokenAbout = (personId: string) => ['id-token', personId]

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function createSignIn(options: SignInOptions): SignIn {
  const { store, changes, people, groups, passwords, totp, attempts, links, sessions, openid, seal } = options

  async function enter(person: Person, session: Parameters<Sessions['begin']>[0]): Promise<SignedIn> {
    const begun = (await sessions.begin(session)) ?? fail('access.unauthenticated')
    return { session: begun, person, mfa: session.mfa }
  }

  return {
    async withLink(token, { userAgent }) {
      const principalId = (await links.findHolder(token, 'sign-in')) ?? linkInvalid()
      const person = await people.find(principalId)
      if (!person || person.status !== 'active') linkInvalid()
      const session = await sessions.begin(
        { principalId, method: 'link', mfa: false, device: describeDevice(userAgent) },
        [links.use(token, ['sign-in'])],
      )
      return session ? { session, person, mfa: false } : linkInvalid()
    },
    async withPassword({ email, password, code }, { address, userAgent }) {
      const name = findCanonicalEmail(email)
      const subjects: AttemptSubject[] = [
        { kind: 'address', value: address },
        { kind: 'account', value: name ?? email.slice(0, 254) },
      ]
      await attempts.take(subjects)
      const found = name === null ? null : await people.findByEmail(name)
      const person = found?.kind === 'user' && found.status === 'active' ? found : null
      const isRight = await passwords.verify(person?.id ?? null, password)
      if (!person || !isRight) fail('access.sign-in-refused', { message: refusedWords })
      const hasTotp = (await totp.find(person.id)) !== null
      if (hasTotp && code === undefined) {
        await attempts.giveBack(subjects.slice(0, 1))
        fail('access.code-needed', { param: 'code', message: 'code: give the code that your app shows.' })
      }
      if (hasTotp && !(await totp.verify(person.id, code ?? '')))
        fail('access.sign-in-refused', { message: refusedWords })
      await attempts.giveBack(subjects)
      const device = describeDevice(userAgent)
      return enter(person, { principalId: person.id, method: 'password', mfa: hasTotp, device })
    },
    async describeLink(token) {
      const { purpose, name, email, expiresAt } = await links.describe(token)
      return { purpose, name, email, expiresAt }
    },
    async redeemLink(token, password, { userAgent }) {
      const { principalId } = await links.describe(token)
      const person = (await people.find(principalId)) ?? linkInvalid()
      const set = await passwords.prepare(person, password)
      const done = await changes.write([
        links.use(token, ['invitation', 'reset']),
        set,
        { text: 'DELETE FROM access_sessions WHERE principal_id = ?', params: [principalId] },
        { text: 'DELETE FROM access_sign_in_tokens WHERE principal_id = ?', params: [principalId] },
      ])
      if (done === null) linkInvalid()
      if ((await totp.find(principalId)) !== null) return { person, signedIn: null }
      const device = describeDevice(userAgent)
      return { person, signedIn: await enter(person, { principalId, method: 'password', mfa: false, device }) }
    },
    beginOpenId: (origin) => (openid ?? fail('access.openid-off')).begin(origin),
    async finishOpenId({ origin, query, flow }, { userAgent }) {
      const provider = openid ?? fail('access.openid-off')
      const said = await provider.finish(origin, query, flow)
      const person = await findOpenIdPerson(said, provider.settings.allowCreate)
      await groups.setExternal(person.id, said.groups)
      return enter(person, {
        principalId: person.id,
        method: 'openid',
        mfa: said.mfa,
        device: describeDevice(userAgent),
        sealedIdToken: seal.sealSecret('session', idTokenAbout(person.id), said.idToken),
      })
    },
    async endSessionUrl({ id, via, credentialId }, origin) {
      if (!openid || via !== 'session') return null
      const sealed = await sessions.findIdToken(credentialId)
      const idToken = sealed === null ? null : seal.openSecret('session', idTokenAbout(id), sealed)
      return idToken === null ? null : openid.endSessionUrl(origin, idToken)
    },
    async raise({ id, credentialId }, code, { address }) {
      const subjects: AttemptSubject[] = [
        { kind: 'address', value: address },
        { kind: 'account', value: `code of ${id}` },
      ]
      await attempts.take(subjects)
      if (!(await totp.verify(id, code)))
        fail('access.sign-in-refused', { param: 'code', message: 'code: it is wrong or was used already.' })
      await attempts.giveBack(subjects)
      await sessions.raise(credentialId)
    },
  }

  /**
   * The account that the provider’s one is tied to; else the one with the same verified e-mail address, which is tied to
   * it; else a new one, where that is allowed.
   */
  async function findOpenIdPerson(said: OpenIdPerson, allowCreate: boolean): Promise<Person> {
    const [tied] = await store.read('SELECT principal_id FROM access_external_ids WHERE issuer = ? AND subject = ?', [
      said.issuer,
      said.subject,
    ])
    const email = said.email === null ? null : findCanonicalEmail(said.email)
    const found = tied
      ? await people.find(String(tied['principal_id']))
      : email === null
        ? null
        : await people.findByEmail(email)
    if (found && (found.status !== 'active' || found.kind !== 'user')) refuseOpenId()
    if (found) {
      if (!tied) await tieByAddress(said, found)
      return found
    }
    if (!allowCreate) refuseOpenId()
    try {
      const id = await people.addUser({ name: said.name, email, isVouched: true }, (newId) => [tie(said, newId)])
      return (await people.find(id)) ?? refuseOpenId()
    } catch (thrown) {
      // The same person in two browsers at once: the other one has made the account.
      if (thrown instanceof CairnError && thrown.code === 'access.user-exists' && email !== null)
        return findOpenIdPerson(said, false)
      throw thrown
    }
  }

  /**
   * An address alone is weak proof: a provider gives the address of somebody who left to somebody new, and here it says
   * whatever was typed. So an account that is another’s at this provider already is not tied a second time, nor is one
   * that nobody but its maker stands behind.
   */
  async function tieByAddress(said: OpenIdPerson, { id }: Person): Promise<void> {
    const [row] = await store.read(
      `SELECT p.is_vouched, (SELECT COUNT(*) FROM access_external_ids e WHERE e.principal_id = p.id AND e.issuer = ?) AS ties
        FROM access_principals p WHERE p.id = ?`,
      [said.issuer, id],
    )
    if (!row || Number(row['ties']) > 0) refuseOpenId()
    if (Number(row['is_vouched']) === 0) linkUnconfirmed()
    const done = await changes.write([tie(said, id)])
    if (done?.result.changes[0] === 0) refuseOpenId()
  }
}

/** One account of a provider for each of ours. */
function tie({ issuer, subject }: OpenIdPerson, principalId: string): Statement {
  return {
    text: `INSERT INTO access_external_ids (issuer, subject, principal_id)
      SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT)
      WHERE NOT EXISTS (SELECT 1 FROM access_external_ids WHERE issuer = ? AND principal_id = ?)
      ON CONFLICT DO NOTHING`,
    params: [issuer, subject, principalId, issuer, principalId],
  }
}

function refuseOpenId(): never {
  fail('access.openid-refused', {
    message: 'There is no active account for you here. Ask whoever runs this server to invite you.',
  })
}
