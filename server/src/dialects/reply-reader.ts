/**
 * What a chat model replied, read from a whole completion or chunk by chunk, with the habits of the servers that speak
 * the dialect: reasoning under two names, content as a list of parts, usage in a chunk of its own or not at all.
 */
import { fail, isRecord } from '../base/index.ts'
import { createBlocks, type Block, type BlockListener, type BlockWriter, type CallPiece } from './reply-blocks.ts'

/** Token counts as the provider told them; absent where it did not. */
export interface ReplyUsage {
  /** With those of the prompt cache. */
  readonly input: number
  readonly cacheRead: number | null
  readonly cacheWrite: number | null
  /** With those of reasoning. */
  readonly output: number
  readonly reasoning: number | null
}

export interface Reply {
  readonly blocks: readonly Block[]
  /** `stop` also for a word that is not known. */
  readonly finish: 'stop' | 'length' | 'filter'
  /** The stop text at which it ended, from servers that tell it. */
  readonly matchedStop: string | null
  readonly usage: ReplyUsage | null
}

export interface ReplyReader {
  /** `isHidden`: thinking came and was left out. */
  takeChunk(chunk: Record<string, unknown>): { readonly isHidden: boolean }
  /** Usage as far as it was told. */
  usage(): ReplyUsage | null
  blocks(): readonly Block[]
  end(): Reply
}

export interface ReaderOptions {
  /** False leaves the model's thinking out. */
  readonly withThinking: boolean
  /** Of calls that came without an id. */
  readonly newCallId: (count: number) => string
}

type ThinkingWriter = Pick<BlockWriter, 'say' | 'sign'>

export const nobody: BlockListener = { opened() {}, grew() {}, closed() {} }

/** A whole completion. Throws `upstream.malformed` when it is none. */
export function readCompletion(completion: Record<string, unknown>, options: ReaderOptions): Reply {
  const choice = firstChoice(completion)
  if (choice === undefined || !isRecord(choice['message']))
    return fail('upstream.malformed', { internal: 'a chat completion without a message' })
  const reader = createReplyReader(options, nobody)
  const { message, ...rest } = choice
  reader.takeChunk({ ...completion, choices: [{ ...rest, delta: numberCalls(message) }] })
  return reader.end()
}

export function createReplyReader({ withThinking, newCallId }: ReaderOptions, listener: BlockListener): ReplyReader {
  const blocks = createBlocks(listener, newCallId)
  let finish: Reply['finish'] = 'stop'
  let matchedStop: string | null = null
  let usage: ReplyUsage | null = null
  let isHidden = false

  /** Takes what a chunk says, and leaves out what the client did not ask for. */
  const writer: ThinkingWriter = {
    say(kind, text) {
      if (withThinking || kind === 'text' || kind === 'refusal') blocks.say(kind, text)
      else isHidden ||= text !== ''
    },
    sign(signature) {
      if (withThinking) blocks.sign(signature)
    },
  }

  function takeDelta(delta: Record<string, unknown>): void {
    readThinking(delta, writer)
    readContent(delta['content'], writer.say)
    blocks.say('refusal', textOf(delta['refusal']))
    for (const piece of readCalls(delta['tool_calls'])) blocks.call(piece)
  }

  return {
    takeChunk(chunk) {
      if (!isRecord(chunk)) fail('upstream.malformed', { internal: 'a chunk that is no object' })
      isHidden = false
      usage = readUsage(chunk['usage']) ?? usage
      const choice = firstChoice(chunk) ?? {}
      if (isRecord(choice['delta'])) takeDelta(choice['delta'])
      if (typeof choice['finish_reason'] === 'string') finish = finishes[choice['finish_reason']] ?? 'stop'
      if (typeof choice['stop_reason'] === 'string') matchedStop = choice['stop_reason']
      return { isHidden }
    },
    usage: () => usage,
    blocks: blocks.begun,
    end: () => ({ blocks: blocks.end(), finish, matchedStop, usage }),
  }
}

const finishes: Readonly<Record<string, Reply['finish']>> = Object.assign(Object.create(null), {
  length: 'length',
  content_filter: 'filter',
})

function firstChoice(reply: unknown): Record<string, unknown> | undefined {
  const choices = isRecord(reply) ? reply['choices'] : undefined
  if (!Array.isArray(choices)) return undefined
  return choices.filter(isRecord).find(({ index }) => index === 0 || typeof index !== 'number')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** In a whole message the place of a call in the list is what its index is in a stream. */
function numberCalls(message: Record<string, unknown>): Record<string, unknown> {
  const calls = message['tool_calls']
  if (!Array.isArray(calls)) return message
  return { ...message, tool_calls: calls.filter(isRecord).map((call, index) => ({ ...call, index })) }
}

/** `reasoning_content` of DeepSeek, vLLM and llama.cpp; `reasoning` of Ollama, Groq and OpenRouter, with details. */
function readThinking(delta: Record<string, unknown>, writer: ThinkingWriter): void {
  const plain = textOf(delta['reasoning_content']) || textOf(delta['reasoning'])
  writer.say('thinking', plain)
  const details = Array.isArray(delta['reasoning_details']) ? delta['reasoning_details'].filter(isRecord) : []
  for (const detail of details) {
    if (detail['type'] === 'reasoning.encrypted') writer.say('redacted', textOf(detail['data']))
    if (detail['type'] !== 'reasoning.text') continue
    if (plain === '') writer.say('thinking', textOf(detail['text']))
    if (textOf(detail['signature']) !== '') writer.sign(textOf(detail['signature']))
  }
}

/** A text, or a list of parts as Mistral’s reasoning models send it. */
function readContent(content: unknown, say: BlockWriter['say']): void {
  if (!Array.isArray(content)) return say('text', textOf(content))
  for (const part of content.filter(isRecord)) {
    if (part['type'] === 'text') say('text', textOf(part['text']))
    if (part['type'] === 'refusal') say('refusal', textOf(part['refusal']))
    if (part['type'] === 'thinking' && Array.isArray(part['thinking']))
      say('thinking', part['thinking'].map((piece) => textOf(isRecord(piece) ? piece['text'] : piece)).join(''))
  }
}

function readCalls(calls: unknown): CallPiece[] {
  if (!Array.isArray(calls)) return []
  return calls.filter(isRecord).map((call) => {
    const called = isRecord(call['function']) ? call['function'] : {}
    return {
      index: typeof call['index'] === 'number' ? call['index'] : null,
      id: textOf(call['id']),
      name: textOf(called['name']),
      args: argumentsOf(called['arguments']),
    }
  })
}

/** A text by the dialect; some servers send the object itself. */
function argumentsOf(value: unknown): string {
  return isRecord(value) ? JSON.stringify(value) : textOf(value)
}

function readUsage(usage: unknown): ReplyUsage | null {
  if (!isRecord(usage)) return null
  const ofInput = isRecord(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {}
  const ofOutput = isRecord(usage['completion_tokens_details']) ? usage['completion_tokens_details'] : {}
  return {
    input: readCount(usage['prompt_tokens']) ?? 0,
    // DeepSeek tells its cache in a field of its own.
    cacheRead: readCount(ofInput['cached_tokens']) ?? readCount(usage['prompt_cache_hit_tokens']),
    cacheWrite: readCount(ofInput['cache_write_tokens']),
    output: readCount(usage['completion_tokens']) ?? 0,
    reasoning: readCount(ofOutput['reasoning_tokens']),
  }
}

function readCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}
