/** Handlers of models and providers: what there is, changing what is stored, trying a provider, explaining a route. */
import {
  findReserved,
  upstreamSchema,
  type ModelsReply,
  type ProviderInfo,
  type ProviderReply,
  type ProviderWrite,
  type RouteExplainRequest,
} from '@cairn/contract'
import { fail } from '../../base/index.ts'
import { isForbiddenHost } from '../../platform/index.ts'
import { json, noContent, type HttpReply } from '../reply.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'

type Input<B = undefined> = ProtectedInput<string, B, undefined>
type ProviderInput<B = undefined> = ProtectedInput<'/:id', B, undefined>

export function describeModels({ call, services }: Input): HttpReply {
  const described = services.models.describe(call.principal)
  if (services.access.may(call.principal, 'provider.manage')) return json(described)
  // Where models run is for who manages them; others see which ones are theirs to use.
  const used = new Set(described.models.map(({ provider }) => provider))
  const providers = described.providers
    .filter(({ id }) => used.has(id))
    .map((provider) => ({ ...provider, baseUrl: null, inFlight: 0, waiting: 0 }))
  return json({ ...described, providers })
}

export function explainRoute({ call, services, body }: Input<RouteExplainRequest>): HttpReply {
  return json(services.models.explain(body, call.principal))
}

export async function describeProvider({ services, params }: ProviderInput): Promise<HttpReply> {
  return json(await readProvider(services, params.id))
}

export async function putProvider({ call, services, params, body }: ProviderInput<ProviderWrite>): Promise<HttpReply> {
  const id = takeId(params.id)
  refuseReadOnly(services.models.findProvider(id))
  refuseReserved(id, services.models.describe(call.principal))
  refuseAddress(body.baseUrl)
  const { isNew, changes } = await services.providers.put(id, body)
  if (isNew || changes.length > 0) await recordCall(services, call, 'provider.changed', { provider: id, changes })
  return json(await readProvider(services, id), isNew ? 201 : 200)
}

export async function removeProvider({ call, services, params }: ProviderInput): Promise<HttpReply> {
  const { id } = params
  // What is stored may be removed also while another provider has its id.
  if (!(await services.providers.remove(id))) {
    refuseReadOnly(services.models.findProvider(id))
    fail('provider.not-found')
  }
  await recordCall(services, call, 'provider.removed', { provider: id })
  return noContent()
}

export async function testProvider({ call, services, params }: ProviderInput): Promise<HttpReply> {
  const result = await services.models.testProvider(params.id, call.signal)
  await recordCall(services, call, 'provider.tested', { provider: params.id, code: result.code })
  return json(result)
}

/** Throws `provider.not-found`. */
async function readProvider({ models, providers }: RouteServices, id: string): Promise<ProviderReply> {
  const info = models.findProvider(id) ?? fail('provider.not-found')
  const stored = info.origin === 'database' ? await providers.find(id) : null
  return { ...info, settings: stored?.settings ?? null }
}

function takeId(id: string): string {
  if (upstreamSchema.shape.id.safeParse(id).success) return id
  return fail('request.invalid', {
    param: 'id',
    message: 'The id of a provider has small letters, digits and dashes, at most 63, and begins with no dash.',
  })
}

const readOnly: Readonly<Partial<Record<ProviderInfo['origin'], string>>> = {
  'built-in': 'This provider is built in and has nothing to change.',
  configuration: 'This provider is set in the configuration; change it there.',
  found: 'This provider was found on this machine while starting. Add it under another id to change how it is used.',
}

function refuseReadOnly(known: ProviderInfo | undefined): void {
  const message = known && readOnly[known.origin]
  if (message !== undefined) fail('provider.read-only', { message })
}

function refuseReserved(id: string, { virtual }: Pick<ModelsReply, 'virtual'>): void {
  const names = virtual.map((each) => each.id)
  const why = findReserved(id, names)
  if (why !== null) fail('request.invalid', { param: 'id', message: `id: “${id}” ${why}. Choose another.` })
}

/** Before anything is stored; what a name means is looked at again at each call, by the outbound door. */
function refuseAddress(baseUrl: string): void {
  const refuse = (message: string) => fail('request.invalid', { param: 'baseUrl', message })
  const url = new URL(baseUrl)
  if (url.username !== '' || url.password !== '')
    refuse('baseUrl: give a key in “apiKey”, not as user or password in the address.')
  if (url.hash !== '') refuse('baseUrl: an address with a # part cannot be called.')
  if (isForbiddenHost(url)) refuse('baseUrl: link-local and metadata addresses are never called.')
}
