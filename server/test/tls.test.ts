/** The server that speaks TLS itself: its protocol, its cookies, its commands, and a certificate renewed under way. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type SecureVersion } from 'node:tls'
import { configSchema } from '@cairn/contract'
import { addressForCommands } from '../src/run/server-place.ts'
import { refuseOpenAddress } from '../src/run/open-address.ts'
import { repository, startServer, until, type RunningServer } from './harness.ts'
import { makeCertificate } from './kit/certificate.ts'

setDefaultTimeout(90_000)

const folder = mkdtempSync(join(tmpdir(), 'cairn-tls-'))
const [one, two] = [makeCertificate(folder, 'one'), makeCertificate(folder, 'two')]
const live = { certFile: join(folder, 'live.cert.pem'), keyFile: join(folder, 'live.key.pem') }
const publicHost = 'notes.example'
const env = {
  CAIRN_TLS_CERT_FILE: live.certFile,
  CAIRN_TLS_KEY_FILE: live.keyFile,
  CAIRN_PUBLIC_URL: `https://${publicHost}`,
}

function use({ certFile, keyFile }: typeof live): void {
  copyFileSync(certFile, live.certFile)
  copyFileSync(keyFile, live.keyFile)
}

afterAll(() => rmSync(folder, { recursive: true }))

/** Common name of the certificate and version of the protocol; what the connection fails with. */
function shake(url: string, version?: SecureVersion): Promise<{ name: string; version: string | null } | string> {
  const only = version === undefined ? {} : { minVersion: version, maxVersion: version }
  return new Promise((done) => {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...only }, () => {
      done({ name: String(socket.getPeerCertificate().subject.CN), version: socket.getProtocol() })
      socket.end()
    })
    socket.on('error', (thrown: NodeJS.ErrnoException) => done(thrown.code ?? 'failed'))
  })
}

