/**
 * Between the names of an AuthZEN client and ours, as configuration: which of its subjects, resources and actions mean
 * which of ours, and which of its properties are believed. What no rule names is nobody, nothing, or no action.
 */
import { actions as ownActions, resourceTypes, type Action, type AuthZenAdapter } from '@cairn/contract'
import type { NoteFacts } from '../base/index.ts'

/** Properties that must be exactly these. */
export type Wanted = Readonly<Record<string, string | number | boolean>>

export interface SubjectRule {
  readonly type: string
  readonly when?: Wanted
  /** `user:{id}` takes the client’s id, encoded; without a place for it all of them are one principal. */
  readonly principal: string
}

export interface ResourceRule {
  readonly type: string
  /** `note:{id}` takes the id as it is, `note:todo/{id}` too, as one segment of a path. */
  readonly resource: string
  /** Properties of the request that become attributes of the note. Others, and those of our own notes, are not believed. */
  readonly takes?: Readonly<Record<string, 'owner' | `property.${string}`>>
}

export interface ActionRule {
  readonly name: string
  readonly when?: Wanted
  readonly action: Action
}

/** One that the client’s searches look among. */
export interface KnownEntity {
  readonly type: string
  readonly id: string
  readonly properties?: Readonly<Record<string, unknown>>
}

export interface Adapter {
  readonly subjects: readonly SubjectRule[]
  readonly resources: readonly ResourceRule[]
  readonly actions: readonly ActionRule[]
  /** Other ids of the same subject: `{ "rick@the-citadel.com": "rick" }`. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Of a type; asked anew for each search. Their properties are used where a request brings none. */
  readonly known: (kind: 'subject' | 'resource', type: string) => Iterable<KnownEntity>
  readonly find: (kind: 'subject' | 'resource', type: string, id: string) => KnownEntity | undefined
}

export interface Entity {
  readonly type: string
  readonly id: string
  readonly properties?: Readonly<Record<string, unknown>> | undefined
}

export function toPrincipal(adapter: Adapter, { type, id, properties }: Entity): string | null {
  const { aliases = {} } = adapter
  const own = Object.hasOwn(aliases, id) ? (aliases[id] ?? id) : id
  const held = {
    ...(adapter.find('subject', type, id) ?? adapter.find('subject', type, own))?.properties,
    ...properties,
  }
  const rule = adapter.subjects.find((each) => each.type === type && fits(each.when, held))
  return rule === undefined ? null : rule.principal.replace('{id}', () => own)
}

/** Facts are undefined where the engine is to look them up: the resources of the product itself. */
export function toResource(
  adapter: Adapter,
  { type, id, properties }: Entity,
): { resource: string; facts?: NoteFacts } | null {
  const rule = adapter.resources.find((each) => each.type === type)
  if (rule === undefined) return null
  const isWhole = /^\w+:\{id\}$/.test(rule.resource)
  if (!isWhole && !id.isWellFormed()) return null
  const resource = rule.resource.replace('{id}', () => (isWhole ? id : encodeURIComponent(id)))
  if (rule.takes === undefined) return { resource }
  return {
    resource,
    facts: takeFacts(rule.takes, { ...adapter.find('resource', type, id)?.properties, ...properties }),
  }
}

function takeFacts(takes: NonNullable<ResourceRule['takes']>, held: Readonly<Record<string, unknown>>): NoteFacts {
  const properties: Record<string, unknown> = {}
  let owner: string | undefined
  for (const [name, attribute] of Object.entries(takes)) {
    if (!Object.hasOwn(held, name)) continue
    const value = held[name]
    if (attribute !== 'owner') properties[attribute.slice('property.'.length)] = value
    else if (typeof value === 'string') owner = value
  }
  return { tags: [], properties, ...(owner === undefined ? {} : { owner }) }
}

export function toAction(
  { actions }: Adapter,
  {
    name,
    properties = {},
  }: { readonly name: string; readonly properties?: Readonly<Record<string, unknown>> | undefined },
): Action | null {
  return actions.find((rule) => rule.name === name && fits(rule.when, properties))?.action ?? null
}

function fits(wanted: Wanted = {}, held: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(held, name) && held[name] === value)
}

/** Our own names: types are ours, ids are ours without the type, actions are ours. */
export function createOwnAdapter(known: Adapter['known']): Adapter {
  return {
    subjects: ['user', 'service'].map((type) => ({ type, principal: `${type}:{id}` })),
    resources: resourceTypes.map((type) => ({ type, resource: `${type}:{id}` })),
    actions: ownActions.map((action) => ({ name: action, action })),
    known,
    find: () => undefined,
  }
}

/** As configured; what is searched among is in the configuration too. */
export function createConfiguredAdapter({ subjects, resources, actions, aliases, known }: AuthZenAdapter): Adapter {
  const entities = known as { readonly subject: readonly KnownEntity[]; readonly resource: readonly KnownEntity[] }
  return {
    subjects: subjects as readonly SubjectRule[],
    resources: resources as readonly ResourceRule[],
    actions: actions as readonly ActionRule[],
    aliases,
    known: (kind, type) => entities[kind].filter((each) => each.type === type),
    find: (kind, type, id) => entities[kind].find((each) => each.type === type && each.id === id),
  }
}
