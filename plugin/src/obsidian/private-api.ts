/**
 * What Obsidian has and does not promise: hotkeys that the person gave to commands, which plugins are switched on, and
 * opening the settings at a tab. Each is looked at before it is used, and where it is missing Cairn does without.
 */
import type { App } from 'obsidian'
import { parseChord } from '../core/shortcuts/chord.ts'
import { integrationTable, type IntegrationId } from '../core/integrations.ts'
import type { ForeignHotkey } from '../core/shortcuts/shortcuts.ts'

interface HotkeyLike {
  readonly modifiers?: unknown
  readonly key?: unknown
}

interface PrivateApp {
  readonly hotkeyManager?: { readonly customKeys?: Readonly<Record<string, unknown>> }
  readonly commands?: { readonly commands?: Readonly<Record<string, { readonly name?: unknown }>> }
  readonly plugins?: { readonly enabledPlugins?: ReadonlySet<string> }
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
    return (Array.isArray(list) ? (list as HotkeyLike[]) : []).flatMap(({ modifiers, key }) => {
      const held = Array.isArray(modifiers) ? modifiers.map(String) : []
      const chord = parseChord([...held, String(key)].join('+'))
      return chord === null ? [] : [{ name: typeof name === 'string' ? name : id, chord }]
    })
  })
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

export function closeSettings(app: App): void {
  open(app).setting?.close?.()
}
