/** Models and providers as they are shown: what each can do, what it costs, how it fares; and a route explained. */
import { z } from 'zod'
import { upstreamSchema } from './upstreams.ts'
import { labelSchema } from './labels.ts'

/** What a model may be able to do. A capability that nothing is known of is absent from the record of a model. */
export const capabilityNames = ['vision', 'tools', 'json-schema', 'streaming', 'reasoning'] as const

export type CapabilityName = (typeof capabilityNames)[number]

export const capabilitySchema = z.enum(capabilityNames)

/** Where a number or a capability comes from. */
export const factSourceSchema = z.enum(['config', 'catalogue', 'provider'])

export const modelPriceSchema = z.object({
  /** US dollars for a million tokens. */
  inputUsdPerMTok: z.number(),
  outputUsdPerMTok: z.number(),
  /** Of input tokens that the provider had in its prompt cache; null: as other input. */
  cacheReadUsdPerMTok: z.number().nullable(),
  /** Of input tokens that it wrote to its prompt cache; null: as other input. */
  cacheWriteUsdPerMTok: z.number().nullable(),
})

export type ModelPrice = z.infer<typeof modelPriceSchema>

export const deploymentStateSchema = z.enum(['ok', 'starting', 'cooling', 'open', 'probing'])

/**
 * How a deployment fares, by what this server saw: `ok`; `starting` after a recovery, with a growing share; `cooling`
 * because the provider asked for it; `open` after failures; `probing` with one request that finds out.
 */
export type DeploymentState = z.infer<typeof deploymentStateSchema>

export const deploymentHealthSchema = z.object({
  state: deploymentStateSchema,
  /** Kind of the failure that led to it. */
  reason: z.string().nullable(),
  /** When it is tried again, in milliseconds since 1970. */
  until: z.int().nullable(),
  /** Moving peak of the time to the first token, in milliseconds; null before the first reply. */
  ttftMs: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  /** Moving share of attempts that failed, 0 to 1. */
  errorRate: z.number(),
  inFlight: z.int(),
})

export type DeploymentHealthInfo = z.infer<typeof deploymentHealthSchema>

export const modelInfoSchema = z.object({
  id: z.string(),
  provider: z.string(),
  dialect: z.enum(['openai', 'anthropic', 'google', 'extractive']),
  egress: z.enum(['local', 'external']),
  clearance: labelSchema,
  region: z.string().nullable(),
  kind: z.enum(['chat', 'embedding', 'unknown']),
  contextWindow: z.int().nullable(),
  maxOutputTokens: z.int().nullable(),
  /** True, false, or absent where nothing is known. */
  capabilities: z.partialRecord(capabilitySchema, z.boolean()),
  inputUsdPerMTok: z.number().nullable(),
  outputUsdPerMTok: z.number().nullable(),
  cacheReadUsdPerMTok: z.number().nullable(),
  cacheWriteUsdPerMTok: z.number().nullable(),
  /** Where the price comes from; null where there is none. */
  priceSource: factSourceSchema.nullable(),
  builtIn: z.boolean(),
  /** True for the model that answers when a question names none. */
  isDefault: z.boolean(),
})

export type ModelInfo = z.infer<typeof modelInfoSchema>

/** A name that stands for several models: `fast`, `best`, `cheap`, `local`, `auto`, or one of the configuration. */
export const virtualModelInfoSchema = z.object({
  id: z.string(),
  strategy: z.string(),
  /** `provider/model` of those it means now, in their present order. */
  models: z.array(z.string()),
})

export type VirtualModelInfo = z.infer<typeof virtualModelInfoSchema>

export const providerInfoSchema = z.object({
  id: z.string(),
  dialect: z.enum(['openai', 'anthropic', 'google', 'extractive']),
  /** Without credentials and query; null for the built-in one. */
  baseUrl: z.string().nullable(),
  egress: z.enum(['local', 'external']),
  clearance: labelSchema,
  region: z.string().nullable(),
  enabled: z.boolean(),
  /** Where it was configured. Only those of the database can be changed here. */
  origin: z.enum(['database', 'configuration', 'found', 'built-in']),
  hasKey: z.boolean(),
  /** Models it declares; empty: its own list is asked for. */
  models: z.array(z.string()),
  inFlight: z.int(),
  waiting: z.int(),
})

