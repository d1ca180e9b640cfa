/** Walks THE configuration schema into a flat list of settings, each with its names, its help and its place. */
import { z } from 'zod'
import { configSchema, type SettingMeta } from '@cairn/contract'

export interface Setting extends SettingMeta {
  /** Path in the configuration file, `server.port`. */
  readonly path: string
  /** The value when nobody sets one. */
  readonly default: unknown
}

interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  description?: string
  default?: unknown
  env?: string
  flag?: string
  secret?: boolean
}

/** Every setting there is, in the order of the schema. */
export function listSettings(): Setting[] {
  const root = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return collect(root, [])
}

function collect(schema: JsonSchema, path: readonly string[]): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const here = [...path, name]
    if (child.description === undefined) return collect(child, here)
    const setting: Setting = {
      path: here.join('.'),
      description: child.description,
      default: child.default,
      ...(child.env === undefined ? {} : { env: child.env }),
      ...(child.flag === undefined ? {} : { flag: child.flag }),
      ...(child.secret ? { secret: true as const } : {}),
    }
    return [setting]
  })
}

export function getAt(value: unknown, path: string): unknown {
  let at: unknown = value
  for (const name of path.split('.')) {
    if (at === null || typeof at !== 'object') return undefined
    at = (at as Record<string, unknown>)[name]
  }
  return at
}

export function setAt(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() as string
  let at = target
  for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>
  at[last] = value
}
