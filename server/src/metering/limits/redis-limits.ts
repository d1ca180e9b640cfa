/**
 * One count for all servers of a deployment, in Redis: the same algorithm as one Lua script, by the clock of Redis. Names
 * are hashed, so that no id of a person stands there. A limit that is not used is not there.
 */
import { sha256 } from '../../base/index.ts'
import { defineScript, type Redis } from '../../platform/index.ts'
import { longestDebtMs, minuteMs } from './gcra.ts'
import type { RemoteLimits, Take } from './types.ts'

/** ARGV: `take` or `adjust`, then limit and amount for each key. Replies {index from 1, wait in ms; -1 for never} or {0, 0}. */
const script = defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local minute, debt = ${minuteMs}, ${longestDebtMs}
local untils = {}
local index, wait = 0, 0
for i = 1, #KEYS do
  local limit, amount = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local from = math.max(now, tonumber(redis.call('GET', KEYS[i]) or '0') or 0)
  untils[i] = from + amount * minute / limit
  local over = untils[i] - now - minute
  if ARGV[1] == 'take' and over > 0.001 and wait ~= -1 then
    if amount > limit then index, wait = i, -1
    elseif over > wait then index, wait = i, over end
  end
end
if index > 0 then return {index, math.ceil(wait - 0.001)} end
for i = 1, #KEYS do
  local left = math.min(untils[i] - now, debt)
  if left <= 0 then redis.call('DEL', KEYS[i])
  else redis.call('SET', KEYS[i], string.format('%.3f', now + left), 'PX', math.ceil(left) + 1000) end
end
return {0, 0}
`)

/** Rejects when Redis does not answer. */
export function createRedisLimits({ redis, deploymentId }: { redis: Redis; deploymentId: string }): RemoteLimits {
  const name = (key: string) => `cairn:{${deploymentId}:limits}:${sha256(key).slice(0, 32)}`
  const run = (kind: 'take' | 'adjust', takes: readonly Take[]) =>
    redis.run(
      script,
      takes.map(({ key }) => name(key)),
      [kind, ...takes.flatMap(({ limit, amount }) => [limit, amount])],
    )
  return {
    async take(takes) {
      const reply = await run('take', takes)
      const [index, wait] = (Array.isArray(reply) ? reply : []) as number[]
      if (index === undefined || wait === undefined || index === 0) return null
      return { index: index - 1, retryAfterMs: wait < 0 ? null : wait }
    },
    async adjust(takes) {
      await run('adjust', takes)
    },
  }
}
