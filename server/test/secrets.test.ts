/**
 * No key of a provider ever comes out: a server with keys from the environment, the database and the configuration
 * file is made to succeed and to fail in every way, at providers that repeat the key in whatever they say. Then
 * everything it wrote, answered and stored is searched.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commands } from '../src/cli/index.ts'
import { repository, startServer, type RunningServer } from './harness.ts'
import { openServer } from './kit/open-server.ts'
import { startTellingUpstream, tellings, type Telling, type TellingUpstream } from './kit/telling-upstream.ts'

setDefaultTimeout(120_000)

/** What came out where: the name of the sink and what was in it. */
type Sinks = [name: string, content: string][]

interface Target {
  call(path: string, init?: RequestInit): Promise<Response>
}

interface KeyedProvider {
  readonly id: string
  readonly dialect: 'openai' | 'anthropic' | 'google'
  readonly apiKey: string
}

const dialects = ['openai', 'anthropic', 'google'] as const
const makeProviders = (origin: string): KeyedProvider[] =>
  dialects.map((dialect) => ({ id: `${origin}-${dialect}`, dialect, apiKey: makeKey(`${origin}-${dialect}`) }))

/** Random, so that a part of it stands nowhere else, and of no vendor’s form, which alone would be taken out. */
function makeKey(name: string): string {
  return `zz-${name}-${Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString('base64url')}`
}

const modelOf = ({ id }: KeyedProvider, telling: Telling) => `${id}-${telling}`

function settingsOf(provider: KeyedProvider, upstream: TellingUpstream, asked: readonly Telling[] = tellings) {
  const { dialect, apiKey } = provider
  const models = asked.map((telling) => modelOf(provider, telling))
  return {
    dialect,
    baseUrl: `${upstream.url}${dialect === 'google' ? '/v1beta' : '/v1'}`,
    apiKey,
    models,
    clearance: 'restricted',
  }
}

// --- What is searched for ------------------------------------------------------------------------------------------

/** The key, the part of it that is random, and how it looks in base 64, hexadecimal and the address of a page. */
function formsOf(key: string): string[] {
  const random = key.slice(-32)
  // Base 64 of a text within another begins at any of three places; what all of them share is in the middle.
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.from('.'.repeat(shift) + random)
      .toString('base64')
      .slice(4, -6),
  )
  return [random.slice(0, 14), random.slice(-14), ...encoded, Buffer.from(random).toString('hex').slice(0, 30)]
}

/** `sink: beginning of what was found` for each key in each sink. */
function findLeaks(sinks: Sinks, keys: readonly string[]): string[] {
  return sinks.flatMap(([name, content]) =>
    keys.flatMap((key) =>
      formsOf(key)
        .filter((form) => content.includes(form))
        .slice(0, 1)
        .map((form) => `${name}: …${content.slice(Math.max(0, content.indexOf(form) - 60), content.indexOf(form))}`),
    ),
  )
}

async function readTree(folder: string): Promise<Sinks> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    files.map(async (path): Promise<[string, string]> => [
      path,
      (await readFile(path).catch(() => '')).toString('latin1'),
    ]),
  )
}

// --- What is done --------------------------------------------------------------------------------------------------

