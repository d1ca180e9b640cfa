/** The chunks of a chat stream as objects, for those who turn them into another dialect. */
import { parseObject } from './replies.ts'
import { createFrameSplitter, readFrame } from './sse-frames.ts'

/** What whole frames hold; comments, `[DONE]` and what is no object are left out. */
export function readChunks(frames: Uint8Array): Record<string, unknown>[] {
  return createFrameSplitter()
    .push(frames)
    .flatMap((frame) => {
      const { data } = readFrame(frame)
      const chunk = data === null || data.length === 0 ? undefined : parseObject(data)
      return chunk === undefined ? [] : [chunk]
    })
}
