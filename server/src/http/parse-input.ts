/**
 * A body or query against its schema. Every mistake is told at once, by the field's path and what was expected there.
 * A value is quoted only when its field is listed as safe: questions, messages, notes and secrets never are.
 */
import type { z } from 'zod'
import { fail, joinFindings, quote } from '../base/index.ts'

/** Fields that hold identifiers, numbers or one of a few words. A new field is not quoted until it is listed here. */
const quotableFields: ReadonlySet<PropertyKey> = new Set([
  'vault',
  'model',
  'limit',
  'mode',
  'stream',
  'dryRun',
  'role',
  'expiresInDays',
  'include_usage',
  'kind',
  'wait',
  'minutes',
  'by',
  'from',
  'to',
  'dialect',
  'auth',
  'egress',
  'clearance',
  'label',
  'enabled',
  'maxInFlight',
  'inputTokens',
  'outputTokens',
  'max_tokens',
  'requestsPerMinute',
  'tokensPerMinute',
  'usdPerDay',
  'usdPerMonth',
  'order',
  'asOf',
  'fresh',
  'bucket',
])

const maxIssues = 12

/** Throws `request.invalid`. */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { issues } = result.error
  const told = issues.slice(0, maxIssues).map((issue) => describeIssue(issue, value))
  const more = issues.length > maxIssues ? [`and ${issues.length - maxIssues} more`] : []
  const first = issues[0]
  return fail('request.invalid', {
    message: joinFindings([...told, ...more]),
    ...(first && first.path.length > 0 ? { param: formatPath(first.path) } : {}),
  })
}

function describeIssue(issue: z.core.$ZodIssue, root: unknown): string {
  const value = readAt(root, issue.path)
  const where = issue.path.length === 0 ? 'the body' : formatPath(issue.path)
  const given = describeValue(value, issue.path.at(-1))
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined && issue.path.length > 0
        ? `${where} is missing: expected ${nameType(issue.expected)}`
        : `${where}: expected ${nameType(issue.expected)}, got ${given}`
    case 'invalid_value':
      return `${where}: expected ${issue.values.map(String).join(' or ')}, got ${given}`
    case 'too_big':
      return `${where}: at most ${formatBound(issue.maximum, issue.origin)}, got ${measure(value, given, issue.origin)}`
    case 'too_small':
      return `${where}: at least ${formatBound(issue.minimum, issue.origin)}, got ${measure(value, given, issue.origin)}`
    case 'unrecognized_keys':
      return `${where}: unknown ${issue.keys.length === 1 ? 'field' : 'fields'} ${issue.keys
        .slice(0, 5)
        .map((key) => quoteName(key))
        .join(', ')}`
    case 'invalid_union':
      return `${where}: none of the accepted forms, got ${given}`
    case 'invalid_format':
      return `${where}: not in the accepted form, got ${given}`
    case 'custom':
      // Words of our own schemas, which quote ids at most.
      return `${where}: ${issue.message}`
    default:
      return `${where}: not accepted, got ${given}`
  }
}

function readAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = root
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined
    value = Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined
  }
  return value
}

/** `history[0].role`. Names come from the schema, except in objects with free names, so each is bounded. */
function formatPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const key of path.slice(0, 20)) {
    if (typeof key === 'number') text += `[${key}]`
    else text += `${text === '' ? '' : '.'}${/^[\w-]{1,60}$/.test(String(key)) ? String(key) : quoteName(String(key))}`
  }
  return text
}

function quoteName(name: string): string {
  return quote(name.length > 40 ? `${name.slice(0, 39)}…` : name)
}

function describeValue(value: unknown, field: PropertyKey | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object'
  if (field !== undefined && quotableFields.has(field)) return quote(value)
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`
}

const typeNames: Record<string, string> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

function nameType(expected: string): string {
  return typeNames[expected] ?? expected
}

function formatBound(bound: number | bigint, origin: string): string {
  return origin === 'string' ? `${bound} characters` : origin === 'array' ? `${bound} items` : String(bound)
}

/** A number may stand in a query as text. */
function measure(value: unknown, given: string, origin: string): string {
  if (Array.isArray(value)) return String(value.length)
  return typeof value === 'string' && origin === 'string' ? String(value.length) : given
}
