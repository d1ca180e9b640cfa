/**
 * What a request needs of a model, and how many tokens it may come to: for planning, for the context window, and for
 * what is held back from a budget until the provider tells. Every vendor counts by its own tables; this rule needs none:
 *
 * - Text: a token for four UTF-16 units, and 0.3 for each byte that UTF-8 needs beyond one for each unit. That is four
 *   characters a token for English, about two for Cyrillic, Greek or Arabic, about 1.2 for Chinese, Japanese and Korean,
 *   one token for an emoji. Both numbers are had without a loop of our own.
 * - A message or a part of it: four tokens for what frames it. Names of fields and numbers in tools and schemas: as text.
 * - A picture or a recording: 1,000. A file: a token for thirty characters of its Base64, at least 1,000. Their data is
 *   never counted as text.
 * - Output: what the caller bounds it to, else 1,024, for each of the `n` answers asked for.
 *
 * The work is in proportion to the request and bounded: beyond 100,000 values the rest is counted by bytes of the body.
 * Requests are loose; a field of the wrong type is for the provider to refuse and counts as nothing here.
 */
import type { CapabilityName, ChatRequest, EmbeddingsRequest } from '@cairn/contract'
import { isRecord } from '../base/index.ts'
import type { Needs } from './types.ts'

const unitsPerToken = 4
const tokensPerWideByte = 0.3
const bytesPerToken = 4
const framingTokens = 4
const pictureTokens = 1_000
const fileCharactersPerToken = 30
const usualOutputTokens = 1_024
/** Of a question with its passages, of which only the length is known here: between the two scripts. */
const promptUnitsPerToken = 3
const countedValues = 100_000
const mostTokens = 100_000_000

const pictureTypes = new Set(['image_url', 'input_image', 'image'])
const recordingTypes = new Set(['input_audio', 'audio', 'video_url', 'input_video'])
const fileTypes = new Set(['file', 'input_file', 'document'])

interface Count {
  tokens: number
  values: number
  hasPictures: boolean
}

export function needsOfChat(request: ChatRequest, bodyBytes: number): Needs {
  const count: Count = { tokens: 0, values: 0, hasPictures: false }
  countValue(request.messages, count, true)
  countValue(request.tools, count, false)
  countValue(request['functions'], count, false)
  const format = request['response_format']
  countValue(format, count, false)
  const capabilities: CapabilityName[] = []
  if (count.hasPictures) capabilities.push('vision')
  if (isFilled(request.tools) || isFilled(request['functions'])) capabilities.push('tools')
  if (isRecord(format) && format['type'] === 'json_schema') capabilities.push('json-schema')
  if (request.stream === true) capabilities.push('streaming')
  if (asksForReasoning(request)) capabilities.push('reasoning')
  return {
    kind: 'chat',
    capabilities,
    inputTokens: finishCount(count, bodyBytes),
    outputTokens: outputTokensOf(request),
  }
}

export function needsOfEmbedding({ input }: EmbeddingsRequest, bodyBytes: number): Needs {
  const count: Count = { tokens: 0, values: 0, hasPictures: false }
  // Tokens that the client counted itself come as numbers.
  if (Array.isArray(input) && typeof input[0] === 'number') count.tokens = input.length
  else if (Array.isArray(input) && Array.isArray(input[0])) count.tokens = countNested(input)
  else countValue(input, count, false)
  return { kind: 'embedding', capabilities: [], inputTokens: finishCount(count, bodyBytes), outputTokens: 0 }
}

/** A question to the notes: `promptChars` is the length of everything that a model would be told, in UTF-16 units. */
export function needsOfAsk(promptChars: number): Needs {
  const inputTokens = bound(promptChars / promptUnitsPerToken)
  return { kind: 'ask', capabilities: [], inputTokens, outputTokens: usualOutputTokens }
}

/** Tokens of a text by the rule above, not rounded. */
export function estimateTextTokens(text: string): number {
  const wideBytes = Buffer.byteLength(text) - text.length
  return text.length / unitsPerToken + wideBytes * tokensPerWideByte
}

