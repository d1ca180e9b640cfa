/**
 * The twelve ways in which multi-level caches go wrong (rows a to l), each as a short play on real nodes and a real
 * Redis. A row ends with what was served: *stale* is a read that started after the invalidation was said to be done,
 * with time for the news to travel, and got a version from before it.
 */
import type { Proxy } from '../cache/proxy.ts'
import type { RedisServer } from '../cache/redis-server.ts'
import { createSource } from './source.ts'
import type { FaultNode, ReadOptions, RowId, Said, Subject } from './subject.ts'

export interface Stage {
  readonly subject: Subject
  readonly redis: RedisServer
  /** Opens a node behind a proxy of its own. */
  open(name: string, options?: { ttlMs?: number; skewMs?: number }): Promise<{ node: FaultNode; proxy: Proxy }>
  /** Gives the news of an invalidation time to reach every node. */
  settle(): Promise<void>
  /** Longer than any library takes to connect again. */
  readonly reconnectMs: number
}

export interface Finding {
  readonly isStale: boolean
  /** It said that it was done, and what it was to remove was still served by the shared tier. */
  readonly isFalseSuccess: boolean
  readonly detail: string
}

/** Where an invalidation is not waited for, so much later it counts as everywhere: more than Cairn's lease. */
const leaseMs = 1_100

type Scenario = (stage: Stage) => Promise<Finding>

const tagged = { tags: ['t'] }

/** Rows a, b, c: something is invalidated while a fill that has already read the source is under way. */
function duringFill(what: 'tag' | 'key' | 'all'): Scenario {
  return async ({ open, settle }) => {
    const { node } = await open('1')
    const source = createSource()
    const pause = source.pauseAfterRead()
    const options: ReadOptions = what === 'tag' ? tagged : {}
    const filling = node.read('k', pause.load, options)
    await pause.reached
    source.write()
    const invalidating = node.invalidate(what === 'tag' ? { tag: 't' } : what === 'key' ? { key: 'k' } : { all: true })
    const said = await invalidating
    pause.resume()
    await filling
    await settle()
    return judge(said, 2, { later: await node.read('k', source.load, options) })
  }
}

const sharedDeleteFails: Scenario = async ({ open, settle, redis, reconnectMs, subject }) => {
  const one = (await open('1')).node
  const two = (await open('2')).node
  const source = createSource()
  await one.read('k', source.load)
  await two.read('k', source.load)
  // A replica refuses writes and answers reads: what clients meet after a failover.
  await redis.send('REPLICAOF', ['127.0.0.1', '1'])
  source.write()
  const said = await one.invalidate({ key: 'k' })
  await settle()
  const here = await one.read('k', source.load)
  const there = await two.read('k', source.load)
  await redis.send('REPLICAOF', ['NO', 'ONE'])
  await Bun.sleep(reconnectMs)
  const healed = { here: await one.read('k', source.load), there: await two.read('k', source.load) }
  if (said === 'pending') return judge(said, 2, { here, ...renamed(healed) })
  const finding = judge(
    said,
    2,
    subject.hasBus ? { here, there, ...renamed(healed) } : { here, 'after healing': healed.here },
  )
  return { ...finding, isFalseSuccess: finding.isStale }
}

const renamed = ({ here, there }: { here: number; there: number }) => ({
  'here after healing': here,
  'there after healing': there,
})

const missedMessage: Scenario = async ({ open, redis, reconnectMs }) => {
  const one = (await open('1')).node
  const { node: two, proxy } = await open('2')
  const source = createSource()
  await one.read('k', source.load)
  await two.read('k', source.load)
  proxy.cutSubscribers()
  await redis.send('CLIENT', ['KILL', 'TYPE', 'pubsub'])
  await Bun.sleep(200)
  source.write()
  const said = await one.invalidate({ key: 'k' })
  await Bun.sleep(300)
  proxy.heal()
  await Bun.sleep(reconnectMs)
  return judge(said, 2, { there: await two.read('k', source.load), here: await one.read('k', source.load) })
}

const clockSkew: Scenario = async ({ open, settle, subject }) => {
  const one = (await open('1')).node
  const ahead = (await open('2', { skewMs: 30_000 })).node
  const source = createSource()
  const options: ReadOptions = subject.hasTags ? tagged : {}
  await ahead.read('k', source.load, options)
  await one.read('k', source.load, options)
  source.write()
  const said = await one.invalidate(subject.hasTags ? { tag: 't' } : { key: 'k' })
  await settle()
  const here = await one.read('k', source.load, options)
  if (!subject.hasBus) return judge(said, 2, { here })
  return judge(said, 2, { here, 'clock ahead': await ahead.read('k', source.load, options) })
}

const expireOverwrites: Scenario = async ({ open, settle }) => {
  const { node: one, proxy } = await open('1')
  const two = (await open('2')).node
  const old: ReadOptions = { servesStale: true }
  const source = createSource()
  await one.read('k', source.load, old)
  await two.read('k', source.load, old)
  proxy.holdAnswers()
  const expiring = one.expire('k')
  await Bun.sleep(150)
  source.write()
  const said = await two.invalidate({ key: 'k', isQuick: true })
  await two.read('k', source.load, old)
  proxy.heal()
  await expiring
  await settle()
  const three = (await open('3')).node
  return judge(said, 2, {
    'new node': await three.read('k', source.load, old),
    here: await one.read('k', source.load, old),
  })
}

