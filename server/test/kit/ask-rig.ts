/** Questions over real vaults, real routing and the real cache, with an access that gives each person its own filter. */
import { openAccess } from './open-access.ts'
import { configSchema, type AskDryRun, type AskEvent, type AskReply, type AskRequest } from '@cairn/contract'
import { mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AuditEntry } from '../../src/audit/types.ts'
import { sha256, silentLogger, sleep, systemClock, type NoteFilter, type Principal } from '../../src/base/index.ts'
import { createAnnounce, openPipelineCaches, type CacheSettings } from '../../src/pipeline/caches.ts'
import { createAsk, createSearch, type Call } from '../../src/pipeline/index.ts'
import { createOutbound, createPermitOffice } from '../../src/platform/index.ts'
import type { UpstreamSettings } from '../../src/providers/index.ts'
import { createDriftWatch, createRouting, type Deployment } from '../../src/routing/index.ts'
import { openStore, type StoreLocation } from '../../src/storage/index.ts'
import {
  indexSchema,
  openVaults,
  vaultsSchema,
  type Announce,
  type Protection,
  type Vaults,
} from '../../src/vaults/index.ts'
import { gather } from '../harness.ts'
import { openTestCache } from './open-cache.ts'
import { createFreeMeter } from './free-meter.ts'
import { makeFolder } from './vault-rig.ts'

export const ann: Principal = { id: 'user_ann', name: 'Ann', kind: 'owner', via: 'key', credentialId: 'key_1' }
export const bob: Principal = { id: 'user_bob', name: 'Bob', kind: 'system', via: 'key', credentialId: 'key_2' }

export interface AskRigOptions {
  readonly notes: Readonly<Record<string, string>>
  readonly upstreams?: readonly UpstreamSettings[]
  readonly settings?: Partial<CacheSettings>
  readonly passages?: number
  /** What stands between the vaults and the log. */
  readonly announce?: (announce: Announce) => Announce
  /** What the policy looks at of notes; nothing is held without it. */
  readonly protection?: () => Promise<Protection>
}

