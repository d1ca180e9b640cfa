/** Several servers on one PostgreSQL and one Redis: one indexes, all answer, and none is alone for long. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { SQL } from 'bun'
import type { AskReply, VaultInfo } from '@cairn/contract'
import { createDatabases } from '../src/storage/testing/places.ts'
import { startServer, until, type RunningServer, type ServerOptions } from './harness.ts'
import { findNotes, fresh, isThere, listChildren, readMetric, untilFound } from './kit/worker-processes.ts'

setDefaultTimeout(120_000)

const databases = createDatabases(process.env['CAIRN_TEST_DATABASE_URL'])
const redisUrl = process.env['CAIRN_TEST_REDIS_URL'] ?? ''

let folder: string
let databaseUrl: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-servers-'))
  await writeFile(join(folder, 'heron.md'), '# Heron\n\nThe heron stands on one leg.')
  databaseUrl = await databases.take()
})
afterEach(async () => {
  await databases.giveBack(databaseUrl)
  await rm(folder, { recursive: true, force: true })
})

interface Change extends ServerOptions {
  readonly hasRedis?: boolean
}

/** Each with a data directory of its own, as if on a host of its own; only the keyring is the same. */
const start = ({ hasRedis = true, env, ...options }: Change = {}) =>
  startServer({
    vaults: [folder],
    ...options,
    env: {
      CAIRN_DATABASE_URL: databaseUrl,
      CAIRN_KEYRING: join(folder, '.keyring.json'),
      ...(hasRedis ? { CAIRN_REDIS_URL: redisUrl } : {}),
      ...env,
    },
  })

const refusal = (change: Change) =>
  start(change).then(
    async (server) => {
      await server.stop()
      return 'it started'
    },
    (thrown: Error) => thrown.message,
  )

const isOwner = async (server: RunningServer) => (await readMetric(server, 'cairn_indexing_processes')) === 1

async function edit(word: string, ...servers: RunningServer[]): Promise<void> {
  await writeFile(join(folder, 'heron.md'), `# Heron\n\nThe heron says ${word}.`)
  for (const server of servers) await untilFound(server, word, ['heron.md'])
}

test('one server indexes and the other follows; when one is killed the other takes over', async () => {
  await using first = await start()
  await using second = await start()
  expect([await isOwner(first), await isOwner(second)]).toEqual([true, false])
  await edit('sandpiper', first, second)
  process.kill(first.pid, 'SIGKILL')
  await until('the other server indexes', () => isOwner(second))
  await edit('dunlin', second)
  await using third = await start()
  expect([await isOwner(second), await isOwner(third)]).toEqual([true, false])
  await edit('turnstone', second, third)
  expect(await second.stop()).toBe(0)
  await until('the turn is given over at a stop', () => isOwner(third))
  await edit('knot', third)
})

test('a key, a label and a vault made at one server are good at the other', async () => {
  const other = await mkdtemp(join(tmpdir(), 'cairn-servers-'))
  await writeFile(join(other, 'lynx.md'), '# Lynx\n\nThe lynx hides in the snow.')
  await using first = await start()
  await using second = await start()
  const made = await second.post('/api/access/keys', { name: 'laptop' })
  const { key } = (await made.json()) as { key: string }
  expect((await first.call('/api/vaults', { headers: { authorization: `Bearer ${key}` } })).status).toBe(200)

  const added = (await (await second.post('/api/vaults', { path: other })).json()) as VaultInfo
  await untilFound(first, 'lynx', ['lynx.md'])
  await untilFound(second, 'lynx', ['lynx.md'])
  const reindexed = await second.post(
    `/api/vaults/${added.id}/reindex`,
    {},
    { headers: { accept: 'text/event-stream' } },
  )
  expect(await reindexed.text()).toContain('event: done\ndata: {"state":"ready"}')

  const question = 'Where does the lynx hide?'
  const { receipt } = await first.ask({ question })
  const history = [
    { role: 'user' as const, content: question },
    { role: 'assistant' as const, content: 'In the snow.', label: receipt.label },
  ]
  const followUp: AskReply = await second.ask({ question: 'And what does the lynx do in the snow?', history })
  expect(followUp.receipt.label.split('.')[0]).toBe(receipt.label.split('.')[0] as string)

  expect((await second.call(`/api/vaults/${added.id}`, { method: 'DELETE' })).status).toBe(204)
  await until('the vault is gone at the first server', async () => (await first.vaults()).length === 1)
  await until('nothing of it is stored', async () => {
    const sql = new SQL(databaseUrl, { max: 1 })
    const rows = (await sql`SELECT 1 FROM index_notes WHERE vault = ${added.id}`) as unknown[]
    await sql.close()
    return rows.length === 0
  })
  await rm(other, { recursive: true, force: true })
})

