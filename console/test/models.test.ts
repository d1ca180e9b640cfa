/** Promises of the page of models that need no browser: words, filter, forms, addresses, steps of time. */
import { describe, expect, test } from 'bun:test'
import type { BudgetState, DeploymentHealthInfo, ProviderSettings, UsageRow } from '@cairn/contract'
import { failureOf, sentenceOf } from '../src/api/failure.ts'
import { nameApart } from '../src/ask/use-scope.ts'
import { budgetFieldOf, budgetFormOf, hasLimit, readBudget, ruleOf } from '../src/models/budget-form.ts'
import { filterModels, type MatrixFilter, type ModelRow } from '../src/models/matrix.ts'
import { applyPreset, emptyForm, fieldOf, formOf, presets, readForm } from '../src/models/provider-form.ts'
import { readRoute, requestOf, writeRoute } from '../src/models/route-params.ts'
import { describeHealth, divideUsage, startOf, valuesOf } from '@cairn/ui/figures'
import { describePrice, describeVirtual } from '../src/models/words.ts'
import { formatCompact, formatCost, formatDay } from '../src/shell/clock.ts'
import { hrefOf, parseRoute } from '../src/shell/router.ts'

const health: DeploymentHealthInfo = {
  state: 'ok',
  reason: null,
  until: null,
  ttftMs: null,
  tokensPerSecond: null,
  errorRate: 0,
  inFlight: 0,
}
const model = (change: Partial<ModelRow> = {}): ModelRow => ({
  id: 'small-chat',
  provider: 'acme',
  dialect: 'openai',
  egress: 'external',
  clearance: 'internal',
  region: 'eu',
  kind: 'chat',
  contextWindow: null,
  maxOutputTokens: null,
  capabilities: {},
  inputUsdPerMTok: null,
  outputUsdPerMTok: null,
  cacheReadUsdPerMTok: null,
  cacheWriteUsdPerMTok: null,
  priceSource: null,
  builtIn: false,
  isDefault: false,
  health,
  ...change,
})

describe('the words', () => {
  test('say of a model that is left alone until when and why', () => {
    const until = Date.UTC(2026, 0, 1, 14, 5, 32)
    const left = describeHealth({ ...health, state: 'open', reason: 'failed', until })
    expect(left).toMatchObject({ tone: 'danger', title: 'Left alone' })
    expect(left.text).toMatch(/^Until .*\d.*05.*32.*: answered with errors$/)
    const asked = describeHealth({ ...health, state: 'cooling', reason: 'rate-limited' })
    expect(asked).toEqual({ tone: 'warn', title: 'Left alone', text: 'Limits how often it is asked' })
    expect(describeHealth({ ...health, state: 'probing', reason: 'of-a-later-version' }).text).toBe(
      'Of-a-later-version',
    )
    expect(describeHealth({ ...health, state: 'starting' }).title).toBe('Starting again')
    expect(describeHealth(health)).toEqual({ tone: 'accent', title: 'In use', text: '' })
  })

  test('never show an unknown price as free, and a known 0 as such', () => {
    expect(describePrice(model())).toBeNull()
    expect(describePrice(model({ inputUsdPerMTok: 0, outputUsdPerMTok: 0, priceSource: 'config' }))).toEqual({
      price: 'Free',
      source: 'set by you',
    })
    expect(describePrice(model({ inputUsdPerMTok: 2.5, priceSource: 'catalogue' }))).toEqual({
      price: '$2.50 / ?',
      source: 'catalogue',
    })
    expect(describePrice(model({ kind: 'embedding', inputUsdPerMTok: 0.02, outputUsdPerMTok: 0 }))?.price).toBe('$0.02')
  })

  test('tell a name of the configuration from the one that Cairn brings', () => {
    const say = (id: string, strategy: string) => describeVirtual({ id, strategy, models: [] })
    expect(say('fast', 'fastest')).toBe('Every chat model, the one that answers soonest first')
    expect(say('fast', 'priority')).toBe('A name of yours: in the listed order')
    expect(say('team', 'cheapest')).toBe('A name of yours: the cheapest first')
  })

  test('write what was spent, large counts and days of the server', () => {
    expect([0, 0.0012, 1.5].map(formatCost)).toEqual(['$0', '$0.0012', '$1.50'])
    expect(formatCompact(131_072)).toMatch(/^131k$/i)
    expect(formatDay(Date.UTC(2026, 10, 24))).toContain('24')
  })

  test('leave the name of the field out beside that field', () => {
    const refused = { ...failureOf('request.invalid', 'baseUrl: not an address.'), param: 'baseUrl' }
    expect(sentenceOf(refused)).toBe('Not an address.')
    expect(sentenceOf(failureOf('provider.not-found', ''))).toBe('No such provider')
  })
})

