/**
 * What Cairn costs in units of this machine at this moment: each figure is Cairn's time divided by the time of
 * something bare that does the same work in the same run, turn about. So the ratios hold on a slow machine and on a
 * busy one. A low quantile of many turns is taken, which other programs hardly move; a sleep in the path moves it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openApp } from '../../src/app.ts'
import { silentLogger } from '../../src/base/index.ts'
import { loadConfig } from '../../src/config/index.ts'
import { exampleVault, startServer } from '../harness.ts'
import { startFixedUpstream } from './fixed-upstream.ts'
import { openTestCache } from './open-cache.ts'

export const figures = ['pass-through', 'cached reply', 'cache hit', 'search', 'start-up'] as const

export type Figure = (typeof figures)[number]

export type Ratios = Readonly<Record<Figure, number>>

export interface Band {
  readonly ratio: number
  /** How many times the ratio a run may show. */
  readonly band: number
}

export interface LabOptions {
  /** Put into Cairn’s path, to see that the check sees it; in milliseconds. */
  readonly sleeps?: Partial<Readonly<Record<Figure, number>>>
  readonly only?: readonly Figure[]
}

const turns = { 'pass-through': 150, 'cached reply': 150, search: 50, 'start-up': 1 } as const
const quantile = 0.02
const ownerKey = 'ck_test_owner_0123456789abcdef0123456789'

type Turn = () => Promise<unknown>

/** Cairn’s time for a turn, in times of the bare one. */
async function ratioOf(cairn: Turn, bare: Turn, count: number): Promise<number> {
  const [own, other]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < count; turn++) {
    await cairn()
    await bare()
  }
  for (let turn = 0; turn < count; turn++) {
    own.push(await timeOf(cairn))
    other.push(await timeOf(bare))
  }
  return low(own) / low(other)
}

async function timeOf(turn: Turn): Promise<number> {
  const start = performance.now()
  await turn()
  return performance.now() - start
}

function low(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(quantile * times.length)] ?? 0
}

export async function measureRatios({ sleeps = {}, only = figures }: LabOptions = {}): Promise<Partial<Ratios>> {
  const found: Partial<Record<Figure, number>> = {}
  const overHttp = only.filter((figure) => figure in requests)
  if (overHttp.length > 0) Object.assign(found, await measureHttp(overHttp, sleeps))
  if (only.includes('cache hit')) found['cache hit'] = await measureCacheHit(sleeps['cache hit'] ?? 0)
  if (only.includes('start-up')) found['start-up'] = await measureStart()
  return found
}

/** Figures that are above their bands, each in words. */
export function findSlow(measured: Partial<Ratios>, stored: Readonly<Record<Figure, Band>>): string[] {
  return figures.flatMap((figure) => {
    const [value, { ratio, band }] = [measured[figure], stored[figure]]
    if (value === undefined || value <= ratio * band) return []
    return [
      `${figure}: ${value.toFixed(2)} times the bare one, where ${ratio} is usual and ${ratio * band} is the most`,
    ]
  })
}

/** The better of both runs, figure by figure: what is slow in one run only was disturbed. */
export function better(one: Partial<Ratios>, other: Partial<Ratios>): Partial<Ratios> {
  return Object.fromEntries(
    figures.flatMap((figure) => {
      const values = [one[figure], other[figure]].filter((value) => value !== undefined)
      return values.length === 0 ? [] : [[figure, Math.min(...values)]]
    }),
  )
}

// --- Over HTTP --------------------------------------------------------------------------------------------------------

interface HttpFigure {
  readonly path: string
  readonly body: (turn: number) => object
  /** What the bare one does: pass the request on, or parse it and give back the same bytes. */
  readonly bare: 'relay' | 'reply'
}

const chat = (content: string) => ({ model: 'bench-chat', messages: [{ role: 'user', content }], max_tokens: 100 })

const requests = {
  'pass-through': {
    path: '/v1/chat/completions',
    body: (turn: number) => chat(`#${turn}: when does the ferry leave?`),
    bare: 'relay',
  },
  'cached reply': { path: '/v1/chat/completions', body: () => chat('when does the ferry leave?'), bare: 'reply' },
  search: {
    path: '/v1/search',
    // A word that no note has makes each search one that was not made before.
    body: (turn: number) => ({ query: `onboarding zz${turn}` }),
    bare: 'reply',
  },
} as const satisfies Partial<Record<Figure, HttpFigure>>

async function measureHttp(list: readonly Figure[], sleeps: LabOptions['sleeps'] = {}): Promise<Partial<Ratios>> {
  await using place = await openHttp()
  const found: Partial<Record<Figure, number>> = {}
  for (const figure of list) {
    if (!(figure in requests)) continue
    const { path, body, bare } = requests[figure as keyof typeof requests]
    const count = turns[figure as keyof typeof requests]
    const cairn = place.cairn(sleeps[figure] ?? 0)
    let number = 0
    const send = (base: string) => post(`${base}${path}`, body(number++))
    found[figure] = await ratioOf(
      () => send(cairn),
      () => send(place[bare]),
      count,
    )
  }
  return found
}

