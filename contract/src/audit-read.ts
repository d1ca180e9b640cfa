/** Asking the audit log: what may be asked, and what comes back. */
import { z } from 'zod'
import { auditCategoryTable, auditEventTable } from './audit-events.ts'

/** Bounds of one question. */
export const auditLimits = { page: 500, text: 200, words: 8, id: 300, path: 4_096, listed: 60, cursor: 600 } as const

export const auditOutcomes = ['ok', 'failed', 'refused'] as const

/** Names between commas, each one of a table. */
function listOf<const T extends string>(names: readonly T[]) {
  return z
    .string()
    .max(4_000)
    .transform((text, context): T[] => {
      const given = [...new Set(text.split(',').map((name) => name.trim()))]
      const unknown = given.find((name) => !(names as readonly string[]).includes(name))
      if (unknown === undefined) return given as T[]
      const shown = unknown.length > 40 ? `${unknown.slice(0, 39)}…` : unknown
      context.addIssue({ code: 'custom', message: `there is no “${shown}”; take ${nameSome(names)}, between commas.` })
      return z.NEVER
    })
}

function nameSome(names: readonly string[]): string {
  return names.length > 15 ? 'names from the table of audit events' : names.join(', ')
}

const id = z.string().min(1).max(auditLimits.id)
const instant = z.coerce.number<string>().int().min(0).max(9e15)
const size = z.coerce.number<string>().int().min(0).max(9e15)
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

const filterShape = {
  /** Milliseconds since 1970, `to` exclusive; entries count by their minute. */
  from: instant.optional(),
  to: instant.optional(),
  category: listOf(Object.keys(auditCategoryTable) as (keyof typeof auditCategoryTable)[]).optional(),
  type: listOf(Object.keys(auditEventTable) as (keyof typeof auditEventTable)[]).optional(),
  outcome: listOf(auditOutcomes).optional(),
  /** Id of who acted; `anonymous`, `server`. */
  actor: id.optional(),
  /** Id of somebody who is named beside who acted. */
  person: id.optional(),
  vault: id.optional(),
  /** `VAULT/PATH`. */
  note: z.string().min(3).max(auditLimits.path).optional(),
  model: id.optional(),
  provider: id.optional(),
  /** Id of a request: all that one call has left in the log. */
  request: id.optional(),
  /** Words that must all stand in what is public of an entry: its type, codes, models, routes. */
  q: z.string().min(1).max(auditLimits.text).optional(),
}

const asOfShape = {
  /** Size of the log for which to answer: the same question has the same answer then. */
  asOf: size.optional(),
  /** Waits a moment for what was recorded until now. */
  fresh: flag.optional(),
}

const pageShape = {
  order: z.enum(['asc', 'desc']).default('desc'),
  limit: z.coerce.number<string>().int().min(1).max(auditLimits.page).default(100),
  /** `next` of the page before. */
  cursor: z.string().max(auditLimits.cursor).optional(),
}

export const auditQuerySchema = z.strictObject({ ...filterShape, ...asOfShape, ...pageShape })

export type AuditEventsQuery = z.output<typeof auditQuerySchema>

/** Of one’s own entries: by those who may not read the log. */
export const ownAuditQuerySchema = auditQuerySchema.omit({ actor: true, person: true })

export type OwnAuditEventsQuery = z.output<typeof ownAuditQuerySchema>

/** The live tail has no end, and no past but what `Last-Event-ID` asks for. */
export const auditStreamQuerySchema = z.strictObject(filterShape).omit({ from: true, to: true })

export type AuditStreamQuery = z.output<typeof auditStreamQuerySchema>

export const auditDimensions = ['category', 'type', 'outcome', 'actor', 'model', 'provider', 'vault'] as const
export const auditBuckets = ['hour', 'day', 'week', 'month'] as const

export const auditSummaryQuerySchema = z.strictObject({
  ...filterShape,
  ...asOfShape,
  by: listOf(auditDimensions)
    .refine((by) => by.length <= 2, 'at most two dimensions.')
    .optional(),
  bucket: z.enum(auditBuckets).optional(),
})

export type AuditSummaryQuery = z.output<typeof auditSummaryQuerySchema>

const valueSchema = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])

