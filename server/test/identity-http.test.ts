/** Accounts over HTTP, against the whole server: who may call what, cookies, hostile input, devices, several processes. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join as joinPath } from 'node:path'
import { Secret as TotpSecret, TOTP } from 'otpauth'
import type { Account, KeyInfo, SessionInfo, SessionItem, UserInfo } from '@cairn/contract'
import { refuseOpenAddress, requireOwnerAccount } from '../src/run/open-address.ts'
import { findClientAddress, isExpectedPeer } from '../src/http/origin.ts'
import { routes } from '../src/http/index.ts'
import { repository, startServer, until } from './harness.ts'
import { createJar, type Jar } from './kit/cookie-jar.ts'
import { openServer, type OpenServer } from './kit/open-server.ts'
import { createShiftedClock } from './kit/shifted-clock.ts'

const good = 'vier ruhige Boote am Steg'

const { clock, pass } = createShiftedClock()
let server: OpenServer
beforeAll(async () => {
  server = await openServer({}, { clock })
})
afterAll(() => server[Symbol.asyncDispose]())

interface Person {
  readonly id: string
  readonly jar: Jar
  call(path: string, method?: string, body?: unknown): Promise<Response>
}

const json = (body: unknown, method = 'POST'): RequestInit => ({
  method,
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  headers: { 'content-type': 'application/json' },
})

type Target = Pick<OpenServer, 'url' | 'call'>

function person(on: Target, id: string, jar: Jar): Person {
  return {
    id,
    jar,
    call: (path, method = 'GET', body) =>
      jar.fetch(`${on.url}${path}`, {
        ...json(body, method),
        headers: { 'content-type': 'application/json', origin: on.url },
      }),
  }
}

let invited = 0
async function join(on: Target = server): Promise<Person & { email: string }> {
  const email = `person${++invited}@example.org`
  const made = await on.call('/api/access/users', json({ name: `Person ${invited}`, email }))
  const { user, link } = (await made.json()) as { user: UserInfo; link: { url: string } }
  const token = /#set-password=(.+)$/.exec(link.url)?.[1]
  const jar = createJar()
  const redeemed = await jar.fetch(`${on.url}/auth/links/redeem`, json({ token, password: good }))
  expect(await redeemed.json()).toEqual({ signedIn: true })
  return { ...person(on, user.id, jar), email }
}

async function codeOf(reply: Response | Promise<Response>): Promise<[number, string]> {
  const got = await reply
  return [got.status, ((await got.json()) as { code: string }).code]
}

const totp = (secret: string, at = clock.now()) =>
  new TOTP({ secret: TotpSecret.fromBase32(secret) }).generate({ timestamp: at })

describe('an account', () => {
  test('is entered with a password, in a cookie that is out of reach of scripts, and left again', async () => {
    const { email } = await join()
    const jar = createJar()
    const reply = await jar.fetch(`${server.url}/auth/password`, json({ email, password: good }))
    expect(reply.status).toBe(204)
    expect(reply.headers.get('set-cookie')).toMatch(
      /^cairn_session_\d+=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
    )
    const me = person(server, '', jar)
    expect((await (await me.call('/auth/session')).json()) as SessionInfo).toMatchObject({
      via: 'session',
      mfaNeeded: 'no',
    })
    expect((await me.call('/auth/session', 'DELETE')).status).toBe(204)
    expect((await me.call('/auth/session')).status).toBe(401)
  })

  test('may call what is its own, and of everything else nothing', async () => {
    const ann = await join()
    for (const route of routes) {
      if (route.permission === 'public' || route.permission === 'signed-in' || typeof route.permission !== 'string')
        continue
      const path = route.path.replace(/[:*]\w+/g, 'x')
      const reply = await ann.call(path, route.method, route.body ? {} : undefined)
      const status = 'on' in route && route.on === 'vault' ? 404 : 403
      expect([route.method, path, reply.status]).toEqual([route.method, path, status])
    }
  })

  test('is changed by a session and never by a key, also by an owner’s', async () => {
    for (const route of routes.filter(
      ({ path }) => path.startsWith('/api/account') || /devices\/(look|decide)/.test(path),
    )) {
      const path = route.path.replace(':id', 'session_x')
      const bodies = [
        { code: '123456' },
        { password: good },
        { name: 'N' },
        { userCode: 'ABCDE' },
        { userCode: 'ABCDE', approve: true },
        {},
      ]
      const tries = await Promise.all(
        bodies.map(
          async (body) =>
            (await server.call(path, route.body ? json(body, route.method) : { method: route.method })).status,
        ),
      )
      expect([path, tries.includes(403), tries.every((status) => status === 403 || status === 400)]).toEqual([
        path,
        true,
        true,
      ])
    }
  })

  test('sets up a second factor, is asked for it, and shows one in a session of a link', async () => {
    const ann = await join()
    const { secret } = (await (await ann.call('/api/account/totp', 'POST', { password: good })).json()) as {
      secret: string
    }
    const confirmed = await ann.call('/api/account/totp/confirm', 'POST', { code: totp(secret) })
    const { codes } = (await confirmed.json()) as { codes: string[] }
    expect(codes).toHaveLength(10)
    const enter = (code?: string) =>
      createJar().fetch(`${server.url}/auth/password`, json({ email: ann.email, password: good, code }))
    expect(await codeOf(enter())).toEqual([401, 'access.code-needed'])
    expect((await enter(codes[0])).status).toBe(204)
    expect(await codeOf(enter(codes[0]))).toEqual([401, 'access.sign-in-refused'])
    const account = (await (await ann.call('/api/account')).json()) as Account
    expect(account).toMatchObject({ mfaRequired: false, openid: false, totp: { recoveryCodesLeft: 9 } })
    expect((await ann.call('/auth/session/code', 'POST', { code: codes[1] })).status).toBe(204)
    expect((await ann.call('/api/account/totp/remove', 'POST', { code: codes[2] })).status).toBe(204)
    expect((await enter()).status).toBe(204)
  })

  test('sees its sessions and ends them, and sees nobody else’s', async () => {
    const [ann, ben] = [await join(), await join()]
    const second = createJar()
    await second.fetch(`${server.url}/auth/password`, {
      ...json({ email: ann.email, password: good }),
      headers: { 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0' },
    })
    const { sessions } = (await (await ann.call('/api/account/sessions')).json()) as { sessions: SessionItem[] }
    expect(sessions.map(({ device, isCurrent }) => [device, isCurrent])).toContainEqual(['Firefox on Linux', false])
    const other = sessions.find(({ isCurrent }) => !isCurrent)?.id ?? ''
    expect(await codeOf(ben.call(`/api/account/sessions/${other}`, 'DELETE'))).toEqual([404, 'access.session-missing'])
    expect((await ann.call(`/api/account/sessions/${other}`, 'DELETE')).status).toBe(204)
    expect((await person(server, '', second).call('/auth/session')).status).toBe(401)
    expect((await ann.call('/api/account/sessions', 'DELETE')).status).toBe(204)
    expect((await ann.call('/auth/session')).status).toBe(200)
  })

  test('has no stream left open when its session has ended', async () => {
    const ann = await join()
    await server.call(`/api/access/users/${ann.id}`, json({ isOwner: true }, 'PUT'))
    const cookie = [...ann.jar.cookies(server.url)].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { cookie, origin: server.url, accept: 'text/event-stream' }
    const stream = await fetch(`${server.url}/api/vaults`, { headers })
    expect(stream.status).toBe(200)
    const reader = stream.body?.getReader()
    await reader?.read()
    // How fast this machine is today.
    const before = performance.now()
    await server.call(`/api/access/users/${ann.id}`, json({ isOwner: true }, 'PUT'))
    const endedAt = performance.now()
    await server.call(`/api/access/users/${ann.id}`, json({ isOwner: false, status: 'suspended' }, 'PUT'))
    for (;;) if ((await reader?.read())?.done !== false) break
    expect(performance.now() - endedAt).toBeLessThan(2_000 + 20 * (endedAt - before))
  })

  test('has keys of its own, which are an owner’s neither to use nor to exceed', async () => {
    const [ann, ben] = [await join(), await join()]
    const key = (await (await ann.call('/api/access/keys', 'POST', { name: 'k' })).json()) as KeyInfo & { key: string }
    const listed = await server.call('/api/vaults', { headers: { authorization: `Bearer ${key.key}` } })
    expect(await listed.json()).toEqual({ vaults: [] })
    expect(await codeOf(ben.call(`/api/access/keys/${key.id}`, 'DELETE'))).toEqual([404, 'access.key-missing'])
    expect((await ann.call(`/api/access/keys/${key.id}`, 'DELETE')).status).toBe(204)
    expect((await server.call('/auth/session', { headers: { authorization: `Bearer ${key.key}` } })).status).toBe(401)
  })
})

describe('hostile input', () => {
  test('is refused by name, and its words are in no reply and no log', async () => {
    const secret = 'canary-Kanarienvogel-4711'
    const wrong: [string, unknown, number][] = [
      ['/auth/password', { email: 'a@b.c', password: secret.repeat(200) }, 400],
      ['/auth/password', { email: 'a@b.c', password: secret, extra: 1 }, 400],
      ['/auth/password', { email: ['a'], password: secret }, 400],
      ['/auth/password', { email: "' OR 1=1 --", password: secret }, 401],
      ['/auth/password', { email: 'a\u0000@b.c', password: secret }, 401],
      ['/auth/links/redeem', { token: secret.repeat(2), password: secret }, 401],
      ['/auth/links/describe', { token: secret }, 401],
      ['/api/access/devices/token', { device_code: secret.repeat(2) }, 400],
      ['/api/access/devices', { clientName: 'a\nb' }, 400],
      ['/api/access/devices', { clientName: 'x\u202ey' }, 400],
    ]
    for (const [path, body, status] of wrong) {
      const reply = await fetch(`${server.url}${path}`, json(body))
      expect([path, reply.status]).toEqual([path, status])
      expect(await reply.text()).not.toContain('Kanarienvogel')
    }
    expect(server.logLines.join('\n')).not.toContain('Kanarienvogel')
  })

  test('pages of others can sign nobody in and redeem nothing', async () => {
    for (const path of ['/auth/password', '/auth/sign-in', '/auth/links/redeem', '/auth/links/describe']) {
      const body = { email: 'a@b.c', password: good, token: 'x'.repeat(32) }
      const { email, password, token } = body
      const fitting = path.endsWith('password')
        ? { email, password }
        : path.endsWith('redeem')
          ? { token, password }
          : { token }
      const init = json(fitting)
      const reply = fetch(`${server.url}${path}`, {
        ...init,
        headers: { ...init.headers, origin: 'https://evil.example' },
      })
      expect([path, ...(await codeOf(reply))]).toEqual([path, 403, 'request.origin'])
    }
  })

  test('names that hide or turn their neighbours are not taken', async () => {
    for (const name of ['', ' ', 'a\u0007', 'a\u202eb', 'x'.repeat(121), '\ud800'])
      expect((await server.call('/api/access/groups', json({ name }))).status).toBe(400)
  })

  test('guesses end in a wait that is told', async () => {
    const { email } = await join()
    const tries = await Promise.all(
      Array.from({ length: 12 }, () =>
        fetch(`${server.url}/auth/password`, json({ email, password: 'a wrong password' })),
      ),
    )
    const late = tries.filter(({ status }) => status === 429)
    expect(late.length).toBeGreaterThanOrEqual(4)
    expect(Number(late[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  })
})

describe('a device', () => {
  const post = (path: string, body: unknown) => fetch(`${server.url}${path}`, json(body))

  test('is paired for a vault that is here, and refused one that is not', async () => {
    const ann = await join()
    const begin = async (vault?: string) =>
      (await (await post('/api/access/devices', { clientName: 'Obsidian', vault })).json()) as Record<string, string>
    const asked = await begin()
    expect(asked).toMatchObject({ expires_in: 300, interval: 5, verification_uri: `${server.url}/#/pair` })
    const token = { device_code: asked['device_code'] }
    const waiting = await post('/api/access/devices/token', token)
    expect([waiting.status, ((await waiting.json()) as { error: string }).error]).toEqual([
      400,
      'authorization_pending',
    ])
    expect(((await (await post('/api/access/devices/token', token)).json()) as { error: string }).error).toBe(
      'slow_down',
    )
    const userCode = asked['user_code']
    expect(await (await ann.call('/api/access/devices/look', 'POST', { userCode })).json()).toMatchObject({
      clientName: 'Obsidian',
    })
    expect((await ann.call('/api/access/devices/decide', 'POST', { userCode, approve: true })).status).toBe(204)
    // Asking too early has made the interval five seconds longer.
    pass(10_000)
    const granted = (await (await post('/api/access/devices/token', token)).json()) as Record<string, string>
    expect(granted).toMatchObject({ token_type: 'Bearer', vault: null })
    const key = { headers: { authorization: `Bearer ${granted['access_token']}` } }
    expect((await (await server.call('/auth/session', key)).json()) as SessionInfo).toMatchObject({
      principal: { id: ann.id },
      via: 'key',
    })
    const lost = await begin('no such vault')
    expect(
      await codeOf(ann.call('/api/access/devices/decide', 'POST', { userCode: lost['user_code'], approve: true })),
    ).toEqual([404, 'vault.not-found'])
    expect(
      (await ann.call('/api/access/devices/decide', 'POST', { userCode: lost['user_code'], approve: false })).status,
    ).toBe(204)
  })

  test('cannot have its code guessed: five wrong ones of an address, then a wait', async () => {
    const ann = await join()
    const codes: string[] = []
    for (let at = 0; at < 7; at++)
      codes.push(
        (await codeOf(ann.call('/api/access/devices/look', 'POST', { userCode: `BBBBB-BBBB${'BCDFGHJ'[at]}` })))[1],
      )
    expect(codes.slice(0, 4)).toEqual(Array(4).fill('access.device-code'))
    expect(codes.at(-1)).toBe('access.attempts')
  })
})

test('with two processes what is revoked is gone on both at once, and guesses are counted together', async () => {
  await using both = await startServer({ env: { CAIRN_WORKERS: '2' } })
  const ann = await join(both)
  const key = (await (await ann.call('/api/access/keys', 'POST', { name: 'k' })).json()) as KeyInfo & { key: string }
  // Each request is a connection of its own, so that both processes come to know the key and the session.
  const ask = (headers: Record<string, string>) =>
    Promise.all(
      Array.from(
        { length: 40 },
        async () => (await fetch(`${both.url}/auth/session`, { headers: { ...headers, connection: 'close' } })).status,
      ),
    )
  const cookie = [...ann.jar.cookies(both.url)].map(([name, value]) => `${name}=${value}`).join('; ')
  const [asKey, asSession] = [{ authorization: `Bearer ${key.key}` }, { cookie, origin: both.url }]
  expect(new Set([...(await ask(asKey)), ...(await ask(asSession))])).toEqual(new Set([200]))
  await ann.call(`/api/access/keys/${key.id}`, 'DELETE')
  expect(new Set(await ask(asKey))).toEqual(new Set([401]))
  expect(new Set(await ask(asSession))).toEqual(new Set([200]))
  await both.call(`/api/access/users/${ann.id}`, json({ status: 'suspended' }, 'PUT'))
  expect(new Set(await ask(asSession))).toEqual(new Set([401]))
  const tries = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`${both.url}/auth/password`, { ...json({ email: 'nobody@example.org', password: 'a wrong password' }) }),
    ),
  )
  expect(tries.filter(({ status }) => status === 401)).toHaveLength(8)
  await until('the account may try again', async () => (await fetch(`${both.url}/auth/methods`)).status === 200)
}, 60_000)

describe('listening beyond this machine', () => {
  const settings = (change: object) =>
    ({ host: '0.0.0.0', trustedProxies: [] as string[], tls: {}, ...change }) as unknown as Parameters<
      typeof refuseOpenAddress
    >[0]

  test('takes TLS at a proxy of ours, and an owner who can sign in', async () => {
    const publicUrl = 'https://notes.example.org'
    expect(() => refuseOpenAddress(settings({}))).toThrow(
      /--public-url, and server\.tls\.certFile .* or the address of the proxy/,
    )
    expect(() => refuseOpenAddress(settings({ publicUrl }))).toThrow(/trustedProxies/)
    expect(() =>
      refuseOpenAddress(settings({ publicUrl: 'http://notes.example.org', trustedProxies: ['10.0.0.2'] })),
    ).toThrow(/https/)
    refuseOpenAddress(settings({ publicUrl, trustedProxies: ['10.0.0.2'] }))
    for (const host of ['127.0.0.1', 'localhost', '::1']) refuseOpenAddress(settings({ host }))
    const app = (can: boolean) =>
      ({ access: { identity: { canOwnerSignIn: async () => can } } }) as unknown as Parameters<
        typeof requireOwnerAccount
      >[0]
    expect(requireOwnerAccount(app(false), { host: '0.0.0.0' })).rejects.toThrow(/before an owner can sign in/)
    await requireOwnerAccount(app(true), { host: '0.0.0.0' })
    await requireOwnerAccount(app(false), { host: '127.0.0.1' })
  })

  test('believes a proxy of ours, and nobody else, on who is there', () => {
    const by = (forwarded: string) => new Headers(forwarded === '' ? {} : { 'x-forwarded-for': forwarded })
    const proxies = ['10.0.0.2', '10.0.0.3']
    expect(findClientAddress('198.51.100.9', by('203.0.113.1'), proxies)).toBe('198.51.100.9')
    expect(findClientAddress('10.0.0.2', by('1.1.1.1, 203.0.113.1, 10.0.0.3'), proxies)).toBe('203.0.113.1')
    expect(findClientAddress('::ffff:10.0.0.2', by('203.0.113.1'), proxies)).toBe('203.0.113.1')
    expect(findClientAddress('10.0.0.2', by(''), proxies)).toBe('10.0.0.2')
    expect([
      isExpectedPeer('198.51.100.9', proxies),
      isExpectedPeer('10.0.0.3', proxies),
      isExpectedPeer('127.0.0.1', proxies),
      isExpectedPeer('198.51.100.9', []),
    ]).toEqual([false, true, true, true])
  })
})

test('the command line invites, lists, suspends, resumes and makes a link for a new password', async () => {
  await using running = await startServer()
  const cairn = async (...args: string[]) => {
    const child = Bun.spawn([process.execPath, '--no-env-file', joinPath(repository, 'server/src/main.ts'), ...args], {
      env: { ...running.env, CAIRN_KEY: running.ownerKey },
      cwd: running.dataDirectory,
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    return { out, err, code }
  }
  const made = await cairn('user', 'invite', 'ann@example.org', '--name', 'Ann Lee')
  expect([made.err, made.code]).toEqual(['', 0])
  expect(made.out.trim()).toStartWith(`${running.url}/#set-password=`)
  expect((await cairn('user', 'list')).out).toContain('ann@example.org')
  expect((await cairn('user', 'suspend', 'ANN@example.org')).out).toContain('is suspended')
  expect((await cairn('user', 'reset', 'ann@example.org')).code).not.toBe(0)
  expect((await cairn('user', 'resume', 'ann@example.org')).out).toContain('is active')
  expect((await cairn('user', 'reset', 'ann@example.org')).out).toContain('#set-password=')
  const nobody = await cairn('user', 'suspend', 'nobody@example.org')
  expect([nobody.code, nobody.err.includes('There is nobody called')]).toEqual([1, true])
}, 60_000)
