/** What the frames of a chat stream say, and what of them the client gets. */
import type { UpstreamFailure } from '../failure.ts'
import type { ChatCall, StreamPiece, Usage } from '../types.ts'
import { convertInBand, malformed, type ErrorSource } from './errors.ts'
import { noUsage, parseObject, readChunk, readUsage } from './replies.ts'
import { rewriteModel } from './rewrite.ts'
import { concatBytes, readFrame } from './sse-frames.ts'

/** What the frames said so far. */
export interface Progress {
  usage: Usage
  hasContent: boolean
  /** Indexes of the choices that were begun, and of those that were finished. */
  readonly seen: Set<number>
  readonly finished: Set<number>
  /** The frame `data: [DONE]` as it came. */
  done: Uint8Array | null
  /** Thrown by the next read, after the frames that came before it were handed out. */
  failure: UpstreamFailure | null
}

export function createProgress(): Progress {
  return { usage: noUsage, hasContent: false, seen: new Set(), finished: new Set(), done: null, failure: null }
}

/** Whether every choice that was begun is finished, so that the answer is whole even if `[DONE]` never comes. */
export function isAnswered({ seen, finished }: Progress): boolean {
  return finished.size > 0 && [...seen].every((index) => finished.has(index))
}

/** Notes what the frames say and gives back the bytes for clients. */
export function takeFrames(
  frames: readonly Uint8Array[],
  progress: Progress,
  call: ChatCall,
  source: ErrorSource,
): StreamPiece {
  const kept: Uint8Array[] = []
  const plain: Uint8Array[] = []
  let text = ''
  let chars = 0
  for (const frame of frames) {
    const { data, span } = readFrame(frame)
    if (data === null || data.length === 0) {
      kept.push(frame)
      plain.push(frame)
      continue
    }
    if (isDone(data)) {
      progress.done = frame
      break
    }
    const chunk = parseObject(data)
    if (!chunk || isPresent(chunk['error'])) {
      progress.failure = chunk ? convertInBand(source) : malformed(source, 'a frame is not a JSON object')
      break
    }
    progress.usage = readUsage(chunk) ?? progress.usage
    const facts = readChunk(chunk)
    if (facts) {
      text += facts.text
      chars += facts.chars
      progress.hasContent ||= facts.hasContent
      for (const index of facts.seen) progress.seen.add(index)
      for (const index of facts.finished) progress.finished.add(index)
    }
    const named = call.answerAs === null ? frame : renameFrame(frame, data, span, call.answerAs)
    kept.push(named)
    if (facts?.isUsageOnly !== true) plain.push(named)
  }
  const bytes = concatBytes(kept)
  return { bytes, withoutUsage: plain.length === kept.length ? bytes : concatBytes(plain), text, chars }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

function isDone(data: Uint8Array): boolean {
  return data.length < 16 && new TextDecoder().decode(data).trim() === '[DONE]'
}

/** The frame with the top-level `model` of its data replaced and every other byte kept. */
function renameFrame(
  frame: Uint8Array,
  data: Uint8Array,
  span: { start: number; end: number } | null,
  model: string,
): Uint8Array {
  const renamed = rewriteModel(data, model)
  if (renamed === data) return frame
  if (span) return concatBytes([frame.subarray(0, span.start), renamed, frame.subarray(span.end)])
  const encoder = new TextEncoder()
  return concatBytes([
    encoder.encode('data: '),
    renamed.map((byte) => (byte === 0x0a ? 0x20 : byte)),
    encoder.encode('\n\n'),
  ])
}
