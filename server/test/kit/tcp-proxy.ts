/** A way to a service that a test can cut: refused at once, as a closed port, or swallowed, as a network that is gone. */
import { connect, createServer, type Socket } from 'node:net'

export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** `refused`: connections are closed, also new ones. `swallowed`: they stand, and nothing comes through. */
  cut(how: 'refused' | 'swallowed'): void
  mend(): void
}

export async function openTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let state: 'open' | 'refused' | 'swallowed' = 'open'
  const end = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    pairs.clear()
  }
  const server = createServer((near) => {
    near.on('error', () => near.destroy())
    if (state === 'refused') {
      near.destroy()
      return
    }
    const far = connect(target)
    const pair = [near, far] as const
    pairs.add(pair)
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (bytes) => {
        if (state !== 'swallowed') to.write(bytes)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        pairs.delete(pair)
      })
    }
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    cut(how) {
      state = how
      if (how === 'refused') end()
    },
    mend() {
      // What was swallowed is lost, so the connections that lost it are no good.
      if (state === 'swallowed') end()
      state = 'open'
    },
    async [Symbol.asyncDispose]() {
      end()
      await new Promise((done) => server.close(done))
    },
  }
}
