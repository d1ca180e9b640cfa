/** The chosen theme: the system's unless light or dark was picked on this device. */
import { readStored, writeStored } from './device-storage.ts'

export const themes = ['system', 'light', 'dark'] as const

export type Theme = (typeof themes)[number]

const storageKey = 'cairn.theme'

export function readTheme(): Theme {
  const stored = readStored(storageKey)
  return themes.find((theme) => theme === stored) ?? 'system'
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function storeTheme(theme: Theme): void {
  writeStored(storageKey, theme)
  applyTheme(theme)
}