export async function openAskRig(options: AskRigOptions) {
  const folder = await makeFolder('notes')
  const data = await makeFolder('data')
  const write = async (note: string, text: string) => {
    await mkdir(dirname(join(folder, note)), { recursive: true })
    await writeFile(join(folder, note), text)
  }
  for (const [note, text] of Object.entries(options.notes)) await write(note, text)

  const opened = await openTestCache()
  const { cache } = opened
  const clock = systemClock
  const logger = silentLogger
  const config = configSchema.parse({})
  const locate = (name: string): StoreLocation => ({
    kind: 'sqlite',
    file: join(data, `${name}.db`),
    durability: 'normal',
  })
  const store = await openStore({ location: locate('state'), schemas: [vaultsSchema] }, logger)
  const indexStore = await openStore({ location: locate('index'), schemas: [indexSchema] }, logger)
  const announce = (options.announce ?? ((each: Announce) => each))(createAnnounce(cache))
  const vaults = await openVaults({
    store,
    indexStore,
    indexLocation: locate('index'),
    clock,
    logger,
    only: [{ path: folder }],
    keepOut: data,
    announce,
    ...(options.protection ? { protection: options.protection } : {}),
  })

  const permits = createPermitOffice()
  const outbound = createOutbound({ permits, clock, logger })
  const upstreams = options.upstreams ?? []
  const { models, routing: settings } = config
  const routing = createRouting({ upstreams, models, settings, permits, outbound, clock, logger })
  const { meter, booked } = createFreeMeter()
  /** Deployments that a person may not use, and notes that a person may. */
  const unusable = new Map<string, (deployment: Deployment) => boolean>()
  const filters = new Map<string, NoteFilter>()
  const entries: AuditEntry[] = []
  const services = {
    access: openAccess(({ id }) => filters.get(id) ?? { kind: 'all' }),
    audit: {
      record: async (entry: AuditEntry) => entries.push(entry),
      ruleFor: () => ({ level: 'metadata' as const }),
    },
    caches: openPipelineCaches(cache, { ...config.cache, deploymentId: 'dep_test', ...options.settings }),
    clock,
    drift: createDriftWatch({ clock, logger }),
    logger,
    meter,
    vaults,
    signer: { sign: () => 'signed', verify: (_: string, signature: string) => signature === 'signed' },
    settings: { passages: options.passages ?? 3, citations: 5, notFoundBelow: 0.1 },
    routing: {
      ...routing,
      candidates: (...args: Parameters<typeof routing.candidates>) => {
        const all = routing.candidates(...args)
        const isUnusable = unusable.get(args[2].id) ?? (() => false)
        return { ...all, deployments: all.deployments.filter((each) => !isUnusable(each)) }
      },
    },
  }
  const runAsk = createAsk(services)
  const runSearch = createSearch(services)
  const callOf = (more: Partial<Call>): Call => ({
    requestId: 'req_test',
    principal: ann,
    signal: new AbortController().signal,
    startedAtMs: clock.monotonic(),
    ...more,
  })

  async function ask(request: AskRequest, more: Partial<Call> = {}): Promise<AskReply> {
    const outcome = await runAsk(callOf(more), request)
    if (outcome.kind !== 'reply') throw new Error('it was not answered in one piece')
    return outcome.reply
  }
  async function events(request: AskRequest, more: Partial<Call> = {}): Promise<AsyncIterable<AskEvent>> {
    const outcome = await runAsk(callOf(more), { ...request, stream: true })
    if (outcome.kind !== 'stream') throw new Error('it was not streamed')
    return outcome.events
  }
  async function hear(request: AskRequest, more: Partial<Call> = {}): Promise<AskEvent[]> {
    const heard: AskEvent[] = []
    for await (const event of await events(request, more)) heard.push(event)
    return heard
  }
  async function dryRun(request: AskRequest, more: Partial<Call> = {}): Promise<AskDryRun> {
    const outcome = await runAsk(callOf(more), { ...request, dryRun: true })
    if (outcome.kind !== 'dry-run') throw new Error('it was not a dry run')
    return outcome.reply
  }
  const vaultId = async () => (await vaults.list())[0]?.id ?? ''

  async function until(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
    const startedAt = clock.monotonic()
    while (!(await check())) {
      if (clock.monotonic() - startedAt > 15_000) throw new Error(`not within 15 seconds: ${what}`)
      await sleep(10)
    }
  }
  /** Waits until the index has come to rest and everything is announced. */
  async function settled(): Promise<void> {
    await until('the index is ready and announced', async () => {
      const [vault] = await vaults.list()
      const [rows] = await indexStore.read('SELECT COUNT(*) AS n FROM index_announcements')
      return vault?.index.state === 'ready' && Number(rows?.['n']) === 0
    })
  }
  await settled()

  return {
    folder,
    cache,
    vaults: vaults as Vaults,
    indexStore,
    services,
    entries,
    booked,
    filters,
    unusable,
    ask,
    dryRun,
    events,
    hear,
    heard: async (request: AskRequest, more: Partial<Call> = {}) => gather(await hear(request, more)),
    search: (query: string, more: Partial<Call> = {}) => runSearch(callOf(more), { query }),
    vaultId,
    until,
    settled,
    /** Each waits until the searcher has it and the log has heard of it. */
    async change(work: () => Promise<void>): Promise<void> {
      const before = (await vaults.list())[0]?.index.version ?? 0
      await work()
      await until('the change is indexed', async () => ((await vaults.list())[0]?.index.version ?? 0) > before)
      await settled()
    },
    /** These notes and no others, nobody limited, nothing cached and nothing on record. */
    async restore(notes: Readonly<Record<string, string>>): Promise<void> {
      const present = await readdir(folder, { recursive: true })
      const extra = present.filter((path) => path.endsWith('.md') && notes[path] === undefined)
      for (const path of extra) await unlink(join(folder, path))
      for (const [path, text] of Object.entries(notes))
        if ((await readFile(join(folder, path), 'utf8').catch(() => null)) !== text) await write(path, text)
      const id = await vaultId()
      await until('the notes are as they were', async () => {
        const { notes: listed } = await vaults.listNotes(id, { after: null, limit: 1_000, filter: { kind: 'all' } })
        const found = new Map(listed.map(({ note, version }) => [note, version]))
        const wanted = Object.entries(notes)
        return (
          found.size === wanted.length && wanted.every(([note, text]) => found.get(note) === sha256(text).slice(0, 32))
        )
      })
      await settled()
      for (const each of [unusable, filters]) each.clear()
      entries.length = 0
      await cache.invalidate({ scopes: ['*'] })
    },
    write,
    move: (from: string, to: string) => rename(join(folder, from), join(folder, to)),
    remove: (note: string) => unlink(join(folder, note)),
    stats: (name: string) => cache.stats().namespaces.find((each) => each.name === name),
    async [Symbol.asyncDispose]() {
      await vaults.close()
      await indexStore.close()
      await store.close()
      await opened[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
      await rm(data, { recursive: true, force: true })
    },
  }
}

export type AskRig = Awaited<ReturnType<typeof openAskRig>>
