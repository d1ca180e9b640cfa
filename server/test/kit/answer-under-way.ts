/** A streamed answer in each dialect, begun and left running, and how it looks when it is cut. */
import { expect } from 'bun:test'

export interface Answering {
  readonly requestId: string
  /** Everything, once it has ended. */
  readonly rest: Promise<string>
  /** Bytes so far. */
  heard(): number
  /** Checks that it ended with this error and as its dialect ends. */
  expectCut(whole: string, code: string): void
}

interface DialectOfAnswer {
  readonly path: string
  readonly body: (model: string) => object
  readonly event: string
  readonly expectCut: (whole: string, code: string) => void
}

const messages = [{ role: 'user', content: 'Tell me of herons.' }]
/** Anthropic’s word for the error. */
const anthropicTypes: Readonly<Record<string, string>> = {
  'access.key-unknown': 'authentication_error',
  'access.forbidden': 'permission_error',
}

export const dialects = {
  chat: {
    path: '/v1/chat/completions',
    body: (model) => ({ model, stream: true, messages }),
    event: 'chat.completed',
    expectCut(whole, code) {
      const data = whole.split('\n').filter((line) => line.startsWith('data: '))
      expect(data.at(-1)).toBe('data: [DONE]')
      expect(JSON.parse((data.at(-2) ?? '').slice('data: '.length))).toMatchObject({ error: { code } })
    },
  },
  messages: {
    path: '/v1/messages',
    body: (model) => ({ model, stream: true, max_tokens: 4_000, messages }),
    event: 'messages.completed',
    expectCut(whole, code) {
      const last = eventsOf(whole).at(-1)
      expect(last?.event).toBe('error')
      expect(last?.data).toMatchObject({ type: 'error', error: { type: anthropicTypes[code] } })
    },
  },
  responses: {
    path: '/v1/responses',
    body: (model) => ({ model, stream: true, input: 'Tell me of herons.' }),
    event: 'responses.completed',
    expectCut(whole, code) {
      const last = eventsOf(whole).at(-1)
      expect(last?.event).toBe('error')
      expect(last?.data).toMatchObject({ type: 'error', code })
    },
  },
  ask: {
    path: '/v1/ask',
    body: (model) => ({ model, stream: true, question: 'How does the heron stand in the water?' }),
    event: 'question.asked',
    expectCut(whole, code) {
      const [error, done] = eventsOf(whole).slice(-2)
      expect(error).toMatchObject({ event: 'error', data: { error: { code } } })
      expect(done).toEqual({ event: 'done', data: { outcome: 'error' } })
    },
  },
} as const satisfies Record<string, DialectOfAnswer>

function eventsOf(whole: string): { event: string; data: unknown }[] {
  return [...whole.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, event = '', data = '']) => ({
    event,
    data: JSON.parse(data) as unknown,
  }))
}

export interface Asked {
  readonly model: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Resolves when some of the answer is there. */
export async function beginAnswer(
  url: string,
  dialect: keyof typeof dialects,
  { model, key, headers = {} }: Asked,
): Promise<Answering> {
  const { path, body, expectCut } = dialects[dialect]
  const reply = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: JSON.stringify(body(model)),
  })
  if (!reply.ok || !reply.body) throw new Error(`${path} was answered with ${reply.status}: ${await reply.text()}`)
  const decoder = new TextDecoder()
  const begun = Promise.withResolvers<void>()
  let whole = ''
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) {
      whole += decoder.decode(chunk, { stream: true })
      if (whole.length > 1_000) begun.resolve()
    }
    begun.resolve()
    return whole
  }
  const rest = read(reply.body)
  await Promise.race([begun.promise, rest])
  return { requestId: reply.headers.get('x-request-id') ?? '', rest, heard: () => whole.length, expectCut }
}