describe('the filter', () => {
  const models = [
    model({ capabilities: { vision: true, tools: false } }),
    model({ id: 'blind', capabilities: { vision: false }, egress: 'local', region: null }),
    model({ id: 'ill', provider: 'gpu', health: { ...health, state: 'open' } }),
  ]
  const find = (change: Partial<MatrixFilter>) =>
    filterModels(models, { text: '', capability: null, state: 'all', ...change }).map(({ id }) => id)

  test('by capability keeps those known to have it: neither a no nor an unknown', () => {
    expect(find({ capability: 'vision' })).toEqual(['small-chat'])
    expect(find({ capability: 'tools' })).toEqual([])
    expect(find({})).toHaveLength(3)
  })

  test('by state and by words, all of which must be found', () => {
    expect(find({ state: 'ill' })).toEqual(['ill'])
    expect(find({ state: 'well' })).toEqual(['small-chat', 'blind'])
    expect(find({ text: '  ACME  machine ' })).toEqual(['blind'])
    expect(find({ text: 'eu gpu' })).toEqual(['ill'])
    expect(find({ text: 'acme nowhere' })).toEqual([])
  })
})

test('a model that two providers have is offered under both their names, so that the shown one is the asked one', () => {
  const names = nameApart([model(), model({ provider: 'gpu', egress: 'local' }), model({ id: 'only' })])
  expect(names.map(({ id, egress }) => `${id} ${egress}`)).toEqual([
    'acme/small-chat external',
    'gpu/small-chat local',
    'only external',
  ])
})

describe('the form of a provider', () => {
  const settings: ProviderSettings = {
    dialect: 'openai',
    baseUrl: 'https://models.example.org/v1',
    auth: 'api-key',
    hasResponses: true,
    egress: 'external',
    clearance: 'public',
    region: 'eu',
    enabled: false,
    maxInFlight: 8,
    models: ['plain', { id: 'priced', inputUsdPerMTok: 1 }],
  }

  test('gives back what was stored when nothing is changed, and never a key', () => {
    expect(readForm(formOf('acme', settings), settings)).toEqual(settings)
    expect(JSON.stringify(formOf('acme', settings))).toContain('"apiKey":""')
  })

  test('keeps what was declared of a model that stays, adds new ones and drops those that went', () => {
    const { models } = readForm({ ...formOf('acme', settings), models: ' priced \n\nnew\nnew' }, settings)
    expect(models).toEqual([{ id: 'priced', inputUsdPerMTok: 1 }, 'new'])
  })

  test('sends a key only when one was typed, and null to delete the stored one', () => {
    const form = formOf('acme', settings)
    expect(readForm({ ...form, apiKey: ' sk-1 ' }, settings).apiKey).toBe('sk-1')
    expect('apiKey' in readForm({ ...form, apiKey: '  ' }, settings)).toBe(false)
    expect(readForm({ ...form, apiKey: 'sk-1', removesKey: true }, settings).apiKey).toBeNull()
  })

  test('leaves out what only the OpenAI dialect has', () => {
    const write = readForm({ ...formOf('acme', settings), dialect: 'google' }, settings)
    expect([write.auth, write.hasResponses]).toEqual([undefined, undefined])
  })

  test('fills in a preset, and keeps a name that was typed', () => {
    const [openai, anthropic] = presets
    if (!openai || !anthropic) throw new Error('presets are gone')
    const first = applyPreset(emptyForm, openai)
    expect([first.id, first.baseUrl, first.hasResponses]).toEqual(['openai', 'https://api.openai.com/v1', true])
    expect(applyPreset(first, anthropic)).toMatchObject({ id: 'anthropic', dialect: 'anthropic', hasResponses: false })
    expect(applyPreset({ ...emptyForm, id: 'mine' }, openai).id).toBe('mine')
  })

  test('finds the field that the server means', () => {
    expect([fieldOf('models[3].id'), fieldOf('baseUrl'), fieldOf('headers'), fieldOf(undefined)]).toEqual([
      'models',
      'baseUrl',
      null,
      null,
    ])
  })
})

