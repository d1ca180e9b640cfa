/** Makes the one `Response` from what a handler gave, and watches its body to the end. */
import type { OpenRequest } from './in-flight.ts'
import { guardStream, type StreamEnd } from './guard-stream.ts'
import { baseHeaders } from './headers.ts'
import type { HttpReply } from './reply.ts'
import type { Report } from './report.ts'

export interface ResponseContext {
  readonly request: Request
  readonly requestId: string
  /** What the edge adds to the reply’s own headers, and overrides in them. */
  readonly edgeHeaders: Readonly<Record<string, string>>
  readonly open: OpenRequest
  readonly stallMs: number
  readonly finish: (status: number) => void
  readonly report: Report
  readonly mustClose: boolean
}

/** The status in the log of a reply whose client left before its end, as nginx writes it. */
const clientLeft = 499

export function createResponse({ status, headers, body }: HttpReply, context: ResponseContext): Response {
  const { request, requestId, open, stallMs, finish, report } = context
  const all = {
    ...baseHeaders,
    ...headers,
    ...context.edgeHeaders,
    ...(context.mustClose ? { connection: 'close' } : {}),
  }
  if (!(body instanceof ReadableStream)) {
    finish(request.signal.aborted ? clientLeft : status)
    return new Response(request.method === 'HEAD' ? null : body, { status, headers: all })
  }
  if (request.method === 'HEAD') {
    body.cancel().catch(() => undefined)
    finish(status)
    return new Response(null, { status, headers: all })
  }
  const streamClosed = report.streamOpened()
  const ended = (end: StreamEnd, thrown?: unknown) => {
    streamClosed()
    const isClientsDoing = end === 'left' || end === 'stalled' || request.signal.aborted
    if (end === 'failed' && !isClientsDoing) report.streamBroke(thrown, requestId)
    if (end !== 'complete') open.abort(new DOMException('The client left.', 'AbortError'))
    finish(isClientsDoing ? clientLeft : status)
  }
  return new Response(guardStream(body, { signal: open.signal, stallMs, ended }), { status, headers: all })
}