/** Walks without recursion, so that no depth ends it. `media`: whether a `type` may mean a picture here. */
function countValue(root: unknown, count: Count, media: boolean): void {
  if (root === null || root === undefined) return
  const open: unknown[] = [root]
  while (open.length > 0) {
    if (++count.values > countedValues) return
    const value = open.pop()
    if (typeof value === 'string') count.tokens += isData(value) ? pictureTokens : estimateTextTokens(value)
    else if (typeof value === 'number' || typeof value === 'boolean') count.tokens += 1
    else if (Array.isArray(value)) openList(value, open)
    else if (isRecord(value) && !(media && countMedia(value, count))) openRecord(value, open, count, media)
  }
}

function openList(list: readonly unknown[], open: unknown[]): void {
  // Up to one more than is counted: the walk must see that there was more.
  for (let at = 0; at < list.length && open.length <= countedValues; at++) open.push(list[at])
}

function openRecord(record: Record<string, unknown>, open: unknown[], count: Count, media: boolean): void {
  if (media) count.tokens += framingTokens
  for (const name in record) {
    if (open.length > countedValues) return
    // In messages the names of fields frame the text; in tools and schemas the model reads them.
    if (!media) count.tokens += name.length / unitsPerToken
    const value = record[name]
    if (!(media && (name === 'role' || name === 'type'))) open.push(value)
  }
}

/** Whether this is a picture, a recording or a file, which is then counted and not read. */
function countMedia(record: Record<string, unknown>, count: Count): boolean {
  const type = record['type']
  if (typeof type !== 'string') return false
  if (pictureTypes.has(type)) count.hasPictures = true
  else if (fileTypes.has(type)) {
    count.tokens += Math.max(pictureTokens, longestText(record) / fileCharactersPerToken)
    return true
  } else if (!recordingTypes.has(type)) return false
  count.tokens += pictureTokens
  return true
}

/** Of a file part: the length of its longest string, which is the data, at most two levels down. */
function longestText(record: Record<string, unknown>): number {
  let longest = 0
  for (const value of Object.values(record)) {
    const inner = isRecord(value) ? Object.values(value) : [value]
    for (const text of inner) if (typeof text === 'string') longest = Math.max(longest, text.length)
  }
  return longest
}

function countNested(lists: readonly unknown[]): number {
  return lists.reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0)
}

function finishCount({ tokens, values }: Count, bodyBytes: number): number {
  return bound(values > countedValues ? Math.max(tokens, bodyBytes / bytesPerToken) : tokens)
}

function outputTokensOf(request: ChatRequest): number {
  // A provider may go by either of the two, so what is held is the larger.
  const bounds = [positive(request['max_completion_tokens']), positive(request['max_tokens'])]
  const told = bounds.filter((each) => each !== null)
  const asked = told.length > 0 ? Math.max(...told) : usualOutputTokens
  return bound(asked * (positive(request['n']) ?? 1))
}

function asksForReasoning(request: ChatRequest): boolean {
  const effort = request['reasoning_effort']
  if (typeof effort === 'string') return isEffort(effort)
  const reasoning = request['reasoning']
  if (!isRecord(reasoning)) return false
  if (reasoning['enabled'] === false || reasoning['max_tokens'] === 0) return false
  return typeof reasoning['effort'] === 'string' ? isEffort(reasoning['effort']) : Object.keys(reasoning).length > 0
}

function isEffort(effort: string): boolean {
  return effort !== 'none' && effort !== 'minimal'
}

/** Base64 in a `data:` address, wherever it stands. */
function isData(text: string): boolean {
  return text.startsWith('data:') && text.slice(0, 200).includes(';base64,')
}

function positive(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? Math.ceil(value) : null
}

function bound(tokens: number): number {
  return Math.min(Math.max(Math.ceil(tokens), 0), mostTokens)
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}
