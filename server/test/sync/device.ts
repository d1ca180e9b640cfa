/** A device with a vault in memory, and the syncer of the plugin talking to a real server. */
import { createHash } from 'node:crypto'
import type { NotesWrite, NotesWritten, SyncReply, SyncRequest } from '@cairn/contract'
import {
  createSyncer,
  SyncFailure,
  type KnownNote,
  type SyncOutcome,
  type SyncParts,
  type SyncState,
  type Syncer,
  type SyncTransport,
} from '../../../plugin/src/core/sync/index.ts'
import type { Exclusions } from '../../../plugin/src/core/exclusions.ts'

export type CallServer = (path: string, init?: RequestInit) => Promise<Response>

export interface File {
  readonly text: string
  readonly mtimeMs: number
}

/** What happens to the next call: no answer, before or after the server did it, or the program is killed there. */
export type Fault = 'lost-before' | 'lost-after' | 'killed-before' | 'killed-after'

class Killed extends Error {}

export class Device {
  readonly id: string
  readonly files = new Map<string, File>()
  readonly known = new Map<string, KnownNote>()
  state: SyncState
  exclusions: Exclusions = { folders: [], tags: [] }
  isOffline = false
  faults: (Fault | null)[] = []
  /** What a person does while a run is under way: after each of the next calls. */
  between: ((() => void) | null)[] = []
  requests = 0
  private readonly transport: SyncTransport
  private readonly change: (parts: SyncParts) => SyncParts
  private syncer: Syncer
  private clock = 1_000

  constructor(id: string, transport: SyncTransport, change: (parts: SyncParts) => SyncParts = (parts) => parts) {
    this.id = id.padEnd(16, '0')
    this.state = { device: this.id, base: 0, fingerprint: '' }
    this.transport = transport
    this.change = change
    this.syncer = this.start()
  }

  /** The program begins anew; what it keeps stays. */
  private start(): Syncer {
    const guard =
      <I, O>(call: (input: I) => Promise<O>) =>
      (input: I) =>
        this.underFaults(() => call(input))
    return createSyncer(
      this.change({
        vault: {
          list: () =>
            [...this.files].map(([path, { text, mtimeMs }]) => ({ path, mtimeMs, size: Buffer.byteLength(text) })),
          read: async (path) => this.files.get(path)?.text ?? null,
        },
        transport: {
          compare: guard((request: SyncRequest) => this.transport.compare(request)),
          write: guard((request: NotesWrite) => this.transport.write(request)),
        },
        known: {
          get: async (path) => this.known.get(path) ?? null,
          put: async (path, note) => void this.known.set(path, note),
          delete: async (path) => void this.known.delete(path),
        },
        state: { load: async () => this.state, save: async (state) => void (this.state = state) },
        exclusions: () => this.exclusions,
        hash: async (text) => createHash('sha256').update(text).digest('hex'),
        deviceName: this.id,
      }),
    )
  }

  private async underFaults<T>(call: () => Promise<T>): Promise<T> {
    this.requests++
    const fault = this.faults.shift() ?? null
    const lost = () => new SyncFailure('unreachable', 'no answer')
    if (this.isOffline || fault === 'lost-before') throw lost()
    if (fault === 'killed-before') throw new Killed()
    const reply = await call()
    this.between.shift()?.()
    if (fault === 'lost-after') throw lost()
    if (fault === 'killed-after') throw new Killed()
    return reply
  }

  kill(): void {
    this.syncer = this.start()
  }

  write(path: string, text: string): void {
    this.files.set(path, { text, mtimeMs: this.clock++ })
    this.syncer.changed(path)
  }

  remove(path: string): void {
    if (this.files.delete(path)) this.syncer.changed(path)
  }

  rename(from: string, to: string): void {
    const file = this.files.get(from)
    if (file === undefined || this.files.has(to)) return
    this.files.delete(from)
    this.files.set(to, file)
    this.syncer.changed(from, to)
  }

  exclude(exclusions: Exclusions): void {
    this.exclusions = exclusions
    this.syncer.changedAll()
  }

  takeOver(from: string | null): void {
    this.syncer.takeOver(from)
  }

  confirmDeletions(): void {
    this.syncer.confirmDeletions()
  }

  isDue = (): boolean => this.syncer.isDue()

  keepMine: Syncer['keepMine'] = (conflict) => this.syncer.keepMine(conflict)

  /** Null when it was killed on the way. */
  async run(): Promise<SyncOutcome | null> {
    try {
      return await this.syncer.run()
    } catch (thrown) {
      if (!(thrown instanceof Killed)) throw thrown
      this.kill()
      return null
    }
  }
}

/** Over HTTP, as the plugin does. */
export function httpTransport(call: CallServer, vault: string): SyncTransport {
  async function send<T>(path: string, method: string, body: unknown): Promise<T> {
    const reply = await call(path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch((thrown: unknown) => {
      throw new SyncFailure('unreachable', String(thrown))
    })
    const found: unknown = await reply.json()
    if (reply.ok) return found as T
    const { code, detail } = found as { code: string; detail: string }
    throw new SyncFailure(code, detail)
  }
  return {
    compare: (request) => send<SyncReply>(`/api/vaults/${vault}/sync`, 'POST', request),
    write: (request) => send<NotesWritten>(`/api/vaults/${vault}/notes`, 'PUT', request),
  }
}

export async function makeVault(call: CallServer, name: string): Promise<string> {
  const reply = await call('/api/vaults', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: 'sync', name }),
  })
  const { id } = (await reply.json()) as { id: string }
  return id
}
