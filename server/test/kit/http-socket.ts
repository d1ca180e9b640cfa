/**
 * A small HTTP/1.1 server on raw sockets, for tests that must break a reply at an exact byte, reset a connection, see
 * when a socket closes, or wait until the other side stops reading. No product code uses it.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export interface Exchange {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Bytes of the reply’s body that were written, without chunk framing; empty when they are not kept. */
  readonly sent: Uint8Array[]
  /** Aborted when the client closed the connection. */
  readonly closed: AbortSignal
  /** Sends the head; without a length the body is chunked. */
  head(status: number, headers: Record<string, string>, length?: number): void
  /** Resolves when the socket can take more. */
  write(bytes: Uint8Array | string): Promise<void>
  end(): void
  /** Closes the connection without finishing the reply. */
  cut(): void
  /** The same with a TCP reset. */
  reset(): void
}

export interface SocketServer {
  readonly port: number
  openSockets(): number
  /** Connections since the start. */
  totalSockets(): number
  /** Closes every connection and the port, so that connecting is refused; `accept` takes the same port again. */
  refuse(): Promise<void>
  accept(): Promise<void>
  close(): Promise<void>
}

const encoder = new TextEncoder()

export interface ListenOptions {
  readonly port: number
  readonly host: string
  readonly handle: (exchange: Exchange) => Promise<void>
  /** Whether exchanges keep what they sent; a long run would fill memory with it. */
  readonly keepsSent?: boolean
}

export async function listen({ port, host, handle, keepsSent = true }: ListenOptions): Promise<SocketServer> {
  const sockets = new Set<Socket>()
  let total = 0
  const open = async (at: number): Promise<Server> => {
    const server = createServer((socket) => {
      sockets.add(socket)
      total += 1
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
      serve(socket, handle, keepsSent)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(at, host, resolve)
    })
    return server
  }
  let server: Server | null = await open(port)
  const bound = (server.address() as AddressInfo).port
  const shut = async () => {
    const closing = server
    server = null
    for (const socket of sockets) socket.destroy()
    if (closing) await new Promise<void>((resolve) => closing.close(() => resolve()))
  }
  return {
    port: bound,
    openSockets: () => sockets.size,
    totalSockets: () => total,
    refuse: shut,
    async accept() {
      server ??= await open(bound)
    },
    close: shut,
  }
}

function serve(socket: Socket, handle: ListenOptions['handle'], keepsSent: boolean): void {
  let received: Buffer = Buffer.alloc(0)
  let busy = false
  const closing = new AbortController()
  socket.on('close', () => closing.abort())
  socket.on('data', (data) => {
    received = received.length === 0 ? (data as Buffer) : Buffer.concat([received, data as Buffer])
    void next()
  })

  async function next(): Promise<void> {
    if (busy) return
    const request = parse(received)
    if (!request) return
    busy = true
    received = request.rest
    await handle(createExchange(socket, request, { closed: closing.signal, keepsSent })).catch((error: unknown) => {
      if (!closing.signal.aborted) socket.destroy(error instanceof Error ? error : undefined)
    })
    busy = false
    void next()
  }
}

interface ParsedRequest {
  method: string
  path: string
  headers: Record<string, string>
  body: Uint8Array
  rest: Buffer
}

function parse(received: Buffer): ParsedRequest | undefined {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [first = '', ...lines] = received.subarray(0, headEnd).toString('latin1').split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const headers: Record<string, string> = {}
  for (const line of lines)
    headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim()
  const start = headEnd + 4
  const length = Number(headers['content-length'] ?? 0)
  if (received.length < start + length) return undefined
  return {
    method,
    path,
    headers,
    body: new Uint8Array(received.subarray(start, start + length)),
    rest: Buffer.from(received.subarray(start + length)),
  }
}

function createExchange(
  socket: Socket,
  request: ParsedRequest,
  { closed, keepsSent }: { closed: AbortSignal; keepsSent: boolean },
): Exchange {
  const sent: Uint8Array[] = []
  let chunked = false

  async function put(bytes: Uint8Array): Promise<void> {
    if (socket.destroyed) return
    if (socket.write(bytes) || closed.aborted) return
    await new Promise<void>((resolve) => {
      const go = () => {
        socket.off('drain', go)
        closed.removeEventListener('abort', go)
        resolve()
      }
      socket.on('drain', go)
      closed.addEventListener('abort', go)
    })
  }

  return {
    ...request,
    sent,
    closed,
    head(status, headers, length) {
      chunked = length === undefined
      const all = {
        ...headers,
        ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(length) }),
      }
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
      if (!socket.destroyed) socket.write(`HTTP/1.1 ${status} Test\r\n${lines.join('')}\r\n`)
    },
    async write(data) {
      const bytes = typeof data === 'string' ? encoder.encode(data) : data
      if (bytes.length === 0) return
      if (keepsSent) sent.push(bytes)
      if (!chunked) return put(bytes)
      await put(Buffer.concat([encoder.encode(`${bytes.length.toString(16)}\r\n`), bytes, encoder.encode('\r\n')]))
    },
    end() {
      if (chunked && !socket.destroyed) socket.write('0\r\n\r\n')
    },
    // What was written still arrives; then the connection closes.
    cut: () => void socket.end(() => socket.destroy()),
    reset: () => void socket.resetAndDestroy(),
  }
}

/** Returns sooner when the other side leaves. */
export async function pause(ms: number, closed: AbortSignal): Promise<void> {
  if (closed.aborted) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => finish(), ms)
    const finish = () => {
      clearTimeout(timer)
      closed.removeEventListener('abort', finish)
      resolve()
    }
    closed.addEventListener('abort', finish)
  })
}
