/**
 * A draft is an answer in the making: text that arrives bit by bit, and at its end the citations it used. The built-in
 * extractive model and language models both make one, so that what follows need not know which it was.
 */
import type { AskRequest, Citation, Outcome } from '@cairn/contract'
import type { ChatReply, Deployment, EgressPermit, Usage } from '../routing/index.ts'
import type { Passage, Vaults } from '../vaults/index.ts'
import { createCitationFilter } from './citation-filter.ts'
import { composePrompt, notFoundMark } from './compose-prompt.ts'
import type { Grounded } from './ground.ts'
import type { MeteredReply } from './metered.ts'

/** How an answer ended. Data only, since it may be kept. */
export interface AnswerEnd {
  readonly outcome: Outcome
  readonly citations: readonly Citation[]
  /** Nearest passages when nothing was found. */
  readonly related: readonly Citation[]
  /** What the answer was made from, as places in the list of grounded passages. */
  readonly madeFrom: readonly number[]
  readonly confidence: number | null
  readonly usage: Usage
}

export interface Draft {
  /** Pieces of the answer's text; returns how it ended. */
  pieces: AsyncGenerator<string, AnswerEnd>
  /** Output tokens when the provider’s stream has ended well; throws what it broke off with. */
  ended: Promise<number | null>
}

/** Changes with every change of how sentences are chosen and put together, since answers depend on it. */
export const quotingVersion = 'quote-1'

const relatedPassages = 5

/** Answers by quoting: the sentences that answer best, each with its citation. */
export async function draftByQuoting(
  grounded: Grounded,
  vaults: Vaults,
  { limit, notFoundBelow }: { limit: number; notFoundBelow: number },
): Promise<Draft> {
  const { question, context, candidates } = grounded
  const answer = await vaults.quoteAnswer(
    { question, ...(context === undefined ? {} : { context }) },
    candidates,
    limit,
  )
  const confidence = Math.round(answer.confidence * 100) / 100
  const isFound = answer.confidence >= notFoundBelow && answer.sentences.length > 0
  async function* pieces(): AsyncGenerator<string, AnswerEnd> {
    const usage = { input: 0, output: 0 }
    if (!isFound)
      return {
        outcome: 'not-found',
        citations: [],
        related: citePassages(candidates),
        madeFrom: [],
        confidence,
        usage,
      }
    const citations = answer.sentences.map(({ passage, start, end, quote }, index) =>
      cite(passage, index + 1, { start, end, quote }),
    )
    for (const [index, { text, passage }] of answer.sentences.entries()) {
      if (index === 1) yield '\n\nAlso in your notes:\n'
      const plain = withoutMarkers(text)
      yield index === 0 ? `${plain} [1]` : `\n- **${sourceName(passage)}**: ${plain} [${index + 1}]`
    }
    const madeFrom = answer.sentences.map(({ passage }) => findPlace(candidates, passage))
    return { outcome: 'answered', citations, related: [], madeFrom, confidence, usage }
  }
  return { pieces: pieces(), ended: Promise.resolve(null) }
}

/**
 * The draft read to its end, for a reply that is not streamed: the client has received nothing yet, so a provider that
 * breaks off in the middle can still be replaced by the next.
 */
export async function finishDraft({ pieces, ended }: Draft): Promise<Draft> {
  const read: string[] = []
  let step = await pieces.next()
  for (; step.done !== true; step = await pieces.next()) read.push(step.value)
  const end = step.value
  async function* replay(): AsyncGenerator<string, AnswerEnd> {
    yield* read
    return end
  }
  return { pieces: replay(), ended }
}

export interface ModelDraft {
  grounded: Grounded
  request: AskRequest
  deployment: Deployment
  permit: EgressPermit
  signal: AbortSignal
  limit: number
  /** Runs the call to the provider at the meter. */
  send(attempt: () => Promise<ChatReply>): Promise<MeteredReply>
}

/** Answers with a language model that was given the passages. */
export async function draftByModel({
  grounded,
  request,
  deployment,
  permit,
  signal,
  limit,
  send,
}: ModelDraft): Promise<Draft> {
  const { provider, model } = deployment
  const body = new TextEncoder().encode(
    JSON.stringify({
      model,
      messages: composePrompt(grounded, request.history),
      stream: true,
      stream_options: { include_usage: true },
    }),
  )
  const call = { body, model, answerAs: null, stream: true, includeUsage: true }
  const reply = await send(() => provider.chat(call, { permit, signal }))
  return {
    pieces: readModel(reply, grounded, limit),
    ended: reply.kind === 'stream' ? reply.stream.ended : Promise.resolve(reply.usage.output),
  }
}

async function* readModel(reply: ChatReply, { passages }: Grounded, limit: number): AsyncGenerator<string, AnswerEnd> {
  const filter = createCitationFilter(passages.length, limit)
  // Held back until it is clear that the answer is not the mark for “not found”.
  let held = ''
  let isAnswer = false
  for await (const text of readText(reply)) {
    held += text
    isAnswer ||= !notFoundMark.startsWith(held.trimStart().slice(0, notFoundMark.length))
    if (!isAnswer) continue
    const clean = filter.push(held)
    held = ''
    if (clean !== '') yield clean
  }
  const usage = reply.kind === 'stream' ? reply.stream.usage() : reply.usage
  const madeFrom = passages.map((_, index) => index)
  const isEmpty = !isAnswer && held.trim() === ''
  if (isEmpty || held.trimStart().startsWith(notFoundMark))
    return {
      outcome: 'not-found',
      citations: [],
      related: citePassages(passages),
      madeFrom,
      confidence: null,
      usage,
    }
  const rest = filter.push(held) + filter.end()
  if (rest !== '') yield rest
  const citations = filter.used().map((passage, index) => cite(passages[passage - 1] as Passage, index + 1))
  return { outcome: 'answered', citations, related: [], madeFrom, confidence: null, usage }
}

async function* readText(reply: ChatReply): AsyncGenerator<string> {
  if (reply.kind === 'json') return yield reply.text
  try {
    for (let piece = await reply.stream.read(); piece; piece = await reply.stream.read())
      if (piece.text !== '') yield piece.text
  } finally {
    reply.stream.cancel()
  }
}

export function citePassages(passages: readonly Passage[], most = relatedPassages): Citation[] {
  return passages.slice(0, most).map((passage, index) => cite(passage, index + 1))
}

function cite(passage: Passage, n: number, part: { start: number; end: number; quote: string } = passage): Citation {
  const { vault, note, version, heading } = passage
  return { n, vault, note, version, heading, start: part.start, end: part.end, quote: part.quote }
}

/** Where the passage stands in the list. The answerer works in another thread, so it gives back copies. */
function findPlace(list: readonly Passage[], passage: Passage): number {
  return list.findIndex(
    ({ vault, note, start, end }) =>
      vault === passage.vault && note === passage.note && start === passage.start && end === passage.end,
  )
}

/** A note's own “[3]” would read as a citation of ours. */
function withoutMarkers(text: string): string {
  return text.replace(/\[(\d{1,3})\]/g, '($1)')
}

/** “Title › last heading”, without saying the same twice. */
function sourceName({ title, heading }: Passage): string {
  const last = heading.split(' › ').at(-1) ?? ''
  return (last === '' || last === title ? title : `${title} › ${last}`).replace(/[*_[\]]/g, '')
}
