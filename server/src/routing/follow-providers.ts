/**
 * Keeps routing at what the database says of providers: at the start, after each change of this process before the
 * change is acknowledged, and about a second after a change of another process.
 */
import { errorFields, type Logger } from '../base/index.ts'
import type { ProviderStore, StoredProvider } from './provider-store.ts'
import type { RoutingWithStore } from './routing.ts'
import type { UpstreamSettings } from '../providers/index.ts'

export interface FollowedProviders extends Pick<ProviderStore, 'find' | 'put' | 'remove'> {
  close(): Promise<void>
}

export interface FollowOptions {
  readonly stored: ProviderStore
  readonly routing: Pick<RoutingWithStore, 'replaceStored' | 'refresh'>
  readonly logger: Logger
}

const lookEveryMs = 1_000
const listWithinMs = 10_000

/** Throws `storage.failed` when the providers cannot be read at the start. */
export async function followProviders({ stored, routing, logger }: FollowOptions): Promise<FollowedProviders> {
  const closing = new AbortController()
  let seen = -1
  let reading: Promise<void> = Promise.resolve()

  async function read(): Promise<void> {
    const version = await stored.version()
    if (version === seen) return
    routing.replaceStored((await stored.list()).map(toUpstream))
    seen = version
  }

  /** One after the other, so that an older list never replaces a newer one. */
  function readNext(): Promise<void> {
    return (reading = reading.catch(() => undefined).then(read))
  }

  /** For those that declare no models; nobody waits for it. */
  function askForModels(): void {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(listWithinMs)])
    void routing.refresh(signal).catch(() => undefined)
  }

  async function follow(): Promise<void> {
    const before = seen
    await readNext()
    if (seen !== before) askForModels()
  }

  await readNext()
  const timer = setInterval(() => {
    follow().catch((thrown: unknown) => logger.warn('the stored providers could not be read', errorFields(thrown)))
  }, lookEveryMs)

  return {
    find: stored.find,
    async put(id, write) {
      const change = await stored.put(id, write)
      await follow()
      return change
    },
    async remove(id) {
      const isRemoved = await stored.remove(id)
      await follow()
      return isRemoved
    },
    async close() {
      clearInterval(timer)
      closing.abort()
      await reading.catch(() => undefined)
    },
  }
}

function toUpstream({ id, settings, apiKey }: StoredProvider): UpstreamSettings {
  return { ...settings, id, ...(apiKey === null ? {} : { apiKey }) }
}
