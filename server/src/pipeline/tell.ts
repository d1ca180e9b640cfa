/**
 * Tells an answer as events: its text as it comes, then its citations, its receipt and how it ended. A reply that is
 * not streamed is the same events collected, so that both always say the same.
 */
import {
  highestLabel,
  type AskEvent,
  type AskReply,
  type AskRequest,
  type AttemptReport,
  type Label,
  type Outcome,
  type Receipt,
  type Source,
} from '@cairn/contract'
import { toCairnError } from '../base/index.ts'
import type { CacheOutcome } from '../cache/index.ts'
import type { Deployment, Executed, Plan } from '../routing/index.ts'
import type { AskServices } from './ask-types.ts'
import type { Draft, DraftEnd } from './draft.ts'
import { costOf, explain, type CallRecord } from './gateway-reply.ts'
import type { Grounded } from './ground.ts'
import { signLabel } from './labels.ts'
import type { Call } from './types.ts'

export interface Told {
  readonly call: Call
  readonly request: AskRequest
  readonly grounded: Grounded
  readonly record: CallRecord
  readonly services: AskServices
}

export interface Telling {
  events: AsyncGenerator<AskEvent>
  headers: Readonly<Record<string, string>>
}

export function tellDraft(told: Told, outcome: CacheOutcome<Executed<Draft>>): Telling {
  const { call, services } = told
  return { events: tellPieces(told, outcome), headers: explain(call, outcome, null, services.clock) }
}

async function* tellPieces(told: Told, outcome: CacheOutcome<Executed<Draft>>): AsyncGenerator<AskEvent> {
  const { record, grounded } = told
  const {
    value: { value: draft, deployment, attempts },
  } = outcome
  let end: DraftEnd | undefined
  try {
    for (;;) {
      const step = await draft.pieces.next()
      if (step.done === true) {
        end = step.value
        break
      }
      yield { event: 'token', data: { text: step.value } }
    }
  } finally {
    // The client left or the provider broke off: the record says so; the caller tells the client.
    if (!end) {
      void record.ended('failed', { vaults: grounded.vaults, label: grounded.label })
      await draft.pieces
        .return({
          outcome: 'refused',
          citations: [],
          related: [],
          madeFrom: [],
          confidence: null,
          usage: { input: null, output: null },
        })
        .catch(() => undefined)
    }
  }
  for (const data of end.citations) yield { event: 'citation', data }
  for (const data of end.related) yield { event: 'related', data }
  const sources = listSources(end.madeFrom)
  // The built-in answerer quotes from more passages than a model would have been given.
  const label = end.madeFrom.reduce<Label>((highest, passage) => highestLabel(highest, passage.label), grounded.label)
  const auditSeq = await record.ended('ok', describeEnd(told, { end, sources, label }))
  yield { event: 'receipt', data: makeReceipt(told, { outcome, deployment, attempts, end, sources, label, auditSeq }) }
  yield { event: 'done', data: { outcome: end.outcome, confidence: end.confidence } }
}

/** No model is left that may see what the notes say. */
export function tellRefusal(told: Told, plan: Plan): Telling {
  async function* events(): AsyncGenerator<AskEvent> {
    const { call, grounded, record, services } = told
    const models = plan.rejected.map(({ deployment, reason }) => `${deployment.model} is ${reason}`).join('; ')
    yield {
      event: 'token',
      data: {
        text: `No model may see what these notes say: ${models}. Ask a local model, or the built-in one (model “extractive”).`,
      },
    }
    const auditSeq = await record.ended('refused', { vaults: grounded.vaults, label: grounded.label })
    const receipt: Receipt = {
      requestId: call.requestId,
      model: '',
      provider: '',
      egress: 'none',
      attempts: [],
      cache: { status: 'bypass', tier: null },
      sources: [],
      label: signLabel(grounded.label, call.principal.id, services.signer),
      tokens: { input: 0, output: 0 },
      costUsd: 0,
      savedUsd: 0,
      overheadMs: round(services.clock.monotonic() - call.startedAtMs),
      auditSeq,
    }
    yield { event: 'receipt', data: receipt }
    yield { event: 'done', data: { outcome: 'refused', confidence: null } }
  }
  return { events: events(), headers: { 'x-cairn-cache': 'bypass', 'x-cairn-attempts': '0' } }
}

interface Finished {
  outcome: CacheOutcome<Executed<Draft>>
  deployment: Deployment
  attempts: AttemptReport[]
  end: DraftEnd
  sources: Source[]
  label: Label
  auditSeq: number | null
}

function makeReceipt(
  { call, services }: Told,
  { outcome, deployment, attempts, end, sources, label, auditSeq }: Finished,
): Receipt {
  const { usage } = end
  const upstreamMs = deployment.provider.dialect === 'extractive' ? 0 : attempts.reduce((sum, { ms }) => sum + ms, 0)
  return {
    requestId: call.requestId,
    model: deployment.model,
    provider: deployment.provider.id,
    egress: deployment.egress,
    attempts,
    cache: { status: outcome.status, tier: outcome.tier },
    sources,
    label: signLabel(label, call.principal.id, services.signer),
    tokens: { input: usage.input ?? 0, output: usage.output ?? 0 },
    costUsd: costOf(deployment, usage) ?? 0,
    savedUsd: 0,
    overheadMs: round(Math.max(0, services.clock.monotonic() - call.startedAtMs - upstreamMs)),
    auditSeq,
  }
}

function describeEnd({ grounded }: Told, { end, sources, label }: Pick<Finished, 'end' | 'sources' | 'label'>) {
  return {
    vaults: grounded.vaults,
    notes: sources.map(({ note }) => note),
    label,
    tokensIn: end.usage.input,
    tokensOut: end.usage.output,
  }
}

function listSources(cited: readonly Source[]): Source[] {
  return [...new Map(cited.map(({ vault, note, version }) => [`${vault}\n${note}`, { vault, note, version }])).values()]
}

/** The events as one reply. An error in the middle of the answer is the reply's error. */
export async function collectReply(events: AsyncIterable<AskEvent>): Promise<AskReply> {
  const reply: Partial<AskReply> & Pick<AskReply, 'answer' | 'citations'> = { answer: '', citations: [] }
  const related: AskReply['citations'] = []
  try {
    for await (const event of events) {
      if (event.event === 'token') reply.answer += event.data.text
      else if (event.event === 'citation') reply.citations.push(event.data)
      else if (event.event === 'related') related.push(event.data)
      else if (event.event === 'receipt') reply.receipt = event.data
      else if (event.event === 'done')
        Object.assign(reply, { outcome: event.data.outcome as Outcome, confidence: event.data.confidence ?? null })
    }
  } catch (thrown) {
    throw toCairnError(thrown)
  }
  return { ...(reply as AskReply), ...(reply.outcome === 'not-found' ? { related } : {}) }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
