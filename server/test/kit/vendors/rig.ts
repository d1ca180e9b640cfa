/** A vendor provider over the real outbound door, and readers of what it gives back. */
import { expect } from 'bun:test'
import { silentLogger, systemClock, Secret, type Logger } from '../../../src/base/index.ts'
import { createOutbound, createPermitOffice } from '../../../src/platform/index.ts'
import { createProvider, type ChatReply, type ChatStream, type StreamPiece } from '../../../src/providers/index.ts'
import type { Timeouts } from '../../../src/providers/index.ts'
import { UpstreamFailure, type FailureKind } from '../../../src/providers/index.ts'

export const testKey = 'sk-ant-test-0123456789abcdef'

export interface VendorRigOptions {
  dialect: 'anthropic' | 'google'
  baseUrl: string
  apiKey?: string | null
  timeouts?: Partial<Timeouts>
  logger?: Logger
}

export interface AskOptions {
  model?: string
  answerAs?: string | null
  signal?: AbortSignal
  headers?: Record<string, string>
}

const models = { anthropic: 'claude-sonnet-4-5', google: 'gemini-2.5-flash' }

export function createVendorRig({ dialect, baseUrl, apiKey = testKey, timeouts, logger }: VendorRigOptions) {
  const permits = createPermitOffice()
  const outbound = createOutbound({ permits, clock: systemClock, logger: logger ?? silentLogger })
  const provider = createProvider(
    {
      id: 'vendor',
      dialect,
      baseUrl,
      models: [],
      ...(apiKey === null ? {} : { apiKey: new Secret(apiKey) }),
    },
    {
      outbound,
      clock: systemClock,
      timeouts: { connectTimeoutMs: 5_000, idleTimeoutMs: 5_000, totalTimeoutMs: 30_000, ...timeouts },
    },
  )
  const contextOf = (signal = new AbortController().signal) => ({
    permit: permits.issue({ provider: provider.id, egress: provider.egress, url: baseUrl }),
    signal,
  })
  const callOf = (body: object, { model = models[dialect], answerAs = null }: AskOptions) => ({
    body: new TextEncoder().encode(JSON.stringify({ model, ...body })),
    model,
    answerAs,
  })

  function chat(body: object, options: AskOptions = {}): Promise<ChatReply> {
    const stream = 'stream' in body && body.stream === true
    return provider.chat({ ...callOf(body, options), stream, includeUsage: true }, contextOf(options.signal))
  }

  return {
    provider,
    outbound,
    contextOf,
    chat,
    /** A whole reply, parsed. */
    async complete(body: object, options: AskOptions = {}): Promise<Completion> {
      const reply = await chat(body, options)
      if (reply.kind !== 'json') throw new Error('a stream came')
      return JSON.parse(new TextDecoder().decode(reply.body)) as Completion
    },
    async stream(body: object, options: AskOptions = {}): Promise<ChatStream> {
      const reply = await chat({ ...body, stream: true }, options)
      if (reply.kind !== 'stream') throw new Error('no stream came')
      return reply.stream
    },
    async messages(body: string, options: AskOptions & { stream?: boolean } = {}): Promise<ChatReply> {
      const { model = models[dialect], answerAs = null, headers = {}, stream = false } = options
      const call = { body: new TextEncoder().encode(body), model, answerAs, stream, headers }
      if (!provider.messages) throw new Error('the provider has no messages')
      return provider.messages(call, contextOf(options.signal))
    },
    embeddings: (body: object, options: AskOptions = {}) =>
      provider.embeddings(callOf(body, options), contextOf(options.signal)),
    listModels: () => provider.listModels(contextOf()),
  }
}

export interface Completion {
  id: string
  object: string
  created: number
  model: string
  choices: { message: Message; finish_reason: string; native_finish_reason?: string }[]
  usage?: Record<string, unknown>
}

export interface Message {
  role: string
  content: string | null
  reasoning_content?: string
  tool_calls?: ToolCall[]
  images?: object[]
  extra_content?: Record<string, unknown>
}

export interface ToolCall {
  index?: number
  id: string
  type: string
  function: { name: string; arguments: string }
  extra_content?: Record<string, unknown>
}

export async function readAll(stream: ChatStream): Promise<StreamPiece[]> {
  const pieces: StreamPiece[] = []
  for (let piece = await stream.read(); piece; piece = await stream.read()) pieces.push(piece)
  return pieces
}

export function textOfPieces(pieces: readonly StreamPiece[]): string {
  return new TextDecoder().decode(Buffer.concat(pieces.map(({ bytes }) => bytes)))
}

/** The JSON of each `data` line. */
export function eventsOf(text: string): Record<string, unknown>[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>)
}

interface Chunk {
  id: string
  model: string
  choices: { delta: Partial<Message>; finish_reason: string | null }[]
  usage?: Record<string, unknown>
}

/** What a client has after a stream of chat chunks, checking the order that clients rely on. */
export function assemble(text: string): { message: Message; finish: string | null; usage: unknown; ids: Set<string> } {
  const chunks = eventsOf(text) as unknown as Chunk[]
  const message: Message = { role: '', content: null }
  let finish: string | null = null
  let usage: unknown = null
  for (const chunk of chunks) {
    const [choice] = chunk.choices
    if (!choice) {
      expect(finish).not.toBeNull()
      usage = chunk.usage
      continue
    }
    expect(finish).toBeNull()
    const { role, content, reasoning_content: reasoning, tool_calls: calls, ...rest } = choice.delta
    if (role !== undefined) message.role = role
    expect(message.role).toBe('assistant')
    if (content) message.content = (message.content ?? '') + content
    if (reasoning !== undefined) message.reasoning_content = (message.reasoning_content ?? '') + reasoning
    for (const { index = 0, ...call } of calls ?? []) {
      const list = (message.tool_calls ??= [])
      if (call.id !== undefined) {
        expect(index).toBe(list.length)
        list.push(structuredClone(call))
      } else list[index]!.function.arguments += call.function.arguments
    }
    Object.assign(message, rest)
    finish = choice.finish_reason
  }
  return { message, finish, usage, ids: new Set(chunks.map(({ id }) => id)) }
}

export async function failureOf(promise: Promise<unknown>, kind?: FailureKind): Promise<UpstreamFailure> {
  const thrown: unknown = await promise.catch((error: unknown) => error)
  if (!(thrown instanceof UpstreamFailure)) throw new Error(`no failure of a provider: ${String(thrown)}`)
  if (kind) expect(thrown.kind).toBe(kind)
  return thrown
}
