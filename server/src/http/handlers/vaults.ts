/** Handlers of vaults: which there are, live, and registering, removing and indexing them. */
import type { VaultCreate, VaultInfo } from '@cairn/contract'
import { errorFields, fail, toCairnError, type CairnError, type Principal } from '../../base/index.ts'
import { emptyIndexInfo } from '../../vaults/index.ts'
import { followChanges } from '../follow-changes.ts'
import { acceptsEvents, eventStream, json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { endWithAccess } from '../watch-access.ts'
import { createEventStream, describeError, type ServerEvent } from '../sse.ts'
import { recordCall } from './record.ts'

type Input<P extends string, B> = ProtectedInput<P, B, undefined>

export async function listVaults({ call, exchange, services }: Input<string, undefined>): Promise<HttpReply> {
  if (!acceptsEvents(exchange.request)) return json({ vaults: await visibleVaults(services, call.principal) })
  async function* watch(): AsyncGenerator<ServerEvent> {
    const access = endWithAccess({ exchange, services })
    let told = ''
    try {
      const ends = [exchange.stopping, call.signal, access.signal]
      for await (const _ of followChanges((listener) => services.vaults.subscribe(listener), ends)) {
        // Who was allowed when the stream began may not be any more.
        await services.access.confirm()
        const data = { vaults: await visibleVaults(services, call.principal) }
        // An event without news would tell that something happened to what its reader does not see.
        const text = JSON.stringify(data)
        if (text === told) continue
        told = text
        yield { event: 'vaults', data }
      }
    } finally {
      access.stop()
    }
  }
  return eventStream(
    createEventStream(watch(), {
      signal: call.signal,
      heartbeatMs: services.heartbeatMs,
      onError: lastEvents(services),
    }),
  )
}

export async function addVault({ call, services, body }: Input<string, VaultCreate>): Promise<HttpReply> {
  const vault = await ('source' in body ? services.vaults.addSynced(body.name) : services.vaults.add(body))
  await recordCall(services, call, 'vault.registered', { vault: vault.id })
  return json(vault, 201)
}

export async function removeVault({ call, services, params }: Input<'/:id', undefined>): Promise<HttpReply> {
  requireVault(services, params.id)
  await services.vaults.remove(params.id)
  await recordCall(services, call, 'vault.removed', { vault: params.id })
  return noContent()
}

/** Indexing goes on when the client leaves; the stream only watches it. */
export async function reindexVault({
  call,
  exchange,
  services,
  params: { id },
}: Input<'/:id', undefined>): Promise<HttpReply> {
  requireVault(services, id)
  await recordCall(services, call, 'vault.reindexed', { vault: id })
  const run = { state: 'running' as 'running' | 'over', thrown: null as unknown, notify: () => {} }
  const over = (thrown: unknown) => {
    run.state = 'over'
    run.thrown = thrown
    run.notify()
  }
  services.vaults.reindex(id).then(
    () => over(null),
    (thrown: unknown) => {
      services.logger.error('indexing failed', { requestId: call.requestId, ...errorFields(thrown) })
      over(thrown)
    },
  )
  if (!acceptsEvents(exchange.request)) return json(requireVault(services, id).index, 202)

  const subscribe = (listener: () => void) => {
    run.notify = listener
    return services.vaults.subscribe(listener)
  }
  async function* watch(): AsyncGenerator<ServerEvent> {
    const access = endWithAccess({ exchange, services })
    try {
      for await (const _ of followChanges(subscribe, [exchange.stopping, call.signal, access.signal])) {
        if (run.thrown !== null) throw toCairnError(run.thrown)
        await services.access.confirm()
        services.access.require(call.principal, 'vault.configure', `vault:${id}`)
        const { index } = requireVault(services, id)
        yield { event: 'index', data: index }
        if (run.state !== 'over' || (index.state !== 'ready' && index.state !== 'failed')) continue
        yield { event: 'done', data: { state: index.state } }
        return
      }
    } finally {
      access.stop()
    }
  }
  return eventStream(
    createEventStream(watch(), {
      signal: call.signal,
      heartbeatMs: services.heartbeatMs,
      onError: lastEvents(services),
    }),
  )
}

/** Throws `vault.not-found`. */
export function requireVault({ vaults }: RouteServices, id: string): VaultInfo {
  return vaults.find(id) ?? fail('vault.not-found')
}

/**
 * Folder and file names are for who configures the vault. Counts, progress and the version of the index are for who may
 * know all of it: they move with every note, also with those that are hidden from somebody.
 */
function describeVault(access: RouteServices['access'], principal: Principal, vault: VaultInfo): VaultInfo {
  if (access.may(principal, 'vault.configure', `vault:${vault.id}`)) return vault
  const seesAll = access.filter(principal, 'discover', vault.id).kind === 'all'
  if (seesAll) return { ...vault, path: null, index: { ...vault.index, problems: [] } }
  const { state, version } = vault.index
  const index = emptyIndexInfo(state === 'indexing' && version > 0 ? 'ready' : state)
  return { ...vault, path: null, notes: 0, passages: 0, index }
}

/** Those that the caller may know of. */
async function visibleVaults({ access, vaults }: RouteServices, principal: Principal): Promise<VaultInfo[]> {
  const listed = (await vaults.list()).filter(({ id }) => access.seesVault(principal, id))
  return listed.map((vault) => describeVault(access, principal, vault))
}

function lastEvents({ logger }: RouteServices) {
  return (error: CairnError, thrown: unknown): ServerEvent[] => {
    if (error.code !== 'server.stopping') logger.error('a stream of vault states failed', errorFields(thrown))
    return [{ event: 'error', data: describeError(error) }]
  }
}
