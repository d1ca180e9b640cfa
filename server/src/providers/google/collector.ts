/**
 * What Google’s replies hold beside text, thoughts, function calls and pictures: the proofs of thinking that must come
 * back, safety ratings, grounding, parts of other kinds, and the fields of the reply.
 */
import { isRecord } from '../../base/index.ts'
import { readCount } from '../openai/replies.ts'
import type { Collector } from '../ai-sdk/vendor.ts'
import type { Usage } from '../types.ts'

type Fields = Readonly<Record<string, unknown>>

/** Characters of gathered parts; what is beyond is left out. */
const maxChars = 8_388_608
const knownFields = new Set(['candidates', 'responseId'])
const knownOfCandidate = new Set(['content', 'index', 'finishReason'])

export function createGoogleCollector(): Collector {
  const parts: Fields[] = []
  let fields: Record<string, unknown> = {}
  let signatures: Record<string, string> = {}
  let model: string | null = null
  let chars = 0

  function takePart(part: Fields): void {
    const signature = part['thoughtSignature']
    if (isRecord(part['functionCall'])) return
    if (typeof signature === 'string')
      signatures[part['thought'] === true ? 'reasoning_signature' : 'thought_signature'] = signature
    if (typeof part['text'] === 'string' || isRecord(part['inlineData'])) return
    chars += JSON.stringify(part).length
    if (chars <= maxChars) parts.push(part)
  }

  function take(reply: Fields): void {
    if (typeof reply['modelVersion'] === 'string') model = reply['modelVersion']
    const candidates = Array.isArray(reply['candidates']) ? reply['candidates'].filter(isRecord) : []
    const [candidate = {}] = candidates
    const content = isRecord(candidate['content']) ? candidate['content'] : {}
    for (const part of Array.isArray(content['parts']) ? content['parts'].filter(isRecord) : []) takePart(part)
    fields = { ...fields, ...without(reply, knownFields), ...without(candidate, knownOfCandidate) }
  }

  return {
    takeEvent: take,
    takeReply: take,
    extras: () => ({ ...signatures, ...(parts.length > 0 ? { parts } : {}), ...fields }),
    usage: () => (isRecord(fields['usageMetadata']) ? readUsageMetadata(fields['usageMetadata']) : null),
    model: () => model,
  }
}

function without(fields: Fields, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !names.has(name) && value !== null && value !== undefined),
  )
}

/** What was counted so far; thoughts are counted apart from the answer. */
function readUsageMetadata(usage: Fields): Usage {
  const input = readCount(usage['promptTokenCount'])
  const output = readCount(usage['candidatesTokenCount'])
  const thoughts = readCount(usage['thoughtsTokenCount'])
  const cacheRead = readCount(usage['cachedContentTokenCount'])
  return {
    input: input === null ? null : input + (readCount(usage['toolUsePromptTokenCount']) ?? 0),
    output: output === null && thoughts === null ? null : (output ?? 0) + (thoughts ?? 0),
    ...(cacheRead === null ? {} : { cacheRead }),
    ...(thoughts === null ? {} : { reasoning: thoughts }),
  }
}
