import { describe, expect, test } from 'bun:test'
import { giveAgain, keepJson, keepStream, type KeptPart } from './kept-reply.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const anyLength = { isBounded: false }
const one = { id: 'chatcmpl-new', created: 1_800_000_000, withUsage: true }
const done = 'data: [DONE]\n\n'

const frame = (json: string) => `data: ${json}\n\n`
const chunk = (delta: string, finish = 'null', more = '') =>
  frame(
    `{"id":"chatcmpl-old", "created":1.7e9,"choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]${more}}`,
  )
const usageFrame = frame(
  '{"id":"chatcmpl-old","created":1.7e9,"choices":[ ],"usage":{"prompt_tokens": 3,"completion_tokens":4}}',
)

const keep = (...pieces: string[]) => keepStream(pieces.map(encode), encode(done), anyLength)
const give = (kept: { pieces: readonly (readonly KeptPart[])[] } | null, withUsage = true) =>
  (kept ?? expect.unreachable('it was not kept')).pieces.map((parts) => giveAgain(parts, { ...one, withUsage }))

describe('a kept reply in JSON', () => {
  const reply = (message: string, finish = '"stop"') =>
    `{ "id":"chatcmpl-old",  "created" : 1.7e9, "choices":[{"message":${message},"finish_reason":${finish}}],\n"x":{"id":"inner"},"s":"caf\\u00e9 \\/ 潮"}\n`

  test('comes again byte for byte, but for its own id and time', () => {
    const text = reply('{"content":"the id is chatcmpl-old"}')
    const parts = keepJson(encode(text), anyLength) ?? expect.unreachable('it was not kept')
    expect(giveAgain(parts, one)).toBe(
      text.replace('"id":"chatcmpl-old"', '"id":"chatcmpl-new"').replace('1.7e9', '1800000000'),
    )
    expect(giveAgain(parts, { ...one, id: 'chatcmpl-old', created: 1.7e9 })).toBe(text.replace('1.7e9', '1700000000'))
  })

  test('without id and time is kept as it is', () => {
    const text = '{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}'
    expect(keepJson(encode(text), anyLength)).toEqual([text])
  })

  const call = (args: string) => `{"content":null,"tool_calls":[{"function":{"name":"f","arguments":${args}}}]}`
  test.each([
    ['a tool call with arguments that are not JSON', call('"{\\"a\\":"'), '"tool_calls"'],
    ['a tool call without arguments', call('null'), '"tool_calls"'],
    ['a tool call without a function', '{"tool_calls":[{}]}', '"tool_calls"'],
    ['a function call with broken arguments', '{"function_call":{"name":"f","arguments":"{"}}', '"function_call"'],
    ['a refusal', '{"content":null,"refusal":"no"}', '"stop"'],
    ['a filtered reply', '{"content":"x"}', '"content_filter"'],
    ['an unfinished reply', '{"content":"x"}', 'null'],
    ['a reply cut by the model’s own limit', '{"content":"x"}', '"length"'],
  ])('is none: %s', (_, message, finish) => {
    expect(keepJson(encode(reply(message, finish)), anyLength)).toBeNull()
  })

  test('may end at a limit that the caller set, and may call tools', () => {
    expect(keepJson(encode(reply('{"content":"x"}', '"length"')), { isBounded: true })).not.toBeNull()
    expect(keepJson(encode(reply(call('"{\\"a\\":1}"'), '"tool_calls"')), anyLength)).not.toBeNull()
  })

  test.each([['no JSON'], ['[]'], ['{"choices":{}}'], ['{"choices":[1]}'], ['{"error":{}}']])('is none: %s', (text) => {
    expect(keepJson(encode(text), anyLength)).toBeNull()
  })
})

describe('a kept stream', () => {
  test('comes again cut as it came, each frame with the one new id', () => {
    const pieces = [
      chunk('{"role":"assistant"}') + chunk('{"content":"chatcmpl-old "}'),
      `: hi\n\n${chunk('{}', '"stop"')}`,
    ]
    const again = give(keep(...pieces))
    expect(again).toEqual(
      pieces.map((text) =>
        text.replaceAll('"id":"chatcmpl-old"', '"id":"chatcmpl-new"').replaceAll('1.7e9', '1800000000'),
      ),
    )
    expect(keep(...pieces)?.ending).toBe(done)
  })

  test('tells usage in its last frame, and only to who asked', () => {
    const kept = keep(chunk('{"content":"x"}', '"stop"', ',"usage":null') + usageFrame)
    expect(give(kept).join('')).toContain('"prompt_tokens": 3')
    const plain = give(kept, false).join('')
    expect(plain).not.toContain('prompt_tokens')
    expect(plain.match(/data: /g)).toHaveLength(1)
  })

  test('of a provider that tells usage everywhere tells it once', () => {
    const usage = ',"usage":{"prompt_tokens":3}'
    const withLast = keep(chunk('{"content":"x"}', 'null', usage), chunk('{}', '"stop"', usage), usageFrame)
    expect(
      give(withLast)
        .join('')
        .match(/prompt_tokens/g),
    ).toHaveLength(1)
    expect(give(withLast)[2]).toContain('prompt_tokens')
    const without = keep(chunk('{"content":"x"}', 'null', usage), chunk('{}', '"stop"', usage))
    expect(
      give(without)
        .join('')
        .match(/prompt_tokens/g),
    ).toHaveLength(1)
    expect(give(without)[1]).toContain('prompt_tokens')
    expect(give(without, false).join('')).not.toContain('prompt_tokens')
    expect(
      give(without, false)
        .join('')
        .match(/"usage":null/g),
    ).toHaveLength(2)
  })

  const tool = (args: string, finish = 'null') =>
    chunk(`{"tool_calls":[{"index":0,"function":{"arguments":${JSON.stringify(args)}}}]}`, finish)
  test.each([
    ['tool arguments that are no JSON when put together', [tool('{"a"'), tool(':'), chunk('{}', '"tool_calls"')]],
    ['a refusal', [chunk('{"refusal":"no"}'), chunk('{}', '"stop"')]],
    ['a stream that no choice finished', [chunk('{"content":"x"}')]],
    [
      'one of two choices unfinished',
      [chunk('{}', '"stop"'), frame('{"choices":[{"index":1,"delta":{"content":"x"}}]}')],
    ],
    ['a filtered end', [chunk('{"content":"x"}', '"content_filter"')]],
    ['the model’s own limit', [chunk('{"content":"x"}', '"length"')]],
    ['a frame that is no chunk', [chunk('{}', '"stop"'), frame('{"x":1}')]],
    ['JSON over several lines', [chunk('{}', '"stop"'), 'data: {"choices":\ndata: []}\n\n']],
    ['half a frame', [chunk('{}', '"stop"'), 'data: {"choices":[]}']],
    ['nothing', []],
  ])('is none: %s', (_, pieces) => {
    expect(keep(...pieces)).toBeNull()
  })

  test('may call tools in pieces', () => {
    const kept = keep(tool('{"a"'), tool(':1}'), chunk('{}', '"tool_calls"'))
    expect(give(kept).join('')).toContain('tool_calls')
  })

  test('is none when a comment is not UTF-8', () => {
    const broken = Buffer.from(`: caf\xe9\n\n`, 'latin1')
    expect(keepStream([encode(chunk('{}', '"stop"')), broken], encode(done), anyLength)).toBeNull()
  })
})
