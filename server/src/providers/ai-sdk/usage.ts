/** Token counts of a vendor package, as Cairn counts them and as the OpenAI dialect tells them. */
import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import { readCount, readDetail } from '../openai/replies.ts'
import type { Usage } from '../types.ts'

export function convertUsage({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage {
  return {
    input: readCount(inputTokens.total),
    output: readCount(outputTokens.total),
    ...readDetail('cacheRead', inputTokens.cacheRead),
    ...readDetail('cacheWrite', inputTokens.cacheWrite),
    ...readDetail('reasoning', outputTokens.reasoning),
  }
}

/** The `usage` of a reply; undefined when the vendor told none. */
export function tellUsage({ input, output, cacheRead, cacheWrite, reasoning }: Usage): object | undefined {
  if (input === null || output === null) return undefined
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: cacheRead ?? 0,
      ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
    },
    completion_tokens_details: { reasoning_tokens: reasoning ?? 0 },
  }
}
