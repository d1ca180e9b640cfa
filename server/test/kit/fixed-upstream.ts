/**
 * An upstream that costs as little as it can: the same bytes to every request, straight onto the socket. Benchmarks of
 * gateways put it behind them, so that they measure the gateway. As a program:
 * `bun server/test/kit/fixed-upstream.ts [--port N] [--delay MS] [--frames N] [--writes N]`.
 *
 * It looks for no more than the path, the length and `"stream": true`. A stream’s frames go out in so many writes, each
 * in a turn of the event loop of its own. `GET /__stats` tells its counts.
 */
import type { Socket } from 'bun'

export interface FixedOptions {
  readonly port?: number
  /** Before every reply, in milliseconds. */
  readonly delayMs?: number
  /** Chunks with content of a stream, and the writes they are sent in. */
  readonly frames?: number
  readonly writes?: number
}

export interface FixedStats {
  readonly calls: number
  readonly open: number
  readonly sockets: number
  readonly totalSockets: number
}

export interface FixedUpstream {
  readonly port: number
  stats(): FixedStats
  close(): void
}

interface Connection {
  received: Buffer | null
  /** What the socket has not taken yet. */
  unsent: Uint8Array | null
  /** Number of the next write of a stream, or −1. */
  nextWrite: number
}

const model = 'bench-chat'

const chatReply = JSON.stringify({
  id: 'chatcmpl-0123456789abcdef',
  object: 'chat.completion',
  created: 1_700_000_000,
  model,
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content:
          'The ferry leaves the north quay at seven, at noon and at five in the afternoon. In winter there is no boat at noon, and with strong wind from the west the captain waits until the harbour master has lowered the ball.',
        refusal: null,
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 52,
    completion_tokens: 48,
    total_tokens: 100,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
  system_fingerprint: 'fp_0123456789',
})

const embeddingReply = JSON.stringify({
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: Array.from({ length: 256 }, (_, at) => (at % 17) / 100 - 0.08) }],
  model: 'bench-embed',
  usage: { prompt_tokens: 12, total_tokens: 12 },
})

function jsonReply(text: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
}

/** The writes of a stream, with head and chunk framing. */
function streamWrites(frames: number, writes: number): Buffer[] {
  const chunk = (choices: unknown[], more: object = {}) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-0123456789abcdef', object: 'chat.completion.chunk', created: 1_700_000_000, model, choices, ...more })}\n\n`
  const words = Array.from({ length: frames }, (_, at) =>
    chunk([{ index: 0, delta: { content: ` word${at}` }, finish_reason: null }]),
  )
  const all = [
    chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
    ...words,
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
    chunk([], { usage: { prompt_tokens: 52, completion_tokens: frames, total_tokens: 52 + frames } }),
    'data: [DONE]\n\n',
  ]
  const size = Math.ceil(all.length / writes)
  const texts = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size).join(''),
  )
  return texts.map((text, at) =>
    Buffer.from(
      (at === 0 ? 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n' : '') +
        `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n${at === texts.length - 1 ? '0\r\n\r\n' : ''}`,
    ),
  )
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its functions is short
export function startFixedUpstream({ port = 0, delayMs = 0, frames = 40, writes = 10 }: FixedOptions): FixedUpstream {
  const chat = jsonReply(chatReply)
  const embedding = jsonReply(embeddingReply)
  const stream = streamWrites(frames, writes)
  const streaming = new Set<Socket<Connection>>()
  let isTurnDue = false
  let [calls, open, sockets, totalSockets] = [0, 0, 0, 0]
  const stats = () => ({ calls, open, sockets, totalSockets })

  function send(socket: Socket<Connection>, bytes: Uint8Array): void {
    const { data } = socket
    if (data.unsent) {
      data.unsent = Buffer.concat([data.unsent, bytes])
      return
    }
    const sent = socket.write(bytes)
    if (sent < bytes.length) data.unsent = bytes.subarray(Math.max(0, sent))
  }

  /** One write of every stream, a turn of the event loop apart; a stream whose reader is slow waits. */
  function takeTurn(): void {
    isTurnDue = false
    for (const socket of streaming) {
      const { data } = socket
      if (data.unsent) continue
      send(socket, stream[data.nextWrite++] ?? Buffer.alloc(0))
      if (data.nextWrite === stream.length) finishStream(socket)
    }
    if ([...streaming].some(({ data }) => !data.unsent)) askForTurn()
  }

  function askForTurn(): void {
    if (isTurnDue) return
    isTurnDue = true
    setImmediate(takeTurn)
  }

  function finishStream(socket: Socket<Connection>): void {
    if (!streaming.delete(socket)) return
    socket.data.nextWrite = -1
    open -= 1
  }

  function reply(socket: Socket<Connection>, request: string): void {
    if (request.startsWith('GET /__stats')) return send(socket, jsonReply(JSON.stringify(stats())))
    if (request.startsWith('GET ')) return send(socket, jsonReply('{"object":"list","data":[]}'))
    calls += 1
    open += 1
    if (/"stream":\s?true/.test(request)) {
      socket.data.nextWrite = 0
      streaming.add(socket)
      return askForTurn()
    }
    open -= 1
    send(socket, request.includes('/embeddings ') ? embedding : chat)
  }

  const listener = Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port,
    socket: {
      open(socket) {
        socket.data = { received: null, unsent: null, nextWrite: -1 }
        sockets += 1
        totalSockets += 1
      },
      data(socket, bytes) {
        const { received } = socket.data
        const all = received
          ? Buffer.concat([received, bytes])
          : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        const request = all.toString('latin1')
        if (!isWhole(request)) {
          socket.data.received = Buffer.from(all)
          return
        }
        socket.data.received = null
        if (delayMs > 0) setTimeout(() => reply(socket, request), delayMs)
        else reply(socket, request)
      },
      drain(socket) {
        const { unsent } = socket.data
        socket.data.unsent = null
        if (unsent) send(socket, unsent)
        if (streaming.has(socket)) askForTurn()
      },
      close(socket) {
        sockets -= 1
        finishStream(socket)
      },
      error() {},
    },
  })
  return { port: listener.port, stats, close: () => listener.stop(true) }
}

/** Whether it is one whole request; clients of the benchmarks do not pipeline. Bytes are counted as Latin-1. */
function isWhole(request: string): boolean {
  const headEnd = request.indexOf('\r\n\r\n')
  if (headEnd < 0) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(request)?.[1]
  if (length !== undefined) return request.length >= headEnd + 4 + Number(length)
  return !/\r\ntransfer-encoding: *chunked/i.test(request.slice(0, headEnd)) || request.endsWith('\r\n0\r\n\r\n')
}

if (import.meta.main) {
  const flag = (name: string, usual: number) =>
    process.argv.includes(name) ? Number(process.argv[process.argv.indexOf(name) + 1]) : usual
  const upstream = startFixedUpstream({
    port: flag('--port', 0),
    delayMs: flag('--delay', 0),
    frames: flag('--frames', 40),
    writes: flag('--writes', 10),
  })
  process.stdout.write(`fixed upstream on http://127.0.0.1:${upstream.port}/v1\n`)
}
