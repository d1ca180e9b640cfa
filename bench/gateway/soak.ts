/**
 * A long run against the real server: requests that nobody asked before, streams whose clients leave in the middle, and
 * readers that take a fast stream at a kilobyte a second. Memory after a collection must not grow once the memory tier
 * is full, what is under way at the provider must stay bounded, and the provider’s own counts must agree with what was
 * sent.
 */
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { createRandom } from '../../server/src/base/testing/random.ts'
import { startServer } from '../../server/test/harness.ts'
import type { UpstreamStats } from '../../server/test/kit/tally.ts'
import { runLoad } from './load.ts'
import { freePort, rssOf, startProgram, waitForPort } from './processes.ts'

export interface SoakPlan {
  readonly requests: number
  readonly cancelled: number
  readonly seed: number
  /** How long the slow readers read. */
  readonly slowSeconds: number
  readonly log: (line: string) => void
}

export interface SoakResult {
  readonly requests: number
  readonly cancelled: number
  readonly failures: number
  readonly firstFailure: string | null
  /** After a collection, when a fifth was done and at the end, in bytes. */
  readonly rssAtFifth: number
  readonly rssAtEnd: number
  /** The most that was under way at the provider at once, and what was left at the end. */
  readonly mostOpen: number
  readonly leftOpen: number
  /** Calls that the provider counted beyond those that were sent; negative for missing ones. */
  readonly surplusCalls: number
  readonly surplusWhole: number
  readonly surplusCancelled: number
  /** Growth while slow readers read, in bytes, and what the provider got rid of for each of them. */
  readonly slowGrowth: number
  readonly slowTakenBytes: number
  readonly seconds: number
}

/** At once, of each kind. */
const atOnce = 64
/** Of a stream that was left the provider hears a little later, when the next has begun. */
export const mostAtProvider = 3 * atOnce
const parts = 5
const dripModel = 'test-chat!chunkDelayMs=20,chunks=5000'
const floodModel = 'test-chat!contentBytes=100000000'
const slowReaders = 8
const bigWordBytes = 16_384

interface Place {
  readonly port: number
  readonly pid: number
  readonly headers: Readonly<Record<string, string>>
  stats(): Promise<UpstreamStats>
}

export async function runGatewaySoak(plan: SoakPlan): Promise<SoakResult> {
  const startedAt = performance.now()
  const upstreamPort = await freePort()
  const script = join(import.meta.dirname, '../../server/test/kit/upstream.ts')
  const upstream = startProgram({
    command: [process.execPath, '--no-env-file', script, '--port', String(upstreamPort), '--counted', '0'],
    core: null,
  })
  try {
    await waitForPort(upstreamPort, upstream, 10_000)
    await using server = await startServer({
      upstreams: [
        {
          id: 'soak',
          dialect: 'openai',
          baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
          egress: 'local',
          models: ['test-chat', dripModel, floodModel],
        },
      ],
      env: {
        BUN_OPTIONS: `--preload=${join(import.meta.dirname, 'collect.ts')}`,
        // Small enough to be full when a fifth is done.
        CAIRN_CACHE_MEMORY_BYTES: String(32 * 1_048_576),
        CAIRN_CACHE_DISK_BYTES: String(256 * 1_048_576),
        CAIRN_LOG_LEVEL: 'warn',
      },
    })
    const place: Place = {
      port: Number(new URL(server.url).port),
      pid: server.pid,
      headers: { authorization: `Bearer ${server.ownerKey}` },
      stats: async () => (await (await fetch(`http://127.0.0.1:${upstreamPort}/__stats`)).json()) as UpstreamStats,
    }
    return { ...(await runParts(place, plan)), seconds: (performance.now() - startedAt) / 1_000 }
  } finally {
    await upstream.stop()
  }
}

async function runParts(place: Place, plan: SoakPlan): Promise<Omit<SoakResult, 'seconds'>> {
  const { log } = plan
  const next = createRandom(plan.seed)
  let [requests, cancelled, failures, rssAtFifth] = [0, 0, 0, 0]
  let firstFailure: string | null = null
  for (let part = 0; part < parts; part++) {
    const load = await sendUnique(place, Math.ceil(plan.requests / parts), requests)
    requests += load.requests
    failures += load.failures
    firstFailure ??= load.firstFailure
    const left = await cancelStreams(place, Math.ceil(plan.cancelled / parts), next)
    cancelled += left.cancelled
    failures += left.failures
    firstFailure ??= left.firstFailure
    const rss = await collectedRss(place.pid)
    if (part === 0) rssAtFifth = rss
    log(`${requests} requests, ${cancelled} cancelled streams, ${(rss / 1e6).toFixed(0)} MB after a collection`)
  }
  const rssAtEnd = await collectedRss(place.pid)
  const stats = await settled(place)
  const slow = await readSlowly(place, plan.slowSeconds)
  return {
    requests,
    cancelled,
    failures,
    firstFailure,
    rssAtFifth,
    rssAtEnd,
    mostOpen: stats.mostOpen,
    leftOpen: stats.open,
    surplusCalls: stats.calls - requests - cancelled,
    surplusWhole: stats.whole - requests,
    surplusCancelled: stats.cancelled - cancelled,
    ...slow,
  }
}

