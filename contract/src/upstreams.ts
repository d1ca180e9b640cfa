/** Model providers as a configuration names them, beside the settings so that clients need not load all of those. */
import { z } from 'zod'
import { labelSchema } from './labels.ts'

const usdPerMTok = z.number().nonnegative().max(1e6)
export const modelId = z.string().min(1).max(200)

export const modelConfigSchema = z.union([
  modelId,
  z.strictObject({
    id: modelId,
    contextWindow: z.int().positive().optional(),
    maxOutputTokens: z.int().positive().optional(),
    /** `chat`, `embeddings`, and what else it can do; with a `-` in front, what it cannot. */
    capabilities: z.array(z.string().max(40)).max(40).optional(),
    inputUsdPerMTok: usdPerMTok.optional(),
    outputUsdPerMTok: usdPerMTok.optional(),
    cacheReadUsdPerMTok: usdPerMTok.optional(),
    cacheWriteUsdPerMTok: usdPerMTok.optional(),
    /** The same model under the vendor’s name, where prices and capabilities are looked up. */
    catalogueId: modelId.optional(),
    /** Share among deployments of the strategy `weighted`; 1 when absent. */
    weight: z.number().min(0).max(1_000).optional(),
    /** The lower, the earlier with the strategy `priority`; 100 when absent. */
    priority: z.int().min(0).max(10_000).optional(),
  }),
])

export const upstreamSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use small letters, digits and dashes'),
  dialect: z.enum(['openai', 'anthropic', 'google']),
  baseUrl: z.url({ protocol: /^https?$/ }),
  apiKey: z.string().min(1).optional(),
  /** How the key is sent in the dialect `openai`: `Authorization: Bearer`, or `api-key` as Azure wants it. */
  auth: z.enum(['bearer', 'api-key']).optional(),
  /** It has `POST /responses` of its own, so that such requests pass through unchanged. */
  hasResponses: z.boolean().optional(),
  egress: z.enum(['local', 'external']).optional(),
  clearance: labelSchema.optional(),
  region: z.string().max(60).optional(),
  enabled: z.boolean().optional(),
  /** Most requests in work at once, over all processes of this host. */
  maxInFlight: z.int().min(1).max(10_000).optional(),
  models: z.array(modelConfigSchema).max(1_000).default([]),
})

export type Upstream = z.infer<typeof upstreamSchema>
