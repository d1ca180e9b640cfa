/**
 * A follow-up question leans on what was said: “And how long does that take?” Its search gets the words of the question
 * before it as context. Decided by rules, so that the same conversation always searches alike.
 */
import type { HistoryTurn } from '@cairn/contract'

const leaning =
  /\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|then|one|ones|same|else|instead|more|another|former|latter)\b|\b(?:das|dies|diese|dieser|er|sie|es|ihn|ihm|ihnen|dort|dann|dafür|davon|damit|dazu)\b|それ|その|これ|この|そこ|它|他|她|这|那/iu
const opening =
  /^(?:and|but|or|so|also|what about|how about|why|when|where|who|und|aber|oder|warum|wann|wo|wer)\b[^?]{0,60}\??$/iu
const fewWords = 4
const mostContextChars = 600

/** The words to search along with the question, or undefined when it stands on its own. */
export function findContext(question: string, history: readonly HistoryTurn[] | undefined): string | undefined {
  const asked = (history ?? []).filter(({ role }) => role === 'user').map(({ content }) => content)
  const last = asked.at(-1)
  if (last === undefined) return undefined
  const words = question.match(/[\p{L}\p{N}]+/gu)?.length ?? 0
  const leans = leaning.test(question) || words <= fewWords || opening.test(question.trim())
  if (!leans) return undefined
  // A chain of follow-ups leans on the question that began it.
  const before = asked.length > 1 && leaning.test(last) ? `${asked.at(-2)} ${last}` : last
  return before.slice(-mostContextChars)
}
