/** What a provider tells of itself is not believed blindly: its usage, and the shape of its reply. */
import { afterEach, describe, expect, test } from 'bun:test'
import { createLogger, systemClock } from '../src/base/index.ts'
import { chatText, createRig, summaryOf, textOf, upstreamOf } from './kit/gateway-rig.ts'

const servers: { stop(closeActive?: boolean): unknown }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.stop(true)
})

/** A server that answers every request with this body. */
function startTelling(body: string, type = 'application/json'): string {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      await request.arrayBuffer()
      return new Response(body, { headers: { 'content-type': type } })
    },
  })
  servers.push(server)
  return `http://127.0.0.1:${server.port}`
}

const message = (content: unknown) => ({ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' })
const told = (usage: string, content = 'a word') =>
  `{"object":"chat.completion","choices":[${JSON.stringify(message(content))}],"usage":${usage}}`
const streamed = (usage: string, content: string) =>
  [
    JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
    JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    `{"choices":[],"usage":${usage}}`,
    '[DONE]',
  ]
    .map((data) => `data: ${data}\n\n`)
    .join('')
const counts = (input: string | number, output: string | number) =>
  `{"prompt_tokens":${input},"completion_tokens":${output}}`

const priced = { id: 'm', inputUsdPerMTok: 1, outputUsdPerMTok: 10 }

function openRig(url: string, more: object = {}) {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', format: 'json', clock: systemClock, write: (line) => lines.push(line) })
  const rig = createRig({
    upstreams: [{ ...upstreamOf('teller', url, []), models: [{ ...priced, ...more }] }],
    logger,
  })
  return { ...rig, lines }
}

const long = 'word '.repeat(4_000)
const unbelievable: [doubt: string | null, usage: string, content: string][] = [
  [null, counts('1e308', 2), 'a word'],
  [null, counts(13, '9007199254740993'), 'a word'],
  [null, counts(13, 3.5), 'a word'],
  ['input-high', counts('9e15', 3), 'a word'],
  ['input-high', counts(20_000_000, 3), 'a word'],
  ['output-high', counts(30, 2_000_000), 'a word'],
  ['output-high', counts(30, '9e15'), 'a word'],
  ['input-low', counts(0, 0), long],
  ['input-low', counts(0, 3), 'a word'],
  ['output-low', counts(30, 0), 'a word'],
  ['output-low', counts(30, 400), long],
]

describe('a usage that cannot be true', () => {
  test.each(unbelievable)('(%s) %s is booked by the estimate', async (doubt, usage, content) => {
    const rig = openRig(startTelling(told(usage, content)))
    const reply = await rig.chat(chatText('m'))
    // The client’s bytes are the provider’s all the same.
    expect(await textOf(reply)).toContain(usage)
    const [booking] = rig.booked
    expect(booking).toMatchObject({ isEstimated: true, outcome: 'ok', outputTokens: Math.ceil(content.length / 4) })
    expect(booking?.inputTokens).toBeLessThan(50)
    expect(booking?.nanoUsd).toBe((booking?.inputTokens ?? 0) * 1_000 + (booking?.outputTokens ?? 0) * 10_000)
    expect(Number(reply.headers['x-cairn-cost-usd'] ?? 0)).toBeLessThan(1)
    const counted = rig.services.drift.disbelieved()
    expect(counted).toEqual(doubt === null ? [] : [{ provider: 'teller', doubt: doubt as never, count: 1 }])
  })

  test.each(unbelievable)('(%s) %s is booked by the estimate (stream)', async (_, usage, content) => {
    const rig = openRig(startTelling(streamed(usage, content), 'text/event-stream'))
    const text = await textOf(await rig.chat(chatText('m', ',"stream":true')))
    expect(rig.booked[0]).toMatchObject({ isEstimated: true, outputTokens: Math.ceil(content.length / 4) })
    expect(rig.booked[0]?.nanoUsd).toBeLessThan(100_000_000)
    // Nor is it told or kept as the cost of the answer.
    expect(Number(summaryOf(text)['costUsd'] ?? 0)).toBeLessThan(1)
  })

  test('of a model that is known not to reason is also one far beyond what was seen', async () => {
    const usage = counts(30, 100_000)
    const silent = openRig(startTelling(told(usage)), { capabilities: ['chat', '-reasoning'] })
    await silent.chat(chatText('m'))
    expect(silent.booked[0]).toMatchObject({ isEstimated: true, outputTokens: 2 })
    const thinking = openRig(startTelling(told(usage)), { capabilities: ['chat', 'reasoning'] })
    await thinking.chat(chatText('m'))
    expect(thinking.booked[0]).toMatchObject({ isEstimated: false, outputTokens: 100_000 })
  })

  test('is one beyond many times the model’s limits', async () => {
    const rig = openRig(startTelling(told(counts(30, 900_000))), { maxOutputTokens: 64_000 })
    await rig.chat(chatText('m'))
    expect(rig.booked[0]).toMatchObject({ isEstimated: true, outputTokens: 2 })
  })

  test('is told in the log once for many calls, and counted each time', async () => {
    const rig = openRig(startTelling(told(counts(0, 0))))
    for (let at = 0; at < 5; at++) await rig.chat(chatText('m'))
    expect(rig.lines.filter((line) => line.includes('cannot be true'))).toHaveLength(1)
    expect(rig.services.drift.disbelieved()).toEqual([{ provider: 'teller', doubt: 'input-low', count: 5 }])
  })
})

test.each([
  [counts(30, 2), 'a word'],
  [counts(9, 200_000), 'a word'],
  [counts(90_000, 4_000), long],
  ['{"prompt_tokens":30,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":20}}', 'a word'],
])('%s is believed', async (usage, content) => {
  const rig = openRig(startTelling(told(usage, content)))
  await rig.chat(chatText('m'))
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = JSON.parse(usage) as Record<string, number>
  expect(rig.booked[0]).toMatchObject({ isEstimated: false, inputTokens, outputTokens } as object)
})

test('parts of a count are never booked as more than the whole', async () => {
  const details = '"prompt_tokens_details":{"cached_tokens":9e14},"completion_tokens_details":{"reasoning_tokens":8e14}'
  const rig = openRig(startTelling(told(`{"prompt_tokens":30,"completion_tokens":4,${details}}`)))
  await rig.chat(chatText('m'))
  expect(rig.booked[0]).toMatchObject({ cacheReadTokens: 30, reasoningTokens: 4 })
})

test('a reply that tells no usage is booked by what it said', async () => {
  const rig = openRig(startTelling(JSON.stringify({ choices: [message(long)] })))
  await rig.chat(chatText('m'))
  expect(rig.booked[0]).toMatchObject({ isEstimated: true, outputTokens: 5_000 })
})

describe('a reply of another shape is a failed attempt', () => {
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
  const calling = (calls: unknown) => ({
    choices: [{ message: { role: 'assistant', content: null, tool_calls: calls } }],
  })
  test.each([
    { choices: [] },
    { choices: {} },
    { choices: [null] },
    { choices: [{ index: 0, finish_reason: 'stop' }] },
    { choices: [{ message: 'hello' }] },
    { choices: [message(42)] },
    { choices: [message({ text: 'x' })] },
    { choices: [message(['x'])] },
    { choices: [message('fine'), message(true)] },
    calling('f'),
    calling([{ ...call, function: 'f' }]),
    calling([{ ...call, function: { name: 'f', arguments: {} } }]),
    calling([{ ...call, function: { arguments: '{}' } }]),
    { choices: [message('fine')], usage: { prompt_tokens: -5, completion_tokens: 1 } },
    { choices: [message('fine')], usage: { prompt_tokens: '12', completion_tokens: 1 } },
    { choices: [message('fine')], usage: [] },
  ])('%j', async (reply) => {
    const bad = startTelling(JSON.stringify(reply))
    const alone = await openRig(bad)
      .chat(chatText('m'))
      .catch((thrown: unknown) => thrown)
    expect(alone).toMatchObject({ code: 'upstream.malformed', spec: { status: 502 } })
    const good = JSON.stringify({ choices: [message('from the second')] })
    const upstreams = [upstreamOf('first', bad, ['m']), upstreamOf('second', startTelling(good), ['m'])]
    const answered = await createRig({ upstreams }).chat(chatText('m'))
    expect(await textOf(answered)).toBe(good)
    expect(answered.headers).toMatchObject({ 'x-cairn-provider': 'second', 'x-cairn-attempts': '2' })
  })

  test.each([
    { choices: [message('')] },
    { choices: [message(null)] },
    { choices: [{ message: { role: 'assistant', refusal: 'no' } }] },
    { choices: [message([{ type: 'text', text: 'x' }])] },
    { choices: [message('x')], usage: null },
    { choices: [message('x')], usage: { total_tokens: 3, prompt_tokens: null } },
    calling([]),
    calling([call, { id: 'd', type: 'custom', custom: { name: 'c', input: 'x' } }]),
    { choices: [{ message: { content: 'x', tool_calls: null, audio: { data: 'AAAA' } }, more: 1 }], more: true },
  ])('but not %j', async (reply) => {
    const text = JSON.stringify(reply)
    expect(await textOf(await openRig(startTelling(text)).chat(chatText('m')))).toBe(text)
  })
})
