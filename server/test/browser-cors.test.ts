/**
 * The official OpenAI client in a real Chromium, on a page of another origin, against the whole server: what an
 * allowed page gets, and that a foreign one gets nothing. Needs CAIRN_TEST_CHROMIUM.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBrowser, type TestBrowser } from './browser.ts'
import { openServer, type OpenServer } from './kit/open-server.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

/** What the page does with the client; its words come back as JSON. */
const pageProgram = `
import OpenAI from 'openai'
const make = ({ baseURL, apiKey }) => new OpenAI({ baseURL, apiKey, dangerouslyAllowBrowser: true, maxRetries: 0 })
const told = (thrown) => ({ kind: thrown?.constructor?.name, status: thrown?.status ?? null, code: thrown?.code ?? null, requestId: thrown?.requestID ?? null })
window.whole = async (server, model, text) => {
  const { data, response } = await make(server).chat.completions.create({ model, messages: [{ role: 'user', content: text }] }).withResponse()
  return { text: data.choices[0].message.content, requestId: data._request_id, headers: Object.fromEntries(response.headers) }
}
window.streamed = async (server, model, text) => {
  const stream = await make(server).chat.completions.create({ model, stream: true, messages: [{ role: 'user', content: text }] })
  let answer = '', chunks = 0
  for await (const chunk of stream) { answer += chunk.choices[0]?.delta?.content ?? ''; chunks++ }
  return { text: answer, chunks }
}
window.failing = (server, model) => make(server).chat.completions.create({ model, messages: [{ role: 'user', content: 'x' }] }).then(() => 'it worked', told)
window.listed = async (server) => { const ids = []; for await (const { id } of make(server).models.list()) ids.push(id); return ids }
window.plain = (url, init) => fetch(url, init).then(async (reply) => ({ type: reply.type, status: reply.status, text: await reply.text() }), (thrown) => ({ failed: thrown.name }))
window.isReady = true
`

interface TestPage {
  readonly origin: string
  stop(): Promise<void>
}

let folder: string
let upstream: Upstream
let server: OpenServer
let browser: TestBrowser
let allowed: TestPage
let foreign: TestPage

/** The page under an origin of its own. Its name and port are all that tells it from another. */
function servePage(script: string): TestPage {
  const page = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) =>
      new URL(url).pathname === '/page.js'
        ? new Response(script, { headers: { 'content-type': 'text/javascript' } })
        : new Response('<!doctype html><title>page</title><script type="module" src="/page.js"></script>', {
            headers: { 'content-type': 'text/html' },
          }),
  })
  return { origin: `http://localhost:${page.port}`, stop: () => page.stop(true) }
}

async function bundle(): Promise<string> {
  const entry = join(folder, 'page.ts')
  await writeFile(entry, pageProgram.replace("'openai'", JSON.stringify(Bun.resolveSync('openai', import.meta.dir))))
  const { outputs } = await Bun.build({ entrypoints: [entry], target: 'browser', format: 'esm' })
  return (await outputs[0]?.text()) ?? ''
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-cors-'))
  const script = await bundle()
  allowed = servePage(script)
  foreign = servePage(script)
  upstream = await startUpstream({ models: ['echo'] })
  server = await openServer({
    server: { corsOrigins: [allowed.origin] },
    upstreams: [{ id: 'kit', dialect: 'openai', baseUrl: upstream.url, models: ['echo', 'echo!status=429'] }],
  })
  browser = await openBrowser(process.env['CAIRN_TEST_CHROMIUM'])
}, 60_000)
afterAll(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await upstream.close()
  await allowed.stop()
  await foreign.stop()
  await rm(folder, { recursive: true })
})

async function openPage({ origin }: TestPage) {
  const visit = await browser.visit()
  await visit.page.goto(origin)
  await visit.page.waitForFunction('window.isReady === true')
  const run = <T>(name: string, ...args: unknown[]): Promise<T> =>
    visit.page.evaluate<T>(`window.${name}(${args.map((each) => JSON.stringify(each)).join(', ')})`)
  return { run, [Symbol.asyncDispose]: visit[Symbol.asyncDispose] }
}

