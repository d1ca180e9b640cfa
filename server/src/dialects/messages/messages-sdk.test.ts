import { afterAll, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import type { MessagesRequest } from '@cairn/contract'
import type OpenAI from 'openai'
import fc from 'fast-check'
import { cutters, saidReplies, streamChunks, wholeCompletion, type SaidReply } from '../testing/chat-replies.ts'
import { recut, serveReplies } from '../testing/serve.ts'
import { messagesDialect } from './dialect.ts'
import { fromChat } from './reply.ts'
import { toChat } from './request.ts'
import type { MessageEvent } from './stream.ts'

const server = serveReplies()
const client = new Anthropic({ baseURL: server.url, apiKey: 'none', maxRetries: 0 })

afterAll(() => server.close())

const identity = { id: 'q1', created: 1_700_000_000, model: 'claude-cairn' }
const asked = {
  model: 'claude-cairn',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'How high is it?' }],
  thinking: { type: 'adaptive' as const },
} satisfies Anthropic.MessageCreateParamsNonStreaming
const request: MessagesRequest = asked

const calm: SaidReply = { thinking: '', text: '', refusal: '', calls: [], finish: 'stop', usage: null }
const two = () => 1

function framesOf(chunks: readonly Record<string, unknown>[], of: MessagesRequest = request): Uint8Array[] {
  const converter = messagesDialect.openStream(of, identity)
  return [...chunks.map((chunk) => converter.push(chunk)), converter.end()]
}

async function readWhole(reply: SaidReply): Promise<Anthropic.Message> {
  // The library's own type holds for what we make.
  const message: Anthropic.Message = fromChat(wholeCompletion(reply), request, identity)
  server.answer({ ...message })
  return plain(await client.messages.create(asked))
}

async function readStream(frames: readonly Uint8Array[]): Promise<Anthropic.Message> {
  server.answer(frames)
  return plain(await client.messages.stream(asked).finalMessage())
}

/** Without what the library itself adds. */
function plain<T extends object>(value: T): T {
  const copy = JSON.parse(JSON.stringify(value)) as T & { parsed_output?: unknown }
  delete copy.parsed_output
  return copy
}

/** What the library hears. */
async function readEvents(frames: readonly Uint8Array[]): Promise<Anthropic.MessageStreamEvent[]> {
  server.answer(frames)
  const events: Anthropic.MessageStreamEvent[] = []
  for await (const event of await client.messages.create({ ...asked, stream: true })) events.push(event)
  return events
}

/** What we send, in our types; that they are the library’s, the compiler checks. */
function eventsIn(frames: readonly Uint8Array[]): Anthropic.MessageStreamEvent[] {
  const lines = Buffer.concat(frames).toString().split('\n')
  return lines
    .filter((line) => line.startsWith('data: '))
    .map((line): MessageEvent => JSON.parse(line.slice('data: '.length)))
}

