/**
 * Who is asking, and may they. Identity says who a credential belongs to; the engine decides what that person may do now,
 * by a policy that is confirmed before a request goes on.
 */
import type { AccessContext, Action, KeyCreate } from '@cairn/contract'
import {
  CairnError,
  fail,
  isEmptyFilter,
  sha256,
  type NoteFacts,
  type NoteFilter,
  type Principal,
  type Secret,
} from '../base/index.ts'
import type { Subject } from './engine/index.ts'
import { createIdentity, type IdentityOptions } from './identity/identity.ts'
import type { Person } from './identity/people.ts'
import { leastExposed } from './policy/administration.ts'
import { openPolicy, type Policy } from './policy/policy.ts'
import { readConfirmed } from './policy/state.ts'
import { requireInPerson, requireJoin, requireManage } from './people-rules.ts'
import { requireServiceKey } from './service-keys.ts'
import type { Access } from './types.ts'

export interface AccessOptions extends IdentityOptions {
  /** The bearer of the local command line, known only to those who can read `server.json`. */
  localCredential: Secret
  /** What is known of a note; null when there is none. */
  factsOf(vault: string, path: string): Promise<NoteFacts | null>
}

/** Throws `config.invalid` when `ownerKey` is not a key of this deployment. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function createAccess({ localCredential, factsOf, ...options }: AccessOptions): Promise<Access> {
  const { clock } = options
  const identity = await createIdentity(options)
  const { sessions, keys, accounts, links, people } = identity
  const policy = await openPolicy({
    ...options,
    changes: identity.changes,
    directory: () => identity.directory(),
    owner: (await people.firstOwner()).id,
    factsOf: (resource) => factsOfResource(resource, factsOf),
  })
  const localHash = sha256(localCredential.reveal())

  async function authenticateKey(key: string): Promise<Principal> {
    if (sha256(key) === localHash) return describe(await identity.localOwner(), { via: 'local', credentialId: 'local' })
    const { id, person, within, bounds } = await keys.authenticate(key)
    return {
      ...describe(person, { via: 'key', credentialId: id }),
      ...(within.length > 0 ? { withinKeys: within } : {}),
      ...(bounds.length > 0 ? { isBounded: true } : {}),
    }
  }

  async function authenticateSession(session: string): Promise<Principal> {
    const { id, person, mfa, hasTotp } = await sessions.authenticate(session)
    const isMissing = accounts.isMfaRequired(person) && !mfa
    return {
      ...describe(person, { via: 'session', credentialId: id }),
      mfa,
      ...(isMissing ? { mfaNeeded: hasTotp ? ('verify' as const) : ('enrol' as const) } : {}),
    }
  }

  /** A key or person that another server made a moment ago may be newer than what this one goes by. */
  async function confirmFor(principal: Principal, epoch: number | undefined): Promise<void> {
    await policy.confirm(epoch)
    if (!isKnown(policy, principal)) await policy.confirm(await readConfirmed(identity.epoch()))
  }

  function may(principal: Principal, action: Action, resource = policy.engine().world.org, context?: AccessContext) {
    if (principal.kind === 'system') return true
    return policy.engine().check({
      subject: subjectOf(principal),
      action,
      resource,
      context: { ...contextOf(principal), ...context },
      now: clock.now(),
    })
  }

  function filter(principal: Principal, action: Action, vault: string, context?: AccessContext): NoteFilter {
    if (principal.kind === 'system') return { kind: 'all' }
    return policy.engine().filter({
      subject: subjectOf(principal),
      action,
      vault,
      context: { ...contextOf(principal), ...context },
      now: clock.now(),
    })
  }

  const acting = (principal: Principal) => ({
    engine: policy.engine(),
    subject: subjectOf(principal),
    now: clock.now(),
  })

  function requireSignedIn({ mfaNeeded }: Principal): void {
    if (mfaNeeded !== undefined) refuseWithoutMfa(mfaNeeded)
  }

  const access: Access = {
    identity,
    policy,
    may,
    filter,
    subjectOf,
    contextOf,
    requireSignedIn,
    confirm: (epoch) => policy.confirm(epoch),
    epoch: () => policy.engine().world.epoch,
    async authenticate({ key, session, epoch }) {
      if (key === null && session === null)
        fail('access.unauthenticated', {
          message: 'Send an API key as `Authorization: Bearer …`, or sign in to the console.',
        })
      const principal = await readConfirmed(key === null ? authenticateSession(session ?? '') : authenticateKey(key))
      await confirmFor(principal, epoch)
      const groups = policy.engine().groupsOf(nameOf(principal))
      return groups.length === 0 ? principal : { ...principal, groups }
    },
    require(principal, action, resource, context) {
      requireSignedIn(principal)
      if (!may(principal, action, resource, context)) refuseAction(action, resource)
    },
    async requireManage(principal, user, managing = {}) {
      const found = await people.find(user)
      requireManage(acting(principal), {
        ...managing,
        isOwner: found?.isOwner === true,
        principal: `${found?.kind ?? 'user'}:${user}`,
      })
    },
    linkMaker: (principal) => ({ id: principal.id, isOwner: may(principal, 'org.configure') }),
    async confirmLink(principal, user, link) {
      requireInPerson(principal)
      await access.requireManage(principal, user)
      return links.confirm(user, link, principal.id)
    },
    requireJoin: (principal, joining) => requireJoin(acting(principal), joining),
    seesVault: (principal, vault) =>
      may(principal, 'discover', `vault:${vault}`) ||
      // A key may be for reading or asking alone.
      knowing.some((action) => !isEmptyFilter(filter(principal, action, vault))),
    async signIn(token, visitor) {
      const { session, person, mfa } = await identity.signIn.withLink(token, visitor)
      const principal = { ...describe(person, { via: 'session', credentialId: session.id }), mfa }
      return { session: session.session, expiresAt: session.expiresAt, principal }
    },
    principalOf: ({ session, person, mfa }) => ({
      ...describe(person, { via: 'session', credentialId: session.id }),
      mfa,
    }),
    async signOut({ id, via, credentialId }) {
      if (via !== 'session') return
      await sessions.revoke(id, credentialId).catch((thrown: unknown) => {
        // It was ended from elsewhere in this moment.
        if (!(thrown instanceof CairnError && thrown.code === 'access.session-missing')) throw thrown
      })
    },
    async createSignInToken(principal) {
      // A session has no bound, so a key that has one would leave it that way.
      if (principal?.isBounded === true || principal?.kind === 'service')
        fail('access.forbidden', { message: 'A bounded key or a service account does not sign anybody in.' })
      // Nor an end: the session would go on after the key.
      if (principal?.via === 'key' && (await keys.hasEnd(principal.credentialId)))
        fail('access.forbidden', { message: 'A key that expires does not sign anybody in. Take one that does not.' })
      return links.createSignIn(principal?.id ?? (await people.firstOwner()).id)
    },
    async listKeys({ id, isBounded, credentialId }) {
      const all = await keys.list(id)
      return isBounded === true ? all.filter((key) => key.id === credentialId || key.parent === credentialId) : all
    },
    createKey: (principal, asked) => createKey({ access, now: clock.now() }, principal, asked),
    async revokeKey(principal, keyId) {
      const { id, via, credentialId, isBounded } = principal
      const within = isBounded === true && via === 'key' ? credentialId : null
      if (!may(principal, 'key.revoke')) return keys.revoke(id, keyId, within)
      const owner = await keys.findOwner(keyId)
      if (owner !== null && owner !== id) await access.requireManage(principal, owner)
      return keys.revoke(null, keyId, within)
    },
  }
  return access
}

