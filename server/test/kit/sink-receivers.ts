/** Receivers of the audit log as they are met outside: they work, answer with errors, hang, break off, and are gone. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { createHmac } from 'node:crypto'
import {
  connect,
  createServer as createNetServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { reservePort } from '../../src/platform/index.ts'
import type { MadeCertificate } from './certificate.ts'

export type Mood = 'good' | 'failing' | 'hanging' | 'breaking'

export interface Taken {
  /** Whether the receiver said, or showed, that it has it. */
  readonly isAcknowledged: boolean
  readonly seqs: readonly number[]
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
}

export interface Receiver extends AsyncDisposable {
  readonly port: number
  mood: Mood
  readonly taken: Taken[]
  /** Nothing listens on its port any more. */
  kill(): Promise<void>
  start(): Promise<void>
}

const seqsOf = (lines: readonly string[]) => lines.map((line) => (JSON.parse(line) as { seq: number }).seq)

/** A port that nobody else takes between a kill and a start. */
async function freePort(): Promise<number> {
  const reserved = await reservePort('127.0.0.1', 0)
  const { port } = reserved
  await reserved.release()
  return port
}

export async function startWebhook(): Promise<Receiver> {
  const port = await freePort()
  const taken: Taken[] = []
  const sockets = new Set<Socket>()
  const hanging = new Set<ServerResponse>()
  let server: Server | null = null
  const receiver: Receiver = {
    port,
    mood: 'good',
    taken,
    async start() {
      server = createServer((request, response) => {
        const { mood } = receiver
        if (mood === 'breaking') return void request.socket.destroy()
        const parts: Buffer[] = []
        request.on('data', (part: Buffer) => parts.push(part))
        request.on('end', () => {
          const text = Buffer.concat(parts).toString()
          const seqs = seqsOf(text.split('\n').filter((line) => line !== ''))
          taken.push({ isAcknowledged: mood === 'good', seqs, text, headers: request.headers })
          if (mood === 'hanging') return void hanging.add(response)
          response.writeHead(mood === 'good' ? 204 : 500).end()
        })
      })
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
      })
      await new Promise<void>((ready) => server?.listen(port, '127.0.0.1', ready))
    },
    async kill() {
      const ending = server
      server = null
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((done) => (ending ? ending.close(() => done()) : done()))
    },
    async [Symbol.asyncDispose]() {
      await receiver.kill()
    },
  }
  await receiver.start()
  return receiver
}

/** What a verifier of Standard Webhooks computes. */
export function signatureOf({ headers, text }: Taken, secret: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}

/**
 * Reads messages to the end of each connection, as RFC 5425 has it. One that hangs takes connections and says nothing, as
 * a program does that was stopped: what such a one had read before it died, no sender can know of.
 */
export async function startSyslog(certificate: Pick<MadeCertificate, 'cert' | 'key'>): Promise<Receiver> {
  const port = await freePort()
  const taken: Taken[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  }
  let [server, front]: [TlsServer | null, NetServer | null] = [null, null]
  const receiver: Receiver = {
    port,
    mood: 'good',
    taken,
    async start() {
      server = createTlsServer({ cert: certificate.cert, key: certificate.key }, (socket) => {
        const { mood } = receiver
        const parts: Buffer[] = []
        socket.on('error', () => undefined)
        if (mood === 'failing') return void socket.destroy()
        socket.on('data', (part: Buffer) => {
          parts.push(part)
          if (mood === 'breaking') socket.destroy()
        })
        socket.on('end', () => {
          if (mood === 'breaking') return
          const text = Buffer.concat(parts).toString()
          taken.push({ isAcknowledged: true, seqs: seqsOf(readFrames(text).map(jsonOf)), text, headers: {} })
          socket.end()
        })
      })
      server.on('connection', keep)
      server.on('tlsClientError', () => undefined)
      await new Promise<void>((ready) => server?.listen(0, '127.0.0.1', ready))
      const behind = (server.address() as AddressInfo).port
      front = createNetServer((socket) => {
        keep(socket)
        if (receiver.mood === 'hanging') return
        const onward = connect(behind, '127.0.0.1')
        keep(onward)
        socket.pipe(onward).pipe(socket)
        for (const [one, other] of [
          [socket, onward],
          [onward, socket],
        ] as const)
          one.on('close', () => other.destroy())
      })
      await new Promise<void>((ready) => front?.listen(port, '127.0.0.1', ready))
    },
    async kill() {
      const ending = [server, front]
      ;[server, front] = [null, null]
      for (const socket of sockets) socket.destroy()
      await Promise.all(ending.map((each) => new Promise<void>((done) => (each ? each.close(() => done()) : done()))))
    },
    async [Symbol.asyncDispose]() {
      await receiver.kill()
    },
  }
  await receiver.start()
  return receiver
}

/** `MSG-LEN SP SYSLOG-MSG` until the end; throws where a length is wrong. */
export function readFrames(text: string): string[] {
  const bytes = Buffer.from(text)
  const messages: string[] = []
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(' ', at)
    const length = Number(bytes.toString('utf8', at, space))
    const message = bytes.subarray(space + 1, space + 1 + length)
    if (!(length > 0) || message.length !== length) throw new Error('a frame is cut short')
    messages.push(message.toString())
    at = space + 1 + length
  }
  return messages
}

/** What stands behind the header and the structured data of a message of RFC 5424. */
export function jsonOf(message: string): string {
  const found = /^<\d{1,3}>1 \S+ \S+ \S+ \S+ \S+ (?:-|(?:\[[^\]]*\])+) (\{.*\})$/s.exec(message)
  if (!found) throw new Error(`no message of syslog: ${message.slice(0, 100)}`)
  return found[1] ?? ''
}
