/**
 * A chat reply as text that can be given again: every byte as it came, with gaps for what belongs to one reply only
 * (its id, when it was made) and for usage, which a stream tells once, at its end, to a client that asked for it.
 *
 * Not everything is kept: a reply that was refused or filtered, that nothing finished, that ended at a limit which the
 * caller did not set, or whose tool calls have arguments that are not JSON, would repeat a mishap.
 */
import { isRecord } from '../../base/index.ts'
import { findFields, type FieldSpan } from './json-spans.ts'
import { parseObject, readChunk } from './replies.ts'
import { createFrameSplitter, readFrame } from './sse-frames.ts'

/** Text, a gap, or what stands there when usage was asked for and what when it was not. */
export type KeptPart = string | Gap | readonly [asked: readonly (string | Gap)[], unasked: string]
type Gap = 0 | 1

/** For JSON text; the words of the OpenAI dialect. */
export interface OneReply {
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  readonly withUsage: boolean
}

export interface KeepOptions {
  /** The caller bounded the length, so that a reply that ended there is whole. */
  readonly isBounded: boolean
}

/** The parts of a JSON reply, or null when it is not to be kept. */
export function keepJson(body: Uint8Array, options: KeepOptions): KeptPart[] | null {
  const reply = parseObject(body)
  const choices = reply?.['choices']
  if (!Array.isArray(choices) || !choices.every((choice) => isSound(choice, options))) return null
  return cutGaps(body, findFields(body)?.fields ?? [])
}

/** The parts of each piece of a stream, with its end, or null when it is not to be kept. */
export function keepStream(
  pieces: readonly Uint8Array[],
  ending: Uint8Array,
  options: KeepOptions,
): { pieces: KeptPart[][]; ending: string } | null {
  const frames = pieces.map(readFrames)
  const isWhole = frames.every((piece, at) => countBytes(piece) === pieces[at]?.length)
  if (!isWhole || !isSoundStream(frames.flat(), options)) return null
  const told = frames.flat().filter(({ hasUsage }) => hasUsage)
  const last = told.find(({ isUsageOnly }) => isUsageOnly) ?? told.at(-1)
  const kept = frames.map((piece) => piece.map((frame) => keepFrame(frame, frame === last)))
  const end = decode(ending)
  if (end === null || kept.some((piece) => piece.includes(null))) return null
  return { pieces: kept.map((piece) => joinTexts(piece.flatMap((parts) => parts ?? []))), ending: end }
}

/** The text of a kept reply, as one of its own. */
export function giveAgain(parts: readonly KeptPart[], reply: OneReply): string {
  const gaps = [JSON.stringify(reply.id), String(reply.created)] as const
  const fill = (part: string | Gap): string => (typeof part === 'string' ? part : gaps[part])
  return parts
    .map((part) => (typeof part !== 'object' ? fill(part) : reply.withUsage ? part[0].map(fill).join('') : part[1]))
    .join('')
}

interface Frame {
  readonly bytes: Uint8Array
  /** Where its JSON stands; null when it has none, undefined when that is spread over lines. */
  readonly span: { start: number; end: number } | null | undefined
  readonly chunk: Record<string, unknown> | undefined
  readonly hasUsage: boolean
  readonly isUsageOnly: boolean
}

function readFrames(piece: Uint8Array): Frame[] {
  return createFrameSplitter()
    .push(piece)
    .map((bytes): Frame => {
      const { data, span } = readFrame(bytes)
      const isEmpty = data === null || data.length === 0
      const chunk = isEmpty ? undefined : parseObject(data)
      const hasUsage = chunk !== undefined && isRecord(chunk['usage'])
      const isUsageOnly = hasUsage && readChunk(chunk)?.isUsageOnly === true
      return { bytes, span: isEmpty ? null : (span ?? undefined), chunk, hasUsage, isUsageOnly }
    })
}

