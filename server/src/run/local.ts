/** What commands do without a running server: work on the data directory itself, under its lock. */
import { openApp, type AppOptions } from '../app.ts'
import { silentLogger, sleep, systemClock } from '../base/index.ts'
import type { FoundModelServer, Store } from '../cli/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import { createSearch, openPipelineCaches } from '../pipeline/index.ts'
import { createOutbound, createPermitOffice } from '../platform/index.ts'
import { createRouting } from '../routing/index.ts'

const pollMs = 100
const findMs = 2_000

/** Throws `storage.failed` when a server holds the data directory. */
export async function openLocal(options: Omit<AppOptions, 'exampleVault'>): Promise<Store> {
  const { vaults, access, audit, self, close } = await openApp({ ...options, exampleVault: null })
  // One search and done: nothing to keep.
  const caches = openPipelineCaches(null, { ...options.loaded.config.cache, deploymentId: 'local' })
  const search = createSearch({ access, audit, vaults, caches })
  const current = async (id: string) => (await vaults.list()).find((vault) => vault.id === id) ?? vaultGone(id)
  return {
    listVaults: () => vaults.list(),
    addVault: (asked) => vaults.add(asked),
    removeVault: (id) => vaults.remove(id),
    async search(request) {
      for (const { id } of await vaults.list()) await settle(() => current(id), AbortSignal.timeout(600_000))
      return search(
        {
          requestId: 'local',
          principal: self,
          signal: new AbortController().signal,
          startedAtMs: systemClock.monotonic(),
        },
        request,
      )
    },
    async index(id, { report, signal }) {
      await settle(() => current(id), signal)
      const work = vaults.reindex(id)
      const last = await settle(() => current(id), signal, report)
      await work
      return last
    },
    close,
  }
}

/** Waits until a vault is indexed, telling its state on the way. */
async function settle<T extends { index: { state: string } }>(
  read: () => Promise<T>,
  signal: AbortSignal,
  report?: (state: T) => void,
): Promise<T> {
  for (;;) {
    const state = await read()
    report?.(state)
    if (state.index.state === 'ready' || state.index.state === 'failed') return state
    await sleep(pollMs, signal)
  }
}

function vaultGone(id: string): never {
  throw new Error(`vault ${id} is gone`)
}

/** Model servers on this machine's usual ports and configured providers that answer; for `cairn doctor`. */
export async function findModelServers({ config, secrets }: LoadedConfig): Promise<FoundModelServer[]> {
  const permits = createPermitOffice()
  const outbound = createOutbound({ permits, clock: systemClock, logger: silentLogger })
  const routing = createRouting({
    upstreams: config.upstreams.map((upstream) => ({ ...upstream, apiKey: secrets.upstreamKeys.get(upstream.id) })),
    models: config.models,
    settings: config.routing,
    outbound,
    permits,
    clock: systemClock,
    logger: silentLogger,
  })
  const signal = AbortSignal.timeout(findMs)
  const [discovery, lists] = await Promise.all([routing.discover(signal), routing.refresh(signal)])
  const found = discovery.found.map(({ id, baseUrl, models }) => ({ id, baseUrl, models: models.length }))
  const answering = lists.flatMap(({ provider, models, problem }) => {
    const upstream = config.upstreams.find(({ id }) => id === provider)
    return upstream && problem === null ? [{ id: provider, baseUrl: upstream.baseUrl, models }] : []
  })
  return [...found, ...answering]
}
