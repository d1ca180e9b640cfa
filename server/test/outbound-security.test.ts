/**
 * Where the real program connects to, and where never: redirects of upstreams, proxies of the environment, a `.env` in
 * its working directory, metadata addresses; and foreign Host headers. What must not be reached listens and counts.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sendRaw } from './http-kit.ts'
import { repository, startServer, type RunningServer } from './harness.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

setDefaultTimeout(60_000)

interface Trap {
  readonly url: string
  /** The first bytes of every connection. */
  readonly caught: string[]
  close(): void
}

/** Takes any connection, keeps what it was sent first, and hangs up. */
async function openTrap(): Promise<Trap> {
  const caught: string[] = []
  const server: Server = createServer((socket) => {
    const at = caught.push('') - 1
    socket.once('data', (bytes) => {
      caught[at] = bytes.toString('latin1')
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\ncaught')
    })
    socket.on('error', () => undefined)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, caught, close: () => server.close() }
}

const key = 'sk-outbound-0123456789abcdef'
const chat = (model: string, more: object = {}) => ({ model, messages: [{ role: 'user', content: 'hello' }], ...more })

interface Outcome {
  readonly status: number
  readonly text: string
}
async function send(server: RunningServer, path: string, body: unknown, method = 'POST'): Promise<Outcome> {
  const init = { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await server.call(path, body === undefined ? { method } : init)
  return { status: response.status, text: await response.text() }
}

/** Runs a program with the variables and gives what it printed. */
function run(args: readonly string[], options: { cwd: string; env?: Record<string, string> }): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', ...options.env }
  const child = spawn(process.execPath, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  return new Promise((done) => child.once('close', () => done(out.trim())))
}

describe('a redirect of an upstream', () => {
  let trap: Trap
  let server: RunningServer
  let upstream: ReturnType<typeof Bun.serve>
  const asked: string[] = []
  beforeAll(async () => {
    trap = await openTrap()
    // The status is the first part of the path: /307/v1/chat/completions.
    upstream = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(request) {
        const { pathname } = new URL(request.url)
        asked.push(pathname)
        const location = `${trap.url}${pathname.slice(4)}`
        return new Response(null, { status: Number(pathname.slice(1, 4)), headers: { location } })
      },
    })
    const upstreams = [301, 302, 303, 307, 308].map((status) => ({
      id: `to-${status}`,
      dialect: 'openai',
      baseUrl: `http://127.0.0.1:${upstream.port}/${status}/v1`,
      apiKey: key,
      models: [`m-${status}`, { id: `e-${status}`, capabilities: ['embeddings'] }],
    }))
    const lister = {
      id: 'lister',
      dialect: 'openai',
      baseUrl: `http://127.0.0.1:${upstream.port}/307/v1`,
      apiKey: key,
      models: [],
    }
    server = await startServer({ upstreams: [...upstreams, lister] })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await upstream.stop(true)
    trap.close()
  })

  test.each([301, 302, 303, 307, 308])(
    'of status %d is an error and is not followed, whatever was asked',
    async (status) => {
      const before = asked.length
      const outcomes = [
        await send(server, '/v1/chat/completions', chat(`m-${status}`)),
        await send(server, '/v1/chat/completions', chat(`m-${status}`, { stream: true })),
        await send(server, '/v1/embeddings', { model: `e-${status}`, input: 'hello' }),
      ]
      for (const { status: got, text } of outcomes) {
        expect(got).toBeGreaterThanOrEqual(500)
        expect(text).toContain('upstream.redirect')
        expect(text).not.toContain(trap.url)
      }
      expect(asked.length).toBeGreaterThan(before)
      expect(trap.caught).toEqual([])
    },
  )

  test('of its list of models, and when it is tested, is not followed either', async () => {
    expect(asked).toContain('/307/v1/models')
    const tested = await send(server, '/api/providers/lister/test', undefined)
    expect([tested.status, tested.text]).toEqual([200, expect.stringContaining('upstream.redirect')])
    expect(trap.caught).toEqual([])
  })
})

