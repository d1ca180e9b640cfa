/**
 * A streamed chat reply, frame by frame. Opening it waits for the first frame with content, so that a provider that
 * fails before having said anything can still be replaced by another. What was read until then is held back, bounded
 * in bytes and time, and handed out first. From then on each read of the client makes one read at the provider.
 *
 * A stream ends cleanly when `data: [DONE]` came, or when every choice was finished before the connection closed (some
 * servers leave the last line out). Everything else is a broken stream and throws.
 */
import type { Clock } from '../../base/index.ts'
import type { ChatStream, StreamPiece } from '../types.ts'
import type { CallGuard } from './call-guard.ts'
import { createProgress, isAnswered, type Progress } from './chat-frames.ts'
import { brokenStream, convertThrown, malformed, type ErrorSource } from './errors.ts'
import { concatBytes, createFrameSplitter } from './sse-frames.ts'

export interface HoldLimits {
  /** Most bytes that are held back while waiting for the first content. */
  readonly holdBytes: number
  /** After this long, what arrived is handed out although it has no content. */
  readonly holdMs: number
  /** Largest single frame. */
  readonly frameBytes: number
}

export const defaultHoldLimits: HoldLimits = { holdBytes: 262_144, holdMs: 15_000, frameBytes: 16_777_216 }

/** Notes in `progress` what whole frames say, and gives back what clients get of them. */
export type TakeFrames = (frames: readonly Uint8Array[], progress: Progress) => StreamPiece

export interface StreamParts {
  readonly take: TakeFrames
  readonly body: ReadableStream<Uint8Array>
  readonly guard: CallGuard
  readonly source: ErrorSource
  readonly clock: Clock
  readonly limits: HoldLimits
  /** Called when the first content is there, or is waited for no longer. */
  readonly onContent?: () => void
  /** What ends the stream where the provider left it out after a finished answer. */
  readonly usualEnding: Uint8Array
}

/** The part of a reader that both the web's and the runtime's types agree on. */
type BodyReader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'>

export const doneFrame = new TextEncoder().encode('data: [DONE]\n\n')

/** Resolves with the first content; throws `UpstreamFailure` when there is none. */
export async function openChatStream(parts: StreamParts): Promise<ChatStream> {
  const pieces = createPieceReader(parts)
  const { progress } = pieces
  const held = await readUntilContent(pieces, parts)
  parts.onContent?.()

  return {
    async read() {
      const first = joinPieces(held.splice(0))
      return first.bytes.length > 0 ? first : pieces.read()
    },
    ending: () => progress.done ?? parts.usualEnding,
    usage: () => progress.usage,
    cancel: pieces.finish,
    settled: pieces.settled,
  }
}

async function readUntilContent(pieces: PieceReader, { source, clock, limits }: StreamParts): Promise<StreamPiece[]> {
  const held: StreamPiece[] = []
  const startedAt = clock.monotonic()
  let bytes = 0
  while (!pieces.progress.hasContent && bytes <= limits.holdBytes && clock.monotonic() - startedAt <= limits.holdMs) {
    const piece = await pieces.read()
    if (piece === null) throw malformed(source, 'the stream ended without an answer')
    held.push(piece)
    bytes += piece.bytes.length
  }
  return held
}

interface PieceReader {
  readonly progress: Progress
  /** The next piece with bytes; null at the clean end. */
  read(): Promise<StreamPiece | null>
  finish(): void
  readonly settled: Promise<void>
}

function createPieceReader({ take, body, guard, source, limits }: StreamParts): PieceReader {
  const progress = createProgress()
  const reader = body.getReader() as BodyReader
  const splitter = createFrameSplitter()
  const ended = Promise.withResolvers<void>()
  let isOver = false

  function finish(): void {
    if (isOver) return
    isOver = true
    if (progress.done) void drain(reader, guard)
    else guard.close()
    ended.resolve()
  }

  async function readPiece(): Promise<StreamPiece | null> {
    if (progress.failure) throw progress.failure
    if (progress.done) return null
    const { done, value } = await guard.wait(reader.read())
    if (!done) {
      const frames = splitter.push(value)
      if (splitter.pendingBytes() > limits.frameBytes)
        throw malformed(source, `a frame is larger than ${limits.frameBytes} bytes`)
      return take(frames, progress)
    }
    if (splitter.pendingBytes() > 0 || !isAnswered(progress))
      throw brokenStream(source, 'the connection closed before the end of the stream')
    return null
  }

  async function read(): Promise<StreamPiece | null> {
    try {
      let piece = await readPiece()
      while (piece !== null && piece.bytes.length === 0) piece = await readPiece()
      if (piece === null) finish()
      return piece
    } catch (thrown) {
      finish()
      throw convertThrown(thrown, source, guard.caller, 'broken-stream')
    }
  }

  // A deadline or the caller ends it also while nobody reads.
  guard.signal.addEventListener('abort', finish, { once: true })
  return { progress, read, finish, settled: ended.promise }
}

function joinPieces(pieces: readonly StreamPiece[]): StreamPiece {
  const bytes = concatBytes(pieces.map((piece) => piece.bytes))
  const isSame = pieces.every((piece) => piece.withoutUsage === piece.bytes)
  return {
    bytes,
    withoutUsage: isSame ? bytes : concatBytes(pieces.map(({ withoutUsage }) => withoutUsage)),
    text: pieces.map(({ text }) => text).join(''),
    chars: pieces.reduce((sum, { chars, text }) => sum + (chars ?? text.length), 0),
  }
}

const drainMs = 1_000

/** Reads the few bytes after the last frame, so that the connection can be used again; closes it if they do not come. */
async function drain(reader: BodyReader, guard: CallGuard): Promise<void> {
  const timer = setTimeout(() => guard.close(), drainMs)
  try {
    while (!(await reader.read()).done);
  } catch {
    // Nothing is lost: the answer was complete.
  } finally {
    clearTimeout(timer)
    guard.close()
  }
}
