/**
 * Anthropic’s dialect and OpenAI’s *responses*, as far as Cairn must understand them at the edge. Requests are loose: a
 * field that we do not know belongs to the provider. What a conversion cannot carry is refused by name in `dialects/`.
 */
import { z } from 'zod'

export const messagesRequestSchema = z.looseObject({
  model: z.string().min(1).max(200),
  max_tokens: z.int().min(0).max(100_000_000),
  messages: z
    .array(z.looseObject({ role: z.string().max(50), content: z.union([z.string(), z.array(z.looseObject({}))]) }))
    .min(1)
    .max(100_000),
  system: z.union([z.string(), z.array(z.looseObject({}))]).nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(z.looseObject({})).max(1_000).nullish(),
})

export type MessagesRequest = z.infer<typeof messagesRequestSchema>

export const responsesRequestSchema = z.looseObject({
  model: z.string().min(1).max(200),
  input: z.union([z.string(), z.array(z.looseObject({})).max(10_000)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(z.looseObject({})).max(1_000).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
})

export type ResponsesRequest = z.infer<typeof responsesRequestSchema>

/** The error shape under `/v1/messages`. */
export const anthropicErrorSchema = z.object({
  type: z.literal('error'),
  error: z.object({ type: z.string(), message: z.string() }),
  request_id: z.string(),
})

export type AnthropicError = z.infer<typeof anthropicErrorSchema>
