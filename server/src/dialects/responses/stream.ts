/** The chunks of a chat stream as the events of OpenAI’s Responses API. */
import type { ResponsesRequest } from '@cairn/contract'
import { createFrameQueue } from '../frames.ts'
import type { Block, BlockListener } from '../reply-blocks.ts'
import { createReplyReader, type Reply } from '../reply-reader.ts'
import type { ReplyIdentity, StreamConverter } from '../types.ts'
import { describeError, failureOf, type ErrorEvent } from './errors.ts'
import {
  countUsage,
  createItems,
  finish,
  partOf,
  readerOptions,
  repeatRequest,
  statusOf,
  type ItemStatus,
  type Items,
  type OutputItem,
  type Progress,
  type ReasoningPart,
  type RefusalPart,
  type ResponseReply,
  type SummaryPart,
  type TextPart,
} from './reply.ts'

type At = { item_id: string; output_index: number }
type InPart = At & { content_index: number }
type InSummary = At & { summary_index: number }
type Part = TextPart | RefusalPart | ReasoningPart

type EventBody =
  | { type: 'response.created' | 'response.in_progress'; response: ResponseReply }
  | { type: 'response.completed' | 'response.incomplete' | 'response.failed'; response: ResponseReply }
  | { type: 'response.output_item.added' | 'response.output_item.done'; output_index: number; item: OutputItem }
  | ({ type: 'response.content_part.added' | 'response.content_part.done'; part: Part } & InPart)
  | ({ type: 'response.output_text.delta'; delta: string; logprobs: never[] } & InPart)
  | ({ type: 'response.output_text.done'; text: string; logprobs: never[] } & InPart)
  | ({ type: 'response.refusal.delta'; delta: string } & InPart)
  | ({ type: 'response.refusal.done'; refusal: string } & InPart)
  | ({ type: 'response.reasoning_text.delta'; delta: string } & InPart)
  | ({ type: 'response.reasoning_text.done'; text: string } & InPart)
  | ({
      type: 'response.reasoning_summary_part.added' | 'response.reasoning_summary_part.done'
      part: SummaryPart
    } & InSummary)
  | ({ type: 'response.reasoning_summary_text.delta'; delta: string } & InSummary)
  | ({ type: 'response.reasoning_summary_text.done'; text: string } & InSummary)
  | ({ type: 'response.function_call_arguments.delta'; delta: string } & At)
  | ({ type: 'response.function_call_arguments.done'; arguments: string } & At)
  | ErrorEvent

export type ResponseEvent = EventBody & { sequence_number: number }

type Emit = (event: EventBody) => void

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
export function openStream(request: ResponsesRequest, identity: ReplyIdentity): StreamConverter {
  const queue = createFrameQueue()
  const settings = repeatRequest(request, identity)
  const items = createItems(request, identity)
  const writer = writeItems(emit, items)
  const reader = createReplyReader(readerOptions(identity), writer)
  let sequence = 0
  let isBegun = false
  let isOver = false

  function emit(event: EventBody): void {
    queue.add({ ...event, sequence_number: sequence++ } satisfies ResponseEvent)
  }

  function begin(): void {
    if (isBegun) return
    isBegun = true
    const response: ResponseReply = { ...settings, ...nothingYet }
    emit({ type: 'response.created', response })
    emit({ type: 'response.in_progress', response })
  }

  return {
    push(chunk) {
      if (isOver) return queue.take()
      begin()
      reader.takeChunk(chunk)
      return queue.take()
    },
    end() {
      if (isOver) return queue.take()
      begin()
      const reply = reader.end()
      isOver = true
      writer.finish(reply)
      const progress = finish(reply, items)
      const type = progress.status === 'incomplete' ? 'response.incomplete' : 'response.completed'
      emit({ type, response: { ...settings, ...progress } })
      return queue.take()
    },
    fail(error) {
      isOver = true
      begin()
      const usage = reader.usage()
      const output = reader
        .blocks()
        .map((block, index) =>
          items.convert(block, index, { status: writer.isDone(index) ? 'completed' : 'incomplete', isEmpty: false }),
        )
      const counted = usage === null ? {} : { usage: countUsage(usage) }
      const failed: Progress = { ...nothingYet, status: 'failed', output, error: failureOf(error), ...counted }
      emit({ type: 'response.failed', response: { ...settings, ...failed } })
      // Many clients take a failed response like any other; an error event is what none of them overlooks.
      emit(describeError(error))
      return queue.take()
    },
  }
}

const nothingYet: Progress = { status: 'in_progress', output: [], incomplete_details: null, error: null }

