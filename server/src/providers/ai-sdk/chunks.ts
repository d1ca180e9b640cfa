/**
 * The parts of a vendor package’s stream as the SSE frames of a chat stream: one id, the role first, deltas of text,
 * reasoning and tool calls, the finish with what the vendor said beside the answer, usage, `data: [DONE]`. A stream
 * without the vendor’s own end is an error and never gets an end here.
 */
import { TypeValidationError, type LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { isRecord } from '../../base/index.ts'
import { brokenStream } from '../openai/errors.ts'
import { noUsage } from '../openai/replies.ts'
import type { Usage } from '../types.ts'
import { convertPackageError, convertVendorError } from './errors.ts'
import { extraContent, finishOf, newId, tellFile, tellSignature, tellSource, type ReplyContext } from './reply.ts'
import { convertUsage, tellUsage } from './usage.ts'

type Part = LanguageModelV4StreamPart

export interface ChunkStream {
  readonly body: ReadableStream<Uint8Array>
  usage(): Usage
}

const maxSources = 1_000
/** Tells the client, and whoever holds the stream back, that the vendor lives. */
const keepAlive = ': keep-alive\n\n'

/** One read of the body makes as many reads of the parts as give bytes. */
export function openChunkStream(parts: ReadableStream<Part>, context: ReplyContext): ChunkStream {
  const writer = createChunkWriter(context)
  const reader = parts.getReader()
  const encoder = new TextEncoder()
  const { source, vendor, collector } = context

  async function nextFrames(): Promise<string | null> {
    for (;;) {
      const { done, value } = await reader.read()
      if (done && !writer.isFinished()) throw brokenStream(source, 'the connection closed before the end of the stream')
      if (done) return null
      const frames = writer.take(value)
      if (frames !== '') return frames
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const frames = await nextFrames()
          if (frames === null) controller.close()
          else controller.enqueue(encoder.encode(frames))
        } catch (thrown) {
          // Nobody reads the rest.
          reader.cancel().catch(() => undefined)
          controller.error(convertPackageError(thrown, source, vendor, { sent: true, hasContent: writer.hasContent() }))
        }
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  )
  return { body, usage: () => writer.usage() ?? collector.usage() ?? noUsage }
}

interface ChunkWriter {
  /** The frames for one part; may be empty. Throws `UpstreamFailure` for an error of the vendor. */
  take(part: Part): string
  hasContent(): boolean
  isFinished(): boolean
  usage(): Usage | null
}

interface OpenCall {
  readonly index: number
  hasArguments: boolean
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
function createChunkWriter(context: ReplyContext): ChunkWriter {
  const { call, vendor, source, collector, created } = context
  const calls = new Map<string, OpenCall>()
  const sources: object[] = []
  let id = ''
  let hasRole = false
  let hasContent = false
  let finished = false
  let usage: Usage | null = null

  function frame(more: object): string {
    id ||= newId()
    const model = call.answerAs ?? collector.model() ?? call.model
    return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model, ...more })}\n\n`
  }

  function choice(delta: object, more: object = {}): string {
    return frame({ choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...more }] })
  }

  /** A delta with content; the first one is preceded by the role. */
  function say(delta: object): string {
    const role = hasRole ? '' : choice({ role: 'assistant', content: '' })
    hasRole = true
    hasContent = true
    return role + choice(delta)
  }

  function beginCall(toolCallId: string, name: string, metadata: unknown): string {
    const index = calls.size
    calls.set(toolCallId, { index, hasArguments: false })
    const begun = { index, id: toolCallId, type: 'function', function: { name, arguments: '' } }
    return say({ tool_calls: [{ ...begun, ...tellSignature(metadata, vendor.key) }] })
  }

  function addArguments(toolCallId: string, text: string): string {
    const open = calls.get(toolCallId)
    if (!open || text === '') return ''
    open.hasArguments = true
    return say({ tool_calls: [{ index: open.index, function: { arguments: text } }] })
  }

  /** The whole call at its end: says what the pieces before it left out. */
  function endCall(part: Extract<Part, { type: 'tool-call' }>): string {
    if (part.providerExecuted === true) return ''
    const begun = calls.has(part.toolCallId) ? '' : beginCall(part.toolCallId, part.toolName, part.providerMetadata)
    return calls.get(part.toolCallId)?.hasArguments === true ? begun : begun + addArguments(part.toolCallId, part.input)
  }

  function finish(part: Extract<Part, { type: 'finish' }>): string {
    if (part.finishReason.unified === 'interrupted')
      throw brokenStream(source, 'the stream ended without the vendor’s end')
    const reason = finishOf(part.finishReason, hasContent, source)
    finished = true
    usage = convertUsage(part.usage)
    const extra = extraContent(sources, context)
    const role = hasRole ? '' : choice({ role: 'assistant', content: '' })
    const end = choice(extra ? { extra_content: extra } : {}, {
      finish_reason: reason,
      native_finish_reason: part.finishReason.raw ?? null,
    })
    const told = tellUsage(usage)
    return `${role}${end}${told ? frame({ choices: [], usage: told }) : ''}data: [DONE]\n\n`
  }

  function takeRaw(event: unknown): string {
    if (!isRecord(event)) return ''
    collector.takeEvent(event)
    return event['type'] === 'ping' ? keepAlive : ''
  }

  function takeError(error: unknown): string {
    if (TypeValidationError.isInstance(error) && vendor.isUnknownEvent(error.value)) return ''
    if (error instanceof Error) throw error
    throw convertVendorError(error, source, vendor, hasContent)
  }

  function take(part: Part): string {
    if (finished) return ''
    switch (part.type) {
      case 'raw':
        return takeRaw(part.rawValue)
      case 'response-metadata':
        id ||= part.id ?? ''
        return ''
      case 'text-delta':
        return part.delta === '' ? '' : say({ content: part.delta })
      case 'reasoning-delta':
        return part.delta === '' ? '' : say({ reasoning_content: part.delta })
      case 'tool-input-start':
        return part.providerExecuted === true ? '' : beginCall(part.id, part.toolName, part.providerMetadata)
      case 'tool-input-delta':
        return addArguments(part.id, part.delta)
      case 'tool-call':
        return endCall(part)
      case 'file':
        return say({ images: [tellFile(part)] })
      case 'source':
        if (sources.length < maxSources) sources.push(tellSource(part))
        return ''
      case 'finish':
        return finish(part)
      case 'error':
        return takeError(part.error)
      default:
        // The other parts repeat what the collector has from the vendor's own events.
        return ''
    }
  }

  return { take, hasContent: () => hasContent, isFinished: () => finished, usage: () => usage }
}
