/**
 * Tells an answer as events: its text as it comes, then its citations, its receipt and how it ended. A reply that is
 * not streamed is the same events collected, so that both always say the same.
 */
import {
  highestLabel,
  type AskEvent,
  type AskReply,
  type AskRequest,
  type Label,
  type Outcome,
  type Receipt,
  type Source,
} from '@cairn/contract'
import { toCairnError } from '../base/index.ts'
import type { Plan } from '../routing/index.ts'
import type { AskServices } from './ask-types.ts'
import type { Ended } from './caches.ts'
import type { Said } from './capture.ts'
import { explain, settle, type CallRecord } from './gateway-reply.ts'
import type { Grounded } from './ground.ts'
import { signLabel } from './labels.ts'
import type { Heard } from './make-answer.ts'
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

export function tellAnswer(told: Told, answer: Heard): Telling {
  if (!answer.isOwn) told.record.answered(answer.by)
  return { events: tellPieces(told, answer), headers: explain(told.call, answer, null, told.services.clock) }
}

async function* tellPieces(told: Told, answer: Heard): AsyncGenerator<AskEvent> {
  const { record, grounded } = told
  const { pieces, passages } = answer
  let text = ''
  let end: Ended | undefined
  try {
    for (;;) {
      const step = await pieces.next()
      if (step.done === true) {
        end = step.value
        break
      }
      text += step.value
      yield { event: 'token', data: { text: step.value } }
    }
  } finally {
    // The client left or the provider broke off: the record says so; the caller tells the client.
    if (!end) {
      void record.ended('failed', describeUnfinished(grounded), { said: saidIn(told, () => text) })
      await pieces.return(undefined as never).catch(() => undefined)
    }
  }
  for (const data of end.citations) yield { event: 'citation', data }
  for (const data of end.related) yield { event: 'related', data }
  const madeFrom = end.madeFrom.flatMap((place) => passages[place] ?? [])
  const sources = listSources(madeFrom)
  // The built-in answerer quotes from more passages than a model would have been given.
  const label = madeFrom.reduce<Label>((highest, passage) => highestLabel(highest, passage.label), grounded.label)
  const auditSeq = await record.ended('ok', describeEnd(told, { end, sources, label }), {
    usage: end.usage,
    said: saidIn(told, () => text),
  })
  yield { event: 'receipt', data: makeReceipt(told, answer, { end, sources, label, auditSeq }) }
  yield { event: 'done', data: { outcome: end.outcome, confidence: end.confidence } }
}

/** The question with what was said before it. */
function saidIn({ request }: Told, response?: () => string): Said {
  const { question, history } = request
  const asked = () => (history === undefined ? question : JSON.stringify({ question, history }))
  return { request: asked, ...(response ? { response } : {}) }
}

/** No model is left that may see what the notes say. */
export function tellRefusal(told: Told, plan: Plan): Telling {
  async function* events(): AsyncGenerator<AskEvent> {
    const { call, grounded, record, services } = told
    const models = plan.rejected.map(({ deployment, reason }) => `${deployment.id} is ${reason}`).join('; ')
    const notes = namesOfHighest(grounded)
    yield {
      event: 'token',
      data: {
        text: `No model that was asked may see what these notes say: ${models}.${notes} Ask a local model, or the built-in one (model “extractive”).`,
      },
    }
    const auditSeq = await record.ended('refused', describeUnfinished(grounded), { said: saidIn(told) })
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

const mostNames = 3

/** The notes that set the label, which the asker may read; a conversation can set it too. */
function namesOfHighest({ passages, label }: Grounded): string {
  const notes = [...new Set(passages.filter((passage) => passage.label === label).map(({ note }) => `“${note}”`))]
  if (notes.length === 0) return ` The conversation before is ${label}.`
  const more = notes.length > mostNames ? ` and ${notes.length - mostNames} more` : ''
  return ` The label ${label} comes from ${notes.slice(0, mostNames).join(', ')}${more}.`
}

interface Finished {
  end: Ended
  sources: Source[]
  label: Label
  auditSeq: number | null
}

function makeReceipt({ call, services }: Told, answer: Heard, { end, sources, label, auditSeq }: Finished): Receipt {
  const { by, attempts, cache, upstreamMs } = answer
  const { costUsd, savedUsd } = settle(answer, end.costUsd)
  return {
    requestId: call.requestId,
    ...by,
    attempts: [...attempts],
    cache,
    sources,
    label: signLabel(label, call.principal.id, services.signer),
    tokens: { input: end.usage.input ?? 0, output: end.usage.output ?? 0 },
    costUsd: costUsd ?? 0,
    savedUsd,
    overheadMs: round(Math.max(0, services.clock.monotonic() - call.startedAtMs - upstreamMs)),
    auditSeq,
  }
}

/** What would have been told to a model, or was. */
export function describeUnfinished({ vaults, passages, label }: Grounded) {
  return { vaults, notes: listNotes(passages), label }
}

const listNotes = (places: readonly Source[]) => listSources(places).map(({ vault, note }) => `note:${vault}/${note}`)

function describeEnd({ grounded }: Told, { end, sources, label }: Pick<Finished, 'end' | 'sources' | 'label'>) {
  return {
    vaults: grounded.vaults,
    notes: listNotes(sources),
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