/** What cannot be done with a note without knowing of its vault. */
const knowing = ['discover', 'read', 'retrieve'] as const

/** In the words of `require`. */
export function refuseAction(action: Action, resource: string | undefined): never {
  fail('access.forbidden', {
    message: `You need \`${action}\`${resource === undefined ? '' : ' there'}. POST /api/access/explain says why you do not have it.`,
  })
}

async function factsOfResource(
  resource: string,
  factsOf: AccessOptions['factsOf'],
): Promise<NoteFacts | null | undefined> {
  if (!resource.startsWith('note:')) return undefined
  const name = resource.slice('note:'.length)
  const slash = name.indexOf('/')
  return slash < 0 ? undefined : factsOf(name.slice(0, slash), name.slice(slash + 1))
}

/** `user:ID` or `service:ID`, as statements name them. */
function nameOf({ id, kind }: Principal): string {
  return `${kind === 'service' ? 'service' : 'user'}:${id}`
}

function subjectOf(principal: Principal): Subject {
  const name = nameOf(principal)
  return principal.via === 'key' ? { principal: name, key: principal.credentialId } : { principal: name }
}

function contextOf({ mfa }: Principal): AccessContext {
  return mfa === undefined ? {} : { 'session.mfa': mfa }
}

const known = new WeakMap<object, ReadonlySet<string>>()

