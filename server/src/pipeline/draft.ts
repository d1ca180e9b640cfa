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

export interface DraftEnd {
  outcome: Outcome
  citations: Citation[]
  /** Nearest passages when nothing was found. */
  related: Citation[]
  confidence: number | null
  usage: Usage
}

export interface Draft {
  /** Pieces of the answer's text; returns how it ended. */
  pieces: AsyncGenerator<string, DraftEnd>
  /** When the provider's stream is over, however it ended. */
  settled: Promise<unknown>
}

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
  const isFound = answer.confidence >= notFoundBelow && answer.sentences.length > 0
  async function* pieces(): AsyncGenerator<string, DraftEnd> {
    const usage = { input: 0, output: 0 }
    if (!isFound)
      return {
        outcome: 'not-found',
        citations: [],
        related: citePassages(candidates),
        confidence: answer.confidence,
        usage,
      }
    const citations = answer.sentences.map(({ passage, start, end, quote }, index) =>
      cite(passage, index + 1, { start, end, quote }),
    )
    for (const [index, { text, passage }] of answer.sentences.entries()) {
      if (index === 1) yield '\n\nAlso in your notes:\n'
      yield index === 0 ? `${text} [1]` : `\n- **${sourceName(passage)}**: ${text} [${index + 1}]`
    }
    return { outcome: 'answered', citations, related: [], confidence: answer.confidence, usage }
  }
  return { pieces: pieces(), settled: Promise.resolve() }
}

export interface ModelDraft {
  grounded: Grounded
  request: AskRequest
  deployment: Deployment
  permit: EgressPermit
  signal: AbortSignal
  limit: number
}

/** Answers with a language model that was given the passages. */
export async function draftByModel({
  grounded,
  request,
  deployment,
  permit,
  signal,
  limit,
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
  const reply = await provider.chat(
    { body, model, answerAs: null, stream: true, includeUsage: true },
    { permit, signal },
  )
  return {
    pieces: readModel(reply, grounded, limit),
    settled: reply.kind === 'stream' ? reply.stream.settled : Promise.resolve(),
  }
}

async function* readModel(reply: ChatReply, { passages }: Grounded, limit: number): AsyncGenerator<string, DraftEnd> {
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
  const isEmpty = !isAnswer && held.trim() === ''
  if (isEmpty || held.trimStart().startsWith(notFoundMark))
    return { outcome: 'not-found', citations: [], related: citePassages(passages), confidence: null, usage }
  const rest = filter.push(held) + filter.end()
  if (rest !== '') yield rest
  const citations = filter.used().map((passage, index) => cite(passages[passage - 1] as Passage, index + 1))
  return { outcome: 'answered', citations, related: [], confidence: null, usage }
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

/** “Title › last heading”, without saying the same twice. */
function sourceName({ title, heading }: Passage): string {
  const last = heading.split(' › ').at(-1) ?? ''
  return (last === '' || last === title ? title : `${title} › ${last}`).replace(/[*_[\]]/g, '')
}
