import { afterAll, describe, expect, test } from 'bun:test'
import type { ResponsesRequest } from '@cairn/contract'
import fc from 'fast-check'
import OpenAI from 'openai'
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { cutters, saidReplies, streamChunks, wholeCompletion, type SaidReply } from '../testing/chat-replies.ts'
import { recut, serveReplies } from '../testing/serve.ts'
import { responsesDialect } from './dialect.ts'
import { fromChat, type OutputItem } from './reply.ts'
import { toChat } from './request.ts'
import type { ResponseEvent } from './stream.ts'

const server = serveReplies()
const client = new OpenAI({ baseURL: server.url, apiKey: 'none', maxRetries: 0 })

afterAll(() => server.close())

const identity = { id: 'q1', created: 1_700_000_000, model: 'cairn-model' }
const asked = {
  model: 'cairn-model',
  input: 'How high is it?',
  instructions: 'Be brief.',
  metadata: { run: '7' },
  temperature: 0.5,
  max_output_tokens: 100,
  parallel_tool_calls: false,
  reasoning: { effort: 'low' as const },
  tool_choice: 'required' as const,
  tools: [{ type: 'function' as const, name: 'sum', parameters: { type: 'object' }, strict: null }],
} satisfies OpenAI.Responses.ResponseCreateParamsNonStreaming
const request: ResponsesRequest = asked

const calm: SaidReply = { thinking: '', text: '', refusal: '', calls: [], finish: 'stop', usage: null }

function framesOf(chunks: readonly Record<string, unknown>[], of: ResponsesRequest = request): Uint8Array[] {
  const converter = responsesDialect.openStream(of, identity)
  return [...chunks.map((chunk) => converter.push(chunk)), converter.end()]
}

async function readWhole(reply: SaidReply, of: ResponsesRequest = request): Promise<Response> {
  // The library's own type holds for what we make; `output_text` is its own addition.
  const response: Omit<Response, 'output_text'> = fromChat(wholeCompletion(reply), of, identity)
  server.answer({ ...response })
  return plain(await client.responses.create(asked))
}

async function readStream(frames: readonly Uint8Array[]): Promise<Response> {
  server.answer(frames)
  return plain(await client.responses.stream(asked).finalResponse())
}

async function readEvents(frames: readonly Uint8Array[]): Promise<ResponseStreamEvent[]> {
  server.answer(frames)
  const events: ResponseStreamEvent[] = []
  for await (const event of await client.responses.create({ ...asked, stream: true })) events.push(event)
  return events
}

/** What we send, in our types; that they are the library’s, the compiler checks. */
function eventsIn(frames: readonly Uint8Array[]): WithoutOutputText<ResponseStreamEvent>[] {
  const lines = Buffer.concat(frames).toString().split('\n')
  return lines
    .filter((line) => line.startsWith('data: '))
    .map((line): ResponseEvent => JSON.parse(line.slice('data: '.length)))
}

type WithoutOutputText<Event> = Event extends { response: Response }
  ? Omit<Event, 'response'> & { response: Omit<Response, 'output_text'> }
  : Event

const added = new Set(['parsed', 'parsed_arguments', 'output_parsed'])

/** Without what the library itself adds, except the text as a whole. */
function plain<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value, (name, part: unknown) => (added.has(name) ? undefined : part))) as T
}