describe('Anthropic’s library reads', () => {
  test('text with the reason to stop and usage without what the cache held', async () => {
    const usage = {
      prompt_tokens: 30,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 3 },
    }
    const message = await readWhole({ ...calm, text: 'Six hundred metres.', usage })
    expect(message).toMatchObject({
      id: 'msg_q1',
      type: 'message',
      role: 'assistant',
      model: 'claude-cairn',
      content: [{ type: 'text', text: 'Six hundred metres.' }],
      stop_reason: 'end_turn',
      usage: {
        input_tokens: 6,
        cache_read_input_tokens: 20,
        cache_creation_input_tokens: 4,
        output_tokens: 7,
        output_tokens_details: { thinking_tokens: 3 },
      },
    })
  })

  test.each([
    ['length', { text: 'cut', finish: 'length' }, 'max_tokens'],
    ['a filter', { text: '', finish: 'content_filter' }, 'refusal'],
    ['a refusal', { refusal: 'I cannot.', finish: 'stop' }, 'refusal'],
    ['calls', { calls: [{ id: 'c1', name: 'sum', args: '{"a":1}' }], finish: 'tool_calls' }, 'tool_use'],
    ['calls that end with stop', { calls: [{ id: 'c1', name: 'sum', args: '' }], finish: 'stop' }, 'tool_use'],
  ] as const)('why it stopped: %s', async (_, part, reason) => {
    const reply = { ...calm, ...part }
    expect((await readWhole(reply)).stop_reason).toBe(reason)
    expect((await readStream(framesOf(streamChunks(reply, { cuts: two, mix: false })))).stop_reason).toBe(reason)
  })

  test('the stop text, from servers that tell it', () => {
    const stopped = { choices: [{ message: { content: 'one' }, finish_reason: 'stop', stop_reason: 'END' }] }
    expect(fromChat(stopped, { ...request, stop_sequences: ['END'] }, identity)).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
    })
    expect(fromChat(stopped, request, identity).stop_reason).toBe('end_turn')
  })

  test('a refusal as text, and says so', async () => {
    const message = await readWhole({ ...calm, refusal: 'I cannot.' })
    expect(message.content).toEqual([{ type: 'text', text: 'I cannot.', citations: null }])
    expect(message.stop_details).toEqual({ type: 'refusal', category: null, explanation: 'I cannot.' })
  })

  test('text, thinking and calls that come mixed, each whole and in blocks that follow each other', async () => {
    const call = (index: number, rest: object, args: string) => ({
      tool_calls: [{ index, ...rest, function: { ...('id' in rest ? { name: 'open_note' } : {}), arguments: args } }],
    })
    const deltas = [
      { reasoning_content: 'Let me ' },
      { reasoning_content: 'see.' },
      { content: 'First ' },
      call(0, { id: 'a' }, '{"path":'),
      call(1, { id: 'b' }, '{"path":"b'),
      { content: 'then ' },
      call(0, {}, '"a.md"}'),
      call(1, {}, '.md"}'),
      { content: 'done.' },
    ]
    const chunks = deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] }))
    const events = await readEvents(framesOf(chunks))
    let open = -1
    for (const event of events) {
      if (event.type === 'content_block_start') open = event.index
      if (event.type === 'content_block_delta' || event.type === 'content_block_stop') expect(event.index).toBe(open)
      if (event.type === 'content_block_stop') open = -1
    }
    expect((await readStream(framesOf(chunks))).content).toEqual([
      { type: 'thinking', thinking: 'Let me see.', signature: '' },
      { type: 'text', text: 'First ', citations: null },
      { type: 'tool_use', id: 'a', name: 'open_note', input: { path: 'a.md' }, caller: { type: 'direct' } },
      { type: 'tool_use', id: 'b', name: 'open_note', input: { path: 'b.md' }, caller: { type: 'direct' } },
      { type: 'text', text: 'then done.', citations: null },
    ])
  })

  test('a call as it is written, before it is over', () => {
    const converter = messagesDialect.openStream(request, identity)
    const push = (delta: object) =>
      new TextDecoder().decode(converter.push({ choices: [{ index: 0, delta, finish_reason: null }] }))
    push({ tool_calls: [{ index: 0, id: 'a', function: { name: 'write', arguments: '{"text":"' } }] })
    expect(push({ tool_calls: [{ index: 0, function: { arguments: 'stone' } }] })).toContain('"partial_json":"stone"')
  })

  test.each(['', ' ', 'null', ' {}', '{ }'])('arguments %p as none', async (args) => {
    const reply = { ...calm, calls: [{ id: 'c', name: 'now', args }] }
    const streamed = await readStream(framesOf(streamChunks(reply, { cuts: () => 0, mix: false })))
    expect(streamed.content).toMatchObject([{ type: 'tool_use', input: {} }])
    expect(streamed).toEqual(await readWhole(reply))
  })

  test('a broken stream as an error of the right type, and never as an end', async () => {
    const converter = messagesDialect.openStream(request, identity)
    const parts = [
      converter.push({ choices: [{ index: 0, delta: { content: 'Six' }, finish_reason: null }] }),
      converter.fail({ message: 'lab broke off.', type: 'api_error', code: 'upstream.broken-stream' }),
    ]
    server.answer(parts)
    const failed = client.messages.stream(asked).finalMessage()
    await expect(failed).rejects.toMatchObject({ type: 'api_error', apiMessage: 'lab broke off.' })
    server.answer([messagesDialect.frame({ message: 'Slow down.', type: 'rate_limit_error', code: 'limit.requests' })])
    await expect(client.messages.stream(asked).finalMessage()).rejects.toMatchObject({ type: 'rate_limit_error' })
    expect(converter.end()).toHaveLength(0)
  })

  test('thinking only when it asked for it; until then it hears signs of life', async () => {
    const plainly = { ...request, thinking: undefined }
    const reply = { ...calm, thinking: 'Hm.', text: 'Yes.' }
    expect(fromChat(wholeCompletion(reply), plainly, identity).content.map(({ type }) => type)).toEqual(['text'])
    const frames = framesOf(streamChunks(reply, { cuts: () => 9, mix: false }), plainly)
    expect(new TextDecoder().decode(frames[1])).toBe('event: ping\ndata: {"type":"ping"}\n\n')
    expect((await readStream(frames)).content).toEqual([{ type: 'text', text: 'Yes.', citations: null }])
  })

  test('signed and redacted thinking as its maker sent it', async () => {
    const details = [
      { type: 'reasoning.text', text: 'Hm.', signature: 'sig-1' },
      { type: 'reasoning.encrypted', data: 'b3BhcXVl' },
    ]
    const message = { reasoning: 'Hm.', reasoning_details: details, content: 'Yes.' }
    const expected = [
      { type: 'thinking', thinking: 'Hm.', signature: 'sig-1' },
      { type: 'redacted_thinking', data: 'b3BhcXVl' },
      { type: 'text', text: 'Yes.', citations: null },
    ]
    expect(fromChat({ choices: [{ message }] }, request, identity).content as unknown).toEqual(expected)
    const chunks = [
      { reasoning: 'Hm.', reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }] },
      { reasoning_details: [{ type: 'reasoning.text', signature: 'sig-1' }, details[1]] },
      { content: 'Yes.' },
    ].map((delta) => ({ choices: [{ index: 0, delta }] }))
    expect((await readStream(framesOf(chunks))).content as unknown).toEqual(expected)
    // And sends it back.
    const history = { ...request, messages: [...request.messages, { role: 'assistant', content: expected }] }
    expect(toChat(history, { keepReasoning: true }).messages.at(-1)).toEqual({
      role: 'assistant',
      content: 'Yes.',
      reasoning_content: 'Hm.',
      reasoning_details: details as never,
    })
    expect(toChat(history).messages.at(-1)).toEqual({ role: 'assistant', content: 'Yes.' })
  })
})

