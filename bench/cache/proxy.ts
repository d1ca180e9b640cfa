/**
 * A TCP proxy before Redis, one for each node: it can cut a node off, cut or delay only what is pushed to its
 * subscribers, and hold back the answers to its commands.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface Proxy {
  readonly url: string
  /** Ends every connection and refuses new ones. */
  cut(): void
  /** The same for connections that subscribe; all others live on. */
  cutSubscribers(): void
  /** Keeps what Redis sends to subscribers. */
  holdSubscribers(): void
  /** Keeps what Redis answers to anybody. */
  holdAnswers(): void
  /** Lets connections in again and passes on what was held. */
  heal(): void
  close(): Promise<void>
}

interface Line {
  readonly client: Socket
  readonly server: Socket
  isSubscriber: boolean
  held: Buffer[]
}

type Trouble = 'none' | 'cut' | 'cut-subscribers' | 'hold-subscribers' | 'hold-answers'

export async function openProxy(port: number): Promise<Proxy> {
  const lines = new Set<Line>()
  let trouble: Trouble = 'none'

  const end = (line: Line) => {
    lines.delete(line)
    line.client.destroy()
    line.server.destroy()
  }

  const isHeld = (line: Line) => trouble === 'hold-answers' || (trouble === 'hold-subscribers' && line.isSubscriber)

  const fromClient = (line: Line, chunk: Buffer) => {
    // The word stands in every command that subscribes; no key or value of the benchmarks has it.
    if (!line.isSubscriber && /subscribe\r/i.test(chunk.toString('latin1'))) line.isSubscriber = true
    if (line.isSubscriber && trouble === 'cut-subscribers') end(line)
    else line.server.write(chunk)
  }

  const fromServer = (line: Line, chunk: Buffer) => {
    if (isHeld(line)) line.held.push(chunk)
    else line.client.write(chunk)
  }

  const accept = (client: Socket) => {
    if (trouble === 'cut') return void client.destroy()
    const server = connect(port, '127.0.0.1')
    const line: Line = { client, server, isSubscriber: false, held: [] }
    lines.add(line)
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => end(line))
      socket.on('close', () => end(line))
    }
    client.on('data', (chunk: Buffer) => fromClient(line, chunk))
    server.on('data', (chunk: Buffer) => fromServer(line, chunk))
  }

  const server = createServer(accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const own = address !== null && typeof address === 'object' ? address.port : 0

  return {
    url: `redis://127.0.0.1:${own}/0`,
    cut() {
      trouble = 'cut'
      for (const line of lines) end(line)
    },
    cutSubscribers() {
      trouble = 'cut-subscribers'
      for (const line of [...lines].filter(({ isSubscriber }) => isSubscriber)) end(line)
    },
    holdSubscribers: () => void (trouble = 'hold-subscribers'),
    holdAnswers: () => void (trouble = 'hold-answers'),
    heal() {
      trouble = 'none'
      for (const line of lines) for (const chunk of line.held.splice(0)) line.client.write(chunk)
    },
    async close() {
      for (const line of lines) end(line)
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
