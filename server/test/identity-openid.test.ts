/** Signing in with a real provider of OpenID Connect, over HTTP: accounts, groups, states, codes, and the way out. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { GroupInfo, SessionInfo, UserInfo } from '@cairn/contract'
import { reservePort } from '../src/platform/index.ts'
import { createJar, type Jar } from './kit/cookie-jar.ts'
import { clientId, clientSecret, startOpenIdProvider, type OpenIdProvider } from './kit/openid-provider.ts'
import { openServer, type OpenServer } from './kit/open-server.ts'

let provider: OpenIdProvider
let server: OpenServer

beforeAll(async () => {
  const port = await freePort()
  provider = await startOpenIdProvider([`http://127.0.0.1:${port}`])
  server = await openServer({
    server: { port },
    access: {
      openid: {
        issuer: provider.issuer,
        clientId,
        clientSecret,
        allowCreate: true,
        groups: { 'cn=eng': 'Engineering', 'cn=ops': 'Operations', constructor: 'Builders' },
      },
    },
  })
}, 30_000)

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider.close()
})

async function freePort(): Promise<number> {
  const reserved = await reservePort('127.0.0.1', 0)
  await reserved.release()
  return reserved.port
}

const isReturn = (url: string) => url.startsWith(`${server.url}/auth/openid/return`)

/** Signs in at the provider as somebody who types a name and says yes, up to the address that leads back. */
async function atProvider(jar: Jar, login: string): Promise<string> {
  let { url, response } = await jar.follow(`${server.url}/auth/openid/begin`, isReturn)
  for (let forms = 0; forms < 3 && response !== null; forms++) {
    const page = await response.text()
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? ''
    const sent = await jar.fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ prompt, login, password: 'any' }),
    })
    ;({ url, response } = await jar.follow(new URL(sent.headers.get('location') ?? '', url).href, isReturn))
  }
  return url
}

async function signIn(login: string, jar = createJar()): Promise<{ jar: Jar; back: string; landed: string }> {
  const back = await atProvider(jar, login)
  const reply = await jar.fetch(back)
  return { jar, back, landed: reply.headers.get('location') ?? '' }
}

async function session(jar: Jar): Promise<SessionInfo | null> {
  const reply = await jar.fetch(`${server.url}/auth/session`, { headers: { origin: server.url } })
  return reply.ok ? ((await reply.json()) as SessionInfo) : null
}

const read = async <T>(path: string) => (await (await server.call(path)).json()) as T

