/** The chunks of a chat stream as the events of Anthropic’s dialect. */
import type { MessagesRequest } from '@cairn/contract'
import { createFrameQueue } from '../frames.ts'
import type { Block, BlockListener } from '../reply-blocks.ts'
import { createReplyReader } from '../reply-reader.ts'
import type { ReplyIdentity, StreamConverter } from '../types.ts'
import { describeError } from './errors.ts'
import {
  countUsage,
  emptyMessage,
  readerOptions,
  readInput,
  readStop,
  type ContentBlock,
  type Message,
  type Stop,
} from './reply.ts'

type Delta =
  | { type: 'text_delta'; text: string }
  | { type: 'thinking_delta'; thinking: string }
  | { type: 'signature_delta'; signature: string }
  | { type: 'input_json_delta'; partial_json: string }

export type MessageEvent =
  | { type: 'message_start'; message: Message }
  | { type: 'content_block_start'; index: number; content_block: ContentBlock }
  | { type: 'content_block_delta'; index: number; delta: Delta }
  | { type: 'content_block_stop'; index: number }
  | { type: 'message_delta'; delta: Stop & { container: null }; usage: ReturnType<typeof countUsage> }
  | { type: 'message_stop' }

type StreamEvent = MessageEvent | { type: 'ping' }

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function openStream(request: MessagesRequest, identity: ReplyIdentity): StreamConverter {
  const queue = createFrameQueue()
  const reader = createReplyReader(readerOptions(request, identity), listenTo(add))
  let state: 'before' | 'open' | 'over' = 'before'

  function begin(): void {
    if (state !== 'before') return
    state = 'open'
    const message = emptyMessage(identity)
    const usage = { ...message.usage, ...countUsage(reader.usage()) }
    queue.add({ type: 'message_start', message: { ...message, usage } } satisfies StreamEvent)
  }

  /** Whatever comes first, the message is begun before it. */
  function add(event: StreamEvent): void {
    begin()
    queue.add(event)
  }

  return {
    push(chunk) {
      if (state === 'over') return queue.take()
      const { isHidden } = reader.takeChunk(chunk)
      // A sign of life while the model thinks and the client did not ask to see it, so that nobody gives up waiting.
      if (isHidden) add({ type: 'ping' })
      begin()
      return queue.take()
    },
    end() {
      if (state === 'over') return queue.take()
      const reply = reader.end()
      for (const block of reply.blocks) if (block.kind === 'call') readInput(block, reply)
      const delta = { ...readStop(reply, request), container: null }
      add({ type: 'message_delta', delta, usage: countUsage(reply.usage) })
      add({ type: 'message_stop' })
      state = 'over'
      return queue.take()
    },
    fail(error) {
      state = 'over'
      queue.add(describeError(error))
      return queue.take()
    },
  }
}

function listenTo(add: (event: StreamEvent) => void): BlockListener {
  /** Arguments that were not told: they may still turn out to be none, or `null`. */
  let held = ''
  let kind: 'unknown' | 'object' | 'other' = 'unknown'

  function growInput(index: number, text: string): void {
    held += text
    const begun = kind === 'unknown' ? text.trimStart() : ''
    if (begun !== '') kind = begun.startsWith('{') ? 'object' : 'other'
    if (kind !== 'object') return
    add({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: held } })
    held = ''
  }

  return {
    opened(block, index) {
      held = ''
      kind = 'unknown'
      add({ type: 'content_block_start', index, content_block: startOf(block) })
    },
    grew(block, index, text) {
      if (block.kind === 'call') growInput(index, text)
      else if (block.kind === 'thinking')
        add({ type: 'content_block_delta', index, delta: { type: 'thinking_delta', thinking: text } })
      else if (block.kind !== 'redacted')
        add({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } })
    },
    closed(block, index) {
      const signature = block.kind === 'thinking' ? block.signature() : ''
      if (signature !== '') add({ type: 'content_block_delta', index, delta: { type: 'signature_delta', signature } })
      add({ type: 'content_block_stop', index })
    },
  }
}

/** A block as it begins: without the text that follows in pieces. What is redacted comes whole. */
function startOf(block: Block): ContentBlock {
  switch (block.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: '', citations: null }
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'redacted':
      return { type: 'redacted_thinking', data: block.text() }
    case 'call':
      return { type: 'tool_use', id: block.id, name: block.name, input: {}, caller: { type: 'direct' } }
  }
}