/** Whether the world that is gone by has the principal and its key. */
function isKnown(policy: Policy, { id, via, credentialId }: Principal): boolean {
  const { world } = policy.engine()
  let ids = known.get(world)
  if (!ids) {
    ids = new Set([...world.users, ...world.services, ...world.keys].map((each) => each.id))
    known.set(world, ids)
  }
  return ids.has(id) && (via !== 'key' || ids.has(credentialId))
}

interface Moment {
  readonly access: Access
  readonly now: number
}

async function createKey(
  { access, now }: Moment,
  principal: Principal,
  { parent, service, ...asked }: KeyCreate,
): ReturnType<Access['createKey']> {
  access.requireSignedIn(principal)
  const { keys, people } = access.identity
  refuseWiderThanOneself({ access, now }, principal, asked.bound)
  if (service === undefined) {
    const parentId = parent ?? (principal.via === 'key' ? principal.credentialId : null)
    if (principal.via === 'key' && parentId !== principal.credentialId)
      fail('access.key-wider', { param: 'parent', message: 'parent: a key makes keys within itself only.' })
    return keys.create({ ...asked, principalId: principal.id, parentId })
  }
  access.require(principal, 'user.manage')
  const found = await people.find(service)
  if (found?.kind !== 'service')
    fail('access.user-missing', { param: 'service', message: 'service: there is no such service account.' })
  const [engine, actor] = [access.policy.engine(), access.subjectOf(principal)]
  const isBounded = principal.isBounded === true
  requireServiceKey({ engine, actor, isBounded, context: access.contextOf(principal), now }, asked.bound)
  return keys.create({ ...asked, principalId: found.id, parentId: parent ?? null })
}

/** A key that says what it may do is not made by who may not do that. */
function refuseWiderThanOneself({ access, now }: Moment, principal: Principal, bound: KeyCreate['bound']): void {
  if (bound === undefined || principal.kind === 'system') return
  const actor = access.subjectOf(principal)
  const context = { ...leastExposed, ...access.contextOf(principal) }
  const verdict = access.policy.engine().mayIssueKey({ actor, bound, context, now })
  if (!verdict.ok) fail('access.key-wider', { param: 'bound', message: `bound: ${verdict.why}` })
}

function refuseWithoutMfa(needed: 'verify' | 'enrol'): never {
  fail('access.mfa-needed', {
    message:
      needed === 'verify'
        ? 'This server asks for a second factor. Give a code of it in the console.'
        : 'This server asks for a second factor. Set one up in the console, on the page of your account.',
  })
}

function describe(person: Person, proof: Pick<Principal, 'via' | 'credentialId'>): Principal {
  const kind = person.isOwner ? 'owner' : person.kind === 'service' ? 'service' : 'person'
  return { id: person.id, name: person.name, kind, ...proof }
}
