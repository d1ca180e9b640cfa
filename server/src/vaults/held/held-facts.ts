/**
 * What stays in force of a note after an edit. Rules look at labels, tags and properties that any editor of a watched
 * folder can take away, and at folders that it can be moved out of, so what a note once said and where it was is kept
 * beside it: as long as the note says less than was kept, the difference is *held* until somebody with `restrict` lets it
 * go. Pure; where it is stored is another file’s business.
 */
import type { Condition, Label, Scalar } from '@cairn/contract'
import { highestLabel, isUnderTag, labelSchema, propertyPrefix } from '@cairn/contract/tables'
import { z } from 'zod'
import { judgeNote, type NoteFacts } from '../../base/index.ts'
import { protectedPlaces, settlePlaces, type ProtectedPlaces } from './former-places.ts'

/** What of the policy looks at notes. */
export interface Protection {
  /** False while there is one active person: nobody has to be kept from anything. */
  readonly isTeam: boolean
  /** Tags that a deny names; those below them count too. */
  readonly tags: readonly string[]
  /** Conditions of denies on `resource.label`, `resource.owner`, `resource.property.NAME`. */
  readonly conditions: readonly Condition[]
  /** `folder:VAULT/PATH` and `note:VAULT/PATH` that are barriers or that a deny names. */
  readonly places: readonly string[]
}

/** The same for the notes of one vault. */
export interface VaultProtection extends Omit<Protection, 'places'> {
  readonly places: ProtectedPlaces
}

export function protectionOf(vault: string, { places, ...rest }: Protection): VaultProtection {
  return { ...rest, places: protectedPlaces(vault, places) }
}

/** What a note says itself. */
export interface OwnFacts {
  readonly tags: readonly string[]
  /** Null when it says none. */
  readonly label: Label | null
  readonly owner: string | null
  readonly properties: Readonly<Record<string, Scalar>>
}

const scalarSchema = z.union([z.string(), z.number(), z.boolean()])

/** What a note has said and nobody has let go. */
export const keptSchema = z.object({
  labels: z.array(labelSchema),
  tags: z.array(z.string()),
  /** By attribute, oldest first. */
  values: z.record(z.string(), z.array(scalarSchema)),
  /** Attributes of which more was said than is kept. */
  unclear: z.array(z.string()),
  /** Paths in protected folders where it was or is, oldest first. Absent in what an earlier version kept. */
  places: z.array(z.string()).default([]),
})

export type Kept = z.infer<typeof keptSchema>

/** What is in force although the note does not say it. */
export const heldSchema = z.object({
  label: labelSchema.nullable(),
  tags: z.array(z.string()),
  values: z.record(z.string(), scalarSchema),
  /** No single value satisfies every deny that was in force: whatever looks at these attributes finds nothing. */
  unclear: z.array(z.string()),
  /** Paths in protected folders that it was taken out of, oldest first. */
  places: z.array(z.string()).default([]),
})

export type Held = z.infer<typeof heldSchema>

/** More values of one attribute are not told apart: it is unclear from then on. */
const mostValues = 8
const labelAttribute = 'resource.label'
const ownerAttribute = 'resource.owner'
/** Of a note that says none. */
export const usualLabel: Label = 'internal'

export const nothingKept: Kept = { labels: [], tags: [], values: {}, unclear: [], places: [] }

export function isNothingKept({ labels, tags, values, unclear, places }: Kept): boolean {
  return labels.length + tags.length + unclear.length + places.length + Object.keys(values).length === 0
}

/** What of a note’s own words, and of where it is, protects it. */
export function keepOf(path: string, own: OwnFacts, { tags, conditions, places }: VaultProtection): Kept {
  const values: [string, Scalar[]][] = []
  for (const attribute of attributesOf(conditions)) {
    const value = valueOf(own, attribute)
    if (value !== undefined && countedAt(conditions, attribute, [value]).length > 0) values.push([attribute, [value]])
  }
  const isUsualProtected = countedAt(conditions, labelAttribute, [usualLabel]).length > 0
  return {
    labels: own.label !== null ? [own.label] : isUsualProtected ? [usualLabel] : [],
    tags: own.tags.filter((tag) => tags.some((each) => isUnderTag(tag, each))),
    values: Object.fromEntries(values),
    unclear: [],
    places: keptPlace(path, places),
  }
}

/** The path, where a rule holds. */
export function keptPlace(path: string, { nearest }: ProtectedPlaces): string[] {
  return nearest(path) === null ? [] : [path]
}

