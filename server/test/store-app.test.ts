/** The whole server on either engine: it indexes, answers, keeps everything over a restart, and outlives its database. */
import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { AskReply, SearchResult, VaultInfo } from '@cairn/contract'
import { openApp, type App } from '../src/app.ts'
import { createLogger, systemClock } from '../src/base/index.ts'
import { loadConfig } from '../src/config/index.ts'
import { openDirectStore } from '../src/storage/index.ts'
import { createDatabases, makeFolder } from '../src/storage/testing/places.ts'

setDefaultTimeout(60_000)

const ownerKey = 'owner-key-of-this-test-0123456789'
const exampleVault = join(import.meta.dir, '..', '..', 'examples', 'vault')
const databases = createDatabases(process.env['CAIRN_TEST_DATABASE_URL'])

let folder: string
const logLines: string[] = []
beforeEach(async () => void (folder = await makeFolder()))
afterEach(() => rm(folder, { recursive: true, force: true }))

interface Running {
  app: App
  call: (path: string, body?: unknown, key?: string) => Promise<Response>
}

async function start(databaseUrl: string | null): Promise<Running> {
  const env = {
    CAIRN_OWNER_KEY: ownerKey,
    CAIRN_DATA: join(folder, 'data'),
    CAIRN_KEYRING: join(folder, 'config', 'keyring.json'),
    CAIRN_PORT: '0',
    CAIRN_DISCOVER_LOCAL: 'false',
    ...(databaseUrl === null ? {} : { CAIRN_DATABASE_URL: databaseUrl }),
  }
  const logger = createLogger({
    level: 'debug',
    format: 'json',
    clock: systemClock,
    write: (line) => void logLines.push(line),
  })
  const loaded = loadConfig({ env, flags: {}, directory: folder })
  const app = await openApp({ loaded, logger, version: '0', consoleDirectory: null, exampleVault })
  const { url } = app.http.listen()
  const call: Running['call'] = (path, body, key = ownerKey) =>
    fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return { app, call }
}

async function stop({ app }: Running): Promise<void> {
  await app.http.stop(1_000)
  await app.close()
}

async function listVaults({ call }: Running): Promise<VaultInfo[]> {
  return ((await (await call('/api/vaults')).json()) as { vaults: VaultInfo[] }).vaults
}

async function untilReady(running: Running): Promise<VaultInfo> {
  for (;;) {
    const [vault] = await listVaults(running)
    if (vault?.index.state === 'ready') return vault
    if (vault?.index.state === 'failed') throw new Error(`indexing failed: ${JSON.stringify(vault.index.problems)}`)
    await Bun.sleep(50)
  }
}

const question = 'How often are the radar level sensors calibrated?'

async function ask({ call }: Running, { key, vault }: { key?: string; vault?: string } = {}): Promise<AskReply> {
  const reply = await call('/v1/ask', { question, vault }, key)
  expect(reply.status).toBe(200)
  return (await reply.json()) as AskReply
}

/** What is stored of the index, without what a start may change. */
async function readIndex(databaseUrl: string | null) {
  const store = await openDirectStore({
    location:
      databaseUrl === null
        ? { kind: 'sqlite', file: join(folder, 'data', 'index.db'), durability: 'normal' }
        : { kind: 'postgres', url: databaseUrl },
    schemas: [],
  })
  const rows = [
    await store.read('SELECT vault, generation, seq, model FROM index_vaults'),
    await store.read('SELECT note_id, seq, path, version FROM index_notes ORDER BY note_id'),
    await store.read('SELECT note_id, seq, model FROM index_vectors ORDER BY note_id'),
  ]
  await store.close()
  return rows
}

describe.each(['SQLite', 'PostgreSQL'])('the server on %s', (engine) => {
  let databaseUrl: string | null
  beforeEach(async () => void (databaseUrl = engine === 'SQLite' ? null : await databases.take()))
  afterEach(async () => {
    if (databaseUrl !== null) await databases.giveBack(databaseUrl)
  })

  test('indexes a vault, answers with citations, searches, and keeps all of it over a restart', async () => {
    let running = await start(databaseUrl)
    const vault = await untilReady(running)
    expect(vault.notes).toBeGreaterThan(50)
    const answer = await ask(running)
    expect(answer.outcome).toBe('answered')
    expect(answer.citations.length).toBeGreaterThan(0)
    expect(answer.receipt.auditSeq).toBeGreaterThanOrEqual(0)
    const found = (await (await running.call('/v1/search', { query: 'calibration' })).json()) as {
      results: SearchResult[]
    }
    expect(found.results.length).toBeGreaterThan(0)
    const made = await running.call('/api/access/keys', { name: 'laptop' })
    expect(made.status).toBe(201)
    const { key } = (await made.json()) as { key: string }
    const before = await readIndex(databaseUrl)
    await stop(running)

    running = await start(databaseUrl)
    const again = await untilReady(running)
    expect(again).toMatchObject({ id: vault.id, notes: vault.notes, passages: vault.passages })
    expect(again.index.version).toBe(vault.index.version)
    const second = await ask(running, { key })
    expect({ answer: second.answer, citations: second.citations }).toEqual({
      answer: answer.answer,
      citations: answer.citations,
    })
    expect(second.receipt.label).toBe(answer.receipt.label)
    expect(second.receipt.auditSeq).toBeGreaterThan(answer.receipt.auditSeq ?? 0)
    expect(await readIndex(databaseUrl)).toEqual(before)
    await stop(running)
  })

  test('an edit shows, in the stored index and in answers', async () => {
    const notes = join(folder, 'notes')
    await Bun.write(join(notes, 'a.md'), '# Kettle\n\nThe kettle in the office is green and holds two litres.\n')
    const running = await start(databaseUrl)
    const added = await running.call('/api/vaults', { path: notes })
    expect(added.status).toBe(201)
    const { id } = (await added.json()) as VaultInfo
    const search = async (query: string) =>
      (
        (await (await running.call('/v1/search', { vault: id, query })).json()) as { results: SearchResult[] }
      ).results.map((result) => result.note)
    const until = async (query: string, wanted: string[]) => {
      for (let tries = 0; tries < 200; tries++) {
        if (Bun.deepEquals(await search(query), wanted)) return
        await Bun.sleep(25)
      }
      expect(await search(query)).toEqual(wanted)
    }
    await until('kettle', ['a.md'])
    await Bun.write(join(notes, 'b.md'), '# Toaster\n\nThe toaster is red.\n')
    await until('toaster', ['b.md'])
    await rm(join(notes, 'a.md'))
    await until('kettle', [])
    await stop(running)
  })
})

