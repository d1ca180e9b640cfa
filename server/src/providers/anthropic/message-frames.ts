/**
 * What the events of a *messages* stream say. The bytes pass through; read are only content, usage and the end, which is
 * `message_stop` and nothing else.
 */
import { isRecord } from '../../base/index.ts'
import { convertVendorError } from '../ai-sdk/errors.ts'
import type { Progress } from '../openai/chat-frames.ts'
import { malformed, type ErrorSource } from '../openai/errors.ts'
import { parseObject } from '../openai/replies.ts'
import { rewriteModelWithin } from '../openai/rewrite.ts'
import { concatBytes, readFrame } from '../openai/sse-frames.ts'
import type { NativeCall, StreamPiece } from '../types.ts'
import { readMessageUsage } from './collector.ts'
import { kindOf } from './vendor.ts'

type Fields = Readonly<Record<string, unknown>>

export interface MessageFrames {
  take(frames: readonly Uint8Array[], progress: Progress): StreamPiece
}

/** For one stream: usage comes in two pieces, of which the later one counts field by field. */
export function createMessageFrames({ answerAs }: Pick<NativeCall, 'answerAs'>, source: ErrorSource): MessageFrames {
  let usage: Fields = {}
  let stopReason: unknown = null

  function noteUsage(event: Fields, progress: Progress): void {
    const holder = event['type'] === 'message_start' ? event['message'] : event
    if (isRecord(event['delta'])) stopReason = event['delta']['stop_reason'] ?? stopReason
    if (!isRecord(holder) || !isRecord(holder['usage'])) return
    usage = { ...usage, ...Object.fromEntries(Object.entries(holder['usage']).filter(([, value]) => value !== null)) }
    progress.usage = readMessageUsage(usage, stopReason)
  }

  function takeEvent(event: Fields, progress: Progress): { text: string; chars: number } {
    if (event['type'] === 'message_start' || event['type'] === 'message_delta') noteUsage(event, progress)
    if (event['type'] === 'message_delta') progress.hasContent = true
    if (event['type'] === 'content_block_start' && isRecord(event['content_block'])) {
      // Text and thinking begin empty; every other block says something by being there.
      const { type } = event['content_block']
      if (type !== 'text' && type !== 'thinking') progress.hasContent = true
    }
    const delta = event['type'] === 'content_block_delta' ? event['delta'] : undefined
    if (!isRecord(delta)) return { text: '', chars: 0 }
    const said = [delta['text'], delta['thinking'], delta['partial_json']].find((part) => typeof part === 'string')
    if (typeof said !== 'string' || said === '') return { text: '', chars: 0 }
    progress.hasContent = true
    return { text: delta['type'] === 'text_delta' ? said : '', chars: said.length }
  }

  return {
    take(frames, progress) {
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
        if (!event || event['type'] === 'error') {
          progress.failure = event
            ? convertVendorError(event['error'], source, { kindOf }, progress.hasContent)
            : malformed(source, 'a frame is not a JSON object')
          break
        }
        if (event['type'] === 'message_stop') {
          // Held back as the ending, so that something may be told before it.
          progress.done = frame
          break
        }
        const said = takeEvent(event, progress)
        text += said.text
        chars += said.chars
        const isNamed = event['type'] === 'message_start' && answerAs !== null && span !== null
        kept.push(isNamed ? rewriteModelWithin(frame, span, 'message', answerAs) : frame)
      }
      const bytes = concatBytes(kept)
      return { bytes, withoutUsage: bytes, text, chars }
    },
  }
}
