/** Taking the audit log out, and proving it: what may be asked, and what comes back. */
import { z } from 'zod'
import { auditCategoryTable, auditEventTable, type AuditCategory, type AuditEventType } from './audit-events.ts'

export const auditExportFormats = ['jsonl', 'csv', 'ocsf', 'archive', 'proofs'] as const

export type AuditExportFormat = (typeof auditExportFormats)[number]

/** Names between commas, each one of a table. */
function listOf<const T extends string>(names: readonly T[], what: string) {
  return z
    .string()
    .min(1)
    .max(4_000)
    .transform((text, context): T[] => {
      const given = [...new Set(text.split(',').map((name) => name.trim()))]
      const isKnown = (name: string): name is T => (names as readonly string[]).includes(name)
      if (given.every(isKnown)) return given
      context.addIssue({ code: 'custom', message: `take ${what} from the table of audit events, between commas.` })
      return z.NEVER
    })
}

const whole = z.coerce.number<string>().int().min(0).max(9e15)
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

export const auditExportQuerySchema = z
  .strictObject({
    format: z.enum(auditExportFormats).default('jsonl'),
    /** Milliseconds since 1970, `to` exclusive; entries count by their minute. */
    from: whole.optional(),
    to: whole.optional(),
    /** Places in the log, `toSeq` exclusive. */
    fromSeq: whole.optional(),
    toSeq: whole.optional(),
    category: listOf(Object.keys(auditCategoryTable) as AuditCategory[], 'categories').optional(),
    type: listOf(Object.keys(auditEventTable) as AuditEventType[], 'types').optional(),
    /** With what names notes, vaults and other things, and in an archive people: needs `audit.content`. */
    content: flag.default(false),
    /** Begin CSV with a byte order mark, for spreadsheets. */
    bom: flag.default(false),
  })
  .refine(({ format, bom }) => format === 'csv' || !bom, { path: ['bom'], message: 'goes with format=csv alone.' })
  .refine(({ format, content }) => format !== 'proofs' || !content, {
    path: ['content'],
    message: 'proofs are of the entries themselves, which name nobody; leave it out.',
  })
  .refine(
    ({ format, from, to, fromSeq, toSeq, category, type }) =>
      format !== 'archive' || [from, to, fromSeq, toSeq, category, type].every((filter) => filter === undefined),
    { path: ['format'], message: 'an archive is the whole log; leave the filters out.' },
  )

export type AuditExportQuery = z.output<typeof auditExportQuerySchema>

/** A checkpoint is a few hundred bytes; witnesses add lines to it. */
export const auditVerifySchema = z.strictObject({
  /** Checkpoints that were seen before or elsewhere, as signed notes. */
  against: z.array(z.string().min(1).max(16_000)).max(100).default([]),
})

export const auditVerifyReportSchema = z.object({
  ok: z.boolean(),
  origin: z.string(),
  size: z.int(),
  minIndex: z.int(),
  /** Of the tree that was computed; base 64. */
  root: z.string(),
  entries: z.int(),
  checkpoints: z.int(),
  /** `full`: opened and compared. `sealed`: cannot be opened. `gone`: removed, as an entry says. `held`: by a hold. */
  blocks: z.object({ full: z.int(), sealed: z.int(), gone: z.int(), held: z.int() }),
  /** The first hundred of what was found. */
  errors: z.array(z.object({ code: z.string(), seq: z.int().nullable(), detail: z.string() })),
  errorCount: z.int(),
})

export type AuditVerifyReport = z.infer<typeof auditVerifyReportSchema>

export const auditVerifyProgressSchema = z.object({ done: z.int(), size: z.int() })

export const auditSinkStateSchema = z.object({
  id: z.string(),
  kind: z.enum(['syslog', 'webhook']),
  format: z.string(),
  /** Whether ids, addresses and what names notes go along. */
  names: z.boolean(),
  state: z.enum(['ok', 'failing']),
  /** Entries before this place are delivered. */
  cursor: z.int(),
  /** Entries of the log that are not. */
  lag: z.int(),
  /** Milliseconds since 1970, as all times here; null while it does not fail. */
  failingSince: z.int().nullable(),
  attempts: z.int(),
  lastError: z.string().nullable(),
  deliveredAt: z.int().nullable(),
})

export type AuditSinkState = z.infer<typeof auditSinkStateSchema>

export const auditSinkListSchema = z.object({ sinks: z.array(auditSinkStateSchema) })

/** A batch that a receiver has taken. */
export const auditReceiptSchema = z.object({
  /** Places of its first and last entry. */
  first: z.int(),
  last: z.int(),
  entries: z.int(),
  bytes: z.int(),
  /** Of what was sent. */
  sha256: z.string(),
  at: z.int(),
})

export type AuditReceipt = z.infer<typeof auditReceiptSchema>

export const auditReceiptListSchema = z.object({ receipts: z.array(auditReceiptSchema), next: z.int().nullable() })