export const auditEntrySchema = z.object({
  /** Place in the log, from 0. */
  seq: z.int(),
  /** Milliseconds since 1970; to the minute where who acted is forgotten. */
  at: z.int(),
  category: z.string(),
  type: z.string(),
  outcome: z.enum(auditOutcomes),
  /** Null when it is forgotten. */
  actor: z.string().nullable(),
  /** As the table of events has them. Null for what the reader may not know of; absent for what is forgotten. */
  fields: z.record(z.string(), valueSchema),
  /** Some of the fields are there and not shown to this reader. */
  hidden: z.boolean(),
  /** Of the call: `requestId`, `address` and the like; empty when it is forgotten. */
  context: z.record(z.string(), valueSchema),
  /**
   * What became of the parts that name people. `open`: they can be read. `held`: only because of a legal hold. `erased`:
   * their key is destroyed. `damaged`: they are not what was recorded.
   */
  blocks: z.record(z.string(), z.enum(['open', 'held', 'erased', 'damaged'])),
})

export type AuditEntryView = z.infer<typeof auditEntrySchema>

const answeredShape = {
  /** Size of the log that the answer is about. */
  size: z.int(),
  /** Entries of what was asked that are not looked through yet; 0 for a whole answer. */
  behind: z.int(),
}

export const auditPageSchema = z.object({
  entries: z.array(auditEntrySchema),
  /** Cursor of the next page; null at the end. In ascending order without `asOf` there is always one: what comes later. */
  next: z.string().nullable(),
  ...answeredShape,
})

export type AuditPageView = z.infer<typeof auditPageSchema>

export const auditSummarySchema = z.object({
  by: z.array(z.enum(auditDimensions)),
  bucket: z.enum(auditBuckets).nullable(),
  rows: z.array(
    z.object({
      /** One value for each of `by`; null where an entry has none, or does not tell any more. */
      group: z.array(z.string().nullable()),
      /** Vaults that the reader may not know of, all together. */
      hidden: z.boolean(),
      /** Beginning of the span, in milliseconds since 1970 (UTC, weeks from Monday); null without `bucket`. */
      start: z.int().nullable(),
      count: z.int(),
      tokensIn: z.int(),
      tokensOut: z.int(),
    }),
  ),
  /** There are more groups. */
  truncated: z.boolean(),
  ...answeredShape,
})

export type AuditSummaryView = z.infer<typeof auditSummarySchema>

export const auditVerdicts = ['fits', 'fork', 'rollback', 'pruned', 'unknown'] as const

/** A signed note, as C2SP tlog-checkpoint has it. */
export const auditWitnessSchema = z.strictObject({ checkpoint: z.string().min(1).max(4_000) })

export const auditWitnessReplySchema = z.object({
  /** `fork` and `rollback` raise an alarm. */
  verdict: z.enum(auditVerdicts),
  seen: z.int(),
  size: z.int(),
  /** The newest one, to be remembered; null when none was signed yet. */
  checkpoint: z.string().nullable(),
})

/** Who else remembers what the log was, and what they have seen of it. */
export const auditWitnessStateSchema = z.object({
  /** Of the configuration; null for the file, and for clients, which are told of together. */
  id: z.string().nullable(),
  kind: z.enum(['file', 'webhook', 'clients']),
  state: z.enum(['ok', 'failing']),
  /** The newest checkpoint that it took: its size, and when. */
  told: z.object({ size: z.int(), at: z.int() }).nullable(),
  /** The checkpoint that it saw last, as it said, and whether the log begins with it. */
  seen: z.object({ size: z.int(), verdict: z.enum(auditVerdicts), at: z.int() }).nullable(),
  /** Entries after the checkpoint that it was told; null where that is not known. */
  lag: z.int().nullable(),
  /** Milliseconds since 1970, as all times here; null while it does not fail. */
  failingSince: z.int().nullable(),
  attempts: z.int(),
  lastError: z.string().nullable(),
})

export type AuditWitnessState = z.infer<typeof auditWitnessStateSchema>

export const auditWitnessListSchema = z.object({
  witnesses: z.array(auditWitnessStateSchema),
  /** Since the start of the server, each once: who has seen another log than this one. */
  alarms: z.array(
    z.object({
      witness: z.enum(['file', 'webhook', 'client']),
      verdict: z.enum(auditVerdicts),
      seen: z.int(),
      at: z.int(),
      message: z.string(),
    }),
  ),
})

export type AuditWitnessList = z.infer<typeof auditWitnessListSchema>
