/** How long the audit log is kept: horizons, what is due, legal holds. */
import { z } from 'zod'
import { auditCategoryTable, auditHorizonLimits, type AuditCategory } from './audit-events.ts'

const categories = Object.keys(auditCategoryTable) as [AuditCategory, ...AuditCategory[]]
const months = z.int().min(auditHorizonLimits.least).max(auditHorizonLimits.most)

export const auditHorizonsSchema = z.strictObject({
  /** What names people is shredded after so many months; null where nothing does. */
  personalMonths: months.nullable(),
  /** Entries are pruned after so many months, at the earliest. */
  headerMonths: months,
})

const month = z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])$/, 'a month, such as 2026-11')

export const auditRetentionChangeSchema = z.strictObject({
  /** Categories that are left out stay as they are. */
  categories: z.partialRecord(z.enum(categories), auditHorizonsSchema),
  /** Takes horizons, levels and holds as they stand, although they are not as the log left them; on record with what is wrong. */
  asTheyStand: z.boolean().default(false),
})

export const auditRetentionSchema = z.object({
  categories: z.record(z.enum(categories), auditHorizonsSchema),
  /** What a run would do at this moment. */
  plan: z.object({
    at: z.int(),
    periods: z.array(z.object({ period: z.string(), blocks: z.int(), held: z.int() })),
    /** Entries before `to` would go; null when none would. */
    prune: z.object({ from: z.int(), to: z.int() }).nullable(),
    /** Why none after that would: too young, held, or too few to go together. */
    waitsFor: z.enum(['horizon', 'hold', 'tile']),
  }),
})

export type AuditRetentionView = z.infer<typeof auditRetentionSchema>

export const auditRetainedSchema = z.object({
  periods: z.array(z.string()),
  blocks: z.int(),
  pruned: z.object({ from: z.int(), to: z.int() }).nullable(),
})

export type AuditRetained = z.infer<typeof auditRetainedSchema>

export const auditHoldCreateSchema = z.strictObject({
  /** Id of a person or service. All that is given must fit an entry. */
  person: z.string().min(1).max(200).optional(),
  category: z.enum(categories).optional(),
  /** Months, both included. */
  from: month.optional(),
  to: month.optional(),
  reason: z.string().trim().min(3).max(1_000),
})

/** Why it is needed no more. */
export const auditHoldReleaseSchema = z.strictObject({ reason: z.string().trim().min(3).max(1_000) })

export const auditHoldSchema = z.object({
  id: z.string(),
  category: z.string().nullable(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** Null where it is about nobody in particular, or its entry does not tell any more. */
  person: z.string().nullable(),
  reason: z.string().nullable(),
  placedAt: z.int(),
  /** Numbers of the entries. */
  placedBy: z.int(),
  releasedBy: z.int().nullable(),
  /** Why it was released; null as `reason` is. */
  releaseReason: z.string().nullable(),
})

export type AuditHoldView = z.infer<typeof auditHoldSchema>

export const auditHoldListSchema = z.object({ holds: z.array(auditHoldSchema) })
