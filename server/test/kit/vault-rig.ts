/** The vaults module with its real threads and a store of its own, over folders that a test makes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VaultInfo } from '@cairn/contract'
import { createLonePeers, silentLogger, sleep, systemClock } from '../../src/base/index.ts'
import { openStore, type StoreLocation } from '../../src/storage/index.ts'
import {
  indexSchema,
  openVaults,
  vaultsSchema,
  type IndexingTurn,
  type Passage,
  type Protection,
  type Vaults,
} from '../../src/vaults/index.ts'

export interface VaultRig extends AsyncDisposable {
  readonly vaults: Vaults
  readonly data: string
  /** The only vault. */
  vault(): Promise<VaultInfo>
  ready(): Promise<VaultInfo>
  /** Paths of the notes that a search finds, best first. */
  find(query: string): Promise<string[]>
  passages(query: string): Promise<Passage[]>
  /** Waits until the check holds; returns after how many milliseconds it did. */
  until(check: () => Promise<boolean>): Promise<number>
}

const filter = { kind: 'all' } as const

export const makeFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `cairn-${name}-`))

export interface VaultRigOptions {
  readonly protection?: () => Promise<Protection>
  /** As another process that shares the store. */
  readonly turn?: IndexingTurn
}

/** Long enough for a machine that has much else to do. */
const mostMs = 50_000

/** `data` opens an earlier rig's store again. */
export async function openVaultRig(folder: string, data?: string, more: VaultRigOptions = {}): Promise<VaultRig> {
  const directory = data ?? (await makeFolder('data'))
  const locate = (name: string): StoreLocation => ({
    kind: 'sqlite',
    file: join(directory, `${name}.db`),
    durability: 'normal',
  })
  const store = await openStore({ location: locate('state'), schemas: [vaultsSchema] }, silentLogger)
  const indexStore = await openStore({ location: locate('index'), schemas: [indexSchema] }, silentLogger)
  const options = { store, indexStore, indexLocation: locate('index'), clock: systemClock, logger: silentLogger }
  const vaults = await openVaults({
    ...options,
    only: [{ path: folder }],
    keepOut: directory,
    ...(more.protection ? { protection: more.protection } : {}),
    ...(more.turn ? { shared: { turn: more.turn, peers: createLonePeers() } } : {}),
  })
  const vault = async () => (await vaults.list())[0] as VaultInfo
  const ask = async (query: string) => ({
    query,
    vaults: [{ id: (await vault()).id, filter }],
    limit: 50,
    forPrompt: false,
  })
  const { signal } = new AbortController()
  async function until(check: () => Promise<boolean>): Promise<number> {
    const started = systemClock.monotonic()
    while (!(await check())) {
      if (systemClock.monotonic() - started > mostMs) throw new Error(`it did not come true in ${mostMs} ms`)
      await sleep(10)
    }
    return systemClock.monotonic() - started
  }
  return {
    vaults,
    data: directory,
    vault,
    until,
    async ready() {
      await until(async () => ['ready', 'failed'].includes((await vault()).index.state))
      return vault()
    },
    find: async (query) =>
      (await vaults.search({ ...(await ask(query)), syntax: 'query', mode: 'keyword' }, signal)).map(
        ({ note }) => note,
      ),
    passages: async (query) => vaults.retrieve({ ...(await ask(query)), syntax: 'plain', mode: 'hybrid' }, signal),
    async [Symbol.asyncDispose]() {
      await vaults.close()
      await indexStore.close()
      await store.close()
      if (data === undefined) await rm(directory, { recursive: true, force: true })
    },
  }
}