async function sendUnique({ port, headers }: Place, count: number, done: number) {
  const body = JSON.stringify({
    model: 'test-chat',
    messages: [
      { role: 'system', content: 'You answer briefly.' },
      { role: 'user', content: '#############: when does the ferry leave?' },
    ],
  })
  const plan = { port, headers, path: '/v1/chat/completions', bodies: [{ body }], connections: atOnce }
  return runLoad({ ...plan, seconds: 7_200, requests: count, firstNumber: done + 1, expect: '"choices"' })
}

/** Streams whose client closes the connection after a few frames, how many by seed. */
async function cancelStreams(place: Place, count: number, next: () => number) {
  const found = { cancelled: 0, failures: 0, firstFailure: null as string | null }
  let started = 0
  const work = async () => {
    while (started < count) {
      started += 1
      const failure = await leaveAfter(place, started, 1 + Math.floor(next() * 4))
      if (failure === null) {
        found.cancelled += 1
        continue
      }
      found.failures += 1
      found.firstFailure ??= failure
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work))
  return found
}

function streamRequest({ port, headers }: Place, model: string, text: string): string {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: text }] })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('')}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** Null when the stream was left after that many frames; otherwise what came instead. */
async function leaveAfter(place: Place, number: number, frames: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>()
  let text = ''
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: place.port,
    socket: {
      open: (opened) => void opened.write(streamRequest(place, dripModel, `leave ${number} ${frames}`)),
      data(opened, bytes) {
        text += bytes.toString('latin1')
        if (text.split('data: ').length <= frames + 1) return
        resolve(null)
        opened.terminate()
      },
      close: () => resolve(`closed after: ${text.slice(0, 400)}`),
      error() {},
    },
  })
  const timer = setTimeout(() => (resolve(`no words in time: ${text.slice(0, 400)}`), socket.terminate()), 30_000)
  return promise.finally(() => clearTimeout(timer))
}

async function collectedRss(pid: number): Promise<number> {
  for (let time = 0; time < 2; time++) {
    process.kill(pid, 'SIGUSR2')
    await Bun.sleep(250)
  }
  return rssOf(pid)
}

/** The counts when nothing is under way any more, or after two seconds. */
async function settled(place: Place): Promise<UpstreamStats> {
  for (let waits = 0; waits < 100; waits++) {
    const stats = await place.stats()
    if (stats.open === 0) return stats
    await Bun.sleep(20)
  }
  return place.stats()
}

/** A reader that takes 1 kB a second of a stream that comes as fast as it is read. */
async function readSlowly(place: Place, seconds: number): Promise<{ slowGrowth: number; slowTakenBytes: number }> {
  const before = await collectedRss(place.pid)
  const wordsBefore = (await place.stats()).words
  const readers = await Promise.all(Array.from({ length: slowReaders }, (_, at) => openReader(place, at)))
  const end = performance.now() + seconds * 1_000
  while (performance.now() < end) {
    for (const reader of readers) reader.read(1_024)
    await Bun.sleep(1_000)
  }
  const taken = ((await place.stats()).words - wordsBefore) * bigWordBytes
  const grown = (await collectedRss(place.pid)) - before
  for (const reader of readers) reader.leave()
  await settled(place)
  return { slowGrowth: grown, slowTakenBytes: taken / slowReaders }
}

interface SlowReader {
  read(bytes: number): void
  leave(): void
}

/** A socket that reads on demand: paused at once, its kernel buffer fills, and the other side has to wait. */
async function openReader(place: Place, number: number): Promise<SlowReader> {
  const socket = createConnection({ port: place.port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.pause()
  socket.write(streamRequest(place, floodModel, `flood ${number}`))
  await new Promise((resolve) => socket.once('readable', resolve))
  return {
    read: (bytes) => void socket.read(bytes),
    leave: () => socket.destroy(),
  }
}