function countBytes(frames: readonly Frame[]): number {
  return frames.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

function keepFrame(frame: Frame, tellsUsage: boolean): KeptPart[] | null {
  const { bytes, span } = frame
  if (span === undefined) return null
  if (span === null) return cutGaps(bytes, [])
  const fields = findFields(bytes.subarray(0, span.end), span.start)?.fields
  if (!fields) return null
  const usage = frame.hasUsage && !frame.isUsageOnly ? (tellsUsage ? 'asked' : 'never') : 'as it is'
  const parts = cutGaps(bytes, fields, usage)
  if (parts === null || !frame.isUsageOnly) return parts
  const plain = parts.filter((part) => typeof part !== 'object')
  return tellsUsage ? [[plain, '']] : []
}

/** The text with its gaps; null when it is not UTF-8. */
function cutGaps(
  bytes: Uint8Array,
  fields: readonly FieldSpan[],
  usage: 'as it is' | 'asked' | 'never' = 'as it is',
): KeptPart[] | null {
  const parts: (KeptPart | null)[] = []
  let from = 0
  for (const { name, start, end } of fields) {
    const value = decode(bytes.subarray(start, end))
    const gap = gapOf(name, value, usage)
    if (gap === undefined) continue
    parts.push(decode(bytes.subarray(from, start)), gap)
    from = end
  }
  parts.push(decode(bytes.subarray(from)))
  return parts.includes(null) ? null : parts.filter((part) => part !== null)
}

function gapOf(name: string, value: string | null, usage: 'as it is' | 'asked' | 'never'): KeptPart | undefined {
  if (value === null) return undefined
  if (name === 'id' && value.startsWith('"')) return 0
  if (name === 'created' && /^[\d.eE+-]+$/.test(value)) return 1
  if (name !== 'usage' || usage === 'as it is') return undefined
  return usage === 'asked' ? [[value], 'null'] : 'null'
}

/** Neighbouring texts as one. */
function joinTexts(parts: readonly KeptPart[]): KeptPart[] {
  const joined: KeptPart[] = []
  for (const part of parts) {
    const before = joined.at(-1)
    if (typeof part === 'string' && typeof before === 'string') joined[joined.length - 1] = before + part
    else joined.push(part)
  }
  return joined
}

function isSound(choice: unknown, options: KeepOptions): boolean {
  if (!isRecord(choice) || !isSoundFinish(choice['finish_reason'], options)) return false
  const message = choice['message']
  if (!isRecord(message) || isPresent(message['refusal'])) return false
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : []
  const functions = calls.map((call: unknown) => (isRecord(call) ? call['function'] : undefined))
  if (isPresent(message['function_call'])) functions.push(message['function_call'])
  return functions.every((each) => isRecord(each) && isJson(each['arguments']))
}

function isSoundStream(frames: readonly Frame[], options: KeepOptions): boolean {
  const calls = new Map<string, string>()
  const finished = new Map<number, unknown>()
  for (const { span, chunk } of frames) {
    if (span === null) continue
    const choices = chunk?.['choices']
    if (!Array.isArray(choices)) return false
    for (const choice of choices) if (!noteChoice(choice, calls, finished)) return false
  }
  return (
    finished.size > 0 &&
    [...finished.values()].every((reason) => isSoundFinish(reason, options)) &&
    [...calls.values()].every(isJson)
  )
}

/** Adds a chunk's choice to what the stream said so far; false when it shows that the stream is not to be kept. */
function noteChoice(choice: unknown, calls: Map<string, string>, finished: Map<number, unknown>): boolean {
  if (!isRecord(choice)) return false
  const index = typeof choice['index'] === 'number' ? choice['index'] : 0
  finished.set(index, choice['finish_reason'] ?? finished.get(index))
  const delta = choice['delta']
  if (!isRecord(delta)) return true
  if (isPresent(delta['refusal'])) return false
  const called = Array.isArray(delta['tool_calls']) ? (delta['tool_calls'] as unknown[]) : []
  called.forEach((call, at) => {
    const number = isRecord(call) && typeof call['index'] === 'number' ? call['index'] : at
    addArguments(calls, `${index}/${number}`, isRecord(call) ? call['function'] : undefined)
  })
  if (isPresent(delta['function_call'])) addArguments(calls, `${index}`, delta['function_call'])
  return true
}

function addArguments(calls: Map<string, string>, key: string, called: unknown): void {
  const more = isRecord(called) && typeof called['arguments'] === 'string' ? called['arguments'] : ''
  calls.set(key, (calls.get(key) ?? '') + more)
}

function isSoundFinish(reason: unknown, { isBounded }: KeepOptions): boolean {
  return (
    reason === 'stop' || reason === 'tool_calls' || reason === 'function_call' || (reason === 'length' && isBounded)
  )
}

function isJson(text: unknown): boolean {
  if (typeof text !== 'string') return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}
