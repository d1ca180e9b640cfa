/** How much the audit log keeps of the use of notes and models: rules, the first that fits decides. */
import { z } from 'zod'
import { auditLevelCategories, auditLevelLimits } from './audit-events.ts'

/**
 * `none`: nothing, but what must be on record before it happens. `metadata`: who, when, with what; no text. `request`: also
 * what was asked. `request-response`: also what was answered.
 */
export const auditLevels = ['none', 'metadata', 'request', 'request-response'] as const
export type AuditLevel = (typeof auditLevels)[number]

export const auditLevelRuleSchema = z
  .strictObject({
    categories: z.array(z.enum(auditLevelCategories)).min(1).optional(),
    /** Id of a vault in which something was read, searched or answered from. */
    vault: z.string().min(1).max(200).optional(),
    /** Path in that vault: fits when any note that is named lies in it. */
    folder: z.string().min(1).max(1_000).optional(),
    /** Id of the provider that answered. */
    provider: z.string().min(1).max(200).optional(),
    level: z.enum(auditLevels),
    /** Why texts are kept; those whom it concerns are shown it. */
    purpose: z.string().trim().min(3).max(300).optional(),
  })
  .refine(({ folder, vault }) => folder === undefined || vault !== undefined, {
    path: ['vault'],
    message: 'A folder needs the vault it is in.',
  })
  .refine(({ level, purpose }) => !level.startsWith('request') || purpose !== undefined, {
    path: ['purpose'],
    message: 'Say why texts are kept.',
  })

export type AuditLevelRule = z.infer<typeof auditLevelRuleSchema>

const { least, most } = auditLevelLimits.keepDays

export const auditLevelsSchema = z.strictObject({
  /** The first that fits decides; `metadata` where none does. */
  rules: z.array(auditLevelRuleSchema).max(auditLevelLimits.rules),
  /** Whole days (UTC) after which texts that were kept are shredded. */
  keepDays: z.int().min(least).max(most),
})

export type AuditLevels = z.infer<typeof auditLevelsSchema>

/** Texts of one call. Null where none was kept, or it is shredded or erased. */
export const auditCaptureSchema = z.object({
  seq: z.int(),
  of: z.string(),
  purpose: z.string().nullable(),
  request: z.string().nullable(),
  response: z.string().nullable(),
  /** What became of each: open, held, erased, damaged. */
  blocks: z.record(z.string(), z.string()),
})
