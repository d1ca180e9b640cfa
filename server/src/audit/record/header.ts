/**
 * The entry itself, as it stands in the log: what names nobody. Its canonical JSON is the leaf of the tree, so that it can
 * never be changed; whatever must be forgotten one day stands in blocks (see `blocks.ts`).
 */
import type { AuditCategory } from '@cairn/contract'
import { auditCategoryTable } from '@cairn/contract/tables'
import { canonicalJson, parseCanonicalJson, type JsonValue } from '../tree/canonical-json.ts'

export type AuditOutcome = 'ok' | 'failed' | 'refused'

export type PublicValue = string | number | boolean | null | readonly string[]

/** Short names: there is one of these for every event there ever was. */
export interface AuditHeader {
  readonly v: 1
  /** Place in the log, from 0. */
  readonly seq: number
  /** UTC, to the minute; the exact time stands in a block. */
  readonly t: string
  readonly cat: string
  readonly type: string
  readonly out: AuditOutcome
  /** 128 random bits in base64url: makes the leaf unguessable, and names the entry to its blocks. */
  readonly n: string
  readonly pub: Readonly<Record<string, PublicValue>>
  /** Commitment of each block, 32 bytes in base64url, by name. */
  readonly b: Readonly<Record<string, string>>
}

/** Throws `TypeError` for values without canonical JSON. */
export function writeHeader(header: AuditHeader): string {
  return canonicalJson(header as unknown as JsonValue)
}

/** Null for what this version does not read, and for what is not written as it writes. */
export function parseHeader(text: string): AuditHeader | null {
  const parsed = parseCanonicalJson(text)
  return isHeader(parsed) ? parsed : null
}

const members = new Set(['b', 'cat', 'n', 'out', 'pub', 'seq', 't', 'type', 'v'])
const outcomes: ReadonlySet<unknown> = new Set<AuditOutcome>(['ok', 'failed', 'refused'])
const minute = /^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/
const bytes16 = /^[A-Za-z0-9_-]{22}$/
const bytes32 = /^[A-Za-z0-9_-]{43}$/

/** By hand: whoever verifies asks it of every entry, and a schema takes a third of that time. */
function isHeader(value: JsonValue | undefined): value is JsonValue & AuditHeader {
  if (!isMembers(value)) return false
  const names = Object.keys(value)
  if (names.length !== members.size || !names.every((name) => members.has(name))) return false
  const { v, seq, t, cat, type, out, n, pub, b } = value
  return (
    v === 1 &&
    Number.isSafeInteger(seq) &&
    (seq as number) >= 0 &&
    typeof t === 'string' &&
    minute.test(t) &&
    typeof cat === 'string' &&
    typeof type === 'string' &&
    outcomes.has(out) &&
    typeof n === 'string' &&
    bytes16.test(n) &&
    isMembers(pub) &&
    Object.values(pub).every(isPublicValue) &&
    isMembers(b) &&
    Object.values(b).every((each) => typeof each === 'string' && bytes32.test(each))
  )
}

function isMembers(value: JsonValue | undefined): value is { readonly [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPublicValue(value: JsonValue): value is PublicValue & JsonValue {
  return Array.isArray(value)
    ? value.every((each) => typeof each === 'string')
    : typeof value !== 'object' || value === null
}

/** Of milliseconds since 1970: `2026-11-23T12:20Z`. */
export function minuteOf(iso: string): string {
  return `${iso.slice(0, 16)}Z`
}

/** The category whose texts are shredded after days. */
export const daily: AuditCategory = 'capture'

/** The unit in which what names people is shredded by time: `auth/2026-11`, or of texts `capture/2026-11-23`. */
export function periodOf({ cat, t }: Pick<AuditHeader, 'cat' | 't'>): string {
  return `${cat}/${t.slice(0, cat === daily ? 10 : 7)}`
}

export function isCategory(name: string): name is AuditCategory {
  return Object.hasOwn(auditCategoryTable, name)
}
