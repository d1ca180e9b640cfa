/** A witness outside as it is met: it remembers checkpoints, answers what it saw last, fails, hangs, lies and is gone. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { reservePort } from '../../src/platform/index.ts'
import type { Taken } from './sink-receivers.ts'

export interface WitnessReceiver extends AsyncDisposable {
  readonly url: string
  /** `hanging`: it takes and never answers. `dripping`: it answers a little, and then no more. */
  mood: 'good' | 'failing' | 'hanging' | 'dripping'
  /** What its answer is; null: nothing but 204. It begins with the checkpoint that it took last. */
  answer: ((last: string | null) => string) | null
  /** Checkpoints that it has acknowledged. */
  readonly seen: string[]
  readonly taken: Taken[]
  kill(): Promise<void>
  start(): Promise<void>
}

export async function startWitnessReceiver(): Promise<WitnessReceiver> {
  const reserved = await reservePort('127.0.0.1', 0)
  const { port } = reserved
  await reserved.release()
  const sockets = new Set<Socket>()
  let server: Server | null = null
  const answerTo = (response: ServerResponse, text: string) => {
    const { mood, seen, answer } = receiver
    if (mood === 'hanging') return
    if (mood === 'failing') return void response.writeHead(503).end()
    const told = answer?.(seen.at(-1) ?? null) ?? null
    if (mood === 'good') seen.push((JSON.parse(text) as { checkpoint: string }).checkpoint)
    if (told === null) return void response.writeHead(204).end()
    response.writeHead(200, { 'content-type': 'application/json' })
    if (mood === 'dripping') return void response.write(told.slice(0, 3))
    response.end(told)
  }
  const receiver: WitnessReceiver = {
    url: `http://127.0.0.1:${port}/seen`,
    mood: 'good',
    answer: null,
    seen: [],
    taken: [],
    async start() {
      server = createServer((request, response) => {
        const parts: Buffer[] = []
        request.on('data', (part: Buffer) => parts.push(part))
        request.on('end', () => {
          const text = Buffer.concat(parts).toString()
          receiver.taken.push({ isAcknowledged: receiver.mood === 'good', seqs: [], text, headers: request.headers })
          answerTo(response, text)
        })
      })
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
        socket.on('error', () => undefined)
      })
      await new Promise<void>((ready) => server?.listen(port, '127.0.0.1', ready))
    },
    async kill() {
      const ending = server
      server = null
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((done) => (ending ? ending.close(() => done()) : done()))
    },
    [Symbol.asyncDispose]: () => receiver.kill(),
  }
  await receiver.start()
  return receiver
}