interface ItemWriter extends BlockListener {
  /** Ends the last item, whose state is known only when all is. */
  finish(reply: Reply): void
  isDone(index: number): boolean
}

/** Tells each item as it is begun, grows and ends. The end of one is told when the next begins. */
function writeItems(emit: Emit, items: Items): ItemWriter {
  let ended: { readonly block: Block; readonly index: number } | null = null
  let done = 0

  function close(status: ItemStatus): void {
    if (ended === null) return
    const { block, index } = ended
    ended = null
    done = index + 1
    writersOf(block, items).close(emit, block, { item_id: items.idOf(block, index), output_index: index })
    const item = items.convert(block, index, { status, isEmpty: false })
    emit({ type: 'response.output_item.done', output_index: index, item })
  }

  return {
    opened(block, index) {
      close('completed')
      const item = items.convert(block, index, { status: 'in_progress', isEmpty: true })
      emit({ type: 'response.output_item.added', output_index: index, item })
      writersOf(block, items).open(emit, block, { item_id: items.idOf(block, index), output_index: index })
    },
    grew(block, index, text) {
      writersOf(block, items).grow(emit, text, { item_id: items.idOf(block, index), output_index: index })
    },
    closed(block, index) {
      ended = { block, index }
    },
    finish(reply) {
      close(statusOf(reply, reply.blocks.length - 1))
    },
    isDone: (index) => index < done,
  }
}

/** How what is inside an item is told. */
interface PartWriter {
  open(emit: Emit, block: Block, at: At): void
  grow(emit: Emit, delta: string, at: At): void
  close(emit: Emit, block: Block, at: At): void
}

function writersOf(block: Block, { asSummary }: Items): PartWriter {
  return block.kind === 'thinking' && asSummary ? summaryWriter : partWriters[block.kind]
}

const first = { content_index: 0 }

const partWriters: Readonly<Record<Block['kind'], PartWriter>> = {
  text: {
    open: (emit, block, at) => emit({ type: 'response.content_part.added', ...at, ...first, part: partOf(block, '') }),
    grow: (emit, delta, at) => emit({ type: 'response.output_text.delta', ...at, ...first, delta, logprobs: [] }),
    close(emit, block, at) {
      const text = block.text()
      emit({ type: 'response.output_text.done', ...at, ...first, text, logprobs: [] })
      emit({ type: 'response.content_part.done', ...at, ...first, part: partOf(block, text) })
    },
  },
  refusal: {
    open: (emit, block, at) => emit({ type: 'response.content_part.added', ...at, ...first, part: partOf(block, '') }),
    grow: (emit, delta, at) => emit({ type: 'response.refusal.delta', ...at, ...first, delta }),
    close(emit, block, at) {
      const refusal = block.text()
      emit({ type: 'response.refusal.done', ...at, ...first, refusal })
      emit({ type: 'response.content_part.done', ...at, ...first, part: partOf(block, refusal) })
    },
  },
  thinking: {
    open: (emit, _, at) => emit({ type: 'response.content_part.added', ...at, ...first, part: reasoningPart('') }),
    grow: (emit, delta, at) => emit({ type: 'response.reasoning_text.delta', ...at, ...first, delta }),
    close(emit, block, at) {
      const text = block.text()
      emit({ type: 'response.reasoning_text.done', ...at, ...first, text })
      emit({ type: 'response.content_part.done', ...at, ...first, part: reasoningPart(text) })
    },
  },
  redacted: { open() {}, grow() {}, close() {} },
  call: {
    open() {},
    grow: (emit, delta, at) => emit({ type: 'response.function_call_arguments.delta', ...at, delta }),
    close: (emit, block, at) => emit({ type: 'response.function_call_arguments.done', ...at, arguments: block.text() }),
  },
}

const firstSummary = { summary_index: 0 }

const summaryWriter: PartWriter = {
  open: (emit, _, at) =>
    emit({ type: 'response.reasoning_summary_part.added', ...at, ...firstSummary, part: summaryPart('') }),
  grow: (emit, delta, at) => emit({ type: 'response.reasoning_summary_text.delta', ...at, ...firstSummary, delta }),
  close(emit, block, at) {
    const text = block.text()
    emit({ type: 'response.reasoning_summary_text.done', ...at, ...firstSummary, text })
    emit({ type: 'response.reasoning_summary_part.done', ...at, ...firstSummary, part: summaryPart(text) })
  },
}

function reasoningPart(text: string): ReasoningPart {
  return { type: 'reasoning_text', text }
}

function summaryPart(text: string): SummaryPart {
  return { type: 'summary_text', text }
}
