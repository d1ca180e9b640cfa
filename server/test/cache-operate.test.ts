/** Operating the cache of the real program: its numbers, purging by address and by command, and refusing what is wrong. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { cacheReceiptSchema, cacheStatsSchema, type CacheReport, type Problem } from '@cairn/contract'
import { repository, startServer, type RunningServer } from './harness.ts'

let server: RunningServer

beforeAll(async () => {
  server = await startServer({ env: { CAIRN_MODEL: 'extractive' } })
}, 60_000)
afterAll(() => server[Symbol.asyncDispose]())

const question = 'How long did our most recent recovery drill last?'
const other = 'What is the calibration procedure for a sensor on the bench?'

const cacheOf = async (text: string) => (await server.ask({ question: text })).receipt.cache
const stats = async () => cacheStatsSchema.parse(await (await server.call('/api/cache/stats')).json())
const position = async () => (await stats()).log.seq

async function warm(text: string): Promise<void> {
  await server.ask({ question: text })
  expect(await cacheOf(text)).toEqual({ status: 'hit', tier: 'memory' })
}

async function cairn(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { CAIRN_OWNER_KEY: _, ...env } = server.env
  const program = ['--no-env-file', join(repository, 'server/src/main.ts')]
  const child = spawn(process.execPath, [...program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  return new Promise((done) => child.on('close', (code) => done({ code, out, err })))
}

const readsOf = ({ namespaces }: CacheReport) => ({
  hits: namespaces.reduce((sum, { hits }) => sum + hits.memory + hits.disk + hits.shared, 0),
  misses: namespaces.reduce((sum, { misses }) => sum + misses, 0),
})

test('the numbers count what questions did, in the history too, and the metrics say the same', async () => {
  const before = await stats()
  await warm('What is a Tern 3?')
  const after = await stats()
  expect(readsOf(after).hits).toBeGreaterThan(readsOf(before).hits)
  expect(readsOf(after).misses).toBeGreaterThan(readsOf(before).misses)
  const last = after.history.at(-1)
  expect((last?.memory ?? 0) + (last?.misses ?? 0)).toBeGreaterThan(0)
  expect(after.nodes).toHaveLength(1)
  expect(after.log).toMatchObject({ isLeased: true, pending: 0 })
  expect(after.tiers.find(({ tier }) => tier === 'memory')).toMatchObject({ state: 'on' })
  const metrics = await (await server.call('/metrics')).text()
  const told = [...metrics.matchAll(/^cairn_cache_requests_total\{namespace="[^"]+",result="hit-[a-z]+"\} (\d+)$/gm)]
  expect(told.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(readsOf(await stats()).hits)
  expect(metrics).toContain('cairn_cache_leased 1')
})

describe('a purge', () => {
  test('of a note drops exactly what was made from it, with a receipt that names this process', async () => {
    await warm(question)
    await warm(other)
    const [citation] = (await server.ask({ question })).citations
    const reply = await server.post('/api/cache/invalidate', { scopes: [`note:${citation?.vault}/${citation?.note}`] })
    expect(reply.status).toBe(200)
    const receipt = cacheReceiptSchema.parse(await reply.json())
    const { nodes, log } = await stats()
    expect(receipt).toMatchObject({ committed: true, seq: log.seq })
    expect([...receipt.acked, ...receipt.pending]).toContain(nodes[0]?.node ?? '')
    expect(await cacheOf(other)).toMatchObject({ status: 'hit' })
    expect(await cacheOf(question)).toMatchObject({ status: 'miss' })
  })

  test('by the command line goes on until no process serves old values, and prints the receipt', async () => {
    await warm(question)
    const { code, out } = await cairn('cache', 'invalidate', '*', '--wait', 'all')
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('✓ Invalidated at position') })
    expect(await cacheOf(question)).toMatchObject({ status: 'miss' })
  })

  test.each([
    ['an unknown scope', { scopes: ['*', 'vaults:x'] }, 'scopes[1]'],
    ['10,000 tags', { scopes: Array.from({ length: 10_000 }, (_, i) => `tag:${i}`) }, 'scopes'],
    ['a tag of 1 MB', { scopes: [`tag:${'x'.repeat(1_000_000)}`] }, 'scopes[0]'],
    ['a wrong word for wait', { scopes: ['*'], wait: 'forever' }, 'wait'],
  ])('with %s is refused by address, names the field and changes nothing', async (_, body, param) => {
    await warm(question)
    const before = await position()
    const reply = await server.post('/api/cache/invalidate', body)
    expect(reply.status).toBe(400)
    expect((await reply.json()) as Problem).toMatchObject({ code: 'request.invalid', param })
    expect(await position()).toBe(before)
    expect(await cacheOf(question)).toMatchObject({ status: 'hit' })
  })

  test.each([
    ['an unknown scope', ['*', 'vaults:x'], 'SCOPE 2 is not a scope'],
    ['10,000 tags', Array.from({ length: 10_000 }, (_, i) => `tag:${i}`), 'At most 1000 scopes'],
    ['a long tag', [`tag:${'x'.repeat(100_000)}`], 'longer than 1024 characters'],
    ['a wrong word for --wait', ['*', '--wait', 'forever'], '--wait takes commit or all'],
  ])('with %s is refused by the command line and changes nothing', async (_, words, message) => {
    const before = await position()
    const { code, out, err } = await cairn('cache', 'invalidate', ...words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    expect(await position()).toBe(before)
  })
})

test('cache stats prints tiers, kinds and the state of the log', async () => {
  const { code, out } = await cairn('cache', 'stats')
  expect(code).toBe(0)
  expect(out).toMatch(/^✓ In step with the log on this host, at position \d/)
  expect(out).toMatch(/^memory +on /m)
  const json = cacheStatsSchema.parse(JSON.parse((await cairn('cache', 'stats', '--json')).out))
  for (const { name } of json.namespaces) expect(out).toContain(name)
})
