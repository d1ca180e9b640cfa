/**
 * The entry itself, as it stands in the log: what names nobody. Its canonical JSON is the leaf of the tree, so that it can
 * never be changed; whatever must be forgotten one day stands in blocks (see `blocks.ts`).
 */
import type { AuditCategory } from '@cairn/contract'
import { auditCategoryTable } from '@cairn/contract/tables'
import { z } from 'zod'
import { canonicalJson, type JsonValue } from '../tree/canonical-json.ts'

export type AuditOutcome = 'ok' | 'failed' | 'refused'

const base64urlBytes = (bytes: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((bytes * 4) / 3)}}$`))

const publicValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])

/** Short names: there is one of these for every event there ever was. */
export const headerSchema = z.strictObject({
  v: z.literal(1),
  /** Place in the log, from 0. */
  seq: z.int().min(0),
  /** UTC, to the minute; the exact time stands in a block. */
  t: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/),
  cat: z.string(),
  type: z.string(),
  out: z.enum(['ok', 'failed', 'refused']),
  /** 128 random bits: makes the leaf unguessable, and names the entry to its blocks. */
  n: base64urlBytes(16),
  pub: z.record(z.string(), publicValue),
  /** Commitment of each block, by name. */
  b: z.record(z.string(), base64urlBytes(32)),
})

export type AuditHeader = z.infer<typeof headerSchema>

/** Throws `TypeError` for values without canonical JSON. */
export function writeHeader(header: AuditHeader): string {
  return canonicalJson(header as unknown as JsonValue)
}

/** Null for what this version does not read. */
export function parseHeader(text: string): AuditHeader | null {
  try {
    const header = headerSchema.parse(JSON.parse(text))
    return writeHeader(header) === text ? header : null
  } catch {
    return null
  }
}

/** Of milliseconds since 1970: `2026-11-23T12:20Z`. */
export function minuteOf(iso: string): string {
  return `${iso.slice(0, 16)}Z`
}

/** The unit in which what names people is shredded by time: `auth/2026-11`. */
export function periodOf({ cat, t }: Pick<AuditHeader, 'cat' | 't'>): string {
  return `${cat}/${t.slice(0, 7)}`
}

export function isCategory(name: string): name is AuditCategory {
  return Object.hasOwn(auditCategoryTable, name)
}
