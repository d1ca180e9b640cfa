/** Counting by two dimensions: how it stands in the address, and what a group is called and leads to. */
import { auditDimensions, type AuditSummaryView } from '@cairn/contract'
import type { Names } from '../access/names.ts'
import { nameId, type Said } from './describe-entry.ts'
import { categories, eventTypes, type AuditFilter } from './filter.ts'
import { outcomes } from './ranges.ts'
import { nameCategory, nameType, outcomeWords } from './words.ts'

export type Dimension = (typeof auditDimensions)[number]

/** One or two, never the same twice. */
export interface Dimensions {
  readonly first: Dimension
  readonly second: Dimension | null
}

export const dimensionWords: Readonly<Record<Dimension, string>> = {
  category: 'Category',
  type: 'What',
  outcome: 'Outcome',
  actor: 'Who',
  model: 'Model',
  provider: 'Provider',
  vault: 'Vault',
}

const usual: Dimensions = { first: 'category', second: 'outcome' }

export function readDimensions(text: string | null): Dimensions {
  if (text === null) return usual
  const [first, second = null] = text.split(',').flatMap((name) => auditDimensions.find((each) => each === name) ?? [])
  return first === undefined ? usual : { first, second: second === first ? null : second }
}

export function writeDimensions({ first, second }: Dimensions): Record<string, string> {
  return first === usual.first && second === usual.second ? {} : { by: namesOfDimensions({ first, second }) }
}

/** As the server takes them. */
export function namesOfDimensions({ first, second }: Dimensions): string {
  return second === null ? first : `${first},${second}`
}

type Row = AuditSummaryView['rows'][number]

/** The name of a group in one dimension. */
export function nameGroup(names: Names, dimension: Dimension, { group, hidden }: Row, index: number): Said {
  const value = group[index] ?? null
  if (value === null) return sayNone(dimension, hidden)
  return { text: nameValue(names, dimension, value), state: 'known' }
}

function sayNone(dimension: Dimension, isHidden: boolean): Said {
  if (dimension === 'vault' && isHidden) return { text: 'hidden', state: 'hidden' }
  return dimension === 'actor' ? { text: 'erased person', state: 'erased' } : { text: '–', state: 'known' }
}

function nameValue(names: Names, dimension: Dimension, value: string): string {
  switch (dimension) {
    case 'category':
      return nameCategory(value)
    case 'type':
      return nameType(value)
    case 'outcome':
      return outcomes.includes(value as never) ? outcomeWords[value as keyof typeof outcomeWords].title : value
    case 'actor':
      return nameId(names, value)
    case 'vault':
      return names.vaults.get(value) ?? value
    default:
      return value
  }
}

/** What to look for to see the entries of a group; null where they cannot be asked for alone. */
export function filterOfGroup({ first, second }: Dimensions, { group }: Row): Partial<AuditFilter> | null {
  const parts = [first, ...(second === null ? [] : [second])].map((dimension, index) =>
    filterOf(dimension, group[index] ?? null),
  )
  return parts.reduce<Partial<AuditFilter> | null>(
    (all, part) => (all === null || part === null ? null : { ...all, ...part }),
    {},
  )
}

function filterOf(dimension: Dimension, value: string | null): Partial<AuditFilter> | null {
  if (value === null) return null
  if (dimension === 'category') return oneOf(categories, value, (found) => ({ category: [found] }))
  if (dimension === 'type') return oneOf(eventTypes, value, (found) => ({ type: [found] }))
  if (dimension === 'outcome') return oneOf(outcomes, value, (found) => ({ outcome: [found] }))
  return { [dimension]: value }
}

function oneOf<T extends string, R>(values: readonly T[], value: string, make: (found: T) => R): R | null {
  const found = values.find((each) => each === value)
  return found === undefined ? null : make(found)
}
