/**
 * What a chat reply that is not streamed must hold before it passes through: it was parsed to read its usage, so a look
 * at its shape costs little, and a client’s library that meets another shape fails where nobody else can answer any
 * more. Held to is what clients go by and no more: fields that nobody knows may be there, and text that was left out
 * counts as none.
 */
import { isRecord } from '../../base/index.ts'
import { countSaid } from './replies.ts'

export interface ChatReplyFacts {
  /** Of the first choice. */
  readonly text: string
  /** Characters of all that the model said. */
  readonly chars: number
}

/** What is wrong, in words for the log that quote nothing. */
export interface ChatReplyFault {
  readonly fault: string
}

export function readChatReply(reply: Record<string, unknown>): ChatReplyFacts | ChatReplyFault {
  const choices = reply['choices']
  if (!Array.isArray(choices) || choices.length === 0) return { fault: 'no list of choices, or an empty one' }
  if (!isUsage(reply['usage'])) return { fault: 'usage that is not counts' }
  let text = ''
  let chars = 0
  for (let at = 0; at < choices.length; at++) {
    const choice: unknown = choices[at]
    const message = isRecord(choice) ? choice['message'] : undefined
    if (!isRecord(message)) return { fault: 'a choice without a message' }
    const { content } = message
    if (!isContent(content)) return { fault: 'content that is neither text, parts nor null' }
    if (!isToolCalls(message['tool_calls'])) return { fault: 'tool calls of another shape' }
    if (at === 0 && typeof content === 'string') text = content
    chars += countSaid(message)
  }
  return { text, chars }
}

const isAbsent = (value: unknown) => value === undefined || value === null

function isContent(content: unknown): boolean {
  return typeof content === 'string' || isAbsent(content) || (Array.isArray(content) && content.every(isRecord))
}

/** Calls of functions have a name and arguments in JSON text; calls of other kinds are told by their `type`. */
function isToolCalls(calls: unknown): boolean {
  if (isAbsent(calls)) return true
  return Array.isArray(calls) && calls.every((call) => isRecord(call) && (isOtherKind(call) || isFunctionCall(call)))
}

function isOtherKind({ type }: Record<string, unknown>): boolean {
  return typeof type === 'string' && type !== 'function'
}

function isFunctionCall({ function: called }: Record<string, unknown>): boolean {
  return isRecord(called) && typeof called['name'] === 'string' && typeof called['arguments'] === 'string'
}

const counts = ['prompt_tokens', 'completion_tokens', 'total_tokens'] as const

/** A count that is too large for a whole number is told by nobody who means it, but it breaks no client: see `readCount`. */
function isUsage(usage: unknown): boolean {
  if (isAbsent(usage)) return true
  if (!isRecord(usage)) return false
  return counts.every((name) => {
    const count = usage[name]
    return isAbsent(count) || (typeof count === 'number' && count >= 0)
  })
}
