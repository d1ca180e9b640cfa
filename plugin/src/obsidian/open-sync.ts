/**
 * Vault sync in this vault: what the settings and the connection say of it, this device's memory of it, and what a person
 * decides. What does the work is loaded when sync is first on.
 */
import type { Plugin } from 'obsidian'
import type { SyncConflict } from '@cairn/contract'
import type { Connection } from '../core/connection/connection.ts'
import { wordsOf } from '../core/connection/connection.ts'
import { isExcluded } from '../core/exclusions.ts'
import type { SyncPort } from '../core/ports.ts'
import type { Settings } from '../core/settings/settings-store.ts'
import { createKeeper, type Keeper, type KeeperMemory, type SyncTarget } from '../core/sync/keeper.ts'
import { nameCopy, type SyncChoice } from '../core/sync/report.ts'
import type { Syncer } from '../core/sync/syncer.ts'
import type { SyncProblem, SyncState } from '../core/sync/types.ts'
import type { SyncCalls } from '../transport/sync-calls.ts'
import type { Transport } from '../transport/transport.ts'
import { describeDevice, type DeviceStorage } from './device.ts'
import type { KnownStore } from './known-notes.ts'
import { tagsOf } from './notes.ts'
import { createLocalVault, findFile, followVault, putNote } from './sync-vault.ts'
import { later, newId, now } from './time.ts'

export interface SyncParts {
  readonly plugin: Plugin
  readonly settings: Settings
  readonly connection: Connection
  readonly transport: Transport
  readonly storage: DeviceStorage
}

export interface Sync extends SyncPort {
  /** Called when the layout is ready. */
  readonly start: () => void
  readonly close: () => Promise<void>
}

/** What is in use while sync is on. */
interface Opened {
  readonly target: string
  readonly calls: SyncCalls
  readonly known: KnownStore
}

const memoryName = 'cairn-sync'
const stateName = 'cairn-sync-state'

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its functions is short
export function openSync(parts: SyncParts): Sync {
  const { plugin, settings, connection, storage } = parts
  const { app } = plugin
  let opened: Opened | null = null
  const exclusions = () => ({
    folders: settings.get('privacy.excludedFolders'),
    tags: settings.get('privacy.excludedTags'),
  })
  const keeper: Keeper = createKeeper({
    isOn: () => settings.get('sync.isOn'),
    target: () => targetOf(parts),
    isReached: () => connection.state.get().at === 'ready',
    waitForServer: () => connection.wait(),
    memory: { load: () => readMemory(storage), save: (memory) => storage.write(memoryName, memory) },
    later,
    now,
    async open(target, hooks): Promise<Syncer> {
      const [{ createSyncer }, { syncCalls }, { openKnownNotes }] = await Promise.all([
        import('../core/sync/syncer.ts'),
        import('../transport/sync-calls.ts'),
        import('./known-notes.ts'),
      ])
      await opened?.known.close()
      const calls = syncCalls(parts.transport, settings.get('connection.vault'), () => hooks.signal)
      const known = await openKnownNotes(`cairn-notes-${settings.deviceId}`)
      // What is known of notes is of one vault on one server.
      if (readState(storage)?.target !== target) {
        await known.clear()
        storage.write(stateName, { target, device: newDevice(), base: 0, fingerprint: '' })
      }
      opened = { target, calls, known }
      const gated =
        <I, O>(call: (input: I) => Promise<O>) =>
        async (input: I) => {
          await hooks.gate()
          return call(input)
        }
      return createSyncer({
        vault: createLocalVault(app, hooks.gate),
        transport: { compare: gated(calls.compare), write: gated(calls.write) },
        known,
        state: {
          load: () => Promise.resolve(readState(storage) ?? { device: newDevice(), base: 0, fingerprint: '' }),
          save: (state) => Promise.resolve(storage.write(stateName, { ...state, target })),
        },
        exclusions,
        hash: sha256,
        deviceName: `${describeDevice()}, ${app.vault.getName()}`.slice(0, 60),
        onProgress: hooks.onProgress,
      })
    },
  })

  return {
    report: keeper.report,
    target: () => {
      const target = targetOf(parts)
      return target.ok ? { ok: true, origin: originOf(connection), vault: nameOfVault(parts) } : target
    },
    plan() {
      const files = app.vault.getMarkdownFiles()
      const excluded = exclusions()
      const sent = files.filter((file) => !isExcluded(excluded, { path: file.path, tags: tagsOf(app, file) }))
      const folders = new Map<string, number>()
      for (const { path } of sent) {
        const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
        folders.set(folder, (folders.get(folder) ?? 0) + 1)
      }
      return {
        notes: sent.length,
        bytes: sent.reduce((sum, { stat }) => sum + stat.size, 0),
        keptBack: files.length - sent.length,
        folders: [...folders].sort(([a], [b]) => a.localeCompare(b)),
      }
    },
    setOn: (isOn) => void settings.set('sync.isOn', isOn),
    setPaused: keeper.setPaused,
    syncNow: keeper.syncNow,
    confirmDeletions: keeper.confirmDeletions,
    takeOver: keeper.takeOver,
    async texts({ path }) {
      const file = findFile(app, path)
      const [mine, theirs] = await Promise.all([
        file === null ? null : app.vault.read(file),
        opened?.calls.read(path).catch(() => null) ?? null,
      ])
      return { mine, theirs: theirs?.text ?? null }
    },
    async resolve(conflict, choice) {
      if (opened === null) return 'Sync is not on.'
      try {
        return await resolve({ plugin, keeper, calls: opened.calls }, conflict, choice)
      } catch (thrown) {
        return thrown instanceof Error && thrown.message !== '' ? thrown.message : 'That could not be done.'
      }
    },
    start() {
      followVault(plugin, { changed: keeper.changed, changedAll: () => keeper.changedAll('soon') })
      let excluded = JSON.stringify(exclusions())
      plugin.register(connection.state.subscribe(keeper.look))
      plugin.register(
        settings.values.subscribe(() => {
          keeper.look()
          if (JSON.stringify(exclusions()) === excluded) return
          excluded = JSON.stringify(exclusions())
          keeper.changedAll('at once')
        }),
      )
      keeper.look()
    },
    async close() {
      keeper.close()
      await opened?.known.close()
    },
  }
}

