/** A server of several processes: one address, one set of numbers, one that indexes, and nothing left behind. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import type { IndexState, VaultInfo } from '@cairn/contract'
import { pause, startServer, until, type RunningServer } from './harness.ts'
import {
  enough,
  findNotes,
  fresh,
  isThere,
  listChildren,
  readMetric,
  readMetrics,
  sumMetric,
  untilFound,
} from './kit/worker-processes.ts'

setDefaultTimeout(90_000)

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-workers-'))
  await writeFile(join(folder, 'heron.md'), '# Heron\n\nThe heron stands on one leg.')
  await writeFile(join(folder, 'otter.md'), '# Otter\n\nThe otter sleeps on its back.')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const startWorkers = (vaults: readonly string[] = [folder]) =>
  startServer({ vaults, env: { CAIRN_WORKERS: '3', CAIRN_LOG_LEVEL: 'info' } })

const untilWhole = (server: RunningServer) =>
  until('three processes answer', async () => (await readMetric(server, 'cairn_server_processes')) === 3, 20_000)

async function kill(server: RunningServer, pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until('the killed process is reaped and replaced', () => {
    const now = listChildren(server.pid)
    return !isThere(pid) && !now.includes(pid) && now.length === 3
  })
  await untilWhole(server)
}

test('three processes answer as one server: one key, one sign-in link, one state, one sum of numbers', async () => {
  await using server = await startWorkers()
  expect(listChildren(server.pid)).toHaveLength(3)
  const readStates = async () => {
    const replies = await Promise.all(Array.from({ length: enough }, () => server.call('/api/vaults', fresh)))
    return new Set(await Promise.all(replies.map((reply) => reply.text())))
  }
  await until('all tell the same of the vaults', async () => (await readStates()).size === 1)
  const before = await sumMetric(server, 'cairn_http_requests_total')
  expect((await readStates()).size).toBe(1)
  // Each look at the numbers is a request as well, counted when it is answered.
  expect(await sumMetric(server, 'cairn_http_requests_total')).toBe(before + enough + 1)
  expect(await readMetric(server, 'cairn_indexing_processes')).toBe(1)
  const { credential } = JSON.parse(await readFile(join(server.dataDirectory, 'server.json'), 'utf8')) as {
    credential: string
  }
  const asLocal = () => server.call('/api/vaults', { ...fresh, headers: { authorization: `Bearer ${credential}` } })
  for (let asked = 0; asked < enough; asked++) expect((await asLocal()).status).toBe(200)
  const token = new URL(server.signInUrl).hash.replace('#sign-in=', '')
  const signIns = await Promise.all(
    Array.from({ length: 9 }, () => server.post('/auth/sign-in', { token }, { ...fresh, headers: {} })),
  )
  expect(signIns.filter(({ ok }) => ok)).toHaveLength(1)
  expect(server.stdout().split('#sign-in=')).toHaveLength(2)
  expect(await server.stop()).toBe(0)
})

test('a killed process is replaced, no request fails after that, and no counter goes back', async () => {
  await using server = await startWorkers()
  for (const pid of listChildren(server.pid)) {
    for (let asked = 0; asked < 6; asked++) await findNotes(server, 'heron')
    const before = await readMetrics(server)
    await kill(server, pid)
    for (let asked = 0; asked < enough; asked++) expect(await findNotes(server, 'heron')).toEqual(['heron.md'])
    const after = await readMetrics(server)
    const counters = [...before].filter(([name]) => /(_total|_bucket|_sum|_count)(\{|$)/.test(name))
    expect(counters.length).toBeGreaterThan(20)
    expect(counters.filter(([name, value]) => (after.get(name) ?? 0) < value)).toEqual([])
  }
  expect(server.stderr()).toContain('is replaced')
})

test('when the process that indexes is killed another takes over, and an edit is found by all', async () => {
  await using server = await startWorkers()
  for (const [at, pid] of listChildren(server.pid).entries()) {
    await writeFile(join(folder, 'heron.md'), `# Heron\n\nThe heron wades before kill${at}.`)
    await untilFound(server, `kill${at}`, ['heron.md'])
    process.kill(pid, 'SIGKILL')
    await writeFile(join(folder, 'heron.md'), `# Heron\n\nThe heron flies after death${at}.`)
    await untilFound(server, `death${at}`, ['heron.md'])
    await untilFound(server, `kill${at}`, [])
    await untilWhole(server)
    expect(await readMetric(server, 'cairn_indexing_processes')).toBe(1)
  }
})

test('a vault that is added, indexed anew or removed through one process is so in all, at once', async () => {
  const second = await mkdtemp(join(tmpdir(), 'cairn-workers-'))
  await writeFile(join(second, 'lynx.md'), '# Lynx\n\nThe lynx hides in the snow.')
  await using server = await startWorkers()
  const added = (await (await server.post('/api/vaults', { path: second }, fresh)).json()) as VaultInfo
  for (let asked = 0; asked < enough; asked++)
    expect((await server.call(`/api/vaults/${added.id}/notes`, fresh)).status).toBe(200)
  await untilFound(server, 'lynx', ['lynx.md'])
  await server.indexed()
  for (let asked = 0; asked < 6; asked++) {
    const reply = await server.post(
      `/api/vaults/${added.id}/reindex`,
      {},
      { ...fresh, headers: { accept: 'text/event-stream' } },
    )
    const events = (await reply.text()).split('\n\n').filter((frame) => frame.startsWith('event: '))
    expect(events.at(-1)).toBe('event: done\ndata: {"state":"ready"}')
    const states = events.slice(0, -1).map((frame) => JSON.parse(frame.split('\ndata: ')[1] ?? '') as IndexState)
    expect(states[0]?.state).toBe('indexing')
  }
  await untilFound(server, 'lynx', ['lynx.md'])
  expect((await server.call(`/api/vaults/${added.id}`, { ...fresh, method: 'DELETE' })).status).toBe(204)
  for (let asked = 0; asked < enough; asked++) {
    expect((await server.call(`/api/vaults/${added.id}/notes`, fresh)).status).toBe(404)
    expect((await server.vaults()).map(({ path }) => path)).toEqual([folder])
  }
  await rm(second, { recursive: true, force: true })
})

test('entries of the audit log from several processes follow each other without a gap', async () => {
  await using server = await startWorkers()
  const ask = () => server.post('/v1/ask', { question: 'On what does the heron stand?' }, fresh)
  const replies = await Promise.all(Array.from({ length: 60 }, async () => (await (await ask()).json()) as unknown))
  const seqs = (replies as { receipt: { auditSeq: number } }[]).map(({ receipt }) => receipt.auditSeq)
  expect(new Set(seqs).size).toBe(60)
  const sorted = seqs.toSorted((one, other) => one - other)
  expect((sorted.at(-1) as number) - (sorted[0] as number)).toBe(59)
})

test('workers end when their supervisor is killed, and the next server starts on the same data at once', async () => {
  await using server = await startWorkers()
  const workers = listChildren(server.pid)
  const port = Number(new URL(server.url).port)
  process.kill(server.pid, 'SIGKILL')
  await until('the workers are gone', () => workers.every((pid) => !isThere(pid)))
  await using next = await startServer({
    vaults: [folder],
    port,
    env: { CAIRN_DATA: server.dataDirectory, CAIRN_KEYRING: server.env['CAIRN_KEYRING'] as string, CAIRN_WORKERS: '2' },
  })
  expect(await findNotes(next, 'heron')).toEqual(['heron.md'])
})

test('a stop waits for an open reply, and a second signal does not', async () => {
  await using server = await startWorkers()
  const workers = listChildren(server.pid)
  // A request whose body does not come is open until it does.
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    `POST /v1/search HTTP/1.1\r\nhost: ${new URL(server.url).host}\r\nauthorization: Bearer ${server.ownerKey}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  )
  await until('the request is open', async () => (await readMetric(server, 'cairn_http_requests_in_flight')) > 1)
  process.kill(server.pid, 'SIGTERM')
  await pause(300)
  expect(workers.filter(isThere).length).toBeGreaterThan(0)
  process.kill(server.pid, 'SIGTERM')
  await until('all are gone', () => workers.every((pid) => !isThere(pid)))
  expect(await server.stop()).toBe(130)
  socket.destroy()
})

test('what keeps the first process from starting is said once, and ends the server', async () => {
  await using server = await startWorkers()
  const port = Number(new URL(server.url).port)
  const start = (env: Record<string, string>) =>
    startServer({ vaults: [folder], port, env: { CAIRN_WORKERS: '3', ...env } }).then(
      () => 'it started',
      (thrown: Error) => thrown.message,
    )
  expect(await start({})).toContain(`Port ${port} on 127.0.0.1 cannot be used`)
  expect(await start({ CAIRN_DATA: server.dataDirectory })).toContain('Another Cairn works on')
  await server.stop()
  const wrongKey = await start({
    CAIRN_DATA: server.dataDirectory,
    CAIRN_KEYRING: server.env['CAIRN_KEYRING'] as string,
    CAIRN_OWNER_KEY: 'another-owner-key-0123456789',
  })
  expect(wrongKey.split('CAIRN_OWNER_KEY is not the key')).toHaveLength(2)
})
