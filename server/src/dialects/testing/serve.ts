/** A server that answers every request with what the test last told it, for clients that read it over HTTP. */

export interface ReplyServer {
  readonly url: string
  /** Bodies of the requests so far. */
  readonly asked: unknown[]
  /** The next replies: JSON, or the parts of an event stream as they are written. */
  answer(reply: Record<string, unknown> | readonly Uint8Array[]): void
  close(): Promise<void>
}

export function serveReplies(): ReplyServer {
  const asked: unknown[] = []
  let reply: Record<string, unknown> | readonly Uint8Array[] = {}
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      asked.push(await request.json())
      return Array.isArray(reply) ? streamOf(reply) : Response.json(reply)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    answer(next) {
      reply = next
    },
    close: () => server.stop(true),
  }
}

function streamOf(parts: readonly Uint8Array[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) if (part.length > 0) controller.enqueue(part)
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

/** The same bytes in other parts. */
export function recut(parts: readonly Uint8Array[], cuts: () => number): Uint8Array[] {
  const whole = Buffer.concat(parts)
  const again: Uint8Array[] = []
  for (let at = 0; at < whole.length;) {
    const size = 1 + cuts() * 37
    again.push(whole.subarray(at, at + size))
    at += size
  }
  return again
}
