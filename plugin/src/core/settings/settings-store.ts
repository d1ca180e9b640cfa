/**
 * The settings while the plugin runs: what is in force, who is told of changes, and when what is written where. The
 * shared part goes to data.json, and a copy of it stays on the device: when a sync tool put another device's file in the
 * place of ours while Obsidian was closed, what we had changed is still known, and comes back with the merge.
 */
import { createStore, type Store } from '@cairn/ui/plain-store'
import { mergeFrecency, parseFrecency, type Frecency } from '../palette/frecency.ts'
import { checkValue } from './check-value.ts'
import {
  flatten,
  readSettingsFile,
  schemaVersion,
  valuesOf,
  writeSettingsFile,
  type SettingsFile,
} from './settings-file.ts'
import { createStamps, mergeEntries, stampHandEdits, type Entries, type Entry } from './stamped.ts'
import {
  initialOf,
  initialSettings,
  settingKeys,
  specOf,
  type SettingKey,
  type SettingValue,
  type SettingValues,
} from './setting-table.ts'

export interface SettingsParts {
  readonly readFile: () => Promise<unknown>
  readonly writeFile: (content: unknown) => Promise<void>
  /** Of this device and vault; JSON. */
  readonly readDevice: (name: string) => unknown
  readonly writeDevice: (name: string, value: unknown) => void
  readonly now: () => number
  /** Hex digits that no other device has. */
  readonly newDeviceId: () => string
  /** Runs a function after a pause; gives what cancels it. */
  readonly later: (run: () => void, ms: number) => () => void
}

export interface Settings {
  readonly values: Pick<Store<SettingValues>, 'get' | 'subscribe'>
  get<K extends SettingKey>(key: K): SettingValue<K>
  /** Takes a value that `checkValue` finds nothing wrong with; gives the complaint about any other and changes nothing. */
  set(key: SettingKey, value: unknown): string | null
  reset(keys: readonly SettingKey[]): void
  /** Reads data.json again, which somebody else has written, and merges. */
  readAgain(): Promise<void>
  /** Writes now what waits to be written. */
  flush(): Promise<void>
  /** Keys of data.json whose value was wrong at the start. */
  readonly repaired: readonly SettingKey[]
  /** Why data.json could not be written, or null. */
  writeFailure(): string | null
  readonly deviceId: string
  /** How often which command was used. It stands in data.json too, and is merged by its own rule. */
  habits(): Frecency
  setHabits(habits: Frecency): void
}

const saveAfterMs = 300
const deviceValues = 'cairn-device'
const sharedCopy = 'cairn-shared'

