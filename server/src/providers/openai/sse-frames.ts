/**
 * Cuts a byte stream into server-sent-event frames and keeps every byte: a frame is everything up to and including its
 * blank line. Lines end in LF or CRLF; the lone CR that the standard also allows is used by no model server and counts
 * as part of a line.
 */

const lf = 0x0a
const cr = 0x0d

export interface FrameSplitter {
  /** The frames that are complete with this chunk. Views of the chunk where possible. */
  push(chunk: Uint8Array): Uint8Array[]
  /** Bytes of a frame that is not complete. */
  pendingBytes(): number
}

export function createFrameSplitter(): FrameSplitter {
  // Bytes [0, used) of `pending` are an unfinished frame whose last line begins at `lastLine` and has no end yet, so
  // that no byte is searched twice, in however small pieces a long line comes.
  let pending = new Uint8Array(0)
  let used = 0
  let lastLine = 0

  function push(chunk: Uint8Array): Uint8Array[] {
    const carried = used > 0
    const searched = used
    if (carried) append(chunk)
    const bytes = carried ? pending.subarray(0, used) : chunk
    const frames: Uint8Array[] = []
    let start = 0
    let line = lastLine
    for (let end = bytes.indexOf(lf, searched); end >= 0; end = bytes.indexOf(lf, line)) {
      const blank = end === line || (end === line + 1 && bytes[line] === cr)
      line = end + 1
      if (!blank) continue
      // A view of `pending` would be overwritten by the next append.
      frames.push(carried ? bytes.slice(start, line) : bytes.subarray(start, line))
      start = line
    }
    keep(bytes, start, line)
    return frames
  }

  function append(chunk: Uint8Array) {
    if (used + chunk.length > pending.length) {
      const grown = new Uint8Array(Math.max(2 * pending.length, used + chunk.length, 1_024))
      grown.set(pending.subarray(0, used))
      pending = grown
    }
    pending.set(chunk, used)
    used += chunk.length
  }

  function keep(bytes: Uint8Array, start: number, line: number) {
    const rest = bytes.subarray(start)
    lastLine = line - start
    if (used > 0) pending.copyWithin(0, start, used)
    else if (rest.length > 0) {
      if (rest.length > pending.length) pending = new Uint8Array(Math.max(rest.length * 2, 1_024))
      pending.set(rest)
    }
    used = rest.length
  }

  return { push, pendingBytes: () => used }
}

export interface FrameData {
  /** The joined `data` lines; null when the frame has none (comments, keep-alives). */
  readonly data: Uint8Array | null
  /** Where the single data line's payload stands in the frame; null when there are several. */
  readonly span: { readonly start: number; readonly end: number } | null
}

/** The payload of a frame. */
export function readFrame(frame: Uint8Array): FrameData {
  const spans: { start: number; end: number }[] = []
  for (let line = 0; line < frame.length;) {
    const next = frame.indexOf(lf, line)
    const stop = next < 0 ? frame.length : next
    const end = stop > line && frame[stop - 1] === cr ? stop - 1 : stop
    if (isDataLine(frame, line, end)) {
      const start = line + 5
      spans.push({ start: frame[start] === 0x20 ? start + 1 : Math.min(start, end), end })
    }
    line = stop + 1
  }
  const [only] = spans
  if (!only) return { data: null, span: null }
  if (spans.length === 1) return { data: frame.subarray(only.start, only.end), span: only }
  // Between the lines stands a line feed, which is white space to JSON.
  return {
    data: concatBytes(
      spans.flatMap(({ start, end }, i) =>
        i === 0 ? [frame.subarray(start, end)] : [lineFeed, frame.subarray(start, end)],
      ),
    ),
    span: null,
  }
}

const lineFeed = new Uint8Array([lf])

/** Whether the line begins with `data:`. */
function isDataLine(frame: Uint8Array, line: number, end: number): boolean {
  return (
    end - line >= 5 &&
    frame[line] === 0x64 &&
    frame[line + 1] === 0x61 &&
    frame[line + 2] === 0x74 &&
    frame[line + 3] === 0x61 &&
    frame[line + 4] === 0x3a
  )
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (only && parts.length === 1) return only
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}
