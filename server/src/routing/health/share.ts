/**
 * Processes tell each other which deployments are left alone, through Redis: each word goes out by publish at once and
 * stays in a hash until its time is over, for processes that start later or missed the message. They read it when they
 * begin and after each time that a connection was made again, and say again what they themselves know.
 *
 * Times are kept by the clock of the Redis server and told as durations, since the clocks of machines differ. Nothing
 * here is waited for: without Redis each process learns for itself. So do several processes of one host without it.
 *
 * Keys: `cairn:{<deployment id of the installation>}:health`, and the channel with the same name.
 */
import { z } from 'zod'
import { createId, errorFields, type Clock, type Logger } from '../../base/index.ts'
import { defineScript, type Redis, type RedisReply } from '../../platform/index.ts'
import { longestRetryAfterMs } from './breaker.ts'
import type { HealthNews, HealthShare, Trouble } from './types.ts'

export interface HealthShareOptions {
  /** Null: a process alone. */
  readonly redis: Redis | null
  /** Of the installation. */
  readonly deploymentId: string
  readonly clock: Clock
  readonly logger: Logger
}

/** With the most that jitter adds. */
const longestMs = longestRetryAfterMs * 2
const longestMessage = 2_000
/** More troubled deployments than that at once are told and not kept. */
const mostKept = 1_000

const named = { from: z.string().max(100), deployment: z.string().min(1).max(500) }
const newsSchema = z.union([
  z.object({
    ...named,
    state: z.enum(['open', 'cooling']),
    reason: z.string().regex(/^[a-z-]{1,40}$/),
    forMs: z.number().positive().max(longestMs),
    needsProbe: z.boolean(),
  }),
  z.object({ ...named, state: z.literal('ok') }),
])

/**
 * KEYS: hash. ARGV: deployment, duration in ms (0 deletes), message, most fields, longest duration. What is over or
 * cannot be is dropped; a longer time stays.
 */
const tellScript = defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
local over = now + ARGV[2]
local live, last, keep = 0, 0, ARGV[2] ~= '0'
for at = 1, #all, 2 do
  local held = tonumber(string.match(all[at + 1], '^%d+')) or 0
  local same = all[at] == ARGV[1]
  if held <= now or held > now + ARGV[5] or same and (not keep or held <= over) then
    redis.call('HDEL', KEYS[1], all[at])
  else
    live, last = live + 1, math.max(last, held)
    if same then keep = false end
  end
end
if keep and live < tonumber(ARGV[4]) then
  last = math.max(last, over)
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', over) .. ARGV[3])
end
if last > now then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last - now)) end
return redis.call('PUBLISH', KEYS[1], ARGV[3])
`)

/** KEYS: hash. ARGV: longest duration. Gives pairs of a message and the milliseconds that are left of it. */
const readScript = defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for _, held in ipairs(redis.call('HVALS', KEYS[1])) do
  local over, message = string.match(held, '^(%d+) (.*)$')
  if over and tonumber(over) > now and tonumber(over) <= now + ARGV[1] then
    found[#found + 1] = message
    found[#found + 1] = tonumber(over) - now
  end
end
return found
`)

export function createHealthShare({ redis, ...options }: HealthShareOptions): HealthShare {
  return redis === null ? createLoneShare() : createSharedHealth({ redis, ...options })
}

function createLoneShare(): HealthShare {
  return { tell() {}, follow() {}, close: () => Promise.resolve() }
}

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its methods is short
function createSharedHealth({
  redis,
  deploymentId,
  clock,
  logger,
}: HealthShareOptions & { redis: Redis }): HealthShare {
  const key = `cairn:{${deploymentId}}:health`
  const from = createId('hlt')
  const listeners = new Set<(news: HealthNews) => void>()
  /** What was seen here and is not over yet, with its end in monotonic milliseconds. */
  const own = new Map<string, { readonly trouble: Trouble; readonly untilMs: number }>()
  let isClosed = false
  let isSyncing = false
  let mustSync = false

  function hear(message: string, leftMs?: number): void {
    const news = parseNews(message)
    if (news === null) logger.debug('a message about health is not one', { length: message.length })
    if (news === null || news.from === from || isClosed) return
    const { from: _, ...rest } = news
    const told = leftMs === undefined || rest.state === 'ok' ? rest : { ...rest, forMs: leftMs }
    for (const listener of listeners) listener(told)
  }

  function send(news: HealthNews): void {
    const forMs = news.state === 'ok' ? 0 : Math.max(1, Math.ceil(news.forMs))
    const args = [news.deployment, forMs, JSON.stringify({ from, ...news }), mostKept, longestMs]
    redis.run(tellScript, [key], args).catch((thrown: unknown) => {
      logger.debug('the health of a deployment could not be told', errorFields(thrown))
    })
  }

  /** Reads what the others know and says again what is known here. One at a time; what comes meanwhile asks for another. */
  async function sync(): Promise<void> {
    mustSync = true
    if (isSyncing) return
    isSyncing = true
    try {
      while (mustSync && !isClosed) {
        mustSync = false
        for (const [message, leftMs] of readPairs(await redis.run(readScript, [key], [longestMs])))
          hear(message, leftMs)
        sayAgain()
      }
    } catch (thrown) {
      logger.debug('the health of deployments could not be read', errorFields(thrown))
    } finally {
      isSyncing = false
    }
  }

  function sayAgain(): void {
    const nowMs = clock.monotonic()
    for (const [deployment, { trouble, untilMs }] of own)
      if (untilMs > nowMs) send({ ...trouble, forMs: untilMs - nowMs })
      else own.delete(deployment)
  }

  function keep(news: HealthNews): void {
    const nowMs = clock.monotonic()
    own.delete(news.deployment)
    if (news.state !== 'ok') own.set(news.deployment, { trouble: news, untilMs: nowMs + news.forMs })
    if (own.size <= mostKept) return
    for (const [deployment, { untilMs }] of own) if (untilMs <= nowMs || own.size > mostKept) own.delete(deployment)
  }

  // Subscribed before read, so that what is told in between is not missed.
  const subscribed = redis
    .subscribe(key, (message) => (message === null ? void sync() : hear(message)))
    .then((unsubscribe) => {
      void sync()
      return unsubscribe
    })
  const stopReady = redis.onReady(() => void sync())

  return {
    tell(news) {
      if (isClosed) return
      keep(news)
      send(news)
    },
    follow: (listener) => void listeners.add(listener),
    async close() {
      isClosed = true
      stopReady()
      const unsubscribe = await subscribed
      unsubscribe()
    },
  }
}

function parseNews(message: string): z.infer<typeof newsSchema> | null {
  if (message.length > longestMessage) return null
  try {
    return newsSchema.safeParse(JSON.parse(message)).data ?? null
  } catch {
    return null
  }
}

function* readPairs(reply: RedisReply): Generator<[message: string, leftMs: number]> {
  if (!Array.isArray(reply)) return
  for (let at = 0; at + 1 < reply.length && at < mostKept * 2; at += 2) {
    const [message, leftMs] = [reply[at], reply[at + 1]]
    if (message instanceof Uint8Array && typeof leftMs === 'number' && leftMs > 0)
      yield [Buffer.from(message).toString(), Math.min(leftMs, longestMs)]
  }
}
