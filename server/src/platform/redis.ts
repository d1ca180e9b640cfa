/**
 * A connection to Redis or Valkey that never keeps a caller waiting: every command has a deadline, fails at once while
 * there is no connection, and is never sent twice. Replies are bytes as the server gave them. Behind it is `ioredis`;
 * Bun's own client turns replies into text and so damages binary values.
 */
import { createHash } from 'node:crypto'
import type { Redis as Client, RedisOptions } from 'ioredis'
import { CairnError, errorFields, type Clock, type Logger, type Secret } from '../base/index.ts'

export type RedisArgument = string | number | Uint8Array
/** A bulk string comes as its bytes, an integer as a number. */
export type RedisReply = Uint8Array | number | null | RedisReply[]

export interface RedisScript {
  readonly source: string
  readonly sha: string
}

/** A Lua script with the digest under which the server remembers it. */
export function defineScript(source: string): RedisScript {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/** Every method that asks the server throws `cache.shared-unreachable` when it does not answer in time or refuses. */
export interface Redis {
  /**
   * Which run of the server process this connection leads to; null while there is none. What is sent in the same turn
   * of the event loop is sent to that run or fails.
   */
  readonly runId: string | null
  command(name: string, args: readonly RedisArgument[]): Promise<RedisReply>
  /**
   * Commands in one packet and one reply. They run in their order; other connections may come in between. Throws when
   * any of them fails.
   */
  pipeline(commands: readonly (readonly [name: string, ...args: RedisArgument[]])[]): Promise<RedisReply[]>
  /** Runs a script by its digest; the server is told the whole script when it does not know it. */
  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply>
  /** Called after each time that a connection was made, the first included; at once when there is one. */
  onReady(listener: () => void): () => void
  /**
   * Messages of a channel, over a connection of its own. Some are lost when that breaks, so `onMessage` is also called,
   * with null, after each time that it was made again. Resolves when the server has been told, or cannot be now.
   */
  subscribe(channel: string, onMessage: (message: string | null) => void): Promise<() => void>
  close(): Promise<void>
}

export interface RedisSettings {
  /** `redis://` or `rediss://`, with user, password and number of the database where needed. */
  readonly url: Secret
  readonly clock: Clock
  readonly logger: Logger
  /** How long a command may take, in milliseconds; 500 when absent. */
  readonly deadlineMs?: number
}

const usualDeadlineMs = 500
const connectWithinMs = 3_000
const longestRetryMs = 2_000
/** A connection on which nothing has come back for so many deadlines, though something was asked, is given up. */
const silentDeadlines = 4
const loadingRetryMs = 200

/**
 * Resolves when there is a connection or the first attempt has failed; the attempts go on until `close`. Throws
 * `config.invalid` for an address that is none.
 */
export async function openRedis(given: RedisSettings): Promise<Redis> {
  const settings = { ...given, library: await loadLibrary() }
  const scrub = createScrubber(given.url)
  const link = createLink(settings, scrub)
  const subscriber = createSubscriber(settings, scrub)
  await link.firstAttempt
  return {
    get runId() {
      return link.runId
    },
    command: (name, args) => link.send(name, args),
    pipeline: link.pipeline,
    run: (script, keys, args) => link.run(script, keys, args),
    onReady: link.onReady,
    subscribe: subscriber.subscribe,
    async close() {
      link.close()
      subscriber.close()
    },
  }
}

/** Not before somebody connects: loading it takes a tenth of a second, which every thread would spend when it starts. */
const loadLibrary = () => import('ioredis')

interface LoadedSettings extends RedisSettings {
  readonly library: Awaited<ReturnType<typeof loadLibrary>>
}

// --- Commands ---------------------------------------------------------------------------------------------------------

interface Link {
  readonly runId: string | null
  readonly firstAttempt: Promise<void>
  send(name: string, args: readonly RedisArgument[]): Promise<RedisReply>
  pipeline: Redis['pipeline']
  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply>
  onReady(listener: () => void): () => void
  close(): void
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
function createLink(settings: LoadedSettings, scrub: Scrubber): Link {
  const { library, clock, logger, deadlineMs = usualDeadlineMs } = settings
  const client = createClient(settings)
  const deadlines = createDeadlines(clock, deadlineMs)
  const listeners = new Set<() => void>()
  const first = Promise.withResolvers<void>()
  let runId: string | null = null
  /** Counts connections, so that the second half of something is not sent over another one than the first. */
  let connection = 0
  let lost: unknown = null
  let unanswered = 0
  /** Monotonic time of the last sign of life. */
  let heardAt = 0

  client.on('ready', () => void identify())
  client.on('close', () => {
    if (runId !== null) logger.warn('the connection to Redis is lost', { internal: scrub(lost) })
    runId = null
    connection++
    unanswered = 0
    first.resolve()
  })
  client.on('error', (error: unknown) => {
    if (lost === null && runId === null) logger.warn('Redis cannot be reached', { internal: scrub(error) })
    lost = error
    first.resolve()
  })

  /** Nobody may use a connection before it is known which run of the server it leads to. */
  async function identify(): Promise<void> {
    const mine = ++connection
    heardAt = clock.monotonic()
    try {
      const found = await askForRun(() => (mine === connection ? send('info', []) : Promise.resolve(null)))
      if (found === null || mine !== connection) return
      runId = found
      lost = null
      logger.info('connected to Redis', { run: found.slice(0, 8) })
      for (const listener of listeners) listener()
    } catch (thrown) {
      if (mine !== connection) return
      logger.warn('Redis does not say who it is', errorFields(thrown))
      client.disconnect(true)
    } finally {
      first.resolve()
    }
  }

  /** What `write` sends is answered within the deadline, or the promise rejects and a silent connection is given up. */
  function ask<T>(name: string, write: () => Promise<T>, another?: () => Promise<T>): Promise<T> {
    const mine = connection
    if (unanswered++ === 0) heardAt = clock.monotonic()
    return new Promise((resolve, reject) => {
      const done = deadlines.add(() => {
        reject(unreachable(`no answer to ${name} within ${deadlineMs} ms`))
        const isDead = clock.monotonic() - heardAt >= deadlineMs * silentDeadlines
        if (isDead && mine === connection) client.disconnect(true)
      })
      const answered = () => {
        done()
        if (mine !== connection) return
        unanswered = Math.max(0, unanswered - 1)
        heardAt = clock.monotonic()
      }
      write().then(
        (reply) => {
          answered()
          resolve(reply)
        },
        (error: unknown) => {
          answered()
          if (another && mine === connection && isUnknownScript(error)) resolve(another())
          else reject(convert(error, name, scrub))
        },
      )
    })
  }

  /** `another` is sent in its place, over the same connection, when the server does not know the script. */
  function send(
    name: string,
    args: readonly RedisArgument[],
    another?: () => Promise<RedisReply>,
  ): Promise<RedisReply> {
    const write = () =>
      client.sendCommand(new library.Command(name, args.map(toArgument), inBytes)) as Promise<RedisReply>
    return ask(name, write, another)
  }

  async function writeAll(commands: Parameters<Redis['pipeline']>[0]): Promise<RedisReply[]> {
    const pipeline = client.pipeline()
    for (const [name, ...args] of commands) pipeline.callBuffer(name, ...args.map(toArgument))
    const replies = (await pipeline.exec()) ?? []
    for (const [error] of replies) if (error !== null) throw error
    return replies.map(([, reply]) => reply as RedisReply)
  }

  const notConnected = () =>
    Promise.reject(unreachable(lost === null ? 'not connected' : `not connected: ${scrub(lost)}`))

  function sendWhenReady(name: string, args: readonly RedisArgument[], another?: () => Promise<RedisReply>) {
    return runId === null ? notConnected() : send(name, args, another)
  }

  return {
    get runId() {
      return runId
    },
    firstAttempt: first.promise,
    send: sendWhenReady,
    pipeline: (commands) => (runId === null ? notConnected() : ask('pipeline', () => writeAll(commands))),
    run: (script, keys, args) =>
      sendWhenReady('evalsha', [script.sha, keys.length, ...keys, ...args], () =>
        send('eval', [script.source, keys.length, ...keys, ...args]),
      ),
    onReady(listener) {
      listeners.add(listener)
      if (runId !== null) listener()
      return () => listeners.delete(listener)
    },
    close() {
      runId = null
      connection++
      client.disconnect()
    },
  }
}

/**
 * One timer for all that waits: everybody has the same time, so who came first is late first. (A timer for each command
 * took 3 µs of the 30 that a command takes here.)
 */
function createDeadlines(clock: Clock, ms: number): { add(late: () => void): () => void } {
  const waiting = new Set<{ readonly until: number; readonly late: () => void }>()
  let isArmed = false

  function arm(afterMs: number): void {
    isArmed = true
    setTimeout(sweep, afterMs).unref()
  }

  function sweep(): void {
    isArmed = false
    for (const entry of waiting) {
      const left = entry.until - clock.monotonic()
      if (left > 0) return arm(left + 1)
      waiting.delete(entry)
      entry.late()
    }
  }

  return {
    add(late) {
      const entry = { until: clock.monotonic() + ms, late }
      waiting.add(entry)
      if (!isArmed) arm(ms + 1)
      return () => void waiting.delete(entry)
    },
  }
}

/** The id that the server process drew when it started. Waits while it loads its data; null when nobody is asking any more. */
async function askForRun(ask: () => Promise<RedisReply>): Promise<string | null> {
  for (;;) {
    const info = await ask()
    if (!(info instanceof Uint8Array)) return null
    const text = Buffer.from(info).toString()
    const run = /^run_id:(\S+)/m.exec(text)?.[1]
    if (run === undefined) throw unreachable('INFO has no run_id')
    if (!/^loading:1/m.test(text)) return run
    await new Promise((resolve) => setTimeout(resolve, loadingRetryMs))
  }
}

// --- Messages ---------------------------------------------------------------------------------------------------------

type Listener = (message: string | null) => void

/** The connection is made with the first subscription. */
function createSubscriber(settings: LoadedSettings, scrub: Scrubber) {
  const { logger, deadlineMs = usualDeadlineMs } = settings
  const channels = new Map<string, Set<Listener>>()
  let client: Client | null = null

  function open(): Client {
    const opened = createClient(settings)
    opened.on('error', (error: unknown) => logger.debug('the subscription to Redis failed', { internal: scrub(error) }))
    opened.on('ready', () => {
      if (channels.size === 0) return
      opened.subscribe(...channels.keys()).then(
        () => tell(null),
        (error: unknown) => logger.debug('Redis refuses a subscription', { internal: scrub(error) }),
      )
    })
    opened.on('message', (channel: string, message: string) => {
      for (const listener of channels.get(channel) ?? []) listener(message)
    })
    return opened
  }

  function tell(message: null): void {
    for (const listeners of channels.values()) for (const listener of listeners) listener(message)
  }

  async function announce(opened: Client, channel: string): Promise<void> {
    if (opened.status === 'ready') {
      await opened.subscribe(channel)
      return
    }
    await new Promise<void>((resolve) => opened.once('ready', resolve))
  }

  return {
    async subscribe(channel: string, onMessage: Listener): Promise<() => void> {
      const listeners = channels.get(channel) ?? new Set<Listener>()
      const isNew = listeners.size === 0
      listeners.add(onMessage)
      channels.set(channel, listeners)
      client ??= open()
      if (isNew) {
        const late = new Promise<void>((resolve) => setTimeout(resolve, deadlineMs).unref())
        await Promise.race([announce(client, channel).catch(() => undefined), late])
      }
      return () => {
        listeners.delete(onMessage)
        if (listeners.size > 0 || channels.get(channel) !== listeners) return
        channels.delete(channel)
        if (client?.status === 'ready') client.unsubscribe(channel).catch(() => undefined)
      }
    },
    close() {
      channels.clear()
      client?.disconnect()
    },
  }
}

// --- The client -------------------------------------------------------------------------------------------------------

const clientOptions = {
  // Nothing waits in a queue and nothing is sent again: who asks learns at once, and a script runs where it was meant to.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  enableReadyCheck: false,
  disableClientInfo: true,
  protocol: 2,
  connectTimeout: connectWithinMs,
  keepAlive: 10_000,
  retryStrategy: (attempt: number) =>
    Math.min(longestRetryMs, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2),
} as const satisfies RedisOptions

const inBytes = { replyEncoding: null as unknown as BufferEncoding }

function createClient({ library, url }: LoadedSettings): Client {
  return new library.Redis(url.reveal(), clientOptions)
}

function toArgument(value: RedisArgument): string | Buffer {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

// --- Errors -----------------------------------------------------------------------------------------------------------

type Scrubber = (thrown: unknown) => string

/** Words of an error without the password, whatever the server or the client wrote into them. */
function createScrubber(url: Secret): Scrubber {
  const text = url.reveal()
  const parsed = URL.canParse(text) ? new URL(text) : null
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new CairnError('config.invalid', {
      message: 'The address of Redis must look like redis://user:password@host:6379/0, or rediss:// for TLS.',
    })
  }
  const secrets = [text, parsed.password, decodeURIComponent(parsed.password)].filter((word) => word !== '')
  return (thrown) => {
    let words = thrown instanceof Error ? thrown.message : String(thrown)
    for (const secret of secrets) words = words.replaceAll(secret, '[secret]')
    return words.slice(0, 300)
  }
}

function unreachable(internal: string): CairnError {
  return new CairnError('cache.shared-unreachable', { internal: `redis: ${internal}` })
}

/** The client's own error is left behind: it carries the command with its arguments, a password among them at times. */
function convert(error: unknown, name: string, scrub: Scrubber): CairnError {
  const isBroken = error instanceof Error && error.name === 'MaxRetriesPerRequestError'
  return unreachable(isBroken ? `the connection was lost before ${name} was answered` : `${name}: ${scrub(error)}`)
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
