import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock, type Logger } from '../base/index.ts'
import { startUpstream, type Upstream } from '../../test/kit/upstream.ts'
import {
  createOutbound,
  createPermitOffice,
  EgressPermit,
  isForbiddenAddress,
  type OutboundOptions,
} from './outbound.ts'

let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream()
})
afterAll(() => upstream.close())

function open(options: Partial<OutboundOptions> = {}) {
  const permits = createPermitOffice()
  const outbound = createOutbound({ permits, clock: systemClock, logger: silentLogger, ...options })
  const get = (url: string, permitUrl = url, more: { signal?: AbortSignal; headTimeoutMs?: number } = {}) =>
    outbound.fetch(permits.issue({ provider: 'p', egress: 'external', url: permitUrl }), {
      url,
      signal: new AbortController().signal,
      headTimeoutMs: 2_000,
      ...more,
    })
  return { permits, outbound, get }
}

describe('without a permit of its own office the door stays shut', () => {
  const request = () => ({ url: upstream.url, signal: new AbortController().signal, headTimeoutMs: 1_000 })

  test('a permit cannot be constructed, copied, imitated or taken from another office', async () => {
    const { outbound, permits } = open()
    const ticket = { provider: 'p', egress: 'local', url: upstream.url } as const
    const real = permits.issue(ticket)
    expect(() => new EgressPermit(Symbol('mint'), {}, ticket)).toThrow(TypeError)
    const forgeries: unknown[] = [
      { ...real },
      structuredClone({ ...real }),
      Object.create(real),
      Object.setPrototypeOf({ ...real }, EgressPermit.prototype),
      createPermitOffice().issue(ticket),
      null,
      undefined,
    ]
    for (const forged of forgeries)
      await expect(outbound.fetch(forged as EgressPermit, request())).rejects.toMatchObject({ code: 'egress.denied' })
    expect(upstream.requests).toHaveLength(0)
    expect((await outbound.fetch(real, { ...request(), url: `${upstream.url}/models` })).status).toBe(200)
    expect(outbound.counts()).toEqual([{ provider: 'p', egress: 'local', requests: 1, failed: 0, denied: 0 }])
  })

  test('a permit cannot be changed and is good for one origin', async () => {
    const { outbound, permits } = open()
    const real = permits.issue({ provider: 'p', egress: 'local', url: upstream.url })
    expect(() => Object.assign(real, { origin: 'http://127.0.0.1:1' })).toThrow()
    for (const url of [
      'http://127.0.0.1:1/',
      `https://127.0.0.1:${upstream.port}/`,
      `http://localhost:${upstream.port}/`,
    ]) {
      await expect(outbound.fetch(real, { ...request(), url })).rejects.toMatchObject({ code: 'egress.denied' })
    }
    expect(outbound.counts()[0]).toMatchObject({ requests: 3, denied: 3 })
  })
})

describe('addresses that are never called', () => {
  test.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    'fe80::1',
    'FE80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    'fd00:0ec2:0:0::0254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'not an address',
  ])('%s', (address) => {
    expect(isForbiddenAddress(address)).toBe(true)
  })

  test.each([
    '127.0.0.1',
    '::1',
    '192.168.1.5',
    '10.0.0.1',
    '8.8.8.8',
    '2606:4700::1111',
    'fec0::1',
    '::ffff:127.0.0.1',
    'fd00:ec2::253',
  ])('but %s may be', (address) => {
    expect(isForbiddenAddress(address)).toBe(false)
  })

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fd00:ec2::254]/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
    'ftp://127.0.0.1/',
    'http://user:word@127.0.0.1/',
    'file:///etc/passwd',
  ])('no spelling opens the door: %s', async (url) => {
    await expect(open().get(url)).rejects.toMatchObject({ code: 'egress.denied' })
  })

  test('a name that points to one is refused, also when only one of its addresses does', async () => {
    const { get } = open({ lookup: async () => ['127.0.0.1', '169.254.169.254'] })
    await expect(get(`http://models.example:${upstream.port}/v1/models`)).rejects.toMatchObject({
      code: 'egress.denied',
    })
  })

  test('the connection goes to the address that was checked, whatever the name means a moment later', async () => {
    let answers = [['127.0.0.1'], ['169.254.169.254']]
    const { get } = open({ lookup: async () => answers.shift() ?? [] })
    const response = await get(`http://models.example:${upstream.port}/v1/models`)
    expect(response.status).toBe(200)
    expect(upstream.requests.at(-1)?.headers['host']).toBe(`models.example:${upstream.port}`)
    // The checked address is kept for a while, so the second answer of the name server is not asked for.
    expect((await get(`http://models.example:${upstream.port}/v1/models`)).status).toBe(200)
    expect(answers).toHaveLength(1)
  })

  test('“localhost” is this machine without asking a name server, by IPv4 and IPv6', async () => {
    const { get } = open({ lookup: async () => ['203.0.113.7'] })
    expect((await get(`http://localhost:${upstream.port}/v1/models`)).status).toBe(200)
  })
})