describe('OpenAI’s library reads', () => {
  test('text, usage, and the request repeated', async () => {
    const usage = {
      prompt_tokens: 30,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 20 },
      completion_tokens_details: { reasoning_tokens: 3 },
    }
    const response = await readWhole({ ...calm, text: 'Six hundred metres.', usage })
    expect(response.output_text).toBe('Six hundred metres.')
    expect(response).toMatchObject({
      id: 'resp_q1',
      object: 'response',
      created_at: 1_700_000_000,
      model: 'cairn-model',
      status: 'completed',
      error: null,
      incomplete_details: null,
      instructions: 'Be brief.',
      metadata: { run: '7' },
      temperature: 0.5,
      top_p: null,
      max_output_tokens: 100,
      parallel_tool_calls: false,
      previous_response_id: null,
      tool_choice: 'required',
      tools: [{ type: 'function', name: 'sum', parameters: { type: 'object' }, strict: false }],
      text: { format: { type: 'text' } },
      truncation: 'disabled',
      usage: {
        input_tokens: 30,
        input_tokens_details: { cached_tokens: 20, cache_write_tokens: 0 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 3 },
        total_tokens: 37,
      },
    })
  })

  test.each([
    ['length', { text: 'cut', finish: 'length' }, 'incomplete', 'max_output_tokens'],
    ['a filter', { text: 'cut', finish: 'content_filter' }, 'incomplete', 'content_filter'],
    ['calls', { calls: [{ id: 'c1', name: 'sum', args: '{"a":1}' }], finish: 'tool_calls' }, 'completed', undefined],
    ['an end', { text: 'whole', finish: 'stop' }, 'completed', undefined],
  ] as const)('why it ended: %s', async (_, part, status, reason) => {
    const reply = { ...calm, ...part }
    for (const response of [
      await readWhole(reply),
      await readStream(framesOf(streamChunks(reply, { cuts: () => 1, mix: false }))),
    ]) {
      expect(response.status).toBe(status)
      expect(response.incomplete_details?.reason).toBe(reason as never)
      expect(response.output.at(-1)).toMatchObject({ status })
    }
  })

  test('a refusal as a refusal', async () => {
    const reply = { ...calm, refusal: 'I cannot.' }
    const { output, output_text } = await readStream(framesOf(streamChunks(reply, { cuts: () => 2, mix: false })))
    expect(output).toMatchObject([{ type: 'message', content: [{ type: 'refusal', refusal: 'I cannot.' }] }])
    expect(output_text).toBe('')
  })

  test('reasoning as its text, or as a summary when it asked for one', async () => {
    const reply = { ...calm, thinking: 'Hm, so.', text: 'Yes.' }
    const chunks = streamChunks(reply, { cuts: () => 2, mix: false })
    const open = await readStream(framesOf(chunks))
    expect(open.output[0]).toMatchObject({ summary: [], content: [{ type: 'reasoning_text', text: 'Hm, so.' }] })
    const summarised = { ...request, reasoning: { summary: 'auto' } }
    const frames = framesOf(chunks, summarised)
    const deltas = (await readEvents(frames)).map((event) =>
      event.type === 'response.reasoning_summary_text.delta' ? event.delta : '',
    )
    expect(deltas.join('')).toBe('Hm, so.')
    expect((await readStream(frames)).output[0]).toMatchObject({ summary: [{ type: 'summary_text', text: 'Hm, so.' }] })
    expect((await readWhole(reply, summarised)).output[0]).toEqual((await readStream(frames)).output[0]!)
  })

  test('calls of servers that give them no id, or one id, or one index', async () => {
    const call = (index: number | undefined, id: string, args: string) => ({
      choices: [{ index: 0, delta: { tool_calls: [{ index, id, function: { name: 'sum', arguments: args } }] } }],
    })
    for (const chunks of [
      [call(0, '', '{"a":1}'), call(0, '', '{"a":2}')],
      [call(0, 'x', '{"a":1}'), call(1, 'x', '{"a":2}')],
      [call(0, 'x', '{"a":1}'), call(0, 'y', '{"a":2}')],
      [call(undefined, 'x', '{"a":1}'), call(undefined, 'y', '{"a":2}')],
    ]) {
      const { output } = await readStream(framesOf(chunks))
      expect(output.map((item) => (item.type === 'function_call' ? item.arguments : ''))).toEqual([
        '{"a":1}',
        '{"a":2}',
      ])
      expect(new Set(output.map((item) => (item.type === 'function_call' ? item.call_id : ''))).size).toBe(2)
    }
  })

  test('a broken stream as a failed response with what came, and then as an error, never as an end', async () => {
    const converter = responsesDialect.openStream(request, identity)
    const parts = [
      converter.push({ choices: [{ index: 0, delta: { content: 'Six' }, finish_reason: null }] }),
      converter.fail({ message: 'lab broke off.', type: 'api_error', code: 'upstream.broken-stream' }),
    ]
    expect(eventsIn(parts).at(-2)).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_error', message: 'lab broke off.' },
        output: [{ type: 'message', status: 'incomplete', content: [{ type: 'output_text', text: 'Six' }] }],
      },
    })
    server.answer(parts)
    const failed = { code: 'upstream.broken-stream', message: expect.stringContaining('lab broke off.') }
    await expect(client.responses.stream(asked).finalResponse()).rejects.toMatchObject(failed)
    await expect(readEvents(parts)).rejects.toMatchObject(failed)
    await expect(
      readEvents([
        responsesDialect.frame({ message: 'lab broke off.', type: 'api_error', code: 'upstream.broken-stream' }),
      ]),
    ).rejects.toMatchObject(failed)
    expect(converter.end()).toHaveLength(0)
  })
})

