/**
 * Conditions of statements, in three values: true, false, and null for what cannot be told because the attribute is
 * absent or of another kind. Whoever asks decides what null means: a grant does not count, a deny does.
 */
import type { Condition, Label, Operator, Scalar } from '@cairn/contract'
import { labels, propertyPrefix } from '@cairn/contract/tables'

export type Truth = true | false | null

/** What a condition may look at of a note. */
export interface NoteFacts {
  readonly tags: readonly string[]
  readonly label?: Label | undefined
  readonly owner?: string | undefined
  /** Of its front matter; only single texts, numbers and flags can be compared. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined
  /**
   * Former paths of the note in its vault, whose rules hold on: it may be used by who may use it at its path and would
   * be allowed it at each of these too.
   */
  readonly places?: readonly string[] | undefined
}

/** Compares an attribute’s value. Values of another kind than the statement’s cannot be compared. */
export function compareValue(
  actual: unknown,
  operator: Operator,
  value: Scalar | readonly Scalar[],
  rank?: readonly string[],
): Truth {
  const wanted = (Array.isArray(value) ? value : [value]) as readonly Scalar[]
  if (!wanted.every((each) => isComparable(actual, each))) return null
  if (operator !== '<') return wanted.some((each) => each === actual)
  const [limit] = wanted
  if (rank !== undefined) return rankOf(actual, rank) < rankOf(limit, rank)
  return typeof actual === 'boolean' ? null : (actual as string | number) < (limit as string | number)
}

function isComparable(actual: unknown, wanted: Scalar): boolean {
  if (typeof actual === 'number' && !Number.isFinite(actual)) return false
  return typeof actual === typeof wanted
}

function rankOf(value: unknown, rank: readonly string[]): number {
  const at = rank.indexOf(String(value))
  // A label that is not on the scale counts as the most sensitive one.
  return at < 0 ? rank.length : at
}

/** False when one is false, else null when one cannot be told. */
export function allOf(truths: Iterable<Truth>): Truth {
  let all: Truth = true
  for (const truth of truths) {
    if (truth === false) return false
    if (truth === null) all = null
  }
  return all
}

/** Conditions on a note’s own attributes. Null facts: nothing is known of the note. */
export function judgeNote(conditions: readonly Condition[], facts: NoteFacts | null): Truth {
  let all: Truth = true
  for (const [attribute, operator, value] of conditions) {
    const truth = facts === null ? null : compareValue(factOf(attribute, facts), operator, value, ranks[attribute])
    if (truth === false) return false
    if (truth === null) all = null
  }
  return all
}

const ranks: Readonly<Record<string, readonly string[]>> = { 'resource.label': labels }

function factOf(attribute: string, { label, owner, properties }: NoteFacts): unknown {
  if (attribute === 'resource.label') return label
  if (attribute === 'resource.owner') return owner
  const name = attribute.slice(propertyPrefix.length)
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
}
