/** Questions that a language model answers: what it is sent, how its answer comes out, and who never gets to see it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AskEvent } from '@cairn/contract'
import { gather, startServer, until, type RunningServer } from './harness.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const models = [
  'echo',
  'test-chat',
  'echo!split=1',
  'echo!chunkDelayMs=30',
  'test-chat!breakAfter=3',
  'test-chat!errorAfter=3',
  'test-chat!garbageAfter=2',
  'test-chat!breakAfter=0',
  'test-chat!status=503',
  'test-chat!reset',
  'test-chat!body=malformed',
]

let home: string
let near: Upstream
let far: Upstream
let server: RunningServer

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cairn-labels-'))
  const note = (name: string, text: string) => writeFile(join(home, `${name}.md`), text)
  await note('Tide tables', '# Tide tables\n\nSpring tides at the pier reach 3.4 metres above chart datum.\n')
  await note('Harbour café', '---\nsensitivity: public\n---\nThe café sells kelp soup for 4 pounds.\n')
  await note('Salaries', '---\nsensitivity: confidential\n---\nThe skipper earns 38,000 pounds a year.\n')
  await note('Lawsuit', 'The lawsuit against Brinefield costs 90,000 pounds. #restricted\n')
  near = await startUpstream({ models })
  far = await startUpstream({ models: ['far-chat', 'echo-far'] })
  server = await startServer({
    vaults: [home],
    env: { CAIRN_PASSAGES: '1', CAIRN_MODEL: 'extractive' },
    upstreams: [
      { id: 'near', dialect: 'openai', baseUrl: near.url, models },
      {
        id: 'far',
        dialect: 'openai',
        baseUrl: far.url,
        egress: 'external',
        clearance: 'internal',
        apiKey: 'sk-far-0123456789',
        models: [{ id: 'far-chat', inputUsdPerMTok: 1_000, outputUsdPerMTok: 2_000 }, 'echo-far'],
      },
    ],
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await Promise.all([near.close(), far.close(), rm(home, { recursive: true })])
})

const tide = 'How high do spring tides at the pier reach?'
const tokens = (events: readonly AskEvent[]) => events.filter(({ event }) => event === 'token')
const lastBody = (kit: Upstream) =>
  JSON.parse(new TextDecoder().decode(kit.requests.at(-1)?.body)) as {
    model: string
    messages: unknown
    stream: boolean
  }

describe('an answer of a model', () => {
  test('streams as it comes; markers are numbered anew and those that name no passage go', async () => {
    const question = `${tide} High [9] water [1], they say [2], [1; 7].`
    const events = await server.askStream({ question, model: 'echo' })
    const told = gather(events)
    expect(tokens(events).length).toBeGreaterThan(0)
    expect(told.answer).toBe(`${tide} High water [1], they say, [1].`)
    expect(told.citations).toMatchObject([{ n: 1, note: 'Tide tables.md' }])
    expect(told.receipt).toMatchObject({ model: 'echo', provider: 'near', egress: 'local', costUsd: 0 })
    expect(told.receipt?.tokens.output).toBeGreaterThan(0)
    const [citation] = told.citations ?? []
    const { text } = await server.readNote(citation?.vault ?? '', 'Tide tables.md')
    expect(citation?.quote).toBe(text.slice(citation?.start, citation?.end))
  })

  test('is the same as JSON, and when the upstream sends single bytes', async () => {
    const question = `${tide} See [1].`
    const whole = gather(await server.askStream({ question, model: 'echo' }))
    for (const model of ['echo', 'echo!split=1']) {
      const reply = await server.ask({ question, model })
      expect(reply).toMatchObject({ outcome: 'answered', answer: whole.answer, citations: whole.citations })
    }
  })

  test('arrives while the model still speaks', async () => {
    const reply = await server.post('/v1/ask', { question: tide, model: 'echo!chunkDelayMs=30', stream: true })
    const reader = reply.body?.getReader()
    const chunks: number[] = []
    for (;;) {
      const step = await reader?.read()
      if (!step || step.done) break
      chunks.push(performance.now())
    }
    expect((chunks.at(-1) ?? 0) - (chunks[0] ?? 0)).toBeGreaterThan(150)
  })

  test('NOT_FOUND becomes not-found with the nearest passages, and never a token', async () => {
    const events = await server.askStream({ question: 'NOT_FOUND', model: 'echo' })
    expect(tokens(events)).toEqual([])
    expect(gather(events)).toMatchObject({ outcome: 'not-found', answer: '', citations: [] })
    expect(gather(events).related?.length).toBeGreaterThan(0)
  })

  test('costs what its price says', async () => {
    const { receipt } = await server.ask({ question: tide, model: 'far-chat' })
    const { input, output } = receipt.tokens
    expect(receipt.costUsd).toBeCloseTo((input * 1_000 + output * 2_000) / 1_000_000, 9)
    expect(receipt.egress).toBe('external')
  })
})

describe('an upstream that fails', () => {
  test.each(['test-chat!breakAfter=3', 'test-chat!errorAfter=3', 'test-chat!garbageAfter=2'])(
    'in the middle of a stream is told as an error, and done comes last: %s',
    async (model) => {
      const events = await server.askStream({ question: tide, model })
      expect(tokens(events).length).toBeGreaterThan(0)
      expect(events.slice(-2).map(({ event }) => event)).toEqual(['error', 'done'])
      expect(events.at(-1)?.data).toEqual({ outcome: 'error' })
      expect(gather(events).error?.code).toMatch(/^upstream\./)
      const json = await server.post('/v1/ask', { question: tide, model })
      expect(json.status).toBe(502)
      expect(((await json.json()) as { error: { code: string } }).error.code).toMatch(/^upstream\./)
    },
  )

  test('before its first token gives way to the built-in model, and the receipt has both attempts', async () => {
    const broken = ['test-chat!breakAfter=0', 'test-chat!status=503', 'test-chat!reset', 'test-chat!body=malformed']
    for (const model of broken) {
      await using other = await startServer({
        vaults: [home],
        upstreams: [{ id: 'near', dialect: 'openai', baseUrl: near.url, models: [model] }],
      })
      for (const told of [await other.ask({ question: tide }), gather(await other.askStream({ question: tide }))]) {
        expect(told.outcome).toBe('answered')
        expect(told.citations?.[0]?.note).toBe('Tide tables.md')
        expect(told.receipt).toMatchObject({ model: 'extractive', provider: 'cairn' })
        expect(told.receipt?.attempts).toMatchObject([
          { provider: 'near', model },
          { provider: 'cairn', model: 'extractive', outcome: 'ok' },
        ])
        expect(told.receipt?.attempts[0]?.outcome).not.toBe('ok')
      }
    }
  })

  test('when it was named, is an error and nobody else answers', async () => {
    const reply = await server.post('/v1/ask', { question: tide, model: 'test-chat!status=503', stream: true })
    expect(reply.status).toBe(502)
    expect(await reply.json()).toMatchObject({ error: { code: 'upstream.failed' } })
  })

  test('is let go when the asker leaves', async () => {
    const leaving = new AbortController()
    const reply = await server.post(
      '/v1/ask',
      { question: `${tide} ${'and on '.repeat(100)}`, model: 'echo!chunkDelayMs=30', stream: true },
      { signal: leaving.signal },
    )
    await reply.body?.getReader().read()
    const asked = near.requests.at(-1)
    leaving.abort()
    await until('the upstream request is closed', () => asked?.closed.aborted ?? false, 3_000)
  })
})

describe('a dry run', () => {
  test('calls nobody and shows byte for byte what is sent afterwards', async () => {
    const first = await server.ask({ question: tide, model: 'echo' })
    const history = [
      { role: 'user' as const, content: tide },
      { role: 'assistant' as const, content: first.answer, label: first.receipt.label },
    ]
    for (const request of [{ question: tide }, { question: 'Und wie hoch ist das in Fuß? 日本語も', history }]) {
      const before = near.requests.length + far.requests.length
      const planned = await server.dryRun({ ...request, model: 'echo' })
      expect(near.requests.length + far.requests.length).toBe(before)
      expect(planned.plan).toEqual([{ provider: 'near', model: 'echo', egress: 'local' }])
      await server.ask({ ...request, model: 'echo' })
      expect(lastBody(near).messages).toEqual(planned.messages)
      expect(new TextDecoder().decode(near.requests.at(-1)?.body)).toContain(JSON.stringify(planned.messages))
      expect(planned.passages[0]).toMatchObject({ note: 'Tide tables.md', label: 'internal' })
      expect(planned.estimate.inputTokens).toBeGreaterThan(50)
    }
  })

  test('of the built-in model sends nothing and says so', async () => {
    const planned = await server.dryRun({ question: tide })
    expect(planned).toMatchObject({
      messages: [],
      plan: [{ provider: 'cairn', model: 'extractive', egress: 'local' }],
      estimate: { inputTokens: 0, costUsd: 0 },
    })
  })
})

describe('a provider outside this machine that is cleared for internal notes', () => {
  test.each([
    ['public', 'What does the café sell kelp soup for?', 'Harbour café.md'],
    ['internal', `${tide} In metres, please.`, 'Tide tables.md'],
  ])('gets %s passages, with its intent on record', async (label, question, note) => {
    const before = far.requests.length
    const { outcome, receipt } = await server.ask({ question, model: 'far-chat' })
    expect(outcome).toBe('answered')
    expect(far.requests.length).toBe(before + 1)
    expect(receipt.sources).toMatchObject([{ note }])
    expect(receipt.label).toStartWith(`${label}.`)
    expect(far.requests.at(-1)?.headers['authorization']).toBe('Bearer sk-far-0123456789')
  })

  test.each([
    ['confidential', 'How much does the skipper earn a year?'],
    ['restricted', 'What does the lawsuit against Brinefield cost?'],
  ])(
    'is not called for %s passages: refused, as JSON and as stream, with the label in the receipt',
    async (label, question) => {
      const before = far.requests.length + far.totalSockets()
      const planned = await server.dryRun({ question, model: 'far-chat' })
      expect(planned).toMatchObject({ plan: [], messages: [], label })
      expect(planned.rejected).toMatchObject([{ provider: 'far', model: 'far-chat' }])
      for (const told of [
        await server.ask({ question, model: 'far-chat' }),
        gather(await server.askStream({ question, model: 'far-chat' })),
      ]) {
        expect(told).toMatchObject({ outcome: 'refused', citations: [] })
        expect(told.answer).toContain('far-chat')
        expect(told.answer).not.toMatch(/38,000|90,000/)
        expect(told.receipt).toMatchObject({ attempts: [], sources: [], egress: 'none' })
        expect(told.receipt?.label).toStartWith(`${label}.`)
        expect(told.receipt?.auditSeq).toBeGreaterThanOrEqual(0)
      }
      expect(far.requests.length + far.totalSockets()).toBe(before)
    },
  )

  test('is not called with a conversation whose label is forged or missing; with a valid one it is', async () => {
    const { answer, receipt } = await server.ask({ question: tide })
    const secret = await server.ask({ question: 'How much does the skipper earn a year?' })
    expect(secret.receipt.label).toStartWith('confidential.')
    const ask = (content: string, label: string | undefined) =>
      server.ask({
        question: tide,
        model: 'far-chat',
        history: [
          { role: 'user', content: 'before' },
          { role: 'assistant', content, ...(label === undefined ? {} : { label }) },
        ],
      })
    const before = far.requests.length
    const forged = secret.receipt.label.replace('confidential', 'internal')
    for (const label of [undefined, 'internal', forged, secret.receipt.label, `${receipt.label}x`])
      expect((await ask(secret.answer, label)).outcome).toBe('refused')
    expect(far.requests.length).toBe(before)
    expect((await ask(answer, receipt.label)).outcome).toBe('answered')
    expect(far.requests.length).toBe(before + 1)
  })

  test('never stands in for an alias, which stays on this machine', async () => {
    const before = far.requests.length
    for (const model of ['auto', 'local']) {
      const planned = await server.dryRun({ question: 'How much does the skipper earn a year?', model })
      expect(planned.plan.every(({ egress }) => egress === 'local')).toBe(true)
    }
    expect(far.requests.length).toBe(before)
  })
})

test('the built-in model quotes from more passages than one, and the label is the highest of what it quoted', async () => {
  const reply = await server.ask({
    question: 'How many pounds: kelp soup, the skipper, the lawsuit against Brinefield?',
    limit: 5,
  })
  const notes = reply.receipt.sources.map(({ note }) => note)
  const highest = notes.includes('Lawsuit.md')
    ? 'restricted'
    : notes.includes('Salaries.md')
      ? 'confidential'
      : 'internal'
  expect(notes.length).toBeGreaterThan(1)
  expect(reply.receipt.label).toStartWith(`${highest}.`)
})
