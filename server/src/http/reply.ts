/** What a handler gives back: plain data, from which `server.ts` makes the one `Response`. */

export interface HttpReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | null
}

type HeaderMap = Readonly<Record<string, string>>

export function json(value: unknown, status = 200, headers: HeaderMap = {}): HttpReply {
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

export function noContent(headers: HeaderMap = {}): HttpReply {
  return { status: 204, headers, body: null }
}

export function eventStream(body: ReadableStream<Uint8Array>, headers: HeaderMap = {}): HttpReply {
  return { status: 200, headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8' }, body }
}

/** Whether the request asks for server-sent events by name. */
export function acceptsEvents(request: Request): boolean {
  return /\btext\/event-stream\b/i.test(request.headers.get('accept') ?? '')
}
