/**
 * Was this question answered before, from the very same passages? Whoever finds the answer has just been shown to be
 * allowed all it was made from (`answer-key.ts`). Who asks while it is made, hears it while it is made.
 */
import { CairnError } from '../base/index.ts'
import type { Fill, KeyedNamespace } from '../cache/index.ts'
import type { Plan } from '../routing/index.ts'
import { keyOfAnswer, passagesOf, partitionOfAnswer, scopesOfAnswer, type Asking } from './answer-key.ts'
import type { AskServices } from './ask-types.ts'
import { forCall, mayKnowTier, record, type StoredAnswer } from './caches.ts'
import { answererOf, type Answerer } from './gateway-reply.ts'
import { listen, makeAnswer, priced, quote, readAll, replay, type Heard, type LiveAnswer } from './make-answer.ts'

const mostJoins = 3

/** Throws what the providers throw. For a reply that is not streamed the answer is heard to its end. */
export async function findAnswer(asking: Asking, services: AskServices): Promise<Heard> {
  const { call, request } = asking
  let namespace = forCall(services.caches.answers, call)
  for (let tries = 1; ; tries += 1) {
    const heard = await hear(asking, services, namespace)
    if (request.stream === true) return heard
    try {
      return { ...heard, pieces: replay(await readAll(heard.pieces)) }
    } catch (thrown) {
      // A stream that somebody else had made broke off, where this call can still have another provider tried.
      if (heard.isOwn || !isUpstream(thrown)) throw thrown
      if (tries >= mostJoins) namespace = null
    }
  }
}

async function hear(
  asking: Asking,
  services: AskServices,
  namespace: KeyedNamespace<StoredAnswer> | null,
): Promise<Heard> {
  const { call, grounded, plan } = asking
  const passages = passagesOf(asking)
  const partition = partitionOfAnswer(asking, services)
  let isOwn = false
  const make = (fill: Fill) => {
    isOwn = true
    return makeAnswer(asking, services, { fill, isKept: namespace !== null })
  }
  const found = await record(namespace, () => keyOfAnswer(asking, partition, services), make, {
    scopes: scopesOfAnswer(asking, partition),
    signal: call.signal,
  })
  if (found.kind === 'stored') {
    const { value, status } = found
    if (!mayUse(plan, value.by)) return hear(asking, services, null)
    const tier = mayKnowTier(call.principal, partition.isShared) ? found.tier : null
    const told = { by: value.by, attempts: [], cache: { status, tier }, isOwn: false, upstreamMs: 0 }
    asking.metered.hit(value.by, value.end.usage, value.end.costUsd)
    return { ...told, passages, pieces: replay(value) }
  }
  const { live, status, tier } = found
  const told = {
    by: answererOf(live.deployment),
    attempts: isOwn ? live.attempts : [],
    cache: { status, tier },
    isOwn,
    upstreamMs: upstreamTime(live),
  }
  if (live.recording === null) {
    const { pieces } = await quote(asking, services)
    return { ...told, passages: grounded.candidates, pieces: priced(pieces, live.deployment) }
  }
  const reader = live.recording.open(call.signal)
  call.signal.throwIfAborted()
  // It has just broken off, or has become too long for another listener.
  if (reader === null) return hear(asking, services, null)
  return { ...told, passages, pieces: listen(reader) }
}

/** The key names who could answer; this names who did. */
function mayUse({ allowed }: Plan, by: Answerer): boolean {
  return allowed.some(
    ({ provider, model, egress }) => provider.id === by.provider && model === by.model && egress === by.egress,
  )
}

/** The built-in model is part of this server. */
function upstreamTime({ deployment, attempts }: LiveAnswer): number {
  return deployment.provider.dialect === 'extractive' ? 0 : attempts.reduce((sum, { ms }) => sum + ms, 0)
}

function isUpstream(thrown: unknown): boolean {
  return thrown instanceof CairnError && thrown.code.startsWith('upstream.')
}