test('a redirect is an error, and is not followed', async () => {
  const target = await startUpstream()
  const redirecting = await startUpstream({ always: { redirect: `${target.url}/models` } })
  await expect(open().get(`${redirecting.url}/models`)).rejects.toMatchObject({ code: 'upstream.redirect' })
  expect(target.requests).toHaveLength(0)
  await Promise.all([target.close(), redirecting.close()])
})

describe('certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-tls-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('are checked against the name, though the connection goes to its address', async () => {
    const made = Bun.spawnSync([
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      `${folder}/key.pem`,
      '-out',
      `${folder}/cert.pem`,
      '-days',
      '2',
      '-subj',
      '/CN=models.example',
      '-addext',
      'subjectAltName=DNS:models.example',
    ])
    expect(made.exitCode).toBe(0)
    const ca = await Bun.file(`${folder}/cert.pem`).text()
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { key: Bun.file(`${folder}/key.pem`), cert: ca },
      fetch: (request) => new Response(request.headers.get('host')),
    })
    const lookup = async () => ['127.0.0.1']
    const { get } = open({ lookup, ca })
    expect(await (await get(`https://models.example:${server.port}/`)).text()).toBe(`models.example:${server.port}`)
    // The kept connection of one name is not given to another.
    await expect(get(`https://other.example:${server.port}/`)).rejects.toMatchObject({
      code: 'upstream.unreachable',
      internal: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    await expect(open({ lookup }).get(`https://models.example:${server.port}/`)).rejects.toMatchObject({
      code: 'upstream.unreachable',
    })
    await server.stop(true)
  })
})

describe('deadlines', () => {
  test('a head that does not come ends the call and closes the connection', async () => {
    const silent = await startUpstream({ always: { hang: true } })
    await expect(open().get(`${silent.url}/models`, silent.url, { headTimeoutMs: 60 })).rejects.toMatchObject({
      code: 'upstream.timeout',
    })
    await Bun.sleep(60)
    expect(silent.openSockets()).toBe(0)
    await silent.close()
  })

  test('a name server that does not answer ends the call', async () => {
    const { get } = open({ lookup: () => new Promise(() => undefined) })
    await expect(get('http://models.example/', undefined, { headTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'upstream.timeout',
    })
  })

  test('the caller’s leaving is told as the caller’s own reason', async () => {
    const reason = new Error('left')
    await expect(open().get(upstream.url, upstream.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

test('errors and log lines hold neither path, query nor headers', async () => {
  const lines: string[] = []
  const note = (message: string, fields?: object) => void lines.push(JSON.stringify({ message, ...fields }))
  const logger: Logger = { debug: note, info: note, warn: note, error: note }
  const thrown: unknown = await open({ logger })
    .get('http://127.0.0.1:1/hidden?key=hidden')
    .catch((error: unknown) => error)
  expect(thrown).toMatchObject({ code: 'upstream.unreachable' })
  expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown)) + lines.join('')).not.toContain('hidden')
  expect(lines).toHaveLength(1)
})

test('proxy variables of the environment have no effect', async () => {
  const proxy = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('PROXY') })
  const folder = mkdtempSync(join(tmpdir(), 'cairn-proxy-'))
  const program = `
    import { createOutbound, createPermitOffice } from ${JSON.stringify(join(import.meta.dir, 'outbound.ts'))}
    import { silentLogger, systemClock } from ${JSON.stringify(join(import.meta.dir, '../base/index.ts'))}
    const url = ${JSON.stringify(`${upstream.url}/models`)}
    const permits = createPermitOffice()
    const outbound = createOutbound({ permits, clock: systemClock, logger: silentLogger })
    const ours = await outbound.fetch(permits.issue({ provider: 'p', egress: 'local', url }), { url, signal: new AbortController().signal, headTimeoutMs: 2000 })
    const plain = await fetch(url)
    process.stdout.write(JSON.stringify({ ours: (await ours.text()).slice(0, 20), plain: (await plain.text()).slice(0, 20) }))
  `
  const file = join(folder, 'child.ts')
  writeFileSync(file, program)
  for (const name of ['HTTP_PROXY', 'http_proxy']) {
    const child = Bun.spawn([process.execPath, file], {
      env: { PATH: process.env['PATH'] ?? '', [name]: proxy.url.href },
      stdout: 'pipe',
    })
    // The plain fetch shows that the variable would have worked.
    expect(JSON.parse(await new Response(child.stdout).text())).toEqual({
      ours: '{"object":"list","da',
      plain: 'PROXY',
    })
  }
  rmSync(folder, { recursive: true })
  await proxy.stop(true)
})

test('keeps connections for the next request, or uses one of its own for each', async () => {
  const target = await startUpstream()
  const four = async (options: Partial<OutboundOptions>) => {
    const before = target.totalSockets()
    const { get } = open(options)
    for (let time = 0; time < 4; time++) await (await get(`${target.url}/models`)).text()
    return target.totalSockets() - before
  }
  expect([await four({}), await four({ keepAlive: false })]).toEqual([1, 4])
  await target.close()
})