// oxlint-disable-next-line max-lines-per-function -- a factory: each of its functions is short
export async function openSettings(parts: SettingsParts): Promise<Settings> {
  const device = readDevicePart(parts)
  const stamps = createStamps(device.id, parts.now)
  const found = readSettingsFile(await parts.readFile())
  const copy = readSettingsFile(parts.readDevice(sharedCopy))
  let file: Omit<SettingsFile, 'repaired'> = {
    ...found,
    entries: mergeEntries(copy.entries, found.entries),
    unknown: withHabits(found.unknown, mergeFrecency(habitsOf(copy), habitsOf(found))),
  }
  seeAll(file.entries)
  const onDevice = { ...device.values }
  const values = createStore<SettingValues>(allValues())
  let cancelSave: (() => void) | null = null
  let saving: Promise<void> = Promise.resolve()
  let failure: string | null = null

  function seeAll(entries: Entries): void {
    for (const { stamp } of entries.values()) stamps.see(stamp)
  }
  function allValues(): SettingValues {
    return { ...initialSettings, ...valuesOf(file.entries), ...onDevice } as SettingValues
  }
  const write = (): Promise<void> => {
    cancelSave?.()
    cancelSave = null
    const content = writeSettingsFile(file)
    parts.writeDevice(sharedCopy, content)
    saving = saving
      .then(() => parts.writeFile(content))
      .then(
        () => void (failure = null),
        (thrown: unknown) => void (failure = thrown instanceof Error ? thrown.message : 'The file cannot be written.'),
      )
    return saving
  }
  const save = () => {
    cancelSave ??= parts.later(() => void write(), saveAfterMs)
  }
  const changeShared = (key: SettingKey, value: unknown) => {
    const entries = new Map(file.entries)
    const wanted = new Map(flatten(key, value))
    for (const [name, entry] of file.entries)
      if ((name === key || name.startsWith(`${key}#`)) && entry.value !== undefined && !wanted.has(name))
        entries.set(name, { value: undefined, stamp: stamps.next() })
    for (const [name, scalar] of wanted)
      if (file.entries.get(name)?.value !== scalar)
        entries.set(name, { value: scalar, stamp: stamps.next() } satisfies Entry)
    file = { ...file, entries }
    save()
  }
  const change = (key: SettingKey, value: unknown) => {
    if (JSON.stringify(values.get()[key]) === JSON.stringify(value)) return
    // What is as at first again is taken out of the file: a later version may begin with something else.
    const isInitial = JSON.stringify(initialOf(specOf(key))) === JSON.stringify(value)
    if (specOf(key).place === 'shared') changeShared(key, isInitial ? undefined : value)
    else {
      Object.assign(onDevice, { [key]: value })
      parts.writeDevice(deviceValues, { id: device.id, values: onDevice })
    }
    values.set(allValues())
  }
  return {
    values,
    get: (key) => values.get()[key],
    set(key, value) {
      const complaint = checkValue(specOf(key), value)
      if (complaint === null) change(key, value)
      return complaint
    },
    reset: (keys) => {
      for (const key of keys) change(key, initialOf(specOf(key)))
    },
    async readAgain() {
      await saving
      const other = readSettingsFile(await parts.readFile())
      const edited = stampHandEdits(file.entries, other.entries, () => stamps.next())
      seeAll(edited)
      const merged = mergeEntries(file.entries, edited)
      file = {
        entries: merged,
        unknown: withHabits({ ...file.unknown, ...other.unknown }, mergeFrecency(habitsOf(file), habitsOf(other))),
        schemaVersion: Math.max(file.schemaVersion, other.schemaVersion, schemaVersion),
      }
      values.set(allValues())
      // Only when the file lacks something, or two devices would answer each other's writes for ever.
      if (JSON.stringify(writeSettingsFile(file)) !== JSON.stringify(writeSettingsFile(other))) save()
      else parts.writeDevice(sharedCopy, writeSettingsFile(file))
    },
    flush: () => (cancelSave === null ? saving : write()),
    repaired: found.repaired,
    writeFailure: () => failure,
    deviceId: device.id,
    habits: () => habitsOf(file),
    setHabits(habits) {
      file = { ...file, unknown: withHabits(file.unknown, habits) }
      save()
    },
  }
}

type Rest = Pick<SettingsFile, 'unknown'>

const habitsOf = ({ unknown }: Rest): Frecency => parseFrecency(unknown['habits'])

/** Nobody’s habits need no place in the file. */
function withHabits(unknown: Rest['unknown'], habits: Frecency): Rest['unknown'] {
  return isNone(habits) ? unknown : { ...unknown, habits }
}

const isNone = ({ uses, forgotten }: Frecency): boolean =>
  Object.keys(uses).length === 0 && Object.keys(forgotten).length === 0

/** What is wrong in it counts as not there. */
function readDevicePart(parts: SettingsParts): { id: string; values: Partial<Record<SettingKey, unknown>> } {
  const stored = parts.readDevice(deviceValues)
  const { id, values } = (typeof stored === 'object' && stored !== null ? stored : {}) as Record<string, unknown>
  const found = typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {}
  const usable = settingKeys.filter(
    (key) =>
      specOf(key).place === 'device' && Object.hasOwn(found, key) && checkValue(specOf(key), found[key]) === null,
  )
  const device = {
    id: typeof id === 'string' && /^[0-9a-f]{8,32}$/.test(id) ? id : parts.newDeviceId(),
    values: Object.fromEntries(usable.map((key) => [key, found[key]])),
  }
  if (device.id !== id) parts.writeDevice(deviceValues, device)
  return device
}
