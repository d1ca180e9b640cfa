/** The real program: what a client sees of the cache, what it may ask of it, and what it cannot. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import type { AskReply } from '@cairn/contract'
import { startServer, until, type RunningServer } from './harness.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

let home: string
let kit: Upstream
let server: RunningServer

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cairn-cached-'))
  await writeFile(join(home, 'Tide.md'), 'Spring tides at the pier reach 3.4 metres above chart datum.\n')
  await writeFile(join(home, 'Boat.md'), 'The boat stays in the harbour above 22 knots of wind.\n')
  kit = await startUpstream({ models: ['test-chat', 'test-embed'] })
  server = await startServer({
    vaults: [home],
    env: { CAIRN_MODEL: 'extractive' },
    upstreams: [{ id: 'kit', dialect: 'openai', baseUrl: kit.url, models: ['test-chat', 'test-embed'] }],
  })
}, 60_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await kit.close()
  await rm(home, { recursive: true })
})

const question = 'How high do spring tides reach at the pier?'
const statusOf = async (headers: Record<string, string> = {}) => {
  const reply = await server.post('/v1/ask', { question }, { headers })
  const { receipt } = (await reply.json()) as AskReply
  expect(reply.headers.get('x-cairn-cache')).toBe(receipt.cache.status)
  expect(reply.headers.get('x-cairn-cache-tier')).toBe(receipt.cache.tier)
  return receipt.cache.status
}

test('an answer is given again until its note changes; another note does not matter', async () => {
  expect(await statusOf()).toBe('miss')
  expect(await statusOf()).toBe('hit')
  const version = async () => (await server.vaults())[0]?.index.version ?? 0
  const changed = async (name: string, text: string) => {
    const before = await version()
    await writeFile(join(home, name), text)
    await until('the change is indexed', async () => (await version()) > before)
  }
  await changed('Boat.md', 'The boat now sails up to 25 knots.\n')
  expect(await statusOf()).toBe('hit')
  await changed('Tide.md', 'Spring tides at the pier reach 3.9 metres above chart datum.\n')
  const { answer, receipt } = await server.ask({ question })
  expect(receipt.cache.status).toBe('miss')
  expect(answer).toContain('3.9')
  expect((await server.ask({ question })).receipt.cache.status).toBe('hit')
})

test('a client may refuse the cache, and no header brings it into another partition', async () => {
  await statusOf()
  for (const headers of [
    { 'cache-control': 'no-store' },
    { 'cache-control': 'max-age=0, no-cache' },
    { 'x-cairn-cache': 'bypass' },
  ])
    expect(await statusOf(headers as Record<string, string>)).toBe('bypass')
  const hostile = {
    'x-cairn-cache': 'hit',
    'x-cairn-partition': 'org',
    'x-cairn-user': 'somebody',
    'x-cairn-cache-key': 'a',
    'cache-control': 'max-age=3600, only-if-cached',
    'x-forwarded-user': 'somebody',
  }
  expect(await statusOf(hostile)).toBe('hit')
})

test('the openai library gets the same reply again, in one piece and as a stream', async () => {
  const client = new OpenAI({ apiKey: server.ownerKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
  const asked = { model: 'test-chat', messages: [{ role: 'user' as const, content: 'Tell me of the tide.' }] }
  const whole = [await client.chat.completions.create(asked), await client.chat.completions.create(asked)]
  expect(whole[1]?.choices).toEqual(whole[0]?.choices ?? [])
  expect(whole[1]?.id).not.toBe(whole[0]?.id)
  expect(whole[1]?.usage).toEqual(whole[0]?.usage)
  const streams = []
  for (let turn = 0; turn < 2; turn++) {
    const final = await client.chat.completions
      .stream({ ...asked, stream_options: { include_usage: true } })
      .finalChatCompletion()
    streams.push({ choices: final.choices, usage: final.usage })
  }
  expect(streams[1]).toEqual(streams[0] as (typeof streams)[number])
  const vectors = []
  for (let turn = 0; turn < 2; turn++)
    vectors.push((await client.embeddings.create({ model: 'test-embed', input: 'tide' })).data)
  expect(vectors[1]).toEqual(vectors[0] ?? [])
  expect(kit.requests).toHaveLength(3)
})