describe('the environment and the working directory', () => {
  let proxy: Trap
  let upstream: Upstream
  let folder: string
  const proxies = (url: string) =>
    Object.fromEntries(
      ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'].map((name) => [name, url]),
    )
  beforeAll(async () => {
    proxy = await openTrap()
    upstream = await startUpstream({ models: ['echo'] })
    folder = await mkdtemp(join(tmpdir(), 'cairn-env-'))
  })
  afterAll(async () => {
    await upstream.close()
    proxy.close()
    await rm(folder, { recursive: true })
  })

  test('with proxies in variables and in .env, and settings in .env, change nothing', async () => {
    const tls = await openTrap()
    const dotEnv = [
      ...Object.entries(proxies(proxy.url)).map(([name, url]) => `${name}=${url}`),
      'CAIRN_PUBLIC_URL=http://from-dot-env.example',
    ].join('\n')
    await using server = await startServer({
      env: proxies(proxy.url),
      files: { '.env': dotEnv, '.env.local': dotEnv, '.env.production': dotEnv, '.env.development': dotEnv },
      upstreams: [
        { id: 'kit', dialect: 'openai', baseUrl: upstream.url, models: ['echo'] },
        // By a name and external, as a real provider is; and with TLS, where a proxy would see a CONNECT.
        {
          id: 'named',
          dialect: 'openai',
          baseUrl: upstream.url.replace('127.0.0.1', 'localhost'),
          egress: 'external',
          models: ['echo-2'],
        },
        { id: 'tls', dialect: 'openai', baseUrl: tls.url.replace('http:', 'https:'), models: ['over-tls'] },
        { id: 'lister', dialect: 'openai', baseUrl: upstream.url.replace('127.0.0.1', '127.0.0.2'), models: [] },
      ],
    })
    expect(await send(server, '/v1/chat/completions', chat('echo'))).toMatchObject({ status: 200 })
    expect(await send(server, '/v1/chat/completions', chat('echo', { stream: true }))).toMatchObject({ status: 200 })
    expect((await send(server, '/v1/chat/completions', chat('echo-2'))).text).not.toContain('caught')
    expect((await send(server, '/v1/chat/completions', chat('over-tls'))).text).toContain('upstream.')
    // It came to the provider itself, and began with TLS.
    expect(tls.caught.length).toBeGreaterThan(0)
    expect(tls.caught[0]?.charCodeAt(0)).toBe(22)
    expect(proxy.caught).toEqual([])
    tls.close()

    const port = Number(new URL(server.url).port)
    const named = await sendRaw(
      port,
      'GET /healthz HTTP/1.1\r\nHost: from-dot-env.example\r\nConnection: close\r\n\r\n',
    )
    expect(named).toStartWith('HTTP/1.1 421')
  })

  test('would do so without our care: the same variables and the same file reach a plain program', async () => {
    await writeFile(join(folder, '.env'), 'CAIRN_PUBLIC_URL=http://from-dot-env.example\n')
    const explain = [join(repository, 'server/src/main.ts'), 'config', 'explain', '--json']
    expect(await run(explain, { cwd: folder })).toContain('from-dot-env')
    expect(await run(['--no-env-file', ...explain], { cwd: folder })).not.toContain('from-dot-env')
    const fetched = `process.stdout.write(await (await fetch(${JSON.stringify(`${upstream.url}/models`)})).text())`
    expect(await run(['-e', fetched], { cwd: folder, env: { HTTP_PROXY: proxy.url } })).toBe('caught')
    proxy.caught.length = 0
  })

  test('the commands npm start and npx cairn start the program without .env files', async () => {
    const program = `import { runBun } from ${JSON.stringify(join(repository, 'scripts/prepare.mjs'))}
      await runBun(['-e', 'process.stdout.write(JSON.stringify(process.execArgv))'])`
    const child = spawn('node', ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    await new Promise((done) => child.once('close', done))
    expect(JSON.parse(out)).toContain('--no-env-file')
  })
})

describe('a metadata or link-local address', () => {
  const addresses = {
    aws: 'http://169.254.169.254/latest/meta-data',
    decimal: 'http://2852039166/v1',
    google: 'http://metadata.google.internal/v1',
    mapped: 'http://[::ffff:169.254.169.254]/v1',
    alibaba: 'http://100.100.100.200/v1',
  }
  let server: RunningServer
  beforeAll(async () => {
    const upstreams = Object.entries(addresses).map(([id, baseUrl]) => ({
      id,
      dialect: 'openai',
      baseUrl,
      apiKey: key,
      models: [`at-${id}`],
    }))
    server = await startServer({ upstreams })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each(Object.keys(addresses))('is refused at the call, though the configuration has it: %s', async (id) => {
    for (const more of [{}, { stream: true }]) {
      const { status, text } = await send(server, '/v1/chat/completions', chat(`at-${id}`, more))
      expect(status).toBeGreaterThanOrEqual(400)
      expect(text).toContain('egress.denied')
    }
    const metrics = await (await server.call('/metrics')).text()
    const counted = (outcome: string) =>
      Number(
        new RegExp(`cairn_egress_requests_total\\{provider="${id}",egress="\\w+",outcome="${outcome}"\\} (\\d+)`).exec(
          metrics,
        )?.[1],
      )
    expect(counted('denied')).toBeGreaterThanOrEqual(2)
    expect([counted('ok'), counted('failed')]).toEqual([0, 0])
  })

  test.each(Object.entries(addresses))('is refused when a provider is added: %s', async (_, baseUrl) => {
    const { status, text } = await send(
      server,
      '/api/providers/added',
      { dialect: 'openai', baseUrl, apiKey: key, models: ['m'] },
      'PUT',
    )
    expect([status, text]).toEqual([400, expect.stringContaining('"param":"baseUrl"')])
    expect((await send(server, '/api/providers/added', undefined, 'GET')).status).toBe(404)
  })

  test('a foreign Host header gets 421 from the program, on every kind of address', async () => {
    const port = Number(new URL(server.url).port)
    for (const path of [
      '/',
      '/healthz',
      '/metrics',
      '/v1/models',
      '/v1/messages',
      '/api/models',
      '/openapi.json',
      '/nothing',
    ]) {
      for (const method of ['GET', 'OPTIONS']) {
        const host = `Host: metadata.evil.example:${port}\r\nOrigin: app://obsidian.md\r\nAccess-Control-Request-Method: POST`
        const reply = await sendRaw(port, `${method} ${path} HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`)
        expect([method, path, reply.slice(0, 12)]).toEqual([method, path, 'HTTP/1.1 421'])
      }
    }
  })
})
