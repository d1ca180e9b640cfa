/**
 * A provider in the OpenAI dialect that says what a test dictates, word by word, and can be held in the middle of it.
 * What it was asked stays readable.
 */

export interface DictatedUpstream {
  /** Base address, with `/v1`. */
  readonly url: string
  /** Bodies of the chat requests so far. */
  readonly asked: readonly DictatedRequest[]
  /** What it says from now on. */
  say(text: string, how?: { readonly heldAfter?: number; readonly status?: number }): void
  /** Lets a held reply go on. */
  release(): void
  close(): Promise<void>
}

export interface DictatedRequest {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
}

export function startDictatedUpstream(models: readonly string[]): DictatedUpstream {
  const asked: DictatedRequest[] = []
  let now = { text: 'Nothing yet.', heldAfter: Infinity, status: 200 }
  let gate = Promise.withResolvers<void>()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname.endsWith('/models'))
        return Response.json({
          object: 'list',
          data: models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'test' })),
        })
      const body = (await request.json()) as DictatedRequest
      asked.push(body)
      const { text, heldAfter, status } = now
      if (status !== 200) return Response.json({ error: { message: 'Not today.', type: 'server_error' } }, { status })
      return new Response(speak(body.model, text, { heldAfter, held: gate.promise }), {
        headers: { 'content-type': 'text/event-stream' },
      })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    asked,
    say(text, { heldAfter = Infinity, status = 200 } = {}) {
      now = { text, heldAfter, status }
      gate = Promise.withResolvers<void>()
    },
    release: () => gate.resolve(),
    close: () => server.stop(true),
  }
}

function speak(
  model: string,
  text: string,
  { heldAfter, held }: { heldAfter: number; held: Promise<void> },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const frame = (delta: object, finish: string | null = null) =>
    encoder.encode(
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
    )
  const words = text.match(/\s*\S+\s*/g) ?? [text]
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(frame({ role: 'assistant', content: '' }))
      for (const [at, word] of words.entries()) {
        if (at === heldAfter) await held
        controller.enqueue(frame({ content: word }))
      }
      controller.enqueue(frame({}, 'stop'))
      controller.enqueue(encoder.encode('data: [DONE]\n\n'))
      controller.close()
    },
  })
}