function cairn(server: RunningServer, args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const program = ['--no-env-file', join(repository, 'server/src/main.ts'), ...args]
  const { CAIRN_OWNER_KEY: _, ...rest } = server.env
  const child = spawn(process.execPath, program, { env: rest, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  return new Promise((done) => child.on('close', (code) => done({ code, said })))
}

describe('one process', () => {
  let server: RunningServer
  beforeAll(async () => {
    use(one)
    server = await startServer({ env, ca: one.cert })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('answers over TLS 1.2 and 1.3, not over what came before, and not in the clear', async () => {
    expect(server.url).toStartWith('https://127.0.0.1:')
    expect(await shake(server.url, 'TLSv1.2')).toEqual({ name: 'one', version: 'TLSv1.2' })
    expect(await shake(server.url, 'TLSv1.3')).toEqual({ name: 'one', version: 'TLSv1.3' })
    for (const version of ['TLSv1', 'TLSv1.1'] as const) expect(await shake(server.url, version)).toBeString()
    await expect(fetch(server.url.replace('https:', 'http:'))).rejects.toThrow()
    await expect(fetch(server.url)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  test('tells browsers of its public name to come by TLS alone, and those of loopback nothing', async () => {
    const far = await server.call('/', { headers: { host: publicHost } })
    expect(far.status).not.toBe(421)
    expect(far.headers.get('strict-transport-security')).toBe('max-age=31536000')
    const near = await server.call('/')
    expect(near.headers.get('strict-transport-security')).toBeNull()
    expect((await server.call('/', { headers: { host: 'elsewhere.example' } })).status).toBe(421)
  })

  test.each([
    ['loopback', () => server.url],
    ['its public name', () => `https://${publicHost}`],
  ])('signs in with a cookie that only TLS carries, by %s', async (_, origin) => {
    const { url } = (await (await server.post('/auth/links', {})).json()) as { url: string }
    const token = new URL(url).hash.slice('#sign-in='.length)
    const own = { origin: origin(), host: new URL(origin()).host }
    const entered = await server.post('/auth/sign-in', { token }, { headers: { ...own, authorization: '' } })
    expect(entered.status).toBe(204)
    const [cookie = ''] = entered.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-cairn_session_\d+=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/)
    const session = { ...own, authorization: '', cookie: cookie.split(';')[0] ?? '' }
    expect((await server.call('/auth/session', { headers: session })).status).toBe(200)
    // A page of the same name without TLS is another origin.
    const clear = { ...session, origin: own.origin.replace('https:', 'http:') }
    expect((await server.call('/auth/session', { headers: clear })).status).toBe(403)
  })

  test('is found by the commands of its machine, though the certificate is not theirs to check', async () => {
    const listed = await cairn(server, ['vault', 'list'])
    expect(listed).toMatchObject({ code: 0, said: expect.stringContaining('vault') })
    // Whoever names an address gets it checked.
    const named = await cairn({ ...server, env: { ...server.env, CAIRN_KEY: server.ownerKey } }, [
      'vault',
      'list',
      '--server',
      server.url,
    ])
    expect(named).toMatchObject({ code: 3, said: expect.stringContaining('does not answer') })
  })
})

test('several processes take a renewed certificate, and what is open goes on', async () => {
  use(one)
  await using server = await startServer({ env: { ...env, CAIRN_WORKERS: '2' }, ca: one.cert })
  const events = await server.call('/api/vaults', { headers: { accept: 'text/event-stream' } })
  const reader = (events.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  use(two)
  const names = () => Promise.all(Array.from({ length: 12 }, () => shake(server.url)))
  const isNew = (found: Awaited<ReturnType<typeof shake>>) => typeof found !== 'string' && found.name === 'two'
  // Twelve connections may all come to one process, so each has to say that it has it.
  const said = () => server.stderr().split('a new TLS certificate is in use').length - 1
  await until('both have the new one', () => said() >= 2, 30_000)
  await until('all show the new one', async () => (await names()).every(isNew), 30_000)
  const trusting = (init: RequestInit = {}) => ({ ...init, tls: { ca: two.cert } }) as RequestInit
  const note = await server.call('/api/vaults', trusting())
  expect(note.status).toBe(200)
  const { vaults } = (await note.json()) as { vaults: { id: string }[] }
  const next = reader.read()
  const reindexed = await server.call(`/api/vaults/${vaults[0]?.id}/reindex`, trusting({ method: 'POST' }))
  expect(reindexed.status).toBe(202)
  expect(new TextDecoder().decode((await next).value)).toContain('event: vaults')
  await reader.cancel()
  expect(await server.stop()).toBe(0)
})

test('a start with files that do not fit ends with the reason', async () => {
  copyFileSync(one.certFile, live.certFile)
  copyFileSync(two.keyFile, live.keyFile)
  await expect(startServer({ env })).rejects.toThrow(/server\.tls: the key in .* does not belong to the certificate/)
  await expect(startServer({ env: { CAIRN_TLS_KEY_FILE: live.keyFile } })).rejects.toThrow(
    'server.tls.certFile: is needed with server.tls.keyFile',
  )
  await expect(startServer({ env: { ...env, CAIRN_PUBLIC_URL: 'http://notes.example' } })).rejects.toThrow(
    'server.publicUrl: must begin with https://',
  )
})

describe('beyond this machine', () => {
  const settings = (server: object) => configSchema.parse({ server }).server
  const tls = { certFile: '/c', keyFile: '/k' }
  const publicUrl = 'https://notes.example'

  test('TLS of its own takes the place of a proxy; a public address is needed all the same', () => {
    expect(() => refuseOpenAddress(settings({ host: '0.0.0.0', tls, publicUrl }))).not.toThrow()
    expect(() => refuseOpenAddress(settings({ host: '0.0.0.0', tls }))).toThrow('--public-url')
    expect(() => refuseOpenAddress(settings({ host: '0.0.0.0', publicUrl }))).toThrow('server.tls.certFile')
  })

  test.each([
    ['127.0.0.1', 'https://127.0.0.1:8484'],
    ['0.0.0.0', 'https://127.0.0.1:8484'],
    ['::', 'https://[::1]:8484'],
    ['192.0.2.7', publicUrl],
  ])('commands reach a server on %s by %s', (host, address) => {
    expect(addressForCommands(settings({ host, tls, publicUrl }), 8484)).toBe(address)
  })
})
