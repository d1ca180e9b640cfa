/** What requests need and come to. */
import { describe, expect, test } from 'bun:test'
import type { ChatRequest } from '@cairn/contract'
import fc from 'fast-check'
import { estimateTextTokens, needsOfAsk, needsOfChat, needsOfEmbedding } from './needs.ts'

function chat(fields: Record<string, unknown> = {}, content: unknown = 'Hello'): ChatRequest {
  return { model: 'm', messages: [{ role: 'user', content }], ...fields }
}

const needsOf = (request: ChatRequest) => needsOfChat(request, JSON.stringify(request).length)
const capabilitiesOf = (fields: Record<string, unknown>, content?: unknown) =>
  needsOf(chat(fields, content)).capabilities

describe('capabilities', () => {
  test('a plain request needs none', () => {
    expect(capabilitiesOf({ stream: false, tools: [], response_format: { type: 'text' } })).toEqual([])
  })

  test.each([
    ['vision', {}, [{ type: 'image_url', image_url: { url: 'https://pictures.example/a.png' } }]],
    ['vision', {}, [{ type: 'image', source: { type: 'base64', data: 'AAAA' } }]],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, undefined],
    ['tools', { functions: [{ name: 'f' }] }, undefined],
    ['json-schema', { response_format: { type: 'json_schema', json_schema: { name: 's', schema: {} } } }, undefined],
    ['streaming', { stream: true }, undefined],
    ['reasoning', { reasoning_effort: 'low' }, undefined],
    ['reasoning', { reasoning: { effort: 'high' } }, undefined],
    ['reasoning', { reasoning: { max_tokens: 2_000 } }, undefined],
  ])('%s is needed by %j %j', (capability, fields, content) => {
    expect(capabilitiesOf(fields, content)).toEqual([capability as never])
  })

  test.each([
    { response_format: { type: 'json_object' } },
    { reasoning_effort: 'none' },
    { reasoning_effort: 'minimal' },
    { reasoning: { effort: 'none' } },
    { reasoning: { enabled: false } },
    { reasoning: {} },
    { reasoning: null },
  ])('nothing is needed by %j', (fields) => {
    expect(capabilitiesOf(fields)).toEqual([])
  })

  test('a tool whose schema speaks of pictures needs no vision', () => {
    const parameters = { type: 'object', properties: { type: 'image_url', picture: { type: 'image' } } }
    expect(capabilitiesOf({ tools: [{ type: 'function', function: { name: 'f', parameters } }] })).toEqual(['tools'])
  })
})

