/**
 * The whole server in this process, with vaults of its own and people who are made through the API: each with a key,
 * and what the policy gives them. Its parts are at hand, so that a test can put a broken one in place of a good one.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  policyDocumentSchema,
  type GrantCreate,
  type KeyBound,
  type PolicyDocument,
  type PolicyView,
  type SessionInfo,
  type UserInfo,
  type VaultInfo,
} from '@cairn/contract'
import { openApp, type App } from '../../src/app.ts'
import { createLogger, systemClock, type Clock } from '../../src/base/index.ts'
import { loadConfig } from '../../src/config/index.ts'
import { until } from '../harness.ts'

export interface TeamOptions {
  /** Notes by path, by the name of their vault. */
  readonly vaults?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** More of the configuration file. */
  readonly config?: object
  readonly clock?: Clock
  /** Folder of the built console, for tests that look at its pages. */
  readonly consoleDirectory?: string
}

/** Somebody who calls the server with a key, or with what else is told. */
export interface Member {
  /** `user:ID` or `service:ID`. */
  readonly principal: string
  readonly id: string
  readonly name: string
  readonly key: string
  /** Headers of the session of a person who has entered, as one of the console’s pages sends them. */
  readonly session: Readonly<Record<string, string>>
  call(path: string, init?: RequestInit): Promise<Response>
  /** `body` is sent as JSON; `method` is POST unless told. */
  send(path: string, body?: unknown, method?: string, headers?: Record<string, string>): Promise<Response>
  /** The same as a signed-in person, for what no key may do. */
  act(path: string, body?: unknown, method?: string): Promise<Response>
}

/** A running server as its owner sees it, wherever it runs. */
export interface Office {
  readonly url: string
  readonly owner: Member
  /** Ids of the vaults by name. */
  readonly vaultIds: Readonly<Record<string, string>>
  /** `folder:eng/specs` with the id of the vault in place of its name. */
  scope(written: string): string
  person(name: string): Promise<Member>
  service(name: string): Promise<Member>
  /** Another key of somebody, or one within it. */
  keyOf(member: Member, bound: KeyBound, more?: object): Promise<Member>
  group(name: string, ...members: readonly (Member | string)[]): Promise<string>
  join(group: string, member: Member): Promise<void>
  leave(group: string, member: Member): Promise<void>
  /** By the owner; scopes are written with names of vaults. */
  grant(principal: string, role: string, scope: string, more?: Partial<GrantCreate>): Promise<string>
  revoke(grant: string): Promise<void>
  policy(): Promise<PolicyView>
  /** Puts another policy in force; scopes are written with names of vaults. */
  change(edit: (document: PolicyDocument) => PolicyDocument): Promise<void>
  /** Waits until every vault is indexed. */
  ready(): Promise<void>
}

export interface Team extends Office, AsyncDisposable {
  readonly app: App
  readonly logLines: readonly string[]
  folderOf(vault: string): string
  write(vault: string, note: string, text: string): Promise<void>
}

const ownerKey = 'ck_test_owner_0123456789abcdef0123456789'
/** Of everybody who is made here. */
export const password = 'vier ruhige Boote am Steg'
export const emailOf = (name: string): string => `${name.toLowerCase().replace(/\W/g, '')}@example.org`

