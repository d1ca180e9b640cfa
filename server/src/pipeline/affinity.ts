/**
 * Which conversations belong together: a provider that keeps prompts in a cache of its own is of use only if the next
 * turn goes to the same deployment. Known by how the conversation begins, so nothing is remembered here.
 */
import type { ChatRequest } from '@cairn/contract'
import { sha256, type Principal } from '../base/index.ts'
import type { Needs } from '../routing/index.ts'

/** Providers cache prompts from about this length on (OpenAI and Anthropic: 1,024 tokens). */
const worthwhileTokens = 1_024
const openingTurns = 2
const openingChars = 4_096

/** The same for all turns of a conversation; null where it would be of no use. */
export function affinityOf({ messages }: ChatRequest, principal: Principal, needs: Needs): string | null {
  if (needs.inputTokens < worthwhileTokens) return null
  const opening = messages.slice(0, openingTurns).map((message) => JSON.stringify(message).slice(0, openingChars))
  return sha256(`${principal.id}\n${opening.join('\n')}`)
}
