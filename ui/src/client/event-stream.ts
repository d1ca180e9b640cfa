/**
 * Server-sent events as the HTML standard defines them (9.2.6), read from a `fetch` body because `EventSource` cannot
 * send a POST. Lines end with CR, LF or CRLF, wherever the network cuts them; an event that never ended is dropped.
 */

export interface ServerEvent {
  readonly event: string
  readonly data: string
}

/** Takes text as it comes; gives the events that became whole with it. */
export function createEventParser(): (chunk: string) => ServerEvent[] {
  let rest = ''
  let first = true
  let event = ''
  let data: string[] = []
  const takeLine = (line: string, found: ServerEvent[]) => {
    if (line === '') {
      if (data.length > 0) found.push({ event: event || 'message', data: data.join('\n') })
      event = ''
      data = []
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line.charAt(colon + 1) === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
  }
  return (chunk) => {
    const found: ServerEvent[] = []
    if (first && chunk !== '') {
      first = false
      chunk = chunk.replace(/^\ufeff/, '')
    }
    // A CR at the very end may be half of a CRLF; it waits for the next chunk.
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) takeLine(line, found)
    return found
  }
}

/** Events of a response body until it ends. Throws when the connection breaks or the signal aborts. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const parse = createEventParser()
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      yield* parse(decoder.decode(value, { stream: true }))
    }
    yield* parse(`${decoder.decode()}\n`)
  } finally {
    await reader.cancel().catch(() => {})
  }
}
