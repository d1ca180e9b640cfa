/**
 * A load generator on raw sockets, a program of its own so that it can be put on a core of its own: so many keep-alive
 * connections, each sends its next request when it has the reply to the last. Every reply is checked for its status,
 * and the first of each connection and every hundredth for what must stand in it. It prints one line of JSON.
 */
import type { Socket } from 'bun'

export interface LoadBody {
  readonly body: string
  readonly path?: string
  /** So many numbers are used again and again, in place of a new one each time. */
  readonly repeatAfter?: number
}

export interface LoadPlan {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Bodies in turn. `############` in them becomes the number of the request, twelve digits. */
  readonly bodies: readonly LoadBody[]
  readonly connections: number
  readonly seconds: number
  /** Stops after so many requests, if that is earlier. */
  readonly requests?: number
  /** What a good reply has in it. */
  readonly expect: string
  /** Number of the first request. */
  readonly firstNumber: number
  /** Not counted, at the start. */
  readonly warmUpSeconds?: number
}

export interface LoadResult {
  readonly requests: number
  /** Wrong status, wrong content, a closed connection. */
  readonly failures: number
  readonly firstFailure: string | null
  readonly seconds: number
  readonly p50Us: number
  readonly p99Us: number
  readonly bytes: number
  /** Of this program, while it counted. */
  readonly cpuSeconds: number
}

const numberMark = '############'
const empty = Buffer.alloc(0)
const lastChunk = '\r\n0\r\n\r\n'

interface Template {
  readonly bytes: Buffer
  /** Where the number stands, or −1. */
  readonly numberAt: number
  readonly repeatAfter: number
}

interface Line {
  sentAt: number
  received: number
  /** Bytes of the whole reply; −1 until its head has come, 0 when it is chunked. */
  length: number
  replies: number
  kept: Buffer[] | null
  /** The head as far as it has come; then the last bytes of a chunked body. */
  tail: Buffer
}

function createTemplates({ port, path, headers, bodies }: LoadPlan): Template[] {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return bodies.map(({ body, path: own, repeatAfter = Number.POSITIVE_INFINITY }) => {
    const length = Buffer.byteLength(body)
    const head = `POST ${own ?? path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\naccept-encoding: identity\r\n${lines.join('')}content-length: ${length}\r\n\r\n`
    const bytes = Buffer.from(head + body)
    return { bytes, numberAt: bytes.indexOf(numberMark), repeatAfter }
  })
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its functions is short
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const templates = createTemplates(plan)
  const most = plan.requests ?? Number.POSITIVE_INFINITY
  const latencies: number[] = []
  let [started, failures, bytes, isCounting, isOver] = [0, 0, 0, false, false]
  let firstFailure: string | null = null
  let waiting = 0
  const finished = Promise.withResolvers<void>()

  function fail(why: string): void {
    failures += 1
    firstFailure ??= why.length > 800 ? `${why.slice(0, 300)} … ${why.slice(-500)}` : why
    if (failures > 1_000) finished.resolve()
  }

  function next(socket: Socket<Line>): void {
    if (isOver || started >= most) {
      waiting -= 1
      if (waiting <= 0) finished.resolve()
      return
    }
    const { data } = socket
    const { bytes: request, numberAt, repeatAfter } = templates[started % templates.length] as Template
    const turn = Math.floor(started / templates.length)
    const number = repeatAfter === Number.POSITIVE_INFINITY ? plan.firstNumber + started : turn % repeatAfter
    if (numberAt >= 0) request.write(String(number).padStart(12, '0'), numberAt, 'latin1')
    started += 1
    data.received = 0
    data.length = -1
    data.tail = empty
    data.kept = data.replies % 100 === 0 ? [] : null
    data.sentAt = Bun.nanoseconds()
    // A request is small against any socket’s buffer, and is sent only when the last is answered.
    if (socket.write(request) !== request.length) fail('the request was not taken whole')
  }

  function complete(socket: Socket<Line>): void {
    const { data } = socket
    if (isCounting) latencies.push((Bun.nanoseconds() - data.sentAt) / 1_000)
    data.replies += 1
    if (data.kept) {
      const text = Buffer.concat(data.kept).toString()
      if (!text.includes(plan.expect)) fail(`unexpected reply: ${text}`)
    }
    next(socket)
  }

  function take(socket: Socket<Line>, chunk: Buffer): void {
    const { data } = socket
    bytes += chunk.length
    data.received += chunk.length
    data.kept?.push(Buffer.from(chunk))
    if (data.length < 0 && !readHead(data, chunk)) return
    if (data.length > 0) {
      if (data.received >= data.length) complete(socket)
      return
    }
    // A line of its own: a head may end in `0` as well.
    const all = chunk.length >= lastChunk.length ? chunk : Buffer.concat([data.tail, chunk])
    const tail = all.subarray(-lastChunk.length)
    if (tail.toString('latin1') === lastChunk) complete(socket)
    else data.tail = Buffer.from(tail)
  }

  /** False while the head is not whole: some servers send it in two pieces. */
  function readHead(data: Line, chunk: Buffer): boolean {
    const all = data.tail.length === 0 ? chunk : Buffer.concat([data.tail, chunk])
    const headEnd = all.indexOf('\r\n\r\n')
    if (headEnd < 0) {
      data.tail = Buffer.from(all)
      return false
    }
    const head = all.toString('latin1', 0, headEnd)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    data.length = length === undefined ? 0 : headEnd + 4 + Number(length)
    data.tail = empty
    if (!head.startsWith('HTTP/1.1 200')) {
      fail(all.toString())
      data.kept = null
    }
    return true
  }

  const sockets = await Promise.all(
    Array.from({ length: plan.connections }, () =>
      Bun.connect<Line>({
        hostname: '127.0.0.1',
        port: plan.port,
        socket: {
          open(socket) {
            socket.data = { sentAt: 0, received: 0, length: -1, replies: 0, kept: null, tail: empty }
          },
          data: take,
          close() {
            if (isOver) return
            fail('the connection was closed')
            if (--waiting <= 0) finished.resolve()
          },
          error() {},
        },
      }),
    ),
  )
  waiting = sockets.length
  for (const socket of sockets) next(socket)
  const warmUp = plan.warmUpSeconds ?? 0
  if (warmUp > 0) await Promise.race([Bun.sleep(warmUp * 1_000), finished.promise])
  const cpu = process.cpuUsage()
  const startedAt = Bun.nanoseconds()
  bytes = 0
  isCounting = true
  await Promise.race([Bun.sleep(plan.seconds * 1_000), finished.promise])
  const seconds = (Bun.nanoseconds() - startedAt) / 1e9
  const { user, system } = process.cpuUsage(cpu)
  isCounting = false
  // Replies under way are heard to their end, so that the counts of both sides agree.
  isOver = true
  await Promise.race([finished.promise, Bun.sleep(2_000)])
  for (const socket of sockets) socket.end()
  const sorted = Float64Array.from(latencies).toSorted()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return {
    requests: latencies.length,
    failures,
    firstFailure,
    seconds,
    p50Us: at(0.5),
    p99Us: at(0.99),
    bytes,
    cpuSeconds: (user + system) / 1e6,
  }
}

if (import.meta.main) {
  const plan = JSON.parse(process.argv[2] ?? '{}') as LoadPlan
  process.stdout.write(`${JSON.stringify(await runLoad(plan))}\n`)
  process.exit(0)
}