export type ProviderInfo = z.infer<typeof providerInfoSchema>

/** What a stored provider is made of, without its key. */
export const providerSettingsSchema = upstreamSchema
  .omit({ id: true, apiKey: true })
  .extend({ baseUrl: z.url({ protocol: /^https?$/ }).max(2_000) })

export type ProviderSettings = z.infer<typeof providerSettingsSchema>

export const providerWriteSchema = providerSettingsSchema.extend({
  /** Absent: the stored one stays. Null: it is removed. Visible ASCII, as it is sent in a header. */
  apiKey: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{1,8192}$/, 'visible ASCII characters without spaces, at most 8192')
    .nullable()
    .optional(),
})

export type ProviderWrite = z.infer<typeof providerWriteSchema>

export const providerReplySchema = providerInfoSchema.extend({
  /** What a change of a stored provider begins with; null for those of another origin. */
  settings: providerSettingsSchema.nullable(),
})

export type ProviderReply = z.infer<typeof providerReplySchema>

export const modelsReplySchema = z.object({
  models: z.array(modelInfoSchema.extend({ health: deploymentHealthSchema })),
  virtual: z.array(virtualModelInfoSchema),
  providers: z.array(providerInfoSchema),
  catalogue: z.object({
    /** Packages that prices and capabilities come from, with their versions. */
    sources: z.array(z.object({ name: z.string(), version: z.string() })),
  }),
})

export type ModelsReply = z.infer<typeof modelsReplySchema>

export const providerTestSchema = z.object({
  ok: z.boolean(),
  /** What was asked of it. */
  asked: z.enum(['models', 'chat', 'nothing']),
  models: z.int().nullable(),
  ms: z.number(),
  /** Code of the error table when it failed. */
  code: z.string().nullable(),
  message: z.string(),
})

export type ProviderTest = z.infer<typeof providerTestSchema>

export const routeExplainRequestSchema = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  kind: z.enum(['chat', 'ask', 'embedding']).default('chat'),
  /** Label of the notes that the prompt would hold. */
  label: labelSchema.default('public'),
  inputTokens: z.int().min(0).max(100_000_000).default(1_000),
  outputTokens: z.int().min(1).max(100_000_000).default(1_000),
  needs: z.array(capabilitySchema).default([]),
})

export type RouteExplainRequest = z.infer<typeof routeExplainRequestSchema>

export const plannedAttemptSchema = z.object({
  provider: z.string(),
  model: z.string(),
  egress: z.enum(['local', 'external']),
  /** `choice` is tried first, a `fallback` after it, a `last-resort` although it is not healthy. */
  role: z.enum(['choice', 'fallback', 'last-resort']),
  /** Why it stands there. */
  why: z.string(),
  /** The lower the earlier; in the unit of the strategy. */
  score: z.number().nullable(),
  estimatedUsd: z.number().nullable(),
})

export type PlannedAttemptInfo = z.infer<typeof plannedAttemptSchema>

export const rejectionRules = [
  'capability',
  'context-window',
  'clearance',
  'region',
  'permission',
  'budget',
  'disabled',
  'health',
  'limit',
] as const

export type RejectionRule = (typeof rejectionRules)[number]

export const rejectionSchema = z.object({
  provider: z.string(),
  model: z.string(),
  rule: z.enum(rejectionRules),
  reason: z.string(),
})

export type RejectionInfo = z.infer<typeof rejectionSchema>

export const routeExplanationSchema = z.object({
  asked: z.string(),
  /** What the name means: the provider’s own id, `provider/model`, or a virtual model. */
  resolved: z.enum(['exact', 'qualified', 'virtual']),
  strategy: z.string(),
  label: labelSchema,
  attempts: z.array(plannedAttemptSchema),
  rejected: z.array(rejectionSchema),
})

export type RouteExplanation = z.infer<typeof routeExplanationSchema>