/** A sentence when it could not be done. What is on this device is changed only for `theirs` and `both`. */
async function resolve(
  { plugin: { app }, keeper, calls }: { plugin: Plugin; keeper: Keeper; calls: SyncCalls },
  conflict: SyncConflict,
  choice: SyncChoice,
): Promise<string | null> {
  const { path, version } = conflict
  if (choice === 'mine') return keeper.keepMine(conflict)
  const theirs = version === null ? null : await calls.read(path)
  if (version !== null && theirs?.version !== version) {
    keeper.syncNow()
    return 'The note has changed on the server since. Look again.'
  }
  if (choice === 'both' && theirs !== null) {
    await putNote(
      app,
      nameCopy(path, (copy) => findFile(app, copy) !== null),
      theirs.text,
    )
    return keeper.keepMine(conflict)
  }
  const file = findFile(app, path)
  if (theirs !== null) await putNote(app, path, theirs.text)
  else if (file !== null) await app.fileManager.trashFile(file)
  keeper.settled(conflict)
  return null
}

function targetOf({ settings, connection }: SyncParts): SyncTarget {
  const state = connection.state.get()
  const vault = settings.get('connection.vault')
  if (state.at === 'unset' || state.at === 'blocked' || state.at === 'unpaired' || state.at === 'revoked')
    return { ok: false, why: wordsOf(state).sentence }
  if (state.at === 'wrong-server' || state.at === 'version') return { ok: false, why: wordsOf(state).sentence }
  if (vault === '') return { ok: false, why: 'Choose which vault on the server this vault is.' }
  if (state.at === 'ready') {
    const found = state.vaults.find(({ id }) => id === vault)
    if (found === undefined) return { ok: false, why: 'The server has no such vault, or this device may not use it.' }
    if (found.source === 'folder')
      return { ok: false, why: `The server reads “${found.name}” from a folder of its own. Nothing needs to be sent.` }
  }
  return { ok: true, id: `${state.origin} ${vault}` }
}

function originOf({ state }: Connection): string {
  const known = state.get()
  return 'origin' in known ? known.origin : ''
}

function nameOfVault({ settings, connection }: SyncParts): string {
  const state = connection.state.get()
  const id = settings.get('connection.vault')
  return (state.at === 'ready' ? state.vaults.find((vault) => vault.id === id)?.name : undefined) ?? id
}

/** Random, 16 to 40 small letters and digits, and not the id that stands in shared settings. */
function newDevice(): string {
  return `${newId()}${newId()}`
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function readMemory(storage: DeviceStorage): KeeperMemory {
  const stored = asRecord(storage.read(memoryName))
  const { lastAt, problems } = stored
  const isProblem = (value: unknown): value is SyncProblem => {
    const { path, reason } = asRecord(value)
    return typeof path === 'string' && typeof reason === 'string'
  }
  return {
    isPaused: stored['isPaused'] === true,
    lastAt: typeof lastAt === 'number' ? lastAt : null,
    problems: Array.isArray(problems) ? problems.filter(isProblem) : [],
  }
}

function readState(storage: DeviceStorage): (SyncState & { readonly target: string }) | null {
  const { target, device, base, fingerprint } = asRecord(storage.read(stateName))
  const isWhole = typeof target === 'string' && typeof device === 'string' && /^[a-z0-9]{16,40}$/.test(device)
  if (!isWhole || typeof base !== 'number' || !Number.isInteger(base) || base < 0) return null
  return { target, device, base, fingerprint: typeof fingerprint === 'string' ? fingerprint : '' }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
