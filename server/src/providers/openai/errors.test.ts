import { describe, expect, test } from 'bun:test'
import { Secret, systemClock } from '../../base/index.ts'
import { convertStatus } from './errors.ts'

const source = { provider: 'lab', apiKey: new Secret('very-secret-9f8e7d'), clock: systemClock }

function convert(status: number, body: string, headers: Record<string, string> = {}) {
  return convertStatus(new Response(null, { status, headers }), new TextEncoder().encode(body), source)
}

describe('the provider’s words for the caller’s own mistake', () => {
  test.each([
    ['OpenAI', '{"error":{"message":"bad thing","type":"invalid_request_error","param":"messages[0]","code":null}}'],
    ['Ollama', '{"error":"bad thing"}'],
    ['vLLM and Mistral', '{"object":"error","message":"bad thing"}'],
  ])('are read in the shape of %s', (_name, body) => {
    expect(convert(400, body).message).toBe('lab: bad thing')
  })

  test('name the field', () => {
    expect(convert(400, '{"error":{"message":"x","param":"messages[0]"}}').param).toBe('messages[0]')
  })

  test('never hold our key, nor what looks like one, nor control characters', () => {
    const body = JSON.stringify({ error: { message: 'key very-secret-9f8e7d and sk-proj-****abcd1234 \u001b[31m\n' } })
    expect(convert(400, body).message).toBe('lab: key [secret] and [secret]  [31m ')
  })

  test('are bounded', () => {
    expect(convert(400, JSON.stringify({ error: { message: 'x'.repeat(50_000) } })).message.length).toBeLessThan(520)
  })

  test('stay out of the log', () => {
    const failure = convert(400, '{"error":{"message":"your prompt about the merger","code":"x"}}')
    expect(JSON.stringify([failure.internal, failure.cause])).not.toContain('merger')
  })
})

test.each([
  [400, '<html>', 'rejected'],
  [404, '<html>', 'failed'],
  [404, '{"error":{"message":"no such model"}}', 'rejected'],
  [408, '', 'timeout'],
  [418, '{"error":"x"}', 'rejected'],
  [200 + 4, '', 'failed'],
  [529, '', 'failed'],
  [400, '{"error":{"message":"This model\'s maximum context length is 8192 tokens"}}', 'context-length'],
  [400, '{"error":{"message":"x","code":"content_filter"}}', 'content-policy'],
])('status %p with %p is %p', (status, body, kind) => {
  expect(convert(status, body).kind).toBe(kind as never)
})

test.each([
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after': '0.5' }, 500],
  [{ 'retry-after-ms': '120', 'retry-after': '9' }, 120],
  [{ 'retry-after': '-5' }, 0],
  [{ 'retry-after': '99999999' }, 86_400_000],
  [{ 'retry-after': 'soon' }, null],
  [{}, null],
])('retry-after %j is %p ms', (headers, ms) => {
  expect(convert(429, '', headers as Record<string, string>).retryAfterMs).toBe(ms)
})
