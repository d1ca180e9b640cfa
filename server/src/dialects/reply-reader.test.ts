import { describe, expect, test } from 'bun:test'
import { createReplyReader, nobody, readCompletion, type Reply } from './reply-reader.ts'

const options = { withThinking: true, newCallId: (count: number) => `made_${count}` }

const read = (message: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  readCompletion({ choices: [{ index: 0, message, finish_reason: 'stop' }], ...rest }, options)

const said = ({ blocks }: Reply) => blocks.map((block) => [block.kind, block.text()])

describe('what servers of the chat dialect do differently is understood', () => {
  test.each([
    ['DeepSeek, vLLM', { reasoning_content: 'Hm.', content: 'Yes.' }],
    ['Ollama, Groq', { reasoning: 'Hm.', content: 'Yes.' }],
    ['OpenRouter', { reasoning: 'Hm.', reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }], content: 'Yes.' }],
    ['details alone', { reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }], content: 'Yes.' }],
    [
      'Mistral',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
          { type: 'text', text: 'Yes.' },
        ],
      },
    ],
  ])('reasoning of %s', (_, message) => {
    expect(said(read(message))).toEqual([
      ['thinking', 'Hm.'],
      ['text', 'Yes.'],
    ])
  })

  test('the prompt cache, told by OpenAI or by DeepSeek', () => {
    const tokens = { prompt_tokens: 9, completion_tokens: 2 }
    expect(read({}, { usage: { ...tokens, prompt_cache_hit_tokens: 4 } }).usage?.cacheRead).toBe(4)
    expect(read({}, { usage: { ...tokens, prompt_tokens_details: { cached_tokens: 5 } } }).usage?.cacheRead).toBe(5)
    expect(read({}, { usage: tokens }).usage).toEqual({
      input: 9,
      output: 2,
      cacheRead: null,
      cacheWrite: null,
      reasoning: null,
    })
  })

  test('arguments as an object, and calls without an id', () => {
    const { blocks } = read({ tool_calls: [{ function: { name: 'sum', arguments: { a: 1 } } }] })
    expect(blocks).toMatchObject([{ kind: 'call', id: 'made_0', name: 'sum' }])
    expect(blocks[0]?.text()).toBe('{"a":1}')
  })

  test('other choices than the first are left alone', () => {
    const reader = createReplyReader(options, nobody)
    const chunk = (index: number, content: string) => ({
      choices: [{ index, delta: { content }, finish_reason: null }],
    })
    for (const one of [chunk(1, 'no'), chunk(0, 'yes'), chunk(1, 'no')]) reader.takeChunk(one)
    expect(said(reader.end())).toEqual([['text', 'yes']])
  })
})

test('a reply that never ends is given up at its bound', () => {
  const reader = createReplyReader(options, nobody)
  const chunk = { choices: [{ index: 0, delta: { content: 'x'.repeat(8 * 1_024 * 1_024) } }] }
  expect(() => {
    for (let count = 0; count < 20; count += 1) reader.takeChunk(chunk)
  }).toThrow(expect.objectContaining({ code: 'upstream.malformed' }))
})
