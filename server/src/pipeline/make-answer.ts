/**
 * Has an answer made, once for all who ask for it at the same time, and lets each of them hear it from the start. It is
 * handed to the cache when it ended well.
 */
import type { AttemptReport } from '@cairn/contract'
import type { Fill, LiveFill } from '../cache/index.ts'
import type { ChatReply, Deployment, Executed } from '../routing/index.ts'
import type { Passage } from '../vaults/index.ts'
import { passagesOf, type Asking } from './answer-key.ts'
import type { AskServices } from './ask-types.ts'
import { microUsd, maxRecordedBytes, type Ended, type StoredAnswer } from './caches.ts'
import { scopesOfModel } from './catalogue.ts'
import { draftByModel, draftByQuoting, finishDraft, type AnswerEnd, type Draft } from './draft.ts'
import { answererOf, costOf, type Provenance } from './gateway-reply.ts'
import { followFill } from './follow-fill.ts'
import { goOnOnlyWith, requireUnchanged } from './note-gate.ts'
import { recordSource, type Reader, type Recording } from './recording.ts'
import { stampSources } from './sources.ts'

/** An answer as one asker hears it, whoever had it made. */
export interface Heard extends Provenance {
  /** What providers took of the time. */
  readonly upstreamMs: number
  /** What `madeFrom` of its end counts. */
  readonly passages: readonly Passage[]
  readonly pieces: AsyncGenerator<string, Ended>
}

export interface LiveAnswer {
  readonly deployment: Deployment
  readonly attempts: readonly AttemptReport[]
  /** Null: the built-in model stands in for others, and each asker has it quote from what that asker may read. */
  readonly recording: Recording<string, Ended> | null
}

/** How long an answer is kept that the first choice did not make: the first choice may be back soon. */
const standInTtlMs = 60_000

export async function makeAnswer(
  asking: Asking,
  services: AskServices,
  { fill, isKept }: { fill: Fill; isKept: boolean },
): Promise<LiveFill<StoredAnswer, LiveAnswer>> {
  const { settings } = services.caches
  stampSources(fill, asking.grounded.positions, services.caches.log)
  const upstream = followFill(fill)
  const executed = await execute(asking, services, upstream.signal)
  upstream.detach()
  const { value: draft, deployment, attempts } = executed
  const live = { deployment, attempts }
  if (draft === null) {
    fill.noStore()
    return { live: { ...live, recording: null }, whole: Promise.resolve(null) }
  }
  fill.addScopes(scopesOfModel(deployment))
  if (attempts.length > 1) fill.ttl(Math.min(standInTtlMs, settings.answerTtlMs))
  const pieces = priced(draft.pieces, deployment)
  const recording = recordSource<string, Ended>(
    {
      next: () => pieces.next(),
      cancel() {
        upstream.abort()
        pieces.return(undefined as never).catch(() => undefined)
      },
    },
    { sizeOf: ({ length }) => 2 * length, maxBytes: isKept ? maxRecordedBytes : 0 },
  )
  const whole = recording.whole.then((told): StoredAnswer | null => {
    if (told === null) return null
    fill.price(microUsd(told.end.costUsd))
    return { ...told, by: answererOf(deployment) }
  })
  return { live: { ...live, recording }, whole }
}

/** Null where the built-in model is left and the key does not name all that it would choose from. */
function execute(asking: Asking, services: AskServices, signal: AbortSignal): Promise<Executed<Draft | null>> {
  const { call, request, grounded, plan, record, metered, limit } = asking
  const isQuoted = passagesOf(asking) === grounded.candidates
  return services.routing.execute<Draft | null>(plan, {
    signal,
    caller: call.principal.id,
    report: record.attempted,
    settled: async (draft) => (await draft?.ended) ?? null,
    async send(deployment, permit, sent) {
      const sending = { deployment, signal: sent }
      const used = deployment.provider.dialect === 'extractive' ? grounded.candidates : grounded.passages
      await requireUnchanged(call, used, deployment, services)
      goOnOnlyWith(call, used, answererOf(deployment), services)
      if (deployment.provider.dialect === 'extractive') {
        const quoted = async () => ({ ...unpaid, draft: isQuoted ? await quote(asking, services) : null })
        return (await metered.sendJson(sending, quoted)).draft
      }
      const send = (attempt: () => Promise<ChatReply>) =>
        metered.send(sending, async () => {
          await record.intend(deployment, 'answer', grounded.label)
          return attempt()
        })
      const draft = await draftByModel({ grounded, request, deployment, permit, signal: sent, limit, send })
      return request.stream === true ? draft : finishDraft(draft)
    },
  })
}

/** Quoting uses no tokens. */
const unpaid = { kind: 'json' as const, usage: { input: 0, output: 0 } }

export function quote({ grounded, limit }: Asking, { vaults, settings }: AskServices): Promise<Draft> {
  return draftByQuoting(grounded, vaults, { limit, notFoundBelow: settings.notFoundBelow })
}

/** The pieces, with the price of the answer at their end. */
export async function* priced(
  pieces: AsyncGenerator<string, AnswerEnd>,
  deployment: Deployment,
): AsyncGenerator<string, Ended> {
  const end = yield* pieces
  return { ...end, costUsd: costOf(deployment, end.usage) }
}

export async function* listen(reader: Reader<string, Ended>): AsyncGenerator<string, Ended> {
  try {
    for (;;) {
      const step = await reader.next()
      if (step.done === true) return step.value
      yield step.value
    }
  } finally {
    reader.leave()
  }
}

export async function* replay({ pieces, end }: Pick<StoredAnswer, 'pieces' | 'end'>): AsyncGenerator<string, Ended> {
  yield* pieces
  return end
}

export async function readAll(pieces: AsyncGenerator<string, Ended>): Promise<Pick<StoredAnswer, 'pieces' | 'end'>> {
  const read: string[] = []
  let step = await pieces.next()
  for (; step.done !== true; step = await pieces.next()) read.push(step.value)
  return { pieces: read, end: step.value }
}
