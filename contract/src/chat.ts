/**
 * The OpenAI dialect, as far as Cairn must understand it. Requests are loose: a field that we do not know belongs to
 * the model provider and travels untouched.
 */
import { z } from 'zod'

export const chatRequestSchema = z.looseObject({
  model: z.string().min(1).max(200),
  messages: z
    .array(z.looseObject({ role: z.string().max(50) }))
    .min(1)
    .max(10_000),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(z.unknown()).max(1_000).nullish(),
})

export type ChatRequest = z.infer<typeof chatRequestSchema>

export const embeddingsRequestSchema = z.looseObject({
  model: z.string().min(1).max(200),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(2_048),
    z.array(z.int()).min(1),
    z.array(z.array(z.int())).min(1).max(2_048),
  ]),
})

export type EmbeddingsRequest = z.infer<typeof embeddingsRequestSchema>

export const modelListSchema = z.object({
  object: z.literal('list'),
  data: z.array(z.object({ id: z.string(), object: z.literal('model'), created: z.int(), owned_by: z.string() })),
})

export type ModelList = z.infer<typeof modelListSchema>
