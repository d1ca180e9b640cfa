/** Usage and budgets: what was used, by whom, what it cost; and how much may be. */
import { z } from 'zod'

export const usageGroups = ['key', 'user', 'team', 'model', 'provider', 'kind', 'hour', 'day'] as const

export type UsageGroup = (typeof usageGroups)[number]

export const usageQuerySchema = z.strictObject({
  by: z.enum(usageGroups).default('model'),
  /** Milliseconds since 1970; the last thirty days when absent. `to` is exclusive. */
  from: z.coerce.number<string>().int().min(0).max(9e15).optional(),
  to: z.coerce.number<string>().int().min(0).max(9e15).optional(),
})

export type UsageQuery = z.infer<typeof usageQuerySchema>

export const usageRowSchema = z.object({
  /** Id of the key, user or team, `provider/model`, or the beginning of the hour or day (UTC, ISO 8601). */
  group: z.string(),
  /** Calls answered, from a provider or from the cache. */
  calls: z.int(),
  /** Of these, answered from the cache. */
  cacheHits: z.int(),
  /** Attempts at providers that ended without a whole reply. */
  failures: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  costUsd: z.number(),
  savedUsd: z.number(),
  /** Share of the cost that is an estimate of ours, because a provider did not tell its usage. */
  estimatedUsd: z.number(),
  /** Median and 95th percentile of the time to the first token, in milliseconds; null without a provider’s reply. */
  ttftP50Ms: z.number().nullable(),
  ttftP95Ms: z.number().nullable(),
})

export type UsageRow = z.infer<typeof usageRowSchema>

export const usageReplySchema = z.object({
  by: z.enum(usageGroups),
  /** Whose it is: everybody’s, or that of the one who asks and may not see more. */
  of: z.enum(['all', 'own']),
  from: z.int(),
  to: z.int(),
  rows: z.array(usageRowSchema),
  total: usageRowSchema.omit({ group: true }),
})

export type UsageReply = z.infer<typeof usageReplySchema>

/** What a budget or limit is about. `all` has the id `*`. A team is a group of people (from the issue on access on). */
export const budgetSubjectSchema = z.strictObject({
  kind: z.enum(['all', 'key', 'user', 'team', 'model', 'provider']),
  /** Id of the key, user or team; a model as `provider/model`; `*` for `all`. */
  id: z.string().min(1).max(300),
})

export type BudgetSubject = z.infer<typeof budgetSubjectSchema>

const rate = z.int().min(1).max(1e12).optional()
const usd = z.number().min(0).max(1e9).optional()

export const budgetRuleSchema = z.strictObject({
  subject: budgetSubjectSchema,
  requestsPerMinute: rate,
  tokensPerMinute: rate,
  /** US dollars in a calendar day and month, UTC. */
  usdPerDay: usd,
  usdPerMonth: usd,
})

export type BudgetRule = z.infer<typeof budgetRuleSchema>

export const budgetsWriteSchema = z.strictObject({ rules: z.array(budgetRuleSchema).max(1_000) })

export const budgetStateSchema = budgetRuleSchema.extend({
  /** Spent and held by calls under way, in the present day and month. */
  day: z.object({ spentUsd: z.number(), reservedUsd: z.number(), resetsAt: z.int() }),
  month: z.object({ spentUsd: z.number(), reservedUsd: z.number(), resetsAt: z.int() }),
})

export type BudgetState = z.infer<typeof budgetStateSchema>

export const budgetsReplySchema = z.object({ rules: z.array(budgetStateSchema) })

export type BudgetsReply = z.infer<typeof budgetsReplySchema>
