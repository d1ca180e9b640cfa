/** Every policy of the cache, once, on the real engine with a log in SQLite. Needs no server. */
import { openTestCache } from '../../server/test/kit/open-cache.ts'

await using opened = await openTestCache()
const { cache } = opened
let calls = 0
let isDown = false
let takesMs = 0
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const source = async () => {
  const call = ++calls
  await sleep(takesMs)
  if (isDown) throw new Error('the source is down')
  return `answer ${call}`
}
const tell = (what: string, outcome: { status: string; value: string }) =>
  console.log(`${what}: ${outcome.status}, ${outcome.value}`)

const plain = cache.namespace<string>('plain', { ttlMs: 60_000 })
tell('first', await plain.reuse('k', source))
tell('again', await plain.reuse('k', source))
takesMs = 20
const together = await Promise.all(Array.from({ length: 100 }, () => plain.reuse('shared', source)))
console.log(`a hundred at once: ${new Set(together.map(({ value }) => value)).size} answer`)

await plain.reuse('note', source, { scopes: ['note:vault/Hours.md'] })
const receipt = await cache.invalidate({ scopes: ['note:vault/Hours.md'], wait: 'all' })
console.log(`invalidated: committed ${receipt.committed}, pending ${receipt.pending.length}`)
tell('after the note changed', await plain.reuse('note', source, { scopes: ['note:vault/Hours.md'] }))

const old = { ttlMs: 1, jitter: 0, negativeTtlMs: 0 }
const lenient = cache.namespace<string>('lenient', { ...old, staleWhileRevalidateMs: 60_000, staleIfErrorMs: 60_000 })
await lenient.reuse('k', source)
await sleep(5)
tell('old, and refreshed in the background', await lenient.reuse('k', source))
isDown = true
const failing = cache.namespace<string>('failing', { ttlMs: 60_000, negativeTtlMs: 10_000 })
const before = calls
await Promise.allSettled(Array.from({ length: 50 }, () => failing.reuse('k', source)))
console.log(`fifty callers of a source that is down: ${calls - before} call`)