test('a second server without Redis is refused with what to do, and so is one beside a server without', async () => {
  await using first = await start({ hasRedis: false })
  expect(await refusal({ hasRedis: false })).toContain('set CAIRN_REDIS_URL to the same Redis')
  expect(await refusal({ hasRedis: true })).toContain('set CAIRN_REDIS_URL to the same Redis for that server too')
  expect(await findNotes(first, 'heron')).toEqual(['heron.md'])
  process.kill(first.pid, 'SIGKILL')
  await using next = await start({ hasRedis: true })
  expect(await refusal({ hasRedis: false })).toContain('Another Cairn works on this database')
  expect(await findNotes(next, 'heron')).toEqual(['heron.md'])
})

test('a server with another keyring is refused: what one signs the other could not read', async () => {
  await using first = await start()
  const env = { CAIRN_KEYRING: join(folder, '.another-keyring.json') }
  expect(await refusal({ env })).toContain('name it with CAIRN_KEYRING')
  expect(await first.stop()).toBe(0)
  // One that is alone begins with what it has.
  await using next = await start({ env })
  expect(await findNotes(next, 'heron')).toEqual(['heron.md'])
})

test('two servers of two processes each have one that indexes, and lose it one after another', async () => {
  const env = { CAIRN_WORKERS: '2' }
  await using first = await start({ env })
  await using second = await start({ env })
  const owners = async () =>
    (await readMetric(first, 'cairn_indexing_processes')) + (await readMetric(second, 'cairn_indexing_processes'))
  expect(await owners()).toBe(1)
  for (const [at, pid] of listChildren(first.pid).entries()) {
    process.kill(pid, 'SIGKILL')
    await until('one indexes', async () => (await owners().catch(() => 0)) === 1)
    await edit(`plover${at}`, first, second)
  }
  const workers = listChildren(first.pid)
  process.kill(first.pid, 'SIGKILL')
  await until('its workers are gone', () => workers.every((pid) => !isThere(pid)))
  await until('the other server indexes', () => isOwner(second))
  await edit('whimbrel', second)
})

test('a server whose connection to PostgreSQL is cut stops indexing, takes the turn again and loses no edit', async () => {
  await using first = await start()
  await using second = await start()
  const sql = new SQL(databaseUrl, { max: 1 })
  const cut = () =>
    // Of this database: others on the same server hold locks too while they migrate.
    sql`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
  for (const word of ['curlew', 'godwit', 'avocet']) {
    await cut()
    await until('one of them indexes', async () => {
      const owners = [await isOwner(first), await isOwner(second)]
      return owners.filter(Boolean).length === 1
    })
    await edit(word, first, second)
  }
  await sql.close()
  expect((await first.call('/readyz', fresh)).status).toBe(200)
  expect(await refusal({ hasRedis: false })).toContain('Another Cairn works on this database')
})

test('what both write at once stands in the audit log without a gap', async () => {
  await using first = await start()
  await using second = await start()
  const ask = async (server: RunningServer) => (await server.ask({ question: 'How does the heron stand?' })).receipt
  const receipts = await Promise.all(Array.from({ length: 40 }, (_, at) => ask(at % 2 === 0 ? first : second)))
  const seqs = receipts.map(({ auditSeq }) => Number(auditSeq)).toSorted((one, other) => one - other)
  expect(new Set(seqs).size).toBe(40)
  expect((seqs.at(-1) as number) - (seqs[0] as number)).toBe(39)
  const file = JSON.parse(await readFile(join(first.dataDirectory, 'server.json'), 'utf8')) as { credential: string }
  const foreign = await second.call('/api/vaults', { headers: { authorization: `Bearer ${file.credential}` } })
  expect(foreign.status).toBe(401)
})
