/**
 * The three faults that users of gateways report most (a cut, a stall, a malformed chunk), at the two moments where
 * they differ, and a client that leaves. Before the first word another deployment answers; after it the client is told.
 */
import { afterEach, describe, expect, test } from 'bun:test'
import type { Faults } from './kit/faults.ts'
import { chatText, createRig, dataOf, summaryOf, textOf, until, upstreamOf } from './kit/gateway-rig.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const started: Upstream[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((upstream) => upstream.close()))
})

async function startPair(faults: Faults) {
  const [first, second] = [await startUpstream({ always: faults }), await startUpstream()]
  started.push(first, second)
  const rig = createRig({
    upstreams: ['first', 'second'].map((id, at) => upstreamOf(id, [first, second][at]?.url ?? '', ['m'])),
    models: { idleTimeoutMs: 400, firstTokenTimeoutMs: 400 },
  })
  return { rig, first, second }
}

const streaming = ',"stream":true,"stream_options":{"include_usage":true}'
const words = 40

describe.each([
  ['a connection that is cut', { breakAfter: 0 }, { breakAfter: words, chunks: 60 }],
  ['a stall', { silentAfter: 0 }, { silentAfter: words, chunks: 60 }],
  ['one malformed chunk', { garbageAfter: 0 }, { garbageAfter: words, chunks: 60 }],
] as [string, Faults, Faults][])('%s', (_, before, after) => {
  test('before the first token: the next deployment answers, and the client sees nothing of it', async () => {
    const { rig, first, second } = await startPair(before)
    const stream = await textOf(await rig.chat(chatText('m', streaming)))
    expect(stream.replace(/: cairn \{.*\}\n\n/, '')).toBe(new TextDecoder().decode(second.requests[0]?.sent()))
    expect([first.requests.length, second.requests.length]).toEqual([1, 1])
  })

  test('after 40 tokens: an error frame and [DONE], marked partial, charged, and nobody else is asked', async () => {
    const { rig, second } = await startPair(after)
    const stream = await textOf(await rig.chat(chatText('m', streaming)))
    const data = dataOf(stream)
    expect(data.at(-1)).toBe('[DONE]')
    expect(JSON.parse(data.at(-2) ?? '')).toMatchObject({ error: { code: 'upstream.broken-stream' } })
    expect(data.filter((payload) => payload.includes('"content":"')).length).toBeGreaterThanOrEqual(words / 2)
    expect(summaryOf(stream)['attempts']).toMatchObject([{ provider: 'first', outcome: 'broken-stream' }])
    expect(second.requests).toHaveLength(0)
    expect(rig.booked).toMatchObject([{ isEstimated: true, model: { deployment: 'first/m' } }])
    expect(rig.booked[0]?.outputTokens).toBeGreaterThan(words / 2)
    expect(rig.open.size).toBe(0)
  })
})

test('a client that leaves: its upstream is closed within 100 ms, nobody else is asked, and what came is charged', async () => {
  const { rig, first, second } = await startPair({ silentAfter: 5, chunks: 60 })
  const controller = new AbortController()
  const reply = await rig.chat(chatText('m', streaming), controller.signal)
  const reader = (reply.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  controller.abort(new DOMException('The client left.', 'AbortError'))
  await until(() => first.openSockets() === 0, 100)
  await until(() => rig.booked.length === 1, 100)
  expect(rig.booked).toMatchObject([{ outcome: 'cancelled', isEstimated: true }])
  expect(second.requests).toHaveLength(0)
  expect(rig.open.size).toBe(0)
})
