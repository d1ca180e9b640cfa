/** Clients that leave in the middle of a stream cost nothing that lasts: no process, no upstream socket, no memory. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, startServer, until, type RunningServer } from './harness.ts'
import { startUpstream, type Upstream } from './kit/upstream.ts'

const clients = 1_000
const atOnce = 100
/** What the process may have grown by at most, after as many clients before it was measured for the first time. */
const growthBytes = 48 * 1_024 * 1_024

let home: string
let kit: Upstream
let server: RunningServer

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cairn-leavers-'))
  await writeFile(join(home, 'Tide.md'), 'Spring tides at the pier reach 3.4 metres above chart datum.\n')
  kit = await startUpstream({ models: ['test-chat!chunks=400,chunkDelayMs=20,chunkChars=400'] })
  server = await startServer({
    vaults: [home],
    env: { CAIRN_LOG_LEVEL: 'error' },
    upstreams: [
      {
        id: 'kit',
        dialect: 'openai',
        baseUrl: kit.url,
        models: ['test-chat!chunks=400,chunkDelayMs=20,chunkChars=400'],
      },
    ],
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await Promise.all([kit.close(), rm(home, { recursive: true })])
})

const model = 'test-chat!chunks=400,chunkDelayMs=20,chunkChars=400'
/** No two the same, so that each has its own upstream call. */
let asked = 0
const bodies = {
  '/v1/chat/completions': () => ({
    model,
    stream: true,
    messages: [{ role: 'user', content: `Tell me about the tide, number ${asked++}.` }],
  }),
  '/v1/ask': () => ({ model, stream: true, question: `How high do spring tides reach? Number ${asked++}.` }),
}

/** Opens a stream, waits for its first data and leaves. */
function leaveInTheMiddle(path: keyof typeof bodies, index: number): Promise<void> {
  return leave(path, index, (got, goAway) => {
    if (got.includes('data: {')) goAway()
  })
}

/** Leaves some milliseconds after the request was sent: before the head, the first event, or just after it. */
function leaveEarly(path: keyof typeof bodies, index: number): Promise<void> {
  return leave(path, index, (got, goAway) => {
    if (got === '') setTimeout(goAway, (index * 7) % 80)
  })
}

/** Half of the clients leave with a reset, as a lost connection would. */
function leave(
  path: keyof typeof bodies,
  index: number,
  decide: (got: string, goAway: () => void) => void,
): Promise<void> {
  const body = JSON.stringify(bodies[path]())
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(server.url).host}`,
    `authorization: Bearer ${server.ownerKey}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ]
  return new Promise((resolve, reject) => {
    let got = ''
    const goAway = () => {
      if (index % 2 === 0) socket.destroy()
      else socket.resetAndDestroy()
      resolve()
    }
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
      decide('', goAway)
    })
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no data from ${path}: ${got.slice(0, 300)}`)))
    socket.on('data', (data) => {
      got += data.toString()
      decide(got, goAway)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`closed: ${got.slice(0, 300)}`)))
  })
}

async function manyLeave(path: keyof typeof bodies, how = leaveInTheMiddle, count = clients): Promise<void> {
  for (let done = 0; done < count; done += atOnce)
    await Promise.all(Array.from({ length: atOnce }, (_, index) => how(path, index)))
  await until('every upstream socket is closed', () => kit.openSockets() === 0, 15_000)
}

/** Resident memory of the server, once it has had time to collect. */
async function settledMemory(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let look = 0; look < 20; look += 1) {
    await server.call('/healthz')
    await pause(100)
    const pages = Number(readFileSync(`/proc/${server.pid}/statm`, 'utf8').split(' ')[1])
    least = Math.min(least, pages * 4_096)
  }
  return least
}

test.each(Object.keys(bodies) as (keyof typeof bodies)[])(
  '1,000 clients leave a stream of %s: same process, no upstream socket, memory as before',
  async (path) => {
    await manyLeave(path)
    const before = await settledMemory()
    await manyLeave(path)
    const grown = (await settledMemory()) - before
    expect(grown).toBeLessThan(growthBytes)
    expect(kit.openSockets()).toBe(0)
    const file = JSON.parse(readFileSync(join(server.dataDirectory, 'server.json'), 'utf8')) as { pid: number }
    expect(file.pid).toBe(server.pid)
    expect(() => process.kill(server.pid, 0)).not.toThrow()
    expect((await (await server.call('/readyz')).json()) as unknown).toEqual({ status: 'ok', audit: 'ok' })
    expect(server.stderr()).not.toMatch(/unhandled|"level":"error"/)
    const metrics = await (await server.call('/metrics')).text()
    expect(metrics).toMatch(/\ncairn_http_streams_open(?:\{[^}]*\})? 0\n/)
  },
  120_000,
)

test('clients that leave at any moment before or after the first byte leave nothing behind', async () => {
  const before = kit.requests.length
  for (const path of Object.keys(bodies) as (keyof typeof bodies)[]) await manyLeave(path, leaveEarly, 400)
  expect(kit.requests.length).toBeGreaterThan(before + 100)
  await until('no stream is open', async () => {
    const metrics = await (await server.call('/metrics')).text()
    return /\ncairn_http_streams_open(?:\{[^}]*\})? 0\n/.test(metrics)
  })
  expect(server.stderr()).not.toMatch(/unhandled|"level":"error"/)
}, 60_000)