/** Calls and keeps status, headers and body of the reply. */
function createCaller(target: Target, sinks: Sinks) {
  return async (path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') => {
    const init = { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await target.call(path, body === undefined ? { method } : init)
    const text = await response.text().catch((thrown: unknown) => `broke off: ${String(thrown)}`)
    sinks.push([`${method} ${path} ${response.status} head`, JSON.stringify([...response.headers])])
    sinks.push([`${method} ${path} ${response.status} body`, text])
    return { status: response.status, text }
  }
}

type Call = ReturnType<typeof createCaller>

/** The ways of failing that are asked for in every way of asking. */
const mostTelling: readonly Telling[] = ['good', 'bad-400', 'bad-500', 'stream-error', 'bad-401']

async function askEverything(
  call: Call,
  providers: readonly KeyedProvider[],
  asked: readonly Telling[],
): Promise<void> {
  for (const telling of asked) await Promise.all(providers.map((provider) => askEveryWay(call, provider, telling)))
}

async function askEveryWay(call: Call, provider: KeyedProvider, telling: Telling): Promise<void> {
  const { id } = provider
  const model = `${id}/${modelOf(provider, telling)}`
  const messages = [{ role: 'user', content: 'hello' }]
  const [whole, streamed] = await Promise.all([
    call('/v1/chat/completions', { model, messages }),
    call('/v1/chat/completions', { model, messages: [...messages, ...messages], stream: true }),
    call('/v1/messages', { model, max_tokens: 8, messages }),
    call('/v1/messages', { model, max_tokens: 8, messages, stream: true }),
  ])
  if (telling === 'good') expect([id, whole.status, streamed.status]).toEqual([id, 200, 200])
  if (telling === 'bad-401')
    expect([id, whole.text]).toEqual([id, expect.stringMatching(/upstream\.credentials|model\.unavailable/)])
  if (!mostTelling.includes(telling)) return
  const question = 'What is this about?'
  await Promise.all([
    call('/v1/responses', { model, input: 'hello' }),
    call('/v1/responses', { model, input: 'hello', stream: true }),
    call('/v1/embeddings', { model, input: 'hello' }),
    call('/v1/ask', { question, model }),
    call('/v1/ask', { question, model, stream: true }),
  ])
}

async function lookEverywhere(call: Call, providers: readonly KeyedProvider[]): Promise<void> {
  for (const provider of providers) {
    await call(`/api/providers/${provider.id}`)
    await call(`/api/providers/${provider.id}/test`, {})
    for (const telling of ['good', 'bad-401'] as const)
      await call('/api/routing/explain', { model: `${provider.id}/${modelOf(provider, telling)}`, label: 'restricted' })
    // Refusals that are about the provider, its key and its address.
    await call(`/api/providers/${provider.id}`, { dialect: 'openai', baseUrl: 'http://127.0.0.1:1/v1' }, 'PUT')
    await call(
      `/api/providers/${provider.id}`,
      { dialect: 'openai', baseUrl: 'nonsense', apiKey: provider.apiKey },
      'PUT',
    )
    await call(`/api/providers/${provider.id}`, { apiKey: provider.apiKey, [provider.apiKey.slice(0, 5)]: 1 }, 'PUT')
    await call(
      '/api/providers/none',
      { ...provider, baseUrl: 'http://169.254.169.254/', apiKey: ` ${provider.apiKey} x` },
      'PUT',
    )
  }
  for (const path of [
    '/api/models',
    '/v1/models',
    '/metrics',
    '/openapi.json',
    '/healthz',
    '/readyz',
    '/api/budgets',
    '/api/cache/stats',
    '/api/vaults',
    '/auth/session',
    '/api/access/keys',
  ])
    await call(path)
  for (const by of ['key', 'user', 'model', 'provider', 'kind', 'hour', 'day']) await call(`/api/usage?by=${by}`)
}

/** What a command prints that talks to the server, or reads the same environment. */
async function runCommand(server: RunningServer, words: readonly string[]): Promise<[string, string]> {
  const args = ['--no-env-file', join(repository, 'server/src/main.ts'), ...words]
  const child = spawn(process.execPath, args, {
    env: { ...server.env, CAIRN_KEY: server.ownerKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text))
  const code = await new Promise((done) => child.once('close', done))
  return [`cairn ${words.join(' ')} (${String(code)})`, out]
}

async function runCommands(server: RunningServer): Promise<Sinks> {
  const sinks: Sinks = []
  const wanted = [
    ['doctor'],
    ['doctor', '--json'],
    ['config', 'explain'],
    ['config', 'explain', '--json'],
    ['model', 'list'],
    ['model', 'list', '--json'],
  ]
  const known = wanted.filter(([first = '']) => commands.some(({ name }) => name.split(' ')[0] === first))
  for (const words of known) sinks.push(await runCommand(server, words))
  return sinks
}

// --- The tests -----------------------------------------------------------------------------------------------------

let upstream: TellingUpstream
beforeAll(() => {
  upstream = startTellingUpstream()
})
afterAll(() => upstream.close())

const quick = {
  CAIRN_LOG_LEVEL: 'debug',
  CAIRN_CONNECT_TIMEOUT_MS: '2500',
  CAIRN_FIRST_TOKEN_TIMEOUT_MS: '2500',
  CAIRN_TOTAL_TIMEOUT_MS: '5000',
}

/** Keys that cannot be sent, and a provider that is not there. */
function crookedProviders(keys: string[]): object[] {
  const [newline, letter, away] = ['newline', 'letter', 'away'].map(makeKey) as [string, string, string]
  keys.push(newline, letter, away)
  const base = { dialect: 'openai', baseUrl: `${upstream.url}/v1` }
  return [
    { ...base, id: 'crooked-newline', apiKey: `x\r\nx-evil: ${newline}`, models: ['crooked-newline-good'] },
    { ...base, id: 'crooked-letter', apiKey: `ü${letter}`, models: ['crooked-letter-good'] },
    { id: 'away', dialect: 'openai', baseUrl: 'http://127.0.0.1:1/v1', apiKey: away, models: ['away-good'] },
    { ...base, id: 'lister', apiKey: away, models: [] },
  ]
}

/** A server of the program itself, made to do everything with the keys; gives all that came out of it. */
async function exercise(
  asked: readonly Telling[],
  env: Record<string, string> = {},
): Promise<{ sinks: Sinks; keys: string[] }> {
  const fromEnvironment = makeProviders('env')
  const stored = makeProviders('stored')
  const all = [...fromEnvironment, ...stored]
  const keys = all.map(({ apiKey }) => apiKey)
  const upstreams = fromEnvironment.map((provider) => ({ id: provider.id, ...settingsOf(provider, upstream, asked) }))
  const sinks: Sinks = []
  await using server = await startServer({
    env: { ...quick, ...env },
    upstreams: [...upstreams, ...crookedProviders(keys)],
  })
  const call = createCaller(server, sinks)
  for (const provider of stored)
    expect((await call(`/api/providers/${provider.id}`, settingsOf(provider, upstream, asked), 'PUT')).status).toBe(201)
  await askEverything(call, all, asked)
  for (const id of ['crooked-newline', 'crooked-letter', 'away', 'unlisted'])
    for (const stream of [true, false])
      await call('/v1/chat/completions', { model: `${id}-good`, messages: [{ role: 'user', content: 'x' }], stream })
  await lookEverywhere(call, all)
  sinks.push(...(await runCommands(server)), ...(await readTree(server.dataDirectory)))
  for (const { id } of stored) expect((await call(`/api/providers/${id}`, undefined, 'DELETE')).status).toBe(204)
  await server.stop()
  sinks.push(['stdout', server.stdout()], ['stderr', server.stderr()], ...(await readTree(server.dataDirectory)))
  for (const { id, apiKey } of all)
    for (const telling of asked)
      expect([id, telling, upstream.told.has(`${apiKey} ${telling}`)]).toEqual([id, telling, true])
  return { sinks, keys }
}

describe('the key of a provider', () => {
  test('from the environment or the database is in no reply, log, metric, command or file, whatever happens', async () => {
    const { sinks, keys } = await exercise(tellings)
    expect(findLeaks(sinks, keys)).toEqual([])
    // The sinks are those meant: they hold what was to be seen there.
    const contentOf = (name: RegExp) =>
      sinks
        .filter(([each]) => name.test(each))
        .map(([, content]) => content)
        .join('\n')
    expect(contentOf(/^stderr$/)).toContain('"level":"debug"')
    expect(contentOf(/audit\.db/).includes('provider.changed')).toBe(true)
    expect(contentOf(/cairn\.db/)).toContain('stored-anthropic')
    expect(contentOf(/^GET \/api\/models 200 body/)).toContain('"hasKey":true')
    expect(contentOf(/^GET \/metrics 200 body/)).toContain('provider="env-google"')
    expect(contentOf(/^cairn config explain --json \(0\)/)).toContain('env-openai')
    expect(contentOf(/^cairn doctor/)).not.toBe('')
  })

  test('from the configuration file is in no reply, log, metric or file', async () => {
    const providers = makeProviders('file')
    const upstreams = providers.map((provider) => ({ id: provider.id, ...settingsOf(provider, upstream, mostTelling) }))
    const models = { connectTimeoutMs: 2_500, firstTokenTimeoutMs: 2_500, totalTimeoutMs: 5_000 }
    const sinks: Sinks = []
    await using server = await openServer({ upstreams, models })
    const call = createCaller(server, sinks)
    await askEverything(call, providers, mostTelling)
    await lookEverywhere(call, providers)
    sinks.push(['log', server.logLines.join('')], ...(await readTree(server.dataDirectory)))
    expect(server.logLines.length).toBeGreaterThan(100)
    expect(
      findLeaks(
        sinks,
        providers.map(({ apiKey }) => apiKey),
      ),
    ).toEqual([])
  })

  test('is found by this search in a server that logs what providers say', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cairn-twin-'))
    const twin = join(folder, 'logs-errors-of-providers.ts')
    await writeFile(
      twin,
      `const real = globalThis.fetch
      globalThis.fetch = Object.assign(async (...args) => {
        const response = await real(...args)
        if (response.status >= 400) process.stderr.write(JSON.stringify({ level: 'warn', message: await response.clone().text() }) + '\\n')
        return response
      }, real)`,
    )
    const { sinks, keys } = await exercise(['good', 'bad-401'], { BUN_OPTIONS: `--preload=${twin}` })
    const leaks = findLeaks(sinks, keys)
    expect(leaks.length).toBeGreaterThanOrEqual(6)
    for (const leak of leaks) expect(leak).toStartWith('stderr: ')
    await rm(folder, { recursive: true })
  })

  test('is found by this search in every form and place it looks at', () => {
    const key = makeKey('some')
    const forms = [
      key,
      JSON.stringify({ message: `Incorrect API key provided: ${key}.` }),
      key.slice(0, -8),
      key.slice(8),
      encodeURIComponent(key),
      Buffer.from(`Bearer ${key}`).toString('base64'),
      Buffer.from(`key: ${key}!`).toString('base64'),
      Buffer.from(`{"apiKey":"${key}"}`).toString('base64'),
      Buffer.from(key).toString('hex'),
    ]
    for (const form of forms)
      expect(findLeaks([['sink', `before ${form} after`]], [makeKey('other'), key])).toHaveLength(1)
    expect(findLeaks([['sink', 'before zz-some- and after']], [key])).toEqual([])
  })
})
