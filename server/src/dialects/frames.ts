/** Server-sent events of the dialects: each names in `event` what its JSON says in `type`. */

const encoder = new TextEncoder()

/** An event; `type` is its name too. */
export type EventData = { readonly type: string } & Readonly<Record<string, unknown>>

/** JSON has no line ends of its own, so one `data:` line holds it. */
function writeFrame(data: EventData): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

export function encodeFrame(data: EventData): Uint8Array {
  return encoder.encode(writeFrame(data))
}

export interface FrameQueue {
  add(data: EventData): void
  /** The frames since the last time. */
  take(): Uint8Array
}

export function createFrameQueue(): FrameQueue {
  let frames: string[] = []
  return {
    add(data) {
      frames.push(writeFrame(data))
    },
    take() {
      const bytes = encoder.encode(frames.join(''))
      frames = []
      return bytes
    },
  }
}
