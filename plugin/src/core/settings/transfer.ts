/** Settings out and in as one JSON text: without keys and without what belongs to one device. Pure. */
import { z } from 'zod'
import { checkValue } from './check-value.ts'
import { isSettingKey, settingKeys, specOf, type SettingKey, type SettingValues } from './setting-table.ts'

const kind = 'cairn-settings'
export const mostImportChars = 500_000

const transferSchema = z.object({
  kind: z.literal(kind),
  version: z.literal(1),
  settings: z.record(z.string(), z.unknown()),
})

export function exportSettings(values: SettingValues): string {
  const shared = settingKeys.filter((key) => specOf(key).place === 'shared')
  const settings = Object.fromEntries(shared.map((key) => [key, values[key]]))
  return `${JSON.stringify({ kind, version: 1, settings }, null, 2)}\n`
}

export interface ImportPlan {
  readonly changes: readonly { readonly key: SettingKey; readonly from: unknown; readonly to: unknown }[]
  /** Names that this version does not know or does not take from a file. */
  readonly ignored: readonly string[]
  readonly wrong: readonly { readonly key: SettingKey; readonly message: string }[]
}

/** What an import would change, and changes nothing; a sentence when the text is no export. */
export function planImport(text: string, values: SettingValues): ImportPlan | string {
  if (text.length > mostImportChars) return 'This file is too large to be settings of Cairn.'
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return 'This is not JSON. Choose a file that “Export” wrote.'
  }
  const parsed = transferSchema.safeParse(content)
  if (!parsed.success) return 'These are no settings of Cairn. Choose a file that “Export” wrote.'
  const entries = Object.entries(parsed.data.settings)
  const usable = entries.filter((entry): entry is [SettingKey, unknown] => {
    const [name] = entry
    return isSettingKey(name) && specOf(name).place === 'shared'
  })
  const judged = usable.map(([key, to]) => ({ key, from: values[key], to, message: checkValue(specOf(key), to) }))
  return {
    changes: judged
      .filter(({ from, to, message }) => message === null && JSON.stringify(from) !== JSON.stringify(to))
      .map(({ key, from, to }) => ({ key, from, to })),
    ignored: entries.map(([name]) => name).filter((name) => !usable.some(([key]) => key === name)),
    wrong: judged.flatMap(({ key, message }) => (message === null ? [] : [{ key, message }])),
  }
}