describe('input tokens', () => {
  test('are about a quarter of the characters of English, and of Chinese nearly as many as there are', () => {
    expect(estimateTextTokens('a'.repeat(4_000))).toBe(1_000)
    expect(estimateTextTokens('Der Müller läuft über die Brücke. '.repeat(100)) / 3_400).toBeLessThan(0.35)
    const chinese = 1_000 / estimateTextTokens('知'.repeat(1_000))
    expect(chinese).toBeGreaterThanOrEqual(1)
    expect(chinese).toBeLessThanOrEqual(1.5)
    expect(estimateTextTokens('😀'.repeat(100))).toBeCloseTo(110, 5)
  })

  test('count every text of the messages, also in parts and in calls of tools', () => {
    const text = 'x'.repeat(4_000)
    const plain = needsOf(chat({}, text)).inputTokens
    expect(plain).toBeGreaterThanOrEqual(1_000)
    expect(plain).toBeLessThan(1_010)
    expect(needsOf(chat({}, [{ type: 'text', text }])).inputTokens).toBeLessThan(1_015)
    const called = { role: 'assistant', tool_calls: [{ type: 'function', function: { name: 'f', arguments: text } }] }
    expect(needsOf({ model: 'm', messages: [called] }).inputTokens).toBeGreaterThanOrEqual(1_000)
  })

  test('count what tools and schemas say, names of fields too', () => {
    const properties = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`field_number_${at}`, { type: 'string' }]),
    )
    const bare = needsOf(chat()).inputTokens
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties } } }]
    const withTools = needsOf(chat({ tools })).inputTokens
    expect(withTools - bare).toBeGreaterThan(400)
    const response_format = { type: 'json_schema', json_schema: { schema: { properties } } }
    expect(needsOf(chat({ response_format })).inputTokens - bare).toBeGreaterThan(400)
  })

  test('a picture counts a thousand, whatever its data weighs', () => {
    const picture = (length: number) => ({
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${'A'.repeat(length)}` },
    })
    const small = needsOf(chat({}, [picture(10)])).inputTokens
    expect(needsOf(chat({}, [picture(2_000_000)])).inputTokens).toBe(small)
    expect(needsOf(chat({}, [picture(10), picture(10), picture(10)])).inputTokens - small).toBeGreaterThanOrEqual(2_000)
    expect(small).toBeLessThan(1_050)
  })

  test('data that stands where nobody expects it is not counted as text', () => {
    const data = `data:image/png;base64,${'A'.repeat(2_000_000)}`
    expect(needsOf(chat({}, [{ type: 'odd', deep: { deeper: [data] } }])).inputTokens).toBeLessThan(1_050)
    expect(needsOf(chat({ tools: [{ picture: data }] })).inputTokens).toBeLessThan(1_050)
  })

  test('a file counts by its length', () => {
    const file = { type: 'file', file: { filename: 'a.pdf', file_data: 'A'.repeat(300_000) } }
    expect(needsOf(chat({}, [file])).inputTokens).toBeGreaterThanOrEqual(10_000)
    expect(needsOf(chat({}, [file])).inputTokens).toBeLessThan(10_050)
  })

  test('never fall when a message is added', () => {
    const content = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'é', '知', '😀', '\ud800'), maxLength: 50 }),
      fc.array(fc.record({ type: fc.constant('text'), text: fc.string({ maxLength: 50 }) }), { maxLength: 5 }),
    )
    const message = fc.record({ role: fc.constantFrom('user', 'assistant'), content })
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 10 }), message, (messages, more) => {
        const before = needsOf({ model: 'm', messages }).inputTokens
        expect(needsOf({ model: 'm', messages: [...messages, more] }).inputTokens).toBeGreaterThanOrEqual(before)
      }),
      { numRuns: 50 },
    )
  })
})

describe('output tokens', () => {
  test.each([
    [{}, 1_024],
    [{ max_tokens: 50 }, 50],
    [{ max_completion_tokens: 70, max_tokens: 50 }, 70],
    [{ max_completion_tokens: null, max_tokens: 50 }, 50],
    [{ max_tokens: 50, n: 3 }, 150],
    [{ n: 2 }, 2_048],
    [{ max_tokens: 'many' }, 1_024],
    [{ max_tokens: -1 }, 1_024],
    [{ max_tokens: 5e-324, n: 5e-324 }, 1],
    [{ max_tokens: 1e300 }, 100_000_000],
  ])('of %j are %d', (fields, expected) => {
    expect(needsOf(chat(fields)).outputTokens).toBe(expected)
  })
})

describe('whatever a client sends', () => {
  test('loose fields of any type do not throw, and give whole numbers within bounds', () => {
    const fields = fc.record(
      {
        tools: fc.option(fc.array(fc.jsonValue())),
        functions: fc.jsonValue(),
        response_format: fc.jsonValue(),
        reasoning: fc.jsonValue(),
        reasoning_effort: fc.jsonValue(),
        max_tokens: fc.jsonValue(),
        max_completion_tokens: fc.jsonValue(),
        n: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fields, fc.jsonValue(), (loose, content) => {
        const { inputTokens, outputTokens } = needsOf(chat(loose, content))
        for (const tokens of [inputTokens, outputTokens]) expect(Number.isInteger(tokens) && tokens <= 1e8).toBe(true)
        expect(inputTokens).toBeGreaterThan(0)
        expect(outputTokens).toBeGreaterThan(0)
      }),
      { numRuns: 400 },
    )
  })

  test('a hundred thousand levels are walked', () => {
    let deep: unknown = 'bottom'
    for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { a: deep }
    expect(needsOfChat(chat({ tools: [deep] }, deep), 1_000_000).inputTokens).toBeGreaterThan(0)
  })

  test('beyond a hundred thousand values the bytes of the body count', () => {
    const content = Array.from({ length: 150_000 }, () => 'ab')
    expect(needsOfChat(chat({}, content), 750_000).inputTokens).toBe(187_500)
    const wide = Object.fromEntries(Array.from({ length: 150_000 }, (_, at) => [`k${at}`, 'ab']))
    expect(needsOfChat(chat({}, [wide]), 2_000_000).inputTokens).toBe(500_000)
  })
})

describe('embeddings and questions', () => {
  test('embeddings need tokens of their input and give none', () => {
    const embed = (input: string | string[] | number[] | number[][]) => needsOfEmbedding({ model: 'm', input }, 10_000)
    expect(embed('x'.repeat(400))).toEqual({ kind: 'embedding', capabilities: [], inputTokens: 100, outputTokens: 0 })
    expect(embed(['x'.repeat(400), 'x'.repeat(400)]).inputTokens).toBe(200)
    expect(embed([1, 2, 3]).inputTokens).toBe(3)
    expect(embed([[1, 2, 3], [4]]).inputTokens).toBe(4)
  })

  test('a question needs a model that reads its prompt', () => {
    expect(needsOfAsk(9_000)).toEqual({ kind: 'ask', capabilities: [], inputTokens: 3_000, outputTokens: 1_024 })
  })
})
