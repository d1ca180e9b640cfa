/**
 * What Obsidian has and does not promise: hotkeys that the person gave to commands, which plugins are switched on, and
 * opening the settings at a tab. Each is looked at before it is used, and where it is missing Cairn does without.
 */
import type { App } from 'obsidian'
import { parseChord } from '../core/shortcuts/chord.ts'
import type { AppCommand } from '../core/palette/index.ts'
import { integrationTable, type IntegrationId } from '../core/integrations/integrations.ts'
import type { ForeignHotkey } from '../core/shortcuts/shortcuts.ts'

interface HotkeyLike {
  readonly modifiers?: unknown
  readonly key?: unknown
}

interface PrivateApp {
  readonly hotkeyManager?: {
    readonly customKeys?: Readonly<Record<string, unknown>>
    readonly defaultKeys?: Readonly<Record<string, unknown>>
  }
  readonly commands?: {
    readonly commands?: Readonly<Record<string, { readonly name?: unknown }>>
    listCommands?: () => unknown
    executeCommandById?: (id: string) => unknown
  }
  readonly plugins?: {
    readonly enabledPlugins?: ReadonlySet<string>
    readonly plugins?: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>
  }
  readonly internalPlugins?: { readonly plugins?: Readonly<Record<string, { readonly enabled?: unknown }>> }
  readonly setting?: { open?: () => void; close?: () => void; openTabById?: (id: string) => unknown }
}

function open(app: App): PrivateApp {
  return app as unknown as PrivateApp
}

/** Null where Obsidian does not tell. */
export function readHotkeys(app: App): ForeignHotkey[] | null {
  const { hotkeyManager, commands } = open(app)
  const keys = hotkeyManager?.customKeys
  if (keys === undefined || typeof keys !== 'object') return null
  return Object.entries(keys).flatMap(([id, list]) => {
    const name = commands?.commands?.[id]?.name
    return chordsOf(list).map((chord) => ({ name: typeof name === 'string' ? name : id, chord }))
  })
}

function chordsOf(list: unknown): string[] {
  return (Array.isArray(list) ? (list as HotkeyLike[]) : []).flatMap(({ modifiers, key }) => {
    const held = Array.isArray(modifiers) ? modifiers.map(String) : []
    return parseChord([...held, String(key)].join('+')) ?? []
  })
}

/** What Obsidian's own palette offers now, with the keys of each; nothing where Obsidian does not tell. */
export function listCommands(app: App): AppCommand[] {
  const { commands, hotkeyManager } = open(app)
  const listed: unknown = commands?.listCommands?.() ?? Object.values(commands?.commands ?? {})
  if (!Array.isArray(listed)) return []
  return (listed as Record<string, unknown>[]).flatMap(({ id, name, icon }) => {
    if (typeof id !== 'string' || typeof name !== 'string') return []
    const keys = hotkeyManager?.customKeys?.[id] ?? hotkeyManager?.defaultKeys?.[id]
    const chord = chordsOf(keys)[0] ?? null
    return [{ kind: 'command', id, title: name, icon: typeof icon === 'string' ? icon : null, chord }]
  })
}

/** False when it cannot run here and now. */
export function runCommand(app: App, id: string): boolean {
  return open(app).commands?.executeCommandById?.(id) === true
}

/** Null where Obsidian does not tell. */
export function isInstalled(app: App, id: IntegrationId): boolean | null {
  const { plugins, internalPlugins } = open(app)
  if (integrationTable[id].from === 'core') return internalPlugins?.plugins?.[id]?.enabled === true
  return plugins?.enabledPlugins?.has(id) ?? null
}

/** `tab` is the id of a plugin, or `hotkeys`. False where the person has to open the settings. */
export function openSettingsAt(app: App, tab: string): boolean {
  const { setting } = open(app)
  if (typeof setting?.open !== 'function' || typeof setting.openTabById !== 'function') return false
  setting.open()
  setting.openTabById(tab)
  return true
}

/** Where it cannot, the person closes them. */
export function closeSettings(app: App): void {
  open(app).setting?.close?.()
}

/** What another plugin gives others under a name; undefined while it is not there. */
export function findPluginApi(
  app: App,
  id: IntegrationId,
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const api = open(app).plugins?.plugins?.[id]?.[name]
  return typeof api === 'object' && api !== null ? (api as Readonly<Record<string, unknown>>) : undefined
}
