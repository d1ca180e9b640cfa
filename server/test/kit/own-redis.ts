/** A redis-server that a test has to itself, so that it may kill it, freeze it, fill it and take its data away. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis as Client } from 'ioredis'

export interface OwnRedis {
  readonly url: string
  readonly port: number
  /** A plain client of the test's own, for looking and for damage. */
  readonly admin: Client
  /** SIGKILL: what is not on disk is lost. */
  kill(): Promise<void>
  /** Starts it again on the same port, with the same folder. */
  start(): Promise<void>
  stop(): Promise<void>
}

const program = 'redis-server'
const ownRedisPassword = 'a-secret-that-no-log-shows'

/** `settings` are words of a redis.conf: `['appendonly', 'yes']`. */
export async function startOwnRedis(settings: readonly string[][] = []): Promise<OwnRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-own-redis-'))
  const port = await freePort()
  const url = `redis://:${ownRedisPassword}@127.0.0.1:${port}/0`
  const usual = [
    ['bind', '127.0.0.1'],
    ['port', String(port)],
    ['requirepass', ownRedisPassword],
    ['dir', folder],
    ['loglevel', 'warning'],
  ]
  const unless = (name: string, ...line: string[]) => (settings.some(([first]) => first === name) ? [] : [line])
  const lines = [...usual, ...unless('save', 'save', ''), ...unless('appendonly', 'appendonly', 'no'), ...settings]
  let child: ChildProcess | null = null
  const endWithUs = () => child?.kill('SIGKILL')
  process.on('exit', endWithUs)
  const admin = new Client(url, { lazyConnect: true, retryStrategy: () => 50, maxRetriesPerRequest: null })
  admin.on('error', () => undefined)

  async function start(): Promise<void> {
    child = spawn(
      program,
      lines.flatMap(([name, ...words]) => [`--${name}`, ...words]),
      { stdio: 'ignore' },
    )
    const failed = new Promise<never>((_, reject) => child?.once('error', reject))
    await Promise.race([untilReady(url), failed])
  }

  async function kill(): Promise<void> {
    const dying = child
    child = null
    if (!dying || dying.exitCode !== null || dying.signalCode !== null) return
    const gone = new Promise((resolve) => dying.once('exit', resolve))
    dying.kill('SIGKILL')
    await gone
  }

  await start()
  await admin.connect()
  return {
    url,
    port,
    admin,
    kill,
    start,
    async stop() {
      admin.disconnect()
      await kill()
      process.off('exit', endWithUs)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const client = new Client(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.ping()
      return
    } catch (thrown) {
      if (attempt > 200) throw thrown
      await new Promise((resolve) => setTimeout(resolve, 25))
    } finally {
      client.disconnect()
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
