/** A synced vault where the process that takes the notes is not the one that indexes: workers, and servers on PostgreSQL. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabases } from '../src/storage/testing/places.ts'
import { startServer, until, type RunningServer } from './harness.ts'
import { enough, fresh } from './kit/worker-processes.ts'
import { Device, httpTransport, makeVault } from './sync/device.ts'

setDefaultTimeout(120_000)

const databases = createDatabases(process.env['CAIRN_TEST_DATABASE_URL'])
const redisUrl = process.env['CAIRN_TEST_REDIS_URL'] ?? ''
const folder = await mkdtemp(join(tmpdir(), 'cairn-sync-servers-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Notes go to the first, and every one of them answers with what is there by then. */
async function follow(first: RunningServer, ...others: RunningServer[]): Promise<void> {
  const all = [first, ...others]
  const vault = await makeVault(first.call, 'Shared')
  // Calls take turns, so that the one that compares is not the one that stores.
  let turn = 0
  const device = new Device(
    'laptop',
    httpTransport((path, init) => (all[turn++ % all.length] as RunningServer).call(path, { ...init, ...fresh }), vault),
  )
  const finds = async (server: RunningServer, query: string) => {
    const reply = await server.post('/v1/search', { vault, query, mode: 'keyword', limit: 5 }, fresh)
    if (!reply.ok) return 'nothing yet'
    return ((await reply.json()) as { results: { note: string }[] }).results.map(({ note }) => note).join()
  }
  const allFind = (query: string, notes: string) =>
    until(
      `all find ${query} in ${notes || 'nothing'}`,
      async () => {
        for (const server of all)
          for (let call = 0; call < enough; call++) if ((await finds(server, query)) !== notes) return false
        return true
      },
      30_000,
    )
  await until('all know the vault', async () =>
    (await Promise.all(all.map((server) => server.vaults()))).every((vaults) => vaults.some(({ id }) => id === vault)),
  )
  device.write('Birds/heron.md', 'The heron stands on one leg.')
  device.write('Private/canary.md', 'The canary sings.')
  expect(await device.run()).toEqual({ kind: 'done', conflicts: [], problems: [] })
  await allFind('heron', 'Birds/heron.md')
  await allFind('canary', 'Private/canary.md')
  device.rename('Birds/heron.md', 'Water/heron.md')
  expect(await device.run()).toMatchObject({ kind: 'done', conflicts: [] })
  await allFind('heron', 'Water/heron.md')
  device.exclude({ folders: ['Private'], tags: [] })
  expect(await device.run()).toEqual({ kind: 'done', conflicts: [], problems: [] })
  await allFind('canary', '')
  device.remove('Water/heron.md')
  expect(await device.run()).toMatchObject({ kind: 'done', conflicts: [] })
  await allFind('heron', '')
}

test('of several processes on one port any takes notes, and all find them', async () => {
  await using server = await startServer({ env: { CAIRN_WORKERS: '3' } })
  await follow(server)
})

test('of two servers on PostgreSQL either takes notes, and both find them', async () => {
  const databaseUrl = await databases.take()
  const start = () =>
    startServer({
      env: {
        CAIRN_DATABASE_URL: databaseUrl,
        CAIRN_KEYRING: join(folder, 'keyring.json'),
        CAIRN_REDIS_URL: redisUrl,
      },
    })
  {
    await using first = await start()
    await using second = await start()
    await follow(first, second)
  }
  await databases.giveBack(databaseUrl)
})
