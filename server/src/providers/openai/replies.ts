/** Reads the parts of JSON replies that Cairn must understand: whether it is one, usage, text, finish. */
import { isRecord } from '../../base/index.ts'
import type { Usage } from '../types.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

export const noUsage: Usage = { input: null, output: null }

/** The JSON object in these bytes, or undefined. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function readUsage(reply: Record<string, unknown>): Usage | undefined {
  const usage = reply['usage']
  if (!isRecord(usage)) return undefined
  const ofInput = usage['prompt_tokens_details']
  const ofOutput = usage['completion_tokens_details']
  return {
    input: readCount(usage['prompt_tokens']),
    output: readCount(usage['completion_tokens']),
    // DeepSeek tells its cache in a field of its own.
    ...readDetail('cacheRead', isRecord(ofInput) ? ofInput['cached_tokens'] : usage['prompt_cache_hit_tokens']),
    ...readDetail('reasoning', isRecord(ofOutput) ? ofOutput['reasoning_tokens'] : undefined),
  }
}

/** The detail under its name, or nothing when it is not told. */
export function readDetail<Name extends 'cacheRead' | 'cacheWrite' | 'reasoning'>(
  name: Name,
  value: unknown,
): Partial<Record<Name, number>> {
  const count = readCount(value)
  return count === null ? {} : ({ [name]: count } as Record<Name, number>)
}

export interface ChunkFacts {
  /** Something of an answer: text, reasoning, a tool call, a refusal, or the news that it is finished. */
  readonly hasContent: boolean
  readonly text: string
  /** Characters of all that the model said. */
  readonly chars: number
  /** Indexes of the choices that the chunk belongs to, and of those that it finishes. */
  readonly seen: readonly number[]
  readonly finished: readonly number[]
  readonly isUsageOnly: boolean
}

export function readChunk(chunk: Record<string, unknown>): ChunkFacts | undefined {
  const choices = readChoices(chunk)
  if (!choices) return undefined
  let text = ''
  let chars = 0
  let hasContent = false
  const seen: number[] = []
  const finished: number[] = []
  for (const choice of choices) {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0
    seen.push(index)
    if (typeof choice['finish_reason'] === 'string') finished.push(index)
    const delta = choice['delta']
    if (!isRecord(delta)) continue
    // Most chunks are a single string: read without making lists of them.
    for (const name in delta) {
      const value = delta[name]
      if (name === 'role' || value === null || value === '') continue
      hasContent = true
      if (!unsaid.has(name)) chars += typeof value === 'string' ? value.length : countChars(value)
    }
    if (index === 0 && typeof delta['content'] === 'string') text += delta['content']
  }
  return {
    hasContent: hasContent || finished.length > 0,
    text,
    chars,
    seen,
    finished,
    isUsageOnly: choices.length === 0 && isRecord(chunk['usage']),
  }
}

const saidDepth = 4
/** What names something, and what is no text: pictures, sound, addresses, sealed thoughts. */
const unsaid = new Set(
  'role id type name data b64_json url annotations signature thought_signature encrypted_content'.split(' '),
)

/** Characters of all that a message says. */
export function countSaid(message: Record<string, unknown>): number {
  let chars = 0
  for (const name in message) if (!unsaid.has(name)) chars += countChars(message[name])
  return chars
}

/** Characters of the strings in a part of a message, without those that name something. */
export function countChars(value: unknown, depth = 1): number {
  if (typeof value === 'string') return value.length
  if (depth >= saidDepth || typeof value !== 'object' || value === null) return 0
  let chars = 0
  for (const [name, part] of Object.entries(value)) if (!unsaid.has(name)) chars += countChars(part, depth + 1)
  return chars
}

/** The choices, or undefined when the object has no such list. */
function readChoices(reply: Record<string, unknown>): Record<string, unknown>[] | undefined {
  const choices = reply['choices']
  return Array.isArray(choices) ? choices.filter(isRecord) : undefined
}

/** A count of tokens: a whole number that a double holds exactly and that is not negative. Anything else is none. */
export function readCount(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null
}