// --- PostgreSQL goes away ---------------------------------------------------------------------------------------------

/** A door before PostgreSQL that can be shut: open connections break and new ones are refused. */
async function createDoor(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const shown = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let server: Server | null = null
  let port = 0
  const open = () =>
    new Promise<void>((resolve) => {
      server = createServer((inside) => {
        const outside = connect(Number(target.port), target.hostname)
        for (const [from, to] of [
          [inside, outside],
          [outside, inside],
        ] as const) {
          sockets.add(from)
          from.on('error', () => undefined)
          from.on('close', () => to.destroy())
          from.on('data', (chunk: Buffer) => void to.write(chunk))
        }
      })
      server.listen(port, '127.0.0.1', () => {
        port = ((server as Server).address() as AddressInfo).port
        resolve()
      })
    })
  const shut = async () => {
    const closed = new Promise((resolve) => server?.close(resolve))
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await closed
  }
  await open()
  shown.hostname = '127.0.0.1'
  shown.port = String(port)
  return { url: shown.href, open, shut }
}

async function untilLogged(message: string, from: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (logLines.slice(from).some((line) => line.includes(message))) return
    await Bun.sleep(25)
  }
  throw new Error(`“${message}” was not logged`)
}

const unhandled: unknown[] = []
const remember = (thrown: unknown) => void unhandled.push(thrown)
process.on('unhandledRejection', remember)
afterAll(() => void process.off('unhandledRejection', remember))

test('while PostgreSQL is away calls get 503 access.unconfirmed in the right shape; when it is back all is as before', async () => {
  const databaseUrl = await databases.take()
  const door = await createDoor(databaseUrl)
  const running = await start(door.url)
  const { id: vault } = await untilReady(running)
  const notes = join(folder, 'notes')
  await Bun.write(join(notes, 'a.md'), '# Kettle\n\nThe kettle is green.\n')
  const { id } = (await (await running.call('/api/vaults', { path: notes })).json()) as VaultInfo
  const find = async (query: string) => {
    const reply = await running.call('/v1/search', { vault: id, query })
    return ((await reply.json()) as { results: SearchResult[] }).results.map((result) => result.note)
  }
  const before = await ask(running, { vault })

  for (const [missed, later] of [
    ['toaster', 'lamp'],
    ['whisk', 'carpet'],
  ] as const) {
    const from = logLines.length
    await door.shut()
    const asked = await running.call('/v1/ask', { question })
    expect(asked.status).toBe(503)
    // A policy that was confirmed in the last half second still counts, and then it is the answer that finds no database.
    const refusals: Record<string, string> = {
      'storage.failed': 'The database cannot be reached. Check that PostgreSQL runs and try again.',
      'access.unconfirmed': 'Permissions cannot be confirmed at the moment.',
    }
    const { error } = (await asked.json()) as { error: { code: string; message: string; param: null; type: string } }
    expect(error).toEqual({ message: refusals[error.code] ?? '', type: 'api_error', param: null, code: error.code })
    // A key that was found is believed for a second; then nobody is let in whom the database does not confirm.
    let listed = await running.call('/api/vaults')
    for (let tries = 0; tries < 60 && listed.status !== 503; tries++) {
      await Bun.sleep(50)
      listed = await running.call('/api/vaults')
    }
    expect(listed.status).toBe(503)
    expect(listed.headers.get('content-type')).toBe('application/problem+json')
    expect(await listed.json()).toMatchObject({ status: 503, code: 'access.unconfirmed' })
    const many = await Promise.all(Array.from({ length: 30 }, () => running.call('/v1/ask', { question })))
    expect(new Set(many.map(({ status }) => status))).toEqual(new Set([503]))
    expect((await running.call('/healthz')).status).toBe(200)
    // What changes in the folder meanwhile is not lost, though no later change names it.
    await Bun.write(join(notes, `${missed}.md`), `The ${missed} is red.\n`)
    // Without its connection this server is not the one that indexes any more, for all it knows.
    await untilLogged('the turn to index is lost', from)

    await door.open()
    await Bun.write(join(notes, `${later}.md`), `The ${later} is blue.\n`)
    for (let tries = 0; tries < 200 && (await find(missed)).length === 0; tries++) await Bun.sleep(50)
    expect(await find(missed)).toEqual([`${missed}.md`])
    expect(await find(later)).toEqual([`${later}.md`])
    const after = await ask(running, { vault })
    expect(after.citations).toEqual(before.citations)
    expect(after.receipt.auditSeq).toBeGreaterThan(before.receipt.auditSeq ?? 0)
  }
  expect(logLines.join('')).not.toContain(question)
  expect(logLines.join('')).not.toContain(ownerKey)
  expect(logLines.join('')).not.toContain(new URL(databaseUrl).password)
  await stop(running)
  await door.shut()
  await databases.giveBack(databaseUrl)
  expect(unhandled).toEqual([])
})
