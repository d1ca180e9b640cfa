import { describe, expect, test } from 'bun:test'
import type { ModelsReply, RouteExplanation } from '@cairn/contract'
import { problem, run, startTinyServer } from '../testing/tiny-server.ts'

const model = {
  id: 'gpt-x',
  provider: 'acme',
  dialect: 'openai',
  egress: 'external',
  clearance: 'internal',
  region: 'eu',
  kind: 'chat',
  contextWindow: 128_000,
  maxOutputTokens: null,
  capabilities: { tools: true },
  inputUsdPerMTok: 2.5,
  outputUsdPerMTok: 10,
  cacheReadUsdPerMTok: null,
  cacheWriteUsdPerMTok: null,
  priceSource: 'catalogue',
  builtIn: false,
  isDefault: true,
  health: {
    state: 'open',
    reason: 'failed',
    until: 1,
    ttftMs: 812.4,
    tokensPerSecond: null,
    errorRate: 1,
    inFlight: 0,
  },
} as const satisfies ModelsReply['models'][number]

const models: ModelsReply = {
  models: [model],
  virtual: [{ id: 'fast', strategy: 'fastest', models: ['acme/gpt-x'] }],
  providers: [
    {
      id: 'off\u001B[2J',
      dialect: 'openai',
      baseUrl: 'https://off.example',
      egress: 'external',
      clearance: 'internal',
      region: null,
      enabled: false,
      origin: 'database',
      hasKey: true,
      models: [],
      inFlight: 0,
      waiting: 0,
    },
  ],
  catalogue: { sources: [] },
}

const explained: RouteExplanation = {
  asked: 'fast',
  resolved: 'virtual',
  strategy: 'fastest',
  label: 'confidential',
  attempts: [
    {
      provider: 'near',
      model: 'llama',
      egress: 'local',
      role: 'choice',
      why: 'the quickest so far',
      score: 12,
      estimatedUsd: 0.0015,
    },
  ],
  rejected: [
    { provider: 'acme', model: 'gpt-x\u001B[2J', rule: 'clearance', reason: 'cleared for internal, not confidential' },
  ],
}

describe('model list', () => {
  test('shows models with state and price, names that stand for several, and what is switched off', async () => {
    await using server = await startTinyServer({ 'GET /api/models': () => ({ json: models }) })
    const { exitCode, out } = await run(['model', 'list'], { server, columns: 120, env: { NO_COLOR: '1' } })
    expect(exitCode).toBe(0)
    expect(out).toBe(
      [
        'MODEL            PROVIDER  STATE  CLEARANCE  WHERE      WINDOW  $/M IN  $/M OUT  FIRST TOKEN',
        'gpt-x (default)  acme      open   internal   external  128,000    2.50    10.00       812 ms',
        '',
        'NAME  STRATEGY  MEANS NOW',
        'fast  fastest   acme/gpt-x',
        '',
        'Switched off: off.',
        '',
      ].join('\n'),
    )
  })

  test('fits a narrow terminal and prints the reply of the API with --json', async () => {
    await using server = await startTinyServer({ 'GET /api/models': () => ({ json: models }) })
    const narrow = await run(['model', 'list'], { server, columns: 60, env: { NO_COLOR: '1' } })
    for (const line of narrow.out.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
    expect(JSON.parse((await run(['model', 'list', '--json'], { server })).out)).toEqual(models)
  })
})

describe('model explain', () => {
  const address = 'POST /api/routing/explain'

  test('prints who would be asked and who would not, each with the reason', async () => {
    await using server = await startTinyServer({ [address]: () => ({ json: explained }) })
    const words = [
      'model',
      'explain',
      'fast',
      '--label',
      'confidential',
      '--kind',
      'ask',
      '--input',
      '5',
      '--output',
      '7',
    ]
    const { exitCode, out } = await run(words, { server, columns: 100, env: { NO_COLOR: '1' } })
    expect(exitCode).toBe(0)
    expect(out).toBe(
      [
        'fast by fastest, with notes up to confidential',
        '1. near/llama',
        '    choice: the quickest so far, about $0.001500',
        '',
        'Not asked',
        '✗ acme/gpt-x',
        '    clearance: cleared for internal, not confidential',
        '',
      ].join('\n'),
    )
    expect(server.requests[0]?.body).toEqual({
      model: 'fast',
      kind: 'ask',
      label: 'confidential',
      inputTokens: 5,
      outputTokens: 7,
    })
  })

  test('exits 1 when no model would be asked, with --json too, and asks for the default without a name', async () => {
    const none = { ...explained, attempts: [] }
    await using server = await startTinyServer({ [address]: () => ({ json: none }) })
    const { exitCode, out } = await run(['model', 'explain'], { server })
    expect([exitCode, out.includes('No model would be asked.')]).toEqual([1, true])
    expect(server.requests[0]?.body).toEqual({})
    const asJson = await run(['model', 'explain', '--json'], { server })
    expect([asJson.exitCode, JSON.parse(asJson.out)]).toEqual([1, none])
  })

  test.each([
    ['--label', 'secret'],
    ['--kind', 'dream'],
    ['--input', '-1'],
    ['--output', '0'],
  ])('refuses a wrong word for %s with exit code 2 and sends nothing', async (flag, word) => {
    await using server = await startTinyServer({ [address]: () => ({ json: explained }) })
    const { exitCode, err } = await run(['model', 'explain', `${flag}=${word}`], { server })
    expect([exitCode, err.includes(flag)]).toEqual([2, true])
    expect(server.requests).toEqual([])
  })

  test('tells a refusal of the server, and exits 3 without one', async () => {
    const refused = problem('model.not-found', 404, 'There is no model "fats". Did you mean "fast"?')
    await using server = await startTinyServer({ [address]: () => ({ status: 404, json: refused }) })
    const { exitCode, err } = await run(['model', 'explain', 'fats'], { server })
    expect([exitCode, err.includes('Did you mean "fast"?')]).toEqual([1, true])
    expect((await run(['model', 'explain'])).exitCode).toBe(3)
  })
})
