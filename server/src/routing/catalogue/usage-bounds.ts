/**
 * Whether the usage that a provider tells can be true. It decides what is charged, so a count that cannot be is no
 * count: the call is then booked by our own estimate. The bounds are wide, since a true count that is taken for false is
 * booked wrongly too; they are there for zeros, for sums that never end and for other units, not for rounding.
 *
 * Where the numbers come from:
 *
 * - A token is at least one byte of UTF-8 (byte-level BPE: Radford et al., “Language Models are Unsupervised Multitask
 *   Learners”, 2019, section 2.2), and a UTF-16 unit is at most three bytes, so visible text is at most three tokens a unit;
 *   four here.
 * - Vendors give about four characters a token for English. The longest tokens of the public vocabularies cl100k and o200k
 *   have 128 characters, all of them runs of one sign. Text of 32 characters a token on average is none that is written.
 * - What a request comes to by `needs.ts` is right within a factor of four for text. A picture that counts 1,000 there
 *   has 85 to 48,000 tokens at vendors, an hour of video given by its address a million, a scanned page of 30 MB some
 *   thousand: a thousandfold either way. Instructions, search results and pages that a vendor adds: 100,000.
 * - Reasoning, refused predictions and what tools of the vendor wrote are output that is not seen. A model that is
 *   known not to reason gets 16,384 tokens of it; all others as much as a reply can have.
 * - The catalogue can be older than a model: windows have grown fivefold under the same name (200,000 to a million).
 *   Tools that run at the vendor read the window several times. Hence eight windows, and eight times the longest reply.
 *   Where nothing is known: ten million tokens of input, the largest window that was announced, and a million of output.
 */
import type { Usage } from '../../providers/index.ts'
import type { Deployment, Needs } from '../types.ts'

export interface UsageQuestion {
  readonly usage: Usage
  readonly info: Pick<Deployment['info'], 'contextWindow' | 'maxOutputTokens' | 'capabilities' | 'builtIn'>
  readonly needs: Pick<Needs, 'kind' | 'inputTokens'>
  /** Characters (UTF-16) that were received, of all that the model said or of part of it. */
  readonly chars: number
  /** `chars` is all that the model said and that is seen. */
  readonly isWhole: boolean
  /** The provider may add what the request does not hold, such as a conversation that it keeps. */
  readonly mayAdd: boolean
}

/** Why a usage is not believed. */
export const usageDoubts = ['input-low', 'input-high', 'output-low', 'output-high'] as const

export type UsageDoubt = (typeof usageDoubts)[number]

const tokensPerChar = 4
const charsPerToken = 32
const inputFactor = 1_000
const addedTokens = 100_000
const unseenTokens = 16_384
const catalogueFactor = 8
const mostInput = 10_000_000
const mostOutput = 1_000_000

/** Null when it can be true, or is not told. */
export function findUsageDoubt(question: UsageQuestion): UsageDoubt | null {
  // The built-in model uses no tokens and is no provider.
  if (question.info.builtIn) return null
  return doubtInput(question) ?? (question.needs.kind === 'embedding' ? null : doubtOutput(question))
}

function doubtInput({ usage: { input }, info, needs, mayAdd }: UsageQuestion): UsageDoubt | null {
  if (input === null) return null
  const estimate = needs.inputTokens
  if (input * inputFactor < estimate) return 'input-low'
  const byWindow = info.contextWindow === null ? mostInput : info.contextWindow * catalogueFactor
  const byRequest = mayAdd ? Infinity : estimate * inputFactor + addedTokens
  return !Number.isSafeInteger(input) || input > Math.min(byWindow, byRequest) ? 'input-high' : null
}

function doubtOutput({ usage: { output }, info, chars, isWhole }: UsageQuestion): UsageDoubt | null {
  if (output === null) return null
  if (output * charsPerToken < chars) return 'output-low'
  const bySight = chars * tokensPerChar
  const longest = info.maxOutputTokens ?? info.contextWindow
  const byLength = longest === null ? mostOutput : longest * catalogueFactor
  const isSeen = isWhole && info.capabilities.reasoning === false
  const bound = isSeen ? bySight + unseenTokens : Math.max(bySight, byLength)
  return !Number.isSafeInteger(output) || output > bound ? 'output-high' : null
}