describe('OpenID Connect', () => {
  test('the first sign-in makes an account, and the groups of each replace those before', async () => {
    provider.people.set('ann', {
      name: 'Ann \u202eLee',
      email: 'Ann@example.org',
      email_verified: true,
      groups: ['cn=eng', 'cn=unknown', 'toString', 7],
    })
    const { jar, landed } = await signIn('ann')
    expect(landed).toBe('/')
    expect(await session(jar)).toMatchObject({ principal: { name: 'Ann Lee', roles: ['person'] }, mfa: false })
    const namesOf = async () =>
      (await read<{ groups: GroupInfo[] }>('/api/access/groups')).groups
        .filter(({ members }) => members.some(({ source }) => source === 'openid'))
        .map(({ name }) => name)
    expect(await namesOf()).toEqual(['Engineering'])
    provider.people.set('ann', { ...provider.people.get('ann'), groups: ['cn=ops'] })
    await signIn('ann')
    expect(await namesOf()).toEqual(['Operations'])
    const { users } = await read<{ users: UserInfo[] }>('/api/access/users')
    expect(users.filter(({ email }) => email === 'ann@example.org')).toHaveLength(1)
  })

  test('a verified address leads to the account that has it, an unverified one does not', async () => {
    await server.call('/api/access/users', {
      method: 'POST',
      body: JSON.stringify({ name: 'Ben', email: 'ben@example.org' }),
      headers: { 'content-type': 'application/json' },
    })
    provider.people.set('mallory', { email: 'ben@example.org', email_verified: false })
    const mallory = await signIn('mallory')
    expect((await session(mallory.jar))?.principal.name).toBe('mallory')
    provider.people.set('ben', { email: 'ben@example.org', email_verified: true })
    const ben = await signIn('ben')
    expect((await session(ben.jar))?.principal.name).toBe('Ben')
    // From now on it is the subject that counts, whatever address the provider tells.
    provider.people.set('ben', { email: 'ann@example.org', email_verified: true })
    expect((await session((await signIn('ben')).jar))?.principal.name).toBe('Ben')
  })

  test('an address leads neither to an account that one administrator made alone, nor to one that is another’s there', async () => {
    const json = (body: object, headers = {}) => ({
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
    const take = async <T>(reply: Promise<Response>) => (await (await reply).json()) as T
    type Made = { user: UserInfo; link: { url: string } }
    const made = await take<Made>(server.call('/api/access/users', json({ name: 'Sec', email: 'sec@example.org' })))
    const jar = createJar()
    const token = new URL(made.link.url).hash.slice('#set-password='.length)
    await jar.fetch(`${server.url}/auth/links/redeem`, json({ token, password: 'vier ruhige Boote am Steg' }))
    const role = { principal: `user:${made.user.id}`, role: 'security-admin', scope: 'org:cairn' }
    expect((await server.call('/api/access/grants', json(role))).status).toBe(201)
    const own = { origin: server.url }
    const puppet = { name: 'Puppet', email: 'puppet@example.org' }
    const { user } = await take<Made>(jar.fetch(`${server.url}/api/access/users`, json(puppet, own)))
    provider.people.set('puppet', { email: 'puppet@example.org', email_verified: true })
    expect((await signIn('puppet')).landed).toBe('/#sign-in-failed=access.link-unconfirmed')
    const confirmed = await server.call('/auth/links', json({}))
    const owner = createJar()
    const signInToken = new URL(((await confirmed.json()) as { url: string }).url).hash.slice('#sign-in='.length)
    await owner.fetch(`${server.url}/auth/sign-in`, json({ token: signInToken }))
    const confirm = `${server.url}/api/access/users/${user.id}/link/confirm`
    expect((await owner.fetch(confirm, json({ link: user.link?.id }, own))).status).toBe(200)
    expect((await signIn('puppet')).landed).toBe('/')
    // The provider gives the address to somebody new.
    provider.people.set('puppet2', { email: 'puppet@example.org', email_verified: true })
    expect((await signIn('puppet2')).landed).toBe('/#sign-in-failed=access.openid-refused')
  })

  test('a second factor at the provider counts here', async () => {
    provider.people.set('otto', { amr: ['pwd', 'otp'] })
    expect((await session((await signIn('otto')).jar))?.mfa).toBe(true)
  })

  test('somebody who is suspended is refused, in a page and not in an error', async () => {
    provider.people.set('sue', { email: 'sue@example.org', email_verified: true })
    const first = await signIn('sue')
    const id = (await session(first.jar))?.principal.id ?? ''
    const suspend = {
      method: 'PUT',
      body: JSON.stringify({ status: 'suspended' }),
      headers: { 'content-type': 'application/json' },
    }
    expect((await server.call(`/api/access/users/${id}`, suspend)).status).toBe(200)
    expect(await session(first.jar)).toBeNull()
    const again = await signIn('sue')
    expect(again.landed).toBe('/#sign-in-failed=access.openid-refused')
    expect(await session(again.jar)).toBeNull()
  })

  test('a wrong state, no cookie, another browser’s cookie, and a return that is used twice sign nobody in', async () => {
    const failed = '/#sign-in-failed=access.openid-state'
    const jar = createJar()
    const back = await atProvider(jar, 'ann')
    const land = async (from: Jar, url: string) => (await from.fetch(url)).headers.get('location')
    const wrong = new URL(back)
    wrong.searchParams.set('state', 'x'.repeat(43))
    const stranger = createJar()
    expect(await land(stranger, back)).toBe(failed)
    await atProvider(stranger, 'ann')
    expect(await land(stranger, back)).toBe(failed)
    const copy = new Map(jar.cookies(server.url))
    expect(await land(jar, wrong.href)).toBe(failed)
    const restore = () => copy.forEach((value, name) => jar.cookies(server.url).set(name, value))
    restore()
    const second = new URL(back)
    second.searchParams.append('state', 'x')
    expect(await land(jar, second.href)).not.toBe('/')
    restore()
    expect(await land(jar, `${server.url}/auth/openid/return`)).toBe(failed)
    const fresh = await signIn('ann')
    expect(fresh.landed).toBe('/')
    expect(await land(fresh.jar, fresh.back)).toBe(failed)
    for (const each of [stranger, jar]) expect(await session(each)).toBeNull()
  })

  test('a code of another sign-in, or that was made up, is refused by what the provider says', async () => {
    const [one, two] = [createJar(), createJar()]
    const [backOne, backTwo] = [new URL(await atProvider(one, 'ann')), new URL(await atProvider(two, 'ben'))]
    backOne.searchParams.set('code', backTwo.searchParams.get('code') ?? '')
    expect((await one.fetch(backOne.href)).headers.get('location')).toBe('/#sign-in-failed=access.openid-failed')
    const three = createJar()
    const made = new URL(await atProvider(three, 'ann'))
    made.searchParams.set('code', 'a-code-nobody-made')
    expect((await three.fetch(made.href)).headers.get('location')).toBe('/#sign-in-failed=access.openid-failed')
    const log = server.logLines.join('\n')
    expect(log).not.toContain(backTwo.searchParams.get('code') ?? 'none')
    expect(log).not.toContain(clientSecret)
  })

  test('signing out leads to the provider, which ends its session too and leads back', async () => {
    const { jar } = await signIn('ann')
    const out = await jar.fetch(`${server.url}/auth/session`, { method: 'DELETE', headers: { origin: server.url } })
    const { endSessionUrl } = (await out.json()) as { endSessionUrl: string }
    expect(endSessionUrl).toStartWith(`${provider.issuer}/session/end?`)
    expect(await session(jar)).toBeNull()
    const page = await (await jar.fetch(endSessionUrl)).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const done = await jar.fetch(`${provider.issuer}/session/end/confirm`, {
      method: 'POST',
      body: new URLSearchParams({ xsrf, logout: 'yes' }),
    })
    expect(done.headers.get('location')).toBe(`${server.url}/`)
  })

  test('the way to the provider is the counted door, and leads nowhere else', async () => {
    const metrics = await (await server.call('/metrics')).text()
    expect(metrics).toMatch(/cairn_egress_requests_total\{provider="openid",egress="external",outcome="ok"\} [1-9]/)
  })
})

test('without a provider the addresses say so', async () => {
  await using plain = await openServer({})
  expect((await plain.call('/auth/openid/begin')).status).toBe(404)
  const back = await plain.call('/auth/openid/return?code=x&state=y')
  expect(back.headers.get('location')).toBe('/#sign-in-failed=access.openid-off')
  expect(await (await plain.call('/auth/methods')).json()).toEqual({ password: false, openid: null })
})