async function post(url: string, body: object): Promise<void> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ownerKey}` },
    body: JSON.stringify(body),
  })
  const text = await reply.text()
  if (reply.status !== 200) throw new Error(`${url} answered ${reply.status}: ${text.slice(0, 300)}`)
}

/** Cairn in this process, a bare relay and a bare server before the same upstream. */
async function openHttp() {
  const home = await mkdtemp(join(tmpdir(), 'cairn-performance-'))
  const upstream = startFixedUpstream({})
  const baseUrl = `http://127.0.0.1:${upstream.port}/v1`
  const env = {
    CAIRN_OWNER_KEY: ownerKey,
    CAIRN_DATA: join(home, 'data'),
    CAIRN_KEYRING: join(home, 'keyring.json'),
    CAIRN_PORT: '0',
    CAIRN_DISCOVER_LOCAL: 'false',
    CAIRN_UPSTREAMS: JSON.stringify([
      { id: 'bench', dialect: 'openai', baseUrl, apiKey: 'x', egress: 'local', models: ['bench-chat'] },
    ]),
  }
  const loaded = loadConfig({ env, flags: {}, directory: home })
  const app = await openApp({ loaded, logger: silentLogger, version: '0', consoleDirectory: null, exampleVault })
  const listener = app.http.listen()
  // The twin with a sleep in its path is the same server behind one more handler.
  let sleepMs = 0
  const twin = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request, server) {
      await Bun.sleep(sleepMs)
      const headers = new Headers(request.headers)
      headers.set('host', new URL(listener.url).host)
      const own = new Request(`${listener.url}${new URL(request.url).pathname}`, {
        method: 'POST',
        headers,
        body: await request.bytes(),
      })
      return app.http.fetch(own, { remoteAddress: server.requestIP(request)?.address ?? '' })
    },
  })
  const relay = serveBare(async (request) => {
    const reply = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: request.headers.get('authorization') ?? '' },
      body: JSON.stringify(await request.json()),
    })
    return new Response(reply.body, { headers: { 'content-type': 'application/json' } })
  })
  const words = JSON.stringify({ text: 'The ferry leaves the north quay at seven. '.repeat(15) })
  const reply = serveBare(async (request) => {
    await request.json()
    return new Response(words, { headers: { 'content-type': 'application/json' } })
  })
  for (let waits = 0; (await app.vaults.list()).some(({ index }) => index.state !== 'ready'); waits++) {
    if (waits > 2_000) throw new Error('the vault was not indexed')
    await Bun.sleep(10)
  }
  const base = (server: { port: number | undefined }) => `http://127.0.0.1:${server.port}`
  return {
    cairn(sleep: number) {
      sleepMs = sleep
      return sleep > 0 ? base(twin) : listener.url
    },
    relay: base(relay),
    reply: base(reply),
    async [Symbol.asyncDispose]() {
      await app.http.stop(1_000)
      await app.close()
      await Promise.all([twin, relay, reply].map((server) => server.stop(true)))
      upstream.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

function serveBare(answer: (request: Request) => Promise<Response>) {
  return Bun.serve({ hostname: '127.0.0.1', port: 0, development: false, fetch: answer })
}

// --- The cache’s engine -----------------------------------------------------------------------------------------------

const keyCount = 1_000
const hitTurns = 40

/** A hit in memory against an awaited look-up in a map, a thousand a turn; with a sleep, one of them sleeps. */
async function measureCacheHit(sleepMs: number): Promise<number> {
  await using opened = await openTestCache()
  const space = opened.cache.namespace<{ id: string }>('performance', { ttlMs: 3_600_000, tiers: ['memory'] })
  const keys = Array.from({ length: keyCount }, (_, at) => `passage/${at}`)
  const map = new Map(keys.map((key) => [key, { id: key }]))
  const fill = (key: string) => () => Promise.resolve({ id: key })
  for (const key of keys) await space.reuse(key, fill(key))
  const get = async (key: string) => map.get(key)
  const hits = async () => {
    for (const key of keys) {
      const { value } = await space.reuse(key, fill(key))
      if (value.id !== key) throw new Error('another value')
    }
    if (sleepMs > 0) await Bun.sleep(sleepMs)
  }
  const gets = async () => {
    for (const key of keys) if ((await get(key))?.id !== key) throw new Error('another value')
  }
  return ratioOf(hits, gets, hitTurns)
}

// --- Start-up ---------------------------------------------------------------------------------------------------------

/** Until the real program has its index and answers, against a process of the same runtime that does nothing. */
async function measureStart(): Promise<number> {
  const bare = async () => {
    const child = Bun.spawn([process.execPath, '--no-env-file', '-e', '0'], { stdout: 'ignore', stderr: 'ignore' })
    await child.exited
  }
  const [own, other]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < turns['start-up']; turn++) {
    const start = performance.now()
    const server = await startServer()
    own.push(performance.now() - start)
    await server[Symbol.asyncDispose]()
    for (let time = 0; time < 5; time++) other.push(await timeOf(bare))
  }
  return Math.min(...own) / Math.min(...other)
}
