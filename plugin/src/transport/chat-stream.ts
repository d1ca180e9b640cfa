/**
 * `POST /v1/chat/completions` as a stream of text. The header `x-cairn-label` says how sensitive the words are, so that
 * the server keeps them from every provider that is not cleared for that.
 */
import { readEvents, tryParseJson } from '@cairn/ui/client'
import { brokenOff, failureOf, malformed } from '../core/connection/failures.ts'
import type { ChatCall, ChatEnd } from '../core/inline/rewriting.ts'
import type { Transport } from './transport.ts'
import { watchSilence } from './watch-silence.ts'

export interface ChatStreamParts {
  readonly signal: AbortSignal
  readonly firstByteMs: number
  readonly onText: (text: string) => void
}

export async function streamChat(
  transport: Transport,
  { model, label, messages }: ChatCall,
  { signal, firstByteMs, onText }: ChatStreamParts,
): Promise<ChatEnd> {
  const reply = await transport.openStream('/v1/chat/completions', {
    method: 'POST',
    body: { model, messages, stream: true },
    headers: { accept: 'text/event-stream', 'x-cairn-label': label },
    signal,
    timeoutMs: firstByteMs,
  })
  if (!reply.ok) return { failure: reply.failure, isCut: false, by: '' }
  const { headers, body } = reply.value
  const by = [headers.get('x-cairn-model'), headers.get('x-cairn-provider')].filter(Boolean).join(' at ')
  try {
    if (headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      // A proxy may have gathered the stream: the answer comes in one piece.
      return { ...take(await reply.value.json(), onText), by }
    }
    return { ...(body === null ? broken : await readStream(body, onText)), by }
  } catch {
    return { ...broken, by }
  }
}

type Told = Omit<ChatEnd, 'by'>

const broken: Told = { failure: brokenOff, isCut: false }

async function readStream(body: ReadableStream<Uint8Array>, onText: (text: string) => void): Promise<Told> {
  let isCut = false
  for await (const { data } of readEvents(watchSilence(body))) {
    if (data === '[DONE]') return { failure: null, isCut }
    const told = take(tryParseJson(data), onText)
    if (told.failure !== null) return told
    isCut ||= told.isCut
  }
  return broken
}

/** One chunk, or a whole reply, or an error in the place of either. */
function take(value: unknown, onText: (text: string) => void): Told {
  if (typeof value !== 'object' || value === null) return { failure: malformed, isCut: false }
  const { choices, error } = value as { choices?: unknown; error?: { code?: unknown; message?: unknown } }
  if (error !== undefined) {
    const [code, message] = [error.code, error.message].map((each) => (typeof each === 'string' ? each : ''))
    return { failure: failureOf(code || 'internal.error', message ?? ''), isCut: false }
  }
  if (!Array.isArray(choices)) return { failure: malformed, isCut: false }
  const [choice] = choices as (Record<'delta' | 'message', { content?: unknown } | undefined> & {
    finish_reason?: unknown
  })[]
  const content = (choice?.delta ?? choice?.message)?.content
  if (typeof content === 'string' && content !== '') onText(content)
  return { failure: null, isCut: choice?.finish_reason === 'length' }
}
