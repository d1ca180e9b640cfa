/** What stays on this device: the key in Obsidian's secret storage, the rest in its local storage for this vault. */
import { Platform, type App } from 'obsidian'
import type { StoredKey } from '../core/connection/connection.ts'
import type { DevicePort } from '../core/ports.ts'

const secretId = 'cairn-server-key'

export interface DeviceStorage {
  readonly read: (name: string) => unknown
  /** Null removes it. */
  readonly write: (name: string, value: unknown) => void
}

export function createDeviceStorage(app: App): DeviceStorage {
  return {
    read: (name) => app.loadLocalStorage(name) as unknown,
    write: (name, value) => app.saveLocalStorage(name, value),
  }
}

export interface KeyStorage {
  readonly read: () => StoredKey | null
  /** Obsidian cannot take a secret away, so that null puts an empty one in its place. */
  readonly write: (key: StoredKey | null) => void
}

export function createKeyStorage(app: App): KeyStorage {
  return {
    read() {
      const text = app.secretStorage.getSecret(secretId)
      if (text === null || text === '') return null
      try {
        const { origin, key, keyId } = JSON.parse(text) as Record<string, unknown>
        const isWhole = typeof origin === 'string' && typeof key === 'string' && typeof keyId === 'string'
        return isWhole ? { origin, key, keyId } : null
      } catch {
        return null
      }
    },
    write: (key) => app.secretStorage.setSecret(secretId, key === null ? '' : JSON.stringify(key)),
  }
}

export const device: DevicePort = {
  get isMobile() {
    return Platform.isMobile
  },
  get isApple() {
    return Platform.isMacOS || Platform.isIosApp
  },
}

/** As the console shows it to who approves. */
export function describeDevice(): string {
  if (Platform.isIosApp) return Platform.isTablet ? 'Obsidian on an iPad' : 'Obsidian on an iPhone'
  if (Platform.isAndroidApp) return Platform.isTablet ? 'Obsidian on an Android tablet' : 'Obsidian on an Android phone'
  if (Platform.isMacOS) return 'Obsidian on a Mac'
  if (Platform.isWin) return 'Obsidian on Windows'
  return 'Obsidian on Linux'
}