describe('an explained route', () => {
  test('is the same after it went through the address', () => {
    const form = {
      model: 'acme/a b&c=d#e',
      kind: 'embedding',
      label: 'restricted',
      needs: ['vision', 'json-schema'],
      inputTokens: '5',
      outputTokens: '70',
    } as const
    expect(readRoute(parseRoute(hrefOf('models', writeRoute(form))).params)).toEqual(form)
  })

  test('of nothing in particular has a short address, and one with nonsense in it is the usual question', () => {
    const usual = readRoute(new URLSearchParams())
    expect(hrefOf('models', writeRoute(usual))).toBe('#/models?view=route')
    expect(readRoute(new URLSearchParams('kind=x&label=y&needs=z,vision'))).toEqual({ ...usual, needs: ['vision'] })
  })

  test('sends what is no number as none, so that the server refuses it', () => {
    const sent = (inputTokens: string): unknown =>
      JSON.parse(JSON.stringify(requestOf({ ...readRoute(new URLSearchParams()), inputTokens })))
    expect(sent('many')).toMatchObject({ inputTokens: null })
    expect(sent('')).toMatchObject({ inputTokens: null })
    expect(sent('7')).toMatchObject({ inputTokens: 7, outputTokens: 1_000 })
  })
})

describe('a budget', () => {
  const period = { spentUsd: 1, reservedUsd: 0, resetsAt: 0 }
  const state: BudgetState = {
    subject: { kind: 'model', id: 'acme/small-chat' },
    usdPerDay: 0.5,
    tokensPerMinute: 100,
    day: period,
    month: period,
  }

  test('is the same rule after it went through the form, without what was spent', () => {
    expect(readBudget(budgetFormOf(state))).toEqual(ruleOf(state))
    expect(ruleOf(state)).not.toHaveProperty('day')
  })

  test('for everybody has the one subject that the server takes; an empty field is no limit, 0 is one', () => {
    const rule = readBudget({ ...budgetFormOf(state), kind: 'all', id: 'x', usdPerDay: '', tokensPerMinute: ' ' })
    expect(rule).toEqual({ subject: { kind: 'all', id: '*' } })
    expect(hasLimit(rule)).toBe(false)
    expect(hasLimit({ ...rule, usdPerDay: 0 })).toBe(true)
  })

  test('shows the server’s words at the field of its own rule only', () => {
    expect(budgetFieldOf('rules[2].usdPerDay', 2)).toBe('usdPerDay')
    expect(budgetFieldOf('rules[2].subject.id', 2)).toBe('id')
    expect([budgetFieldOf('rules[1].usdPerDay', 2), budgetFieldOf(undefined, 0)]).toEqual([null, null])
  })
})

describe('usage in steps', () => {
  const noon = Date.UTC(2026, 10, 24, 12, 30)
  const row = (group: string, change: Partial<UsageRow> = {}): UsageRow => ({
    group,
    calls: 1,
    cacheHits: 0,
    failures: 0,
    inputTokens: 0,
    outputTokens: 0,
    costUsd: 0,
    savedUsd: 0,
    estimatedUsd: 0,
    ttftP50Ms: null,
    ttftP95Ms: null,
    ...change,
  })

  test('has a gap for each hour without use, and leaves out what is older', () => {
    const steps = divideUsage(
      [
        row('2026-11-24T12:00:00.000Z', { costUsd: 2 }),
        row('2026-11-23T13:00:00.000Z'),
        row('2026-11-23T12:00:00.000Z'),
      ],
      'day',
      noon,
    )
    expect([steps.times.length, steps.times[0]]).toEqual([24, Date.UTC(2026, 10, 23, 13)])
    expect(steps.rows.filter((each) => each !== null)).toHaveLength(2)
    expect(valuesOf(steps, ({ costUsd }) => costUsd).at(-1)).toBe(2)
    expect(valuesOf(steps, ({ costUsd }) => costUsd)[1]).toBeNull()
  })

  test('begins thirty days at a midnight of the server', () => {
    expect(startOf('month', noon)).toBe(Date.UTC(2026, 9, 26))
    const { rows } = divideUsage([row('2026-11-24T00:00:00.000Z')], 'month', noon)
    expect(rows.at(-1)?.calls).toBe(1)
  })
})