/** All that any of them says; an earlier one is the older. */
export function joinKept(all: readonly Kept[]): Kept {
  const values: [string, Scalar[]][] = []
  const unclear = new Set(all.flatMap((each) => each.unclear))
  for (const attribute of new Set(all.flatMap((each) => Object.keys(each.values)))) {
    const said = [...new Set(all.flatMap((each) => listOf(each.values, attribute)))]
    if (said.length > mostValues) unclear.add(attribute)
    values.push([attribute, said.slice(-mostValues)])
  }
  return {
    labels: [...new Set(all.flatMap(({ labels }) => labels))],
    tags: [...new Set(all.flatMap(({ tags }) => tags))],
    values: Object.fromEntries(values),
    unclear: [...unclear],
    places: [...new Set(all.flatMap(({ places }) => places))],
  }
}

/** What is held, as if the note had said it: all that is left of what was kept while there was a team. */
export function keptOfHeld(held: Held | null): Kept {
  if (held === null) return nothingKept
  return {
    labels: held.label === null ? [] : [held.label],
    tags: held.tags,
    values: Object.fromEntries(Object.entries(held.values).map(([attribute, value]) => [attribute, [value]])),
    unclear: held.unclear,
    places: held.places,
  }
}

export interface Settled {
  readonly kept: Kept
  readonly held: Held | null
}

/**
 * What has to stay in force of what was kept, now that the note is at `path` and says `own`. `before` was held until now: it stays until
 * the note says it again, also where no rule looks at it any more, since a rule that is taken out and put back must not
 * find the notes open. That does not go for places: whoever takes a rule off a folder may open what is in it.
 */
export function settle(
  path: string,
  kept: Kept,
  own: OwnFacts,
  protection: VaultProtection,
  before: Held | null,
): Settled {
  const label = settleLabel(kept, own, protection)
  const tags = settleTags(kept, own, protection, before)
  const values: [string, Scalar][] = []
  const keptValues: [string, readonly Scalar[]][] = []
  const unclear = [...label.unclear]
  const attributes = new Set([
    ...attributesOf(protection.conditions),
    ...Object.keys(kept.values),
    ...kept.unclear.filter((each) => each !== labelAttribute),
  ])
  for (const attribute of attributes) {
    const settled = settleValue(attribute, kept, own, protection, before)
    if (settled.kept.length > 0) keptValues.push([attribute, settled.kept])
    if (settled.held !== null) values.push([attribute, settled.held])
    if (settled.isUnclear) unclear.push(attribute)
  }
  const places = settlePlaces(kept.places, path, protection.places)
  const held: Held = {
    label: label.held,
    tags: tags.held,
    values: Object.fromEntries(values),
    unclear,
    places: places.held,
  }
  const isNothing = held.label === null && held.tags.length + values.length + unclear.length + held.places.length === 0
  return {
    kept: {
      labels: label.kept,
      tags: tags.kept,
      values: Object.fromEntries(keptValues.map(([attribute, said]) => [attribute, [...said]])),
      unclear: kept.unclear,
      places: places.kept,
    },
    held: isNothing ? null : held,
  }
}

function settleLabel(
  { labels, unclear }: Kept,
  own: OwnFacts,
  { conditions }: VaultProtection,
): { kept: Label[]; held: Label | null; unclear: string[] } {
  const now = own.label ?? usualLabel
  const top = labels.reduce(highestLabel, now)
  const needed = countedAt(conditions, labelAttribute, [...labels, now])
  const isClear = !unclear.includes(labelAttribute) && isCounted(needed, labelAttribute, top)
  const isAllSaid = top === now && isClear && own.label !== null
  return {
    kept: isAllSaid ? [now] : [...new Set([...labels, ...(own.label === null ? [] : [own.label])])],
    held: top === now ? null : top,
    unclear: isClear ? [] : [labelAttribute],
  }
}

function settleTags(
  kept: Kept,
  own: OwnFacts,
  { tags: named }: VaultProtection,
  before: Held | null,
): { kept: string[]; held: string[] } {
  const isSaid = (tag: string) => own.tags.some((each) => isUnderTag(each, tag))
  const missing = named.filter((tag) => !isSaid(tag))
  const held = kept.tags.filter(
    (tag) =>
      missing.some((each) => isUnderTag(tag, each)) ||
      (before?.tags.includes(tag) === true && !isSaid(tag) && !isReplaced(tag)),
  )
  /** A tag that another now stands for, as far as rules look: `secret/old` by `secret/new` under a deny of `secret`. */
  function isReplaced(tag: string): boolean {
    const above = named.filter((each) => isUnderTag(tag, each))
    return above.length > 0 && above.every(isSaid)
  }
  const said = own.tags.filter((tag) => kept.tags.includes(tag) || named.some((each) => isUnderTag(tag, each)))
  return { kept: [...new Set([...held, ...said])], held }
}

