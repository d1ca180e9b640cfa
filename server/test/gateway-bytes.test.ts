/** What passes through stays as it is, byte by byte, and what does not is on one short list. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chatText, createRig, dataOf, summaryOf, textOf, upstreamOf } from './kit/gateway-rig.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

let upstream: Upstream
let rig: ReturnType<typeof createRig>
const models = [
  'test-chat',
  'test-reason',
  'test-embed',
  'test-chat!split=1',
  'test-chat!crlf',
  'test-chat!comments',
  'test-chat!usageEverywhere',
  'test-chat!noDone',
  'test-chat!split=1,crlf,comments',
  'team/test-chat',
]

beforeAll(async () => {
  upstream = await startUpstream()
  rig = createRig({ upstreams: [upstreamOf('lab', upstream.url, models)] })
})
afterAll(() => upstream.close())

const last = () => upstream.requests.at(-1) ?? expect.unreachable('no request arrived')
const received = () => new TextDecoder().decode(last().body)
const sent = () => new TextDecoder().decode(last().sent())

const tools = ',"tools":[{"type":"function","function":{"name":"look_up","parameters":{}}}]'
const asksUsage = ',"stream":true,"stream_options":{"include_usage":true}'

describe('exact model id: nothing changes', () => {
  test.each([
    ['plain', chatText('test-chat')],
    ['reasoning', chatText('test-reason')],
    ['stream false', chatText('test-chat', ',"stream":false')],
    ['tools', chatText('test-chat', tools).replace('caf', 'use the tool caf')],
    ['a slash in the id', chatText('team/test-chat')],
    ['the reply in single bytes', chatText('test-chat!split=1')],
  ])('JSON request and reply are byte-equal: %s', async (_name, text) => {
    const reply = await rig.chat(text)
    expect(received()).toBe(text)
    expect(await textOf(reply)).toBe(sent())
    expect(sent()).toContain(String.raw`\u00e9 \/ 1.0`)
  })

  test.each([
    ['test-chat', ''],
    ['test-reason', ''],
    ['test-chat', tools],
    ['test-chat!split=1', ''],
    ['test-chat!crlf', ''],
    ['test-chat!comments', ''],
    ['test-chat!usageEverywhere', ''],
    ['test-chat!split=1,crlf,comments', ''],
  ])(
    'SSE bytes are equal when the client asked for usage, but for our one comment before [DONE]: %s %s',
    async (model, more) => {
      const text = chatText(model, `${asksUsage}${more}`).replace('caf', more === '' ? 'caf' : 'use the tool caf')
      const stream = await textOf(await rig.chat(text))
      expect(received()).toBe(text)
      expect(stream.replace(/: cairn \{.*\}\n\n/, '')).toBe(sent())
      expect(stream).toMatch(/: cairn \{[^\n]*\}\n\n(: keep-alive\r?\n\r?\n)?data: \[DONE\]\r?\n\r?\n$/)
      expect(dataOf(stream)).toEqual(dataOf(sent()))
      expect(sent().includes('"tool_calls":[')).toBe(more !== '')
    },
  )

  test('a gateway that parses and writes again would be caught by these bytes', async () => {
    const text = chatText('test-chat')
    await rig.chat(text)
    expect(JSON.stringify(JSON.parse(text))).not.toBe(text)
    expect(JSON.stringify(JSON.parse(sent()))).not.toBe(sent())
  })

  test('embeddings are byte-equal, as floats and as base 64', async () => {
    for (const format of ['float', 'base64']) {
      const text = `{"model":"test-embed" ,"input":["a","b"],"encoding_format":"${format}"}`
      const reply = await rig.embeddings(text)
      expect(received()).toBe(text)
      expect(await textOf(reply)).toBe(sent())
    }
  })
})

describe('the only two differences', () => {
  test('1. a model id that is not the provider’s own: `model` is replaced in request, JSON reply and SSE frames', async () => {
    const text = chatText('lab/test-chat')
    const reply = await textOf(await rig.chat(text))
    expect(received()).toBe(text.replace('"lab/test-chat"', '"test-chat"'))
    expect(reply).toBe(sent().replace(String.raw`"test\u002dchat"`, '"lab/test-chat"'))
    expect(reply).toContain('"x":{"model":"nested"}')

    const streaming = chatText('lab/test-chat', asksUsage)
    const stream = await textOf(await rig.chat(streaming))
    expect(received()).toBe(streaming.replace('"lab/test-chat"', '"test-chat"'))
    expect(stream.replace(/: cairn \{.*\}\n\n/, '')).toBe(
      sent().replaceAll(String.raw`"test\u002dchat"`, '"lab/test-chat"'),
    )

    const embedding = '{"model":"lab/test-embed","input":"a"}'
    expect(await textOf(await rig.embeddings(embedding))).toBe(
      sent().replace(String.raw`"test\u002dembed"`, '"lab/test-embed"'),
    )
    expect(received()).toBe('{"model":"test-embed","input":"a"}')
  })

  test.each([
    [',"stream":true', ' }', ',"stream_options":{"include_usage":true}}'],
    [',"stream":true,"stream_options":null', '"stream_options":null', '"stream_options":{"include_usage":true}'],
    [',"stream":true,"stream_options":{ }', '{ }', '{ "include_usage":true}'],
    [',"stream":true,"stream_options":{"x" : 1.0 }', '1.0 }', '1.0 ,"include_usage":true}'],
    [',"stream":true,"stream_options":{"include_usage" : false }', 'false', 'true'],
    [',"stream":true,"stream_options":{"include_usage":null}', 'null', 'true'],
  ])(
    '2. a stream whose usage we asked for: the request gains include_usage and the usage frame is removed: %s',
    async (more, from, to) => {
      const text = chatText('test-chat', more)
      const stream = await textOf(await rig.chat(text))
      const expected = from === ' }' ? text.replace(/ \}$/, ` ${to}`) : text.replace(from, to)
      expect(received()).toBe(expected)
      const all = dataOf(sent())
      expect(dataOf(stream)).toEqual(all.filter((data) => !data.includes('"choices":[ ]')))
      expect(all.length - dataOf(stream).length).toBe(1)
      expect(stream).toContain('"usage":null')
    },
  )

  test('usage that comes with content stays, although we asked for it', async () => {
    const stream = await textOf(await rig.chat(chatText('test-chat!usageEverywhere', ',"stream":true')))
    expect(dataOf(stream).filter((data) => data.includes('"usage":{')).length).toBe(dataOf(stream).length - 1)
  })

  test('an alias is answered with the name under which the same model can be asked again', async () => {
    const reply = JSON.parse(await textOf(await rig.chat(chatText('auto')))) as { model: string }
    expect(reply.model).toBe('lab/test-chat')
  })
})

test('a provider never gets another model than the one that was judged: of several `model` keys all are set', async () => {
  await rig.chat('{"model":"gpt-secret","messages":[{"role":"user"}],"\\u006dodel":"test-chat"}')
  expect(received()).toBe('{"model":"test-chat","messages":[{"role":"user"}],"\\u006dodel":"test-chat"}')
})

test('the last frame before [DONE] tells tokens, cost, attempts, model and provider', async () => {
  const stream = await textOf(await rig.chat(chatText('test-chat', ',"stream":true')))
  expect(summaryOf(stream)).toMatchObject({
    model: 'test-chat',
    provider: 'lab',
    tokens: { output: 8 },
    costUsd: 0,
    attempts: [{ provider: 'lab', model: 'test-chat', outcome: 'ok' }],
    cache: { status: 'bypass', tier: null },
  })
})

test('a server that leaves [DONE] out after a finished answer gets one from us', async () => {
  const stream = await textOf(await rig.chat(chatText('test-chat!noDone', asksUsage)))
  expect(stream.replace(/: cairn \{.*\}\n\n/, '')).toBe(`${sent()}data: [DONE]\n\n`)
})

test('the headers explain the reply, also of a model with a foreign name', async () => {
  const twin = createRig({
    upstreams: [upstreamOf('lab', upstream.url, [{ id: '模型', inputUsdPerMTok: 2, outputUsdPerMTok: 10 }] as never)],
  })
  const { headers } = await twin.chat(chatText('模型'))
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'x-cairn-cache': 'bypass',
    'x-cairn-model': '%E6%A8%A1%E5%9E%8B',
    'x-cairn-provider': 'lab',
    'x-cairn-attempts': '1',
  })
  expect(Number(headers['x-cairn-cost-usd'])).toBeGreaterThan(0)
  expect(Number(headers['x-cairn-overhead-ms'])).toBeLessThan(50)
})