export async function openTeam(options: TeamOptions = {}): Promise<Team> {
  const { vaults = {}, config = {}, clock = systemClock, consoleDirectory = null } = options
  const home = await mkdtemp(join(tmpdir(), 'cairn-team-'))
  const folderOf = (vault: string) => join(home, 'vaults', vault)
  const write: Team['write'] = async (vault, note, text) => {
    await mkdir(dirname(join(folderOf(vault), note)), { recursive: true })
    await writeFile(join(folderOf(vault), note), text)
  }
  for (const [vault, notes] of Object.entries(vaults)) {
    await mkdir(folderOf(vault), { recursive: true })
    for (const [note, text] of Object.entries(notes)) await write(vault, note, text)
  }
  const listed = Object.keys(vaults).map((name) => ({ path: folderOf(name), name }))
  await writeFile(join(home, 'cairn.config.json'), JSON.stringify({ vaults: listed, ...config }))
  const env = {
    CAIRN_OWNER_KEY: ownerKey,
    CAIRN_DATA: join(home, 'data'),
    CAIRN_KEYRING: join(home, 'config', 'keyring.json'),
    CAIRN_PORT: '0',
    CAIRN_DISCOVER_LOCAL: 'false',
  }
  const logLines: string[] = []
  const writeLine = (line: string) => void logLines.push(line)
  const logger = createLogger({ level: 'debug', format: 'json', clock: systemClock, write: writeLine })
  const loaded = loadConfig({ env, flags: {}, directory: home })
  const app = await openApp({ loaded, logger, version: '0', consoleDirectory, exampleVault: null, clock })
  const { url } = app.http.listen()

  return {
    ...(await openOffice(url, ownerKey)),
    app,
    logLines,
    folderOf,
    write,
    async [Symbol.asyncDispose]() {
      await app.http.stop(1_000)
      await app.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Waits until every vault is indexed. */
// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export async function openOffice(url: string, ownersKey: string): Promise<Office> {
  type Who = Pick<Member, 'principal' | 'id' | 'name'> & Partial<Pick<Member, 'session'>>
  const withKey = ({ session = {}, principal, id, name }: Who, key: string): Member => {
    const call: Member['call'] = (path, init = {}) =>
      fetch(`${url}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) },
      })
    return {
      principal,
      id,
      name,
      session,
      key,
      call,
      send: (path, body, method = 'POST', headers = {}) =>
        call(path, {
          method,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          headers: { 'content-type': 'application/json', ...headers },
        }),
      act: (path, body, method = 'POST') =>
        fetch(`${url}${path}`, {
          method,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          headers: { 'content-type': 'application/json', ...session },
        }),
    }
  }
  const { principal: self } = await take<SessionInfo>(fetch(`${url}/auth/session`, bearer(ownersKey)))
  const owner = withKey({ ...self, principal: `user:${self.id}` }, ownersKey)
  const list = async () => (await take<{ vaults: VaultInfo[] }>(owner.call('/api/vaults'))).vaults
  const ready = () =>
    until('the vaults are indexed', async () => (await list()).every(({ index }) => index.state === 'ready'), 60_000)
  await ready()
  const vaultIds = Object.fromEntries((await list()).map(({ name, id }) => [name, id]))
  const scope = (written: string) =>
    written.replace(/^(vault|folder|note):([^/]+)/, (all, type: string, name: string) =>
      vaultIds[name] === undefined ? all : `${type}:${vaultIds[name]}`,
    )
  const policy = () => take<PolicyView>(owner.call('/api/access/policy'))

  return {
    url,
    owner,
    vaultIds,
    scope,
    ready,
    policy,
    async person(name) {
      const invited = await take<{ user: UserInfo; link: { url: string } }>(
        owner.send('/api/access/users', { name, email: emailOf(name) }),
      )
      const token = new URL(invited.link.url).hash.slice('#set-password='.length)
      const entered = await fetch(`${url}/auth/links/redeem`, jsonInit({ token, password }))
      if (!entered.ok) throw new Error(`${name} cannot enter: ${await entered.text()}`)
      const cookie = (entered.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''
      const session = { cookie, origin: url }
      const { key } = await take<{ key: string }>(fetch(`${url}/api/access/keys`, jsonInit({ name: 'test' }, session)))
      return withKey({ principal: `user:${invited.user.id}`, id: invited.user.id, name, session }, key)
    },
    async service(name) {
      const { id } = await take<UserInfo>(owner.send('/api/access/services', { name }))
      const { key } = await take<{ key: string }>(owner.send('/api/access/keys', { name: 'test', service: id }))
      return withKey({ principal: `service:${id}`, id, name }, key)
    },
    async keyOf(member, bound, more = {}) {
      const asked = { name: 'bounded', bound: { ...bound, scopes: bound.scopes.map(scope) }, ...more }
      const { key } = await take<{ key: string }>(member.send('/api/access/keys', asked))
      return withKey(member, key)
    },
    async group(name, ...members) {
      const { id } = await take<{ id: string }>(owner.send('/api/access/groups', { name }))
      for (const member of members) {
        const body = typeof member === 'string' ? { kind: 'group', id: member } : { kind: 'user', id: member.id }
        await take(owner.send(`/api/access/groups/${id}/members`, body))
      }
      return id
    },
    async join(group, { id }) {
      await take(owner.send(`/api/access/groups/${group}/members`, { kind: 'user', id }))
    },
    async leave(group, { id }) {
      await take(owner.send(`/api/access/groups/${group}/users/${id}`, undefined, 'DELETE'))
    },
    async grant(principal, role, on, more = {}) {
      const asked = { principal, role, scope: scope(on), ...more }
      return (await take<{ grant: { id: string } }>(owner.send('/api/access/grants', asked))).grant.id
    },
    async revoke(grant) {
      await take(owner.send(`/api/access/grants/${grant}`, undefined, 'DELETE'))
    },
    async change(edit) {
      const { seq, document } = await policy()
      const changed = withIds(edit(policyDocumentSchema.parse(document)), scope)
      const reply = await owner.send('/api/access/policy', { base: seq, note: '', document: changed }, 'PUT')
      if (reply.status !== 200) throw new Error(`the policy was answered with ${reply.status}: ${await reply.text()}`)
    },
  }
}

/** The document with ids of vaults in place of their names. */
export function withIds(document: PolicyDocument, scope: (written: string) => string): PolicyDocument {
  const place = <T extends { readonly scope: string }>(each: T): T => ({ ...each, scope: scope(each.scope) })
  return {
    ...document,
    grants: document.grants.map(place),
    denies: document.denies.map(place),
    barriers: document.barriers.map(place),
  }
}

/** The reply’s JSON. Throws when it is no success. */
export async function take<T>(reply: Response | Promise<Response>): Promise<T> {
  const got = await reply
  if (!got.ok) throw new Error(`${got.url} answered ${got.status}: ${await got.text()}`)
  return (got.status === 204 ? null : await got.json()) as T
}

const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })

const jsonInit = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
})
