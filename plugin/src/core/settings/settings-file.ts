/**
 * The shared settings as data.json holds them. `values` is for people to read; `stamps` says when which part was changed.
 * What a later version of the plugin wrote is kept, what is wrong is left out and named. Pure.
 */
import { z } from 'zod'
import { checkItem, checkValue } from './check-value.ts'
import type { Entries, Entry, Scalar } from './stamped.ts'
import { initialOf, isSettingKey, settingKeys, specOf, type SettingKey, type SettingValues } from './setting-table.ts'

/** Raised when a value changes its meaning; then `readSettingsFile` turns the older one into the newer. */
export const schemaVersion = 1

const fileSchema = z.looseObject({
  schemaVersion: z.int().min(1).max(1_000_000).catch(schemaVersion),
  values: z.record(z.string(), z.unknown()).catch({}),
  stamps: z.record(z.string().max(500), z.string().max(80)).catch({}),
})

export interface SettingsFile {
  readonly entries: Entries
  /** Everything else of the file: fields and values of a later version. */
  readonly unknown: Readonly<Record<string, unknown>>
  readonly schemaVersion: number
  /** Keys whose value was wrong and is not used. */
  readonly repaired: readonly SettingKey[]
}

/** Reads what stands in data.json; `null`, or anything that is no object, is an empty file. */
export function readSettingsFile(content: unknown): SettingsFile {
  const parsed = fileSchema.safeParse(content ?? {})
  const { values, stamps, schemaVersion: version, ...rest } = parsed.success ? parsed.data : fileSchema.parse({})
  const entries = new Map<string, Entry>()
  const repaired: SettingKey[] = []
  const later: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(values)) {
    if (!isSettingKey(key) || specOf(key).place === 'device') {
      later[key] = value
      continue
    }
    if (checkValue(specOf(key), value) !== null) repaired.push(key)
    for (const [name, scalar] of flatten(key, value)) entries.set(name, { value: scalar, stamp: stamps[name] ?? '' })
  }
  // A stamp without its value is the memory of something that was taken away.
  for (const [name, stamp] of Object.entries(stamps))
    if (!entries.has(name) && isShared(name)) entries.set(name, { value: undefined, stamp })
  return {
    entries,
    unknown: { ...rest, ...(isEmpty(later) ? {} : { values: later }) },
    schemaVersion: version,
    repaired,
  }
}

export function writeSettingsFile({
  entries,
  unknown,
  schemaVersion: version,
}: Omit<SettingsFile, 'repaired'>): unknown {
  const { values: later = {}, ...rest } = unknown as { values?: Record<string, unknown> }
  const stamps = [...entries].filter(([, { stamp }]) => stamp !== '').map(([name, { stamp }]) => [name, stamp] as const)
  return {
    ...rest,
    schemaVersion: Math.max(version, schemaVersion),
    values: { ...later, ...changedValues(entries) },
    stamps: Object.fromEntries(stamps.sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** The values of all shared settings, with the initial one where nothing stands. */
export function valuesOf(entries: Entries): Partial<SettingValues> {
  const changed = changedValues(entries)
  const shared = settingKeys.filter((key) => specOf(key).place === 'shared')
  return Object.fromEntries(shared.map((key) => [key, changed[key] ?? initialOf(specOf(key))]))
}

function changedValues(entries: Entries): Partial<Record<SettingKey, unknown>> {
  const values: Partial<Record<SettingKey, unknown>> = {}
  for (const key of settingKeys) {
    const spec = specOf(key)
    if (spec.kind === 'list') {
      const items = itemsOf(entries, key).map(([item]) => item)
      if (items.length > 0) values[key] = items.slice(0, spec.mostItems)
    } else if (spec.kind === 'map') {
      const items = itemsOf(entries, key).slice(0, spec.mostItems)
      if (items.length > 0) values[key] = Object.fromEntries(items)
    } else {
      const value = entries.get(key)?.value
      if (value !== undefined) values[key] = value
    }
  }
  return values
}

/** Elements by name, sorted, so that every device shows the same list. */
function itemsOf(entries: Entries, key: SettingKey): [string, Scalar][] {
  const prefix = `${key}#`
  return [...entries]
    .flatMap(([name, { value }]): [string, Scalar][] =>
      name.startsWith(prefix) && value !== undefined ? [[name.slice(prefix.length), value]] : [],
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** A value as entries: an element of a list or map each, else one. What is wrong is left out. */
export function flatten(key: SettingKey, value: unknown): [string, Scalar][] {
  const spec = specOf(key)
  if (spec.kind === 'list') {
    const items: unknown[] = Array.isArray(value) ? value : []
    return items
      .filter((item): item is string => checkItem(spec, item) === null)
      .slice(0, spec.mostItems)
      .map((item) => [`${key}#${item}`, true])
  }
  if (checkValue(spec, value) !== null) return []
  if (spec.kind === 'map')
    return Object.entries(value as Record<string, string>).map(([name, text]) => [`${key}#${name}`, text])
  return [[key, value as Scalar]]
}

function isShared(name: string): boolean {
  const key = name.split('#', 1)[0] ?? ''
  return isSettingKey(key) && specOf(key).place === 'shared'
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0
}
