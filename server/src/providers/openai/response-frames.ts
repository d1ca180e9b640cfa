/**
 * What the events of a *responses* stream say. The bytes pass through; read are only its content, its usage and its
 * end: `response.completed` or `response.incomplete`. `error` and `response.failed` are failures, and a connection that
 * closes before the end is a broken stream.
 */
import { isRecord } from '../../base/index.ts'
import type { NativeCall, StreamPiece, Usage } from '../types.ts'
import type { Progress } from './chat-frames.ts'
import { convertInBand, malformed, type ErrorSource } from './errors.ts'
import { parseObject, readCount, readDetail } from './replies.ts'
import { rewriteModelWithin } from './rewrite.ts'
import { concatBytes, readFrame } from './sse-frames.ts'

/** Notes what the frames say and gives back the bytes for clients. */
export function takeResponseFrames(
  frames: readonly Uint8Array[],
  progress: Progress,
  { answerAs }: Pick<NativeCall, 'answerAs'>,
  source: ErrorSource,
): StreamPiece {
  const kept: Uint8Array[] = []
  let text = ''
  let chars = 0
  for (const frame of frames) {
    const { data, span } = readFrame(frame)
    if (data === null || data.length === 0) {
      kept.push(frame)
      continue
    }
    const event = parseObject(data)
    if (!event || isFailure(event)) {
      progress.failure = event ? convertInBand(source) : malformed(source, 'a frame is not a JSON object')
      break
    }
    const named = answerAs === null || !span ? frame : rewriteModelWithin(frame, span, 'response', answerAs)
    if (isEnd(event)) {
      const response = event['response']
      progress.usage = (isRecord(response) ? readResponseUsage(response) : undefined) ?? progress.usage
      // Held back as the ending, so that something may be told before it; what is after it says nothing.
      progress.hasContent = true
      progress.done = named
      break
    }
    const { type, delta: said } = event
    if (typeof type === 'string' && type.endsWith('.delta') && typeof said === 'string' && said !== '') {
      progress.hasContent = true
      // Sound comes in Base64, which is no text.
      if (!type.includes('audio.')) chars += said.length
      if (type === 'response.output_text.delta') text += said
    }
    kept.push(named)
  }
  const bytes = concatBytes(kept)
  return { bytes, withoutUsage: bytes, text, chars }
}

/** Token counts of a response; undefined when it tells none. */
export function readResponseUsage(response: Record<string, unknown>): Usage | undefined {
  const usage = response['usage']
  if (!isRecord(usage)) return undefined
  const ofInput = usage['input_tokens_details']
  const ofOutput = usage['output_tokens_details']
  return {
    input: readCount(usage['input_tokens']),
    output: readCount(usage['output_tokens']),
    ...readDetail('cacheRead', isRecord(ofInput) ? ofInput['cached_tokens'] : undefined),
    ...readDetail('reasoning', isRecord(ofOutput) ? ofOutput['reasoning_tokens'] : undefined),
  }
}

/** The text of its messages. */
export function readResponseText(response: Record<string, unknown>): string {
  const output = Array.isArray(response['output']) ? response['output'].filter(isRecord) : []
  const parts = output.flatMap(({ content }) => (Array.isArray(content) ? content.filter(isRecord) : []))
  return parts.map(({ type, text }) => (type === 'output_text' && typeof text === 'string' ? text : '')).join('')
}

function isFailure({ type }: Record<string, unknown>): boolean {
  return type === 'error' || type === 'response.failed'
}

function isEnd({ type }: Record<string, unknown>): boolean {
  return type === 'response.completed' || type === 'response.incomplete'
}
