/** Says once what is wrong with the way in which the server frees memory, since it decides how much the cache is worth. */
import type { Logger } from '../../base/index.ts'
import type { Redis } from '../../platform/index.ts'
import { readList, readText } from './redis-log.ts'

/** Looks after each connection, since it may lead to another server. */
export function watchEvictionPolicy(redis: Redis, logger: Logger): () => void {
  let said = ''
  async function look(): Promise<void> {
    const policy = await readSetting(redis, 'maxmemory-policy')
    const bytes = Number(await readSetting(redis, 'maxmemory'))
    const advice = advise(policy, bytes)
    if (advice !== null && policy !== said) logger.warn(advice, { policy })
    said = policy
  }
  // A server may forbid CONFIG; then nothing is known and nothing is said.
  return redis.onReady(() => void look().catch(() => undefined))
}

async function readSetting(redis: Redis, name: string): Promise<string> {
  return readText(readList(await redis.command('CONFIG', ['GET', name]))[1])
}

function advise(policy: string, maxBytes: number): string | null {
  if (policy.startsWith('allkeys-'))
    return 'Redis may evict the log of invalidations; each time that it does, the whole shared cache becomes invalid. Set maxmemory-policy to volatile-lfu or volatile-ttl: entries of the cache have a lifetime, the log has none.'
  if (policy === 'noeviction' && maxBytes > 0)
    return 'Redis refuses writes when its memory is full, invalidations among them; they are then kept here until it takes them. Set maxmemory-policy to volatile-lfu or volatile-ttl.'
  return null
}
