/** Token counts of a vendor package, as Cairn counts them and as the OpenAI dialect tells them. */
import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import type { Usage } from '../types.ts'

export function convertUsage({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage {
  return {
    input: inputTokens.total ?? null,
    output: outputTokens.total ?? null,
    ...(inputTokens.cacheRead === undefined ? {} : { cacheRead: inputTokens.cacheRead }),
    ...(inputTokens.cacheWrite === undefined ? {} : { cacheWrite: inputTokens.cacheWrite }),
    ...(outputTokens.reasoning === undefined ? {} : { reasoning: outputTokens.reasoning }),
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