describe('whatever a model says', () => {
  test('the library’s final response of the stream is the converted completion, however the stream was cut', async () => {
    await fc.assert(
      fc.asyncProperty(saidReplies, cutters, cutters, async (reply, cuts, bytes) => {
        const whole = await readWhole(reply)
        const frames = framesOf(streamChunks(reply, { cuts, mix: false }))
        expect(await readStream(frames)).toEqual(whole)
        expect(await readStream(recut(frames, bytes))).toEqual(whole)
      }),
      { numRuns: 80 },
    )
  })

  test('the events before the last one tell all of it, in numbered order, also when they come mixed', async () => {
    await fc.assert(
      fc.asyncProperty(saidReplies, cutters, async (reply, cuts) => {
        const frames = framesOf(streamChunks(reply, { cuts, mix: true }))
        const events = await readEvents(frames)
        expect(plain(events)).toEqual(eventsIn(frames) as never)
        expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
        const last = events.at(-1)
        if (last?.type !== 'response.completed' && last?.type !== 'response.incomplete') throw new Error('no end')
        const heard = heardItems(events.slice(0, -1))
        expect(heard.items).toEqual(last.response.output)
        expect(heard.texts).toEqual(last.response.output.map((item) => textOf(item as OutputItem)))
        // The library puts the pieces together too, and without the last event must come to the same.
        const parts = Buffer.concat(frames).toString().split('\n\n').slice(0, -2)
        const pieces = await readStream(parts.map((part) => Buffer.from(`${part}\n\n`)))
        expect(pieces.output).toEqual(plain(last.response.output))
      }),
      { numRuns: 100 },
    )
  })

  test('sent back with its results it is what the model said', () => {
    fc.assert(
      fc.property(saidReplies, (reply) => {
        const { output } = fromChat(wholeCompletion(reply), request, identity)
        const results = output.flatMap((item) =>
          item.type === 'function_call'
            ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: `result of ${item.call_id}` }]
            : [],
        )
        const input = [
          { role: 'user' as const, content: 'How high is it?' },
          ...output,
          ...results,
          { role: 'user' as const, content: 'And?' },
        ] satisfies OpenAI.Responses.ResponseInput
        const body: OpenAI.ChatCompletionCreateParams = toChat({ ...request, instructions: null, input })
        const said = body.messages.filter(({ role }) => role === 'assistant')
        expect(said.flatMap((message) => ('tool_calls' in message ? message.tool_calls : []))).toEqual(
          reply.calls.map(({ id, name, args }) => ({ id, type: 'function', function: { name, arguments: args } })),
        )
        expect(body.messages.filter(({ role }) => role === 'tool')).toEqual(
          results.map(({ call_id, output: content }) => ({ role: 'tool', tool_call_id: call_id, content })),
        )
        expect(said.map(({ content }) => (typeof content === 'string' ? content : '')).join('')).toBe(reply.text)
      }),
      { numRuns: 300 },
    )
  })
})

/** What a client knows that listens to the pieces only. */
function heardItems(events: readonly ResponseStreamEvent[]): { items: unknown[]; texts: string[] } {
  const items: unknown[] = []
  const texts: string[] = []
  for (const event of events) {
    if (event.type === 'response.output_item.added') texts[event.output_index] = ''
    if ('delta' in event && typeof event.delta === 'string' && 'output_index' in event)
      texts[event.output_index] += event.delta
    if (event.type === 'response.output_item.done') items[event.output_index] = event.item
  }
  return { items, texts }
}

function textOf(item: OutputItem): string {
  if (item.type === 'function_call') return item.arguments
  if (item.type === 'reasoning') return (item.content ?? []).map(({ text }) => text).join('')
  return item.content.map((part) => (part.type === 'refusal' ? part.refusal : part.text)).join('')
}