interface SettledValue {
  readonly kept: readonly Scalar[]
  readonly held: Scalar | null
  readonly isUnclear: boolean
}

function settleValue(
  attribute: string,
  { values, unclear }: Kept,
  own: OwnFacts,
  { conditions }: VaultProtection,
  before: Held | null,
): SettledValue {
  const said = listOf(values, attribute)
  const now = valueOf(own, attribute)
  if (unclear.includes(attribute)) return { kept: said, held: null, isUnclear: true }
  const all = now === undefined ? said : [...said.filter((each) => each !== now), now]
  const needed = countedAt(conditions, attribute, all)
  const heldBefore = before !== null && Object.hasOwn(before.values, attribute) ? before.values[attribute] : undefined
  if (needed.length === 0)
    return heldBefore === undefined || heldBefore === now
      ? { kept: [], held: null, isUnclear: false }
      : { kept: said, held: heldBefore, isUnclear: false }
  const keptNow = all.filter((each) => countedAt(needed, attribute, [each]).length > 0)
  if (now !== undefined && isCounted(needed, attribute, now)) return { kept: [now], held: null, isUnclear: false }
  const found = said.toReversed().find((each) => isCounted(needed, attribute, each))
  return { kept: keptNow, held: found ?? null, isUnclear: found === undefined }
}

// --- What rules go by -------------------------------------------------------------------------------------------------

/** The note’s own facts with what is held. */
export function judgedFacts(own: OwnFacts, held: Held | null): NoteFacts {
  const label = own.label ?? usualLabel
  const facts = {
    tags: own.tags,
    label,
    ...(own.owner === null ? {} : { owner: own.owner }),
    properties: own.properties,
  }
  if (held === null) return facts
  const owner = ownerAttribute in held.values ? String(held.values[ownerAttribute]) : own.owner
  const properties = new Map(Object.entries(own.properties))
  for (const [attribute, value] of Object.entries(held.values))
    if (attribute.startsWith(propertyPrefix)) properties.set(attribute.slice(propertyPrefix.length), value)
  for (const attribute of held.unclear) properties.delete(attribute.slice(propertyPrefix.length))
  const isUnclear = (attribute: string) => held.unclear.includes(attribute)
  return {
    tags: [...new Set([...own.tags, ...held.tags])],
    ...(isUnclear(labelAttribute) ? {} : { label: held.label === null ? label : highestLabel(label, held.label) }),
    ...(owner === null || isUnclear(ownerAttribute) ? {} : { owner }),
    properties: Object.fromEntries(properties),
    ...(held.places.length === 0 ? {} : { places: held.places }),
  }
}

// --- Conditions -------------------------------------------------------------------------------------------------------

function attributesOf(conditions: readonly Condition[]): string[] {
  return [...new Set(conditions.map(([attribute]) => attribute))].filter((attribute) => attribute !== labelAttribute)
}

/** Conditions on the attribute that a deny counts with, for one of the values at least. */
function countedAt(conditions: readonly Condition[], attribute: string, values: readonly Scalar[]): Condition[] {
  return conditions.filter(
    (condition) => condition[0] === attribute && values.some((value) => isCounted([condition], attribute, value)),
  )
}

/** A deny counts with a condition that holds, and with one that cannot be told. */
function isCounted(conditions: readonly Condition[], attribute: string, value: Scalar): boolean {
  const facts = factsWith(attribute, value)
  return conditions.every((condition) => judgeNote([condition], facts) !== false)
}

function factsWith(attribute: string, value: Scalar): NoteFacts {
  if (attribute === labelAttribute) return { tags: [], label: value as Label }
  if (attribute === ownerAttribute) return { tags: [], owner: String(value) }
  return { tags: [], properties: Object.fromEntries([[attribute.slice(propertyPrefix.length), value]]) }
}

function valueOf({ owner, properties }: OwnFacts, attribute: string): Scalar | undefined {
  if (attribute === ownerAttribute) return owner ?? undefined
  const name = attribute.slice(propertyPrefix.length)
  return Object.hasOwn(properties, name) ? properties[name] : undefined
}

function listOf(values: Kept['values'], attribute: string): readonly Scalar[] {
  return Object.hasOwn(values, attribute) ? (values[attribute] as Scalar[]) : []
}
