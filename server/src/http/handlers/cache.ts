/** Handlers of the cache: its numbers over all processes of this host, and declaring what it holds no longer true. */
import type { CacheReceipt } from '@cairn/contract'
import { parseScope, sumStats } from '../../cache/index.ts'
import { json, type HttpReply } from '../reply.ts'
import type { Call } from '../dependencies.ts'
import type { ProtectedInput, RouteServices } from '../route.ts'
import { recordCall } from './record.ts'

type Input<B, Q> = ProtectedInput<string, B, Q>

interface Invalidation {
  readonly scopes: readonly string[]
  readonly kind: 'hard' | 'soft'
  readonly wait: 'commit' | 'all'
}

export async function describeCache({
  services: { cache, collectCacheStats, clock },
  query: { minutes },
}: Input<undefined, { minutes: number }>): Promise<HttpReply> {
  const collected = (await collectCacheStats?.()) ?? []
  const { history, ...report } = sumStats(collected.length > 0 ? collected : [cache.stats()])
  const from = clock.now() - minutes * 60_000
  return json({ ...report, history: history.filter(({ at }) => at > from) })
}

/** Every scope is read before anything is done, so a request with a wrong one changes nothing. */
export async function invalidateCache({
  call,
  services,
  body: { scopes, kind, wait },
}: Input<Invalidation, undefined>): Promise<HttpReply> {
  const parsed = [...new Set(scopes.map((scope, index) => parseScope(scope, `scopes[${index}]`)))]
  for (const scope of parsed) requirePurge(services, call, scope)
  const { seq, committed, acked, pending } = await services.cache.invalidate({ scopes: parsed, kind, wait })
  await recordCall(services, call, 'cache.invalidated', {
    scopeKinds: [...new Set(parsed.map(kindOf))].sort(),
    scopes: parsed.length,
    kind,
    wait,
    seq,
    committed,
  })
  const receipt: CacheReceipt = { seq, committed, acked: [...acked], pending: [...pending] }
  return committed ? json(receipt) : json({ ...receipt, message: keptAndTriedAgain }, 202)
}

/** Who runs a vault purges what is of that vault; for everything else it takes the right on the whole server. */
function requirePurge({ access }: RouteServices, { principal }: Call, scope: string): void {
  if (access.may(principal, 'cache.purge')) return
  const vault = /^(?:vault|index):([^/]+)$/.exec(scope)?.[1] ?? /^note:([^/]+)\//.exec(scope)?.[1]
  access.require(principal, 'cache.purge', vault === undefined ? undefined : `vault:${vault}`)
}

const keptAndTriedAgain =
  'The log cannot be written now. This server no longer uses what was invalidated; the invalidation is kept on its disk and tried again until the log has it.'

/** `note` of `note:VAULT/PATH`. The rest may name a person or a note and is not recorded. */
function kindOf(scope: string): string {
  return scope.split(':', 1)[0] ?? ''
}