const ttlInflation: Scenario = async ({ open }) => {
  const ttlMs = 1_200
  const one = (await open('1', { ttlMs })).node
  const two = (await open('2', { ttlMs })).node
  const source = createSource()
  await one.read('k', source.load)
  source.write()
  await Bun.sleep(ttlMs * 0.6)
  await two.read('k', source.load)
  await Bun.sleep(ttlMs * 0.4 + 250)
  return judge('done', 2, { 'after its time': await two.read('k', source.load) })
}

const failSafeResurrects: Scenario = async ({ open, settle }) => {
  const { node } = await open('1')
  const source = createSource()
  const options: ReadOptions = { ...tagged, servesStale: true }
  // Two keys: a failure may be remembered for a moment.
  await node.read('down', source.load, options)
  await node.read('up', source.load, options)
  source.write()
  const said = await node.invalidate({ tag: 't' })
  await settle()
  const whileFailing = await node.read('down', source.fail, options).catch(() => 2)
  return judge(said, 2, { 'source down': whileFailing, 'source up': await node.read('up', source.load, options) })
}

/** What an invalidation leaves in Redis may be evicted like anything else: each key of it alone, and all together. */
const markerEvicted: Scenario = async ({ open, settle, redis, subject }) => {
  const served: Record<string, number> = {}
  let said: Said = 'done'
  let width = 1
  for (let nth = 0; nth <= width; nth++) {
    await redis.send('FLUSHALL')
    const source = createSource()
    const { node } = await open(`${nth}-1`)
    const key = `k${nth}`
    await node.read(key, source.load, tagged)
    await settle()
    const before = await dump(redis)
    source.write()
    said = await node.invalidate({ tag: 't', isQuick: true })
    await Bun.sleep(leaseMs)
    const after = await dump(redis)
    const marks = [...after].filter(([name, bytes]) => before.get(name) !== bytes).map(([name]) => name)
    width = marks.length
    const evicted = nth === width ? marks : marks.slice(nth, nth + 1)
    if (evicted.length > 0) await redis.send('DEL', evicted)
    await node.close()
    const fresh = (await open(`${nth}-2`)).node
    const label = evicted.length === 1 ? (evicted[0] ?? '') : `${evicted.length} keys`
    served[label] = await fresh.read(key, source.load, tagged)
    if (subject.name.endsWith('(control)')) break
  }
  return judge(said, 2, served)
}

const derivedFromStale: Scenario = async ({ open }) => {
  const one = (await open('1')).node
  const { node: two, proxy } = await open('2')
  const source = createSource()
  await one.read('input', source.load)
  await two.read('input', source.load)
  proxy.holdSubscribers()
  source.write()
  const said = await one.invalidate({ key: 'input', isQuick: true })
  await one.invalidate({ key: 'derived', isQuick: true })
  const derive = async () => ({ version: await two.read('input', source.load) })
  await two.read('derived', derive)
  proxy.heal()
  await Bun.sleep(leaseMs)
  const again = async () => ({ version: await one.read('input', source.load) })
  return judge(said, 2, { there: await two.read('derived', derive), here: await one.read('derived', again) })
}

const laggingReplica: Scenario = async ({ open, settle }) => {
  const { node } = await open('1')
  const source = createSource()
  const replica = source.replica(node.position())
  await node.read('k', replica.load)
  source.write()
  const said = await node.invalidate({ key: 'k' })
  await node.read('k', replica.load)
  replica.catchUp(node.position())
  await settle()
  return judge(said, 2, { 'replica caught up': await node.read('k', replica.load) })
}

export const scenarios: Record<RowId, { readonly title: string; readonly play: Scenario }> = {
  a: { title: 'tag invalidated while a fill runs', play: duringFill('tag') },
  b: { title: 'key deleted while a fill runs', play: duringFill('key') },
  c: { title: 'everything cleared while a fill runs', play: duringFill('all') },
  d: { title: 'the shared tier refuses the delete', play: sharedDeleteFails },
  e: { title: 'a subscriber is away, the bus heals', play: missedMessage },
  f: { title: 'a node’s clock is 30 s ahead', play: clockSkew },
  g: { title: 'expire races with a newer value', play: expireOverwrites },
  h: { title: 'a promoted value outlives its ttl', play: ttlInflation },
  i: { title: 'fail-safe brings back what was cleared', play: failSafeResurrects },
  j: { title: 'the marker of a tag is evicted', play: markerEvicted },
  k: { title: 'a value derived from a stale input', play: derivedFromStale },
  l: { title: 'the source is a lagging replica', play: laggingReplica },
}

// --- Judging ----------------------------------------------------------------------------------------------------------

/** Who threw has promised nothing; `pending` promises what is asked of it here. */
function judge(said: Said, newest: number, served: Readonly<Record<string, number>>): Finding {
  const wrong = Object.entries(served).filter(([, version]) => version < newest)
  const isStale = said !== 'failed' && wrong.length > 0
  const words = wrong.map(([where, version]) => `${where}: version ${version}`).join(', ')
  return { isStale, isFalseSuccess: false, detail: `said ${said}${words === '' ? '' : `; ${words}`}` }
}

/** Every key of the server with its content, as Redis itself writes it out. */
async function dump(redis: RedisServer): Promise<Map<string, string>> {
  const names = (await redis.send('KEYS', ['*'])) as string[]
  const contents = new Map<string, string>()
  for (const name of names.toSorted()) contents.set(name, await digest(redis, name))
  return contents
}

async function digest(redis: RedisServer, name: string): Promise<string> {
  return String(await redis.send('EVAL', ["return redis.sha1hex(redis.call('DUMP', KEYS[1]))", '1', name]))
}