describe('whatever a model says', () => {
  test('the library’s final message of the stream is the converted completion, however the stream was cut', async () => {
    await fc.assert(
      fc.asyncProperty(saidReplies, cutters, cutters, async (reply, cuts, bytes) => {
        const whole = await readWhole(reply)
        const frames = framesOf(streamChunks(reply, { cuts, mix: false }))
        expect(await readStream(frames)).toEqual(whole)
        expect(await readStream(recut(frames, bytes))).toEqual(whole)
      }),
      { numRuns: 150 },
    )
  })

  test('mixed streams say the same, piece by piece', async () => {
    await fc.assert(
      fc.asyncProperty(saidReplies, cutters, async (reply, cuts) => {
        const whole = await readWhole(reply)
        const streamed = await readStream(framesOf(streamChunks(reply, { cuts, mix: true })))
        expect(gather(streamed)).toEqual(gather(whole))
        expect(streamed.usage).toEqual(whole.usage)
      }),
      { numRuns: 150 },
    )
  })

  test('the library hears every event, and blocks are begun and ended one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(saidReplies, cutters, async (reply, cuts) => {
        const frames = framesOf(streamChunks(reply, { cuts, mix: true }))
        const events = await readEvents(frames)
        expect(events).toEqual(eventsIn(frames))
        expect(events[0]?.type).toBe('message_start')
        expect(events.at(-1)?.type).toBe('message_stop')
        let open: number | null = null
        let blocks = 0
        for (const event of events) {
          if (event.type === 'content_block_start') {
            expect([open, event.index]).toEqual([null, blocks])
            open = blocks++
          }
          if (event.type === 'content_block_delta') expect(event.index).toBe(open as never)
          if (event.type === 'content_block_stop') {
            expect(event.index).toBe(open as never)
            open = null
          }
        }
        expect(open).toBeNull()
      }),
      { numRuns: 100 },
    )
  })

  test('sent back with its results it is what the model said', () => {
    fc.assert(
      fc.property(saidReplies, (reply) => {
        const message = fromChat(wholeCompletion(reply), request, identity)
        const results = message.content.flatMap((block) =>
          block.type === 'tool_use'
            ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: `result of ${block.id}` }]
            : [],
        )
        const messages = [
          ...asked.messages,
          { role: 'assistant' as const, content: message.content },
          { role: 'user' as const, content: [...results, { type: 'text' as const, text: 'And?' }] },
        ] satisfies Anthropic.MessageParam[]
        const body: OpenAI.ChatCompletionCreateParams = toChat({ ...request, messages })
        const [, said, ...rest] = body.messages
        expect(said).toMatchObject({ role: 'assistant' })
        const calls = (said as OpenAI.ChatCompletionAssistantMessageParam).tool_calls ?? []
        expect(calls.map(({ id }) => id)).toEqual(reply.calls.map(({ id }) => id))
        expect(calls.map((call) => (call.type === 'function' ? JSON.parse(call.function.arguments) : null))).toEqual(
          reply.calls.map(({ args }) => JSON.parse(args === '' ? '{}' : args)),
        )
        expect(rest).toEqual([
          ...results.map((result) => ({
            role: 'tool' as const,
            tool_call_id: result.tool_use_id,
            content: result.content,
          })),
          { role: 'user', content: 'And?' },
        ])
      }),
      { numRuns: 300 },
    )
  })
})

/** What was said, whatever the order of its kinds. */
function gather({ content, stop_reason }: Anthropic.Message): unknown {
  const join = (kind: string, pick: (block: Anthropic.ContentBlock) => string) =>
    content
      .filter(({ type }) => type === kind)
      .map(pick)
      .join('')
  return {
    stop_reason,
    thinking: join('thinking', (block) => (block.type === 'thinking' ? block.thinking : '')),
    letters: [...join('text', (block) => (block.type === 'text' ? block.text : ''))].sort(),
    calls: content.filter(({ type }) => type === 'tool_use'),
  }
}
