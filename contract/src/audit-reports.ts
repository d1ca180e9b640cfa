/** Reports on the audit log: what may be asked, and what comes back. */
import { z } from 'zod'
import { auditReportIds, auditReportParameters, reportLimits, type AuditReportParameter } from './audit-report-table.ts'

export const auditReportFormats = ['json', 'csv', 'pdf'] as const

export type AuditReportFormat = (typeof auditReportFormats)[number]

const whole = z.coerce.number<string>().int().min(0).max(9e15)

const parameterShape = Object.fromEntries(
  Object.entries(auditReportParameters).map(([name, { least, most }]) => [
    name,
    z.coerce.number<string>().int().min(least).max(most).optional(),
  ]),
) as Record<AuditReportParameter, z.ZodOptional<z.ZodCoercedNumber<string>>>

export const auditReportQuerySchema = z.strictObject({
  format: z.enum(auditReportFormats).default('json'),
  /** Milliseconds since 1970, `to` exclusive; entries count by their minute. The last 30 days of the log without them. */
  from: whole.optional(),
  to: whole.optional(),
  /** Size of the log for which to report: the same question has the same answer then. */
  asOf: whole.optional(),
  /** Rows of each part. */
  limit: z.coerce.number<string>().int().min(1).max(reportLimits.mostRows).default(reportLimits.usualRows),
  ...parameterShape,
})

export type AuditReportQuery = z.output<typeof auditReportQuerySchema>

const cellSchema = z.union([z.string(), z.number(), z.null(), z.array(z.string())])

export type ReportCell = z.infer<typeof cellSchema>

const rowSchema = z.record(z.string(), cellSchema)

/** A value for each column of its part; null where there is none. */
export type ReportRow = z.infer<typeof rowSchema>

export const auditReportSchema = z.object({
  id: z.enum(auditReportIds),
  /** What it is of. */
  pin: z.object({
    origin: z.string(),
    /** Entries of the log that it is about. */
    size: z.int(),
    /** Of the tree with so many entries; base 64. */
    root: z.string(),
    /** The signed checkpoint of that size, a signed note (C2SP tlog-checkpoint). */
    checkpoint: z.string(),
    /** Minute of its newest entry, in milliseconds since 1970; all that is counted from “now” is counted from here. */
    at: z.int(),
    /** Entries before this place are pruned. */
    minIndex: z.int(),
  }),
  /** In milliseconds since 1970, `to` exclusive; null where it is about the whole log. */
  period: z.object({ from: z.int(), to: z.int() }).nullable(),
  /** All that it was asked with, those that were not given included. */
  parameters: z.record(z.string(), z.int()),
  /** The address that gives it again. */
  query: z.string(),
  /** SHA-256 of all that is not from the log: names, and what the report says is as of now. */
  stateSha256: z.string(),
  /** Entries that were looked at for it, and how many of them name somebody who is erased. */
  read: z.object({ entries: z.int(), erased: z.int() }),
  totals: z.array(z.object({ title: z.string(), value: cellSchema, kind: z.string() })),
  parts: z.array(
    z.object({
      id: z.string(),
      /** Of its rows, also those that are cut. */
      total: z.int(),
      rows: z.array(rowSchema),
    }),
  ),
  /** What people, groups and vaults are called now, by id; those that the reader may not know are left out. */
  names: z.record(z.string(), z.string()),
})

export type AuditReport = z.infer<typeof auditReportSchema>

export const auditReportListSchema = z.object({
  reports: z.array(
    z.object({
      id: z.enum(auditReportIds),
      title: z.string(),
      answers: z.string(),
      hasPeriod: z.boolean(),
      /** Permission that it takes beside `audit.read`. */
      needs: z.string().nullable(),
      parameters: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          description: z.string(),
          unit: z.string(),
          least: z.int(),
          most: z.int(),
          usual: z.int(),
        }),
      ),
    }),
  ),
})