const place = (apiKey: string = server.ownerKey) => ({ baseURL: `${server.url}/v1`, apiKey })

describe('a page of an allowed origin, with the openai client', () => {
  test('chats, and reads who answered from the headers', async () => {
    await using page = await openPage(allowed)
    const reply = await page.run<{ text: string; requestId: string; headers: Record<string, string> }>(
      'whole',
      place(),
      'echo',
      'hello from a page',
    )
    expect(reply.text).toContain('hello from a page')
    expect(reply.requestId).toMatch(/^req_/)
    expect(reply.headers).toMatchObject({ 'x-cairn-provider': 'kit', 'x-request-id': reply.requestId })
  })

  test('streams', async () => {
    await using page = await openPage(allowed)
    const reply = await page.run<{ text: string; chunks: number }>('streamed', place(), 'echo', 'one two three four')
    expect(reply.text).toContain('one two three four')
    expect(reply.chunks).toBeGreaterThan(2)
  })

  test('lists models, and gets each failure as what it is, not as a network error', async () => {
    await using page = await openPage(allowed)
    expect(await page.run<string[]>('listed', place())).toContain('echo')
    expect(await page.run<unknown>('failing', place('ck_wrong_0123456789'), 'echo')).toMatchObject({
      kind: 'AuthenticationError',
      code: 'access.key-unknown',
      requestId: expect.stringMatching(/^req_/) as unknown,
    })
    expect(await page.run<unknown>('failing', place(), 'no-such-model')).toMatchObject({ code: 'model.not-found' })
    expect(await page.run<unknown>('failing', place(), 'echo!status=429')).toMatchObject({ kind: 'RateLimitError' })
    const lost = { ...place(), baseURL: `${server.url}/v1/v1` }
    expect(await page.run<unknown>('failing', lost, 'echo')).toMatchObject({ code: 'request.not-found' })
  })

  test('cannot use the session of the person who is signed in', async () => {
    await using visit = await browser.visit()
    const { page } = visit
    const { url } = (await (await server.call('/auth/links', { method: 'POST' })).json()) as { url: string }
    const token = new URL(url).hash.replace('#sign-in=', '')
    // From an address of the server, as the console does it.
    await page.goto(`${server.url}/healthz`)
    const signIn = `fetch('/auth/sign-in', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: '${token}' }) })`
    expect(await page.evaluate(`${signIn}.then(({ status }) => status)`)).toBe(204)
    expect(await page.evaluate(`fetch('/api/vaults').then(({ status }) => status)`)).toBe(200)
    await page.goto(allowed.origin)
    await page.waitForFunction('window.isReady === true')
    const init = JSON.stringify({ credentials: 'include' })
    const got = await page.evaluate(`window.plain(${JSON.stringify(`${server.url}/api/vaults`)}, ${init})`)
    // Without “allow-credentials” the browser keeps the reply from the page; the cookie would have been refused too.
    expect(got).toEqual({ failed: 'TypeError' })
  })
})

describe('a page of another origin', () => {
  test('gets nothing: no chat, no list, no error, and nothing reaches the model', async () => {
    await using page = await openPage(foreign)
    const before = upstream.requests.length
    expect(await page.run<unknown>('failing', place(), 'echo')).toMatchObject({
      kind: 'APIConnectionError',
      code: null,
    })
    for (const path of ['/v1/models', '/api/vaults', '/healthz', '/openapi.json', '/'])
      expect(await page.run<unknown>('plain', `${server.url}${path}`, {})).toEqual({ failed: 'TypeError' })
    const opaque = await page.run<unknown>('plain', `${server.url}/healthz`, { mode: 'no-cors' })
    expect(opaque).toEqual({ failed: 'TypeError' })
    expect(upstream.requests.length).toBe(before)
  })
})
