/** The threads that index and search may end by a fault; the server goes on. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { silentLogger, systemClock, type CairnError } from '../src/base/index.ts'
import { openStore, type Store, type StoreLocation } from '../src/storage/index.ts'
import { indexSchema, openVaults, vaultsSchema, type Vaults } from '../src/vaults/index.ts'
import { until } from './harness.ts'

setDefaultTimeout(60_000)

let folder: string
let data: string
let store: Store
let indexStore: Store
let vaults: Vaults
let vault: string

const locate = (name: string): StoreLocation => ({
  kind: 'sqlite',
  file: join(data, `${name}.db`),
  durability: 'normal',
})
const program = (name: string) => new URL(`../src/vaults/testing/${name}.ts`, import.meta.url)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-threads-'))
  data = await mkdtemp(join(tmpdir(), 'cairn-threads-'))
  for (let at = 0; at < 40; at++)
    await writeFile(join(folder, `${at}.md`), `# Note ${at}\n\nThe heron stands. It is ${at}.`)
  store = await openStore({ location: locate('state'), schemas: [vaultsSchema] }, silentLogger)
  indexStore = await openStore({ location: locate('index'), schemas: [indexSchema] }, silentLogger)
  vaults = await openVaults({
    store,
    indexStore,
    indexLocation: locate('index'),
    clock: systemClock,
    logger: silentLogger,
    only: [{ path: folder }],
    programs: { searching: program('crashing-search-worker'), indexing: program('crashing-index-worker') },
  })
  vault = (await vaults.list())[0]?.id as string
  await until('it is indexed', () => vaults.find(vault)?.index.state === 'ready')
})
afterEach(async () => {
  await vaults.close()
  await indexStore.close()
  await store.close()
  for (const each of [folder, data]) await rm(each, { recursive: true, force: true })
})

const search = (query: string) =>
  vaults.search(
    {
      query,
      syntax: 'query',
      mode: 'keyword',
      forPrompt: false,
      vaults: [{ id: vault, filter: { kind: 'all' } }],
      limit: 50,
    },
    new AbortController().signal,
  )

test('a searching thread that ended is started again, and answers nothing until it knows everything again', async () => {
  for (let crashes = 0; crashes < 2; crashes++) {
    const crash: unknown = await search('crash').catch((thrown: unknown) => thrown)
    expect(crash).toMatchObject({ code: 'storage.failed' })
    const codes = new Set<string>()
    await until('it answers again', () =>
      search('heron').then(
        (found) => {
          // Never a part of them.
          expect(found).toHaveLength(40)
          return true
        },
        (thrown: CairnError) => {
          codes.add(thrown.code)
          expect(vaults.isHealthy() || thrown.code === 'index.not-ready').toBe(true)
          return false
        },
      ),
    )
    expect([...codes].filter((code) => code !== 'index.not-ready' && code !== 'storage.failed')).toEqual([])
    expect(vaults.isHealthy()).toBe(true)
  }
  await writeFile(join(folder, '7.md'), '# Note 7\n\nThe otter swims.')
  await until('an edit is followed', async () => (await search('otter')).length === 1)
})

test('an indexing thread that ended is started again, and does what it was asked', async () => {
  await writeFile(join(folder, '.crash'), '')
  const generation = async () => (await indexStore.read('SELECT generation FROM index_vaults'))[0]?.['generation']
  const before = await generation()
  await vaults.reindex(vault)
  expect(await generation()).not.toBe(before)
  await until('it is ready', () => vaults.find(vault)?.index.state === 'ready')
  expect(await search('heron')).toHaveLength(40)
  await writeFile(join(folder, '7.md'), '# Note 7\n\nThe otter swims.')
  await until('an edit is followed', async () => (await search('otter')).length === 1)
  expect(vaults.isHealthy()).toBe(true)
})
