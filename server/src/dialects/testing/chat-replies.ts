/**
 * Random replies of a chat model, whole and as streams: text, thinking, refusals and calls, cut and mixed in every way
 * that the chat dialect allows.
 */
import fc from 'fast-check'

export interface SaidCall {
  readonly id: string
  readonly name: string
  readonly args: string
}

export interface SaidReply {
  readonly thinking: string
  readonly text: string
  readonly refusal: string
  readonly calls: readonly SaidCall[]
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'content_filter'
  readonly usage: Record<string, unknown> | null
}

type Delta = Record<string, unknown>

const words = fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom('', 'a\n\nb', '潮 \u2028 "quoted" \\', '🌊🌊'))

const inputs = fc.dictionary(
  fc.string({ maxLength: 8 }).filter((name) => name !== '__proto__'),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 })),
  { maxKeys: 4 },
)

const count = fc.integer({ min: 0, max: 1_000 })

const usages = fc.option(
  fc.record({ cached: count, written: count, fresh: count, reasoning: count, said: count }).map((tokens) => ({
    prompt_tokens: tokens.cached + tokens.written + tokens.fresh,
    completion_tokens: tokens.reasoning + tokens.said,
    total_tokens: tokens.cached + tokens.written + tokens.fresh + tokens.reasoning + tokens.said,
    prompt_tokens_details: { cached_tokens: tokens.cached, cache_write_tokens: tokens.written },
    completion_tokens_details: { reasoning_tokens: tokens.reasoning },
  })),
)

export const saidReplies: fc.Arbitrary<SaidReply> = fc.record({
  thinking: words,
  text: words,
  refusal: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: words }),
  calls: fc
    .array(
      fc.record({
        name: fc.constantFrom('search', 'open_note', 'sum'),
        args: inputs.chain((input) => fc.constantFrom(JSON.stringify(input), JSON.stringify(input, null, 1), '{}', '')),
      }),
      { maxLength: 4 },
    )
    .map((calls) => calls.map((call, index) => ({ ...call, id: `call_${index}` }))),
  finish: fc.constantFrom('stop', 'length', 'tool_calls', 'content_filter'),
  usage: usages,
})

export function wholeCompletion({ thinking, text, refusal, calls, finish, usage }: SaidReply): Record<string, unknown> {
  const message = {
    role: 'assistant',
    content: text === '' ? null : text,
    refusal: refusal === '' ? null : refusal,
    ...(thinking === '' ? {} : { reasoning_content: thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => toolCall(call)) }),
  }
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [{ index: 0, message, finish_reason: finish, logprobs: null }],
    ...(usage === null ? {} : { usage }),
  }
}

function toolCall({ id, name, args }: SaidCall): Record<string, unknown> {
  return { id, type: 'function', function: { name, arguments: args } }
}

/**
 * The chunks of one reply. `cuts` says where texts are cut; with `mix`, what the model says comes in a random order
 * that only keeps the pieces of each text and of each call in theirs.
 */
export function streamChunks(reply: SaidReply, { cuts, mix }: { cuts: () => number; mix: boolean }): Delta[] {
  // Within one text even the halves of a character may come apart; between two blocks they would be lost.
  const slice = (text: string) => cut(mix ? [...text] : text.split(''), cuts)
  const tracks: Delta[][] = [
    slice(reply.thinking).map((reasoning_content) => ({ reasoning_content })),
    slice(reply.text).map((content) => ({ content })),
    slice(reply.refusal).map((refusal) => ({ refusal })),
    ...reply.calls.map(({ id, name, args }, index) => {
      const first = { index, id, type: 'function', function: { name, arguments: '' } }
      const rest = slice(args).map((piece) => ({ index, function: { arguments: piece } }))
      return [first, ...rest].map((call) => ({ tool_calls: [call] }))
    }),
  ]
  const deltas = mix ? shuffle(tracks, cuts) : tracks.flat()
  const chunk = (delta: Delta, finish_reason: string | null = null) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [{ index: 0, delta, finish_reason }],
  })
  return [
    chunk({ role: 'assistant', content: '' }),
    ...deltas.map((delta) => chunk(delta)),
    chunk({}, reply.finish),
    ...(reply.usage === null ? [] : [{ ...chunk({}), choices: [], usage: reply.usage }]),
  ]
}

function cut(units: readonly string[], cuts: () => number): string[] {
  const pieces: string[] = []
  for (let at = 0; at < units.length;) {
    const size = 1 + cuts()
    pieces.push(units.slice(at, at + size).join(''))
    at += size
  }
  return pieces
}

/** Calls begin in the order of their indexes, as in the dialect. */
function shuffle(tracks: Delta[][], cuts: () => number): Delta[] {
  const open = tracks.map((track) => [...track])
  const mixed: Delta[] = []
  for (;;) {
    const firstFresh = open.findIndex((track, index) => index >= 3 && track.length === tracks[index]?.length)
    const ready = open.filter(
      (track, index) =>
        track.length > 0 && (index < 3 || index <= firstFresh || track.length < (tracks[index]?.length ?? 0)),
    )
    const next = ready[cuts() % ready.length]?.shift()
    if (next === undefined) return mixed
    mixed.push(next)
  }
}

/** Numbers from a seed, for cuts and orders that a failing run can repeat. */
export const cutters: fc.Arbitrary<() => number> = fc
  .array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 30 })
  .map((numbers) => {
    let at = 0
    return () => numbers[at++ % numbers.length] ?? 0
  })
