/** The flags of `serve` are the settings of the configuration table that have one. */
import { listSettings } from '../config/index.ts'
import type { FlagSpec, ParsedFlags } from './types.ts'

const values: Record<string, string> = {
  '--vault': 'DIR',
  '--data': 'DIR',
  '--host': 'ADDRESS',
  '--port': 'N',
  '--workers': 'N',
  '--public-url': 'URL',
  '--model': 'ID',
}

export const settingFlags: readonly FlagSpec[] = listSettings().flatMap(({ flag, description }) =>
  flag === undefined
    ? []
    : [
        {
          name: flag as `--${string}`,
          value: values[flag] ?? 'VALUE',
          summary: description,
          ...(flag === '--vault' ? { many: true as const } : {}),
          ...(values[flag] === 'DIR' ? { path: true as const } : {}),
        },
      ],
)

/** What the flags set, by setting path, as `loadConfig` takes it. */
export function configFlags(flags: ParsedFlags): Record<string, unknown> {
  const set: Record<string, unknown> = {}
  for (const { path, flag } of listSettings()) {
    const name = flag as `--${string}` | undefined
    if (name === undefined || !flags.has(name)) continue
    set[path] = name === '--vault' ? flags.values(name).map((folder) => ({ path: folder })) : flags.value(name)
  }
  return set
}
