/** A Redis of our own, on a free loopback port with a temporary folder, that can be broken, killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { services } from '../../scripts/services.ts'

export interface RedisServer {
  readonly port: number
  readonly url: string
  /** One command over a connection that no proxy stands before. */
  send(command: string, args?: readonly string[]): Promise<unknown>
  /** SIGKILL: what was not saved is gone. */
  kill(): Promise<void>
  /** Starts it on the same port; with `keepsData` it reads its append-only file, otherwise it is empty. */
  start(keepsData: boolean): Promise<void>
  stop(): Promise<void>
}

export interface RedisServerOptions {
  /** Writes every command to an append-only file before it answers. */
  readonly isDurable?: boolean
}

/** Throws when there is no `redis-server` on this machine or it does not start within 10 seconds. */
export async function startRedis({ isDurable = false }: RedisServerOptions = {}): Promise<RedisServer> {
  const program = services.redis.find()
  if (program === undefined)
    throw new Error(
      'There is no redis-server on this machine. Install Redis (Debian, Ubuntu: apt-get install redis-server).',
    )
  const folder = await mkdtemp(join(tmpdir(), 'cairn-bench-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}/0`
  let child: ChildProcess | null = null
  let client: Bun.RedisClient | null = null

  const send = async (command: string, args: readonly string[] = []): Promise<unknown> => {
    client ??= new Bun.RedisClient(url, { autoReconnect: false, connectionTimeout: 1_000 })
    return client.send(command, [...args])
  }

  const forgetClient = () => {
    client?.close()
    client = null
  }

  const start = async (keepsData: boolean): Promise<void> => {
    if (!keepsData) await rm(join(folder, 'appendonlydir'), { recursive: true, force: true })
    const settings = [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      folder,
      '--save',
      '',
      '--loglevel',
      'warning',
    ]
    const log = isDurable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
    const started = spawn(program, [...settings, ...log], { stdio: 'ignore' })
    child = started
    for (let tries = 0; ; tries++) {
      try {
        await send('PING')
        return
      } catch (error) {
        forgetClient()
        if (started.exitCode !== null || tries === 200)
          throw new Error(`redis-server does not start on port ${port}`, { cause: error })
        await Bun.sleep(50)
      }
    }
  }

  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    const ending = child
    child = null
    forgetClient()
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
    ending.kill(signal)
    await ended
  }

  await start(false)
  return {
    port,
    url,
    send,
    start,
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = address !== null && typeof address === 'object' ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
