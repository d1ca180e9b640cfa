/** The dialogs of the settings: pairing, import and export, a new element of a list, keys of an action. */
import type { App } from 'obsidian'
import { parseServerAddress } from '../core/connection/server-address.ts'
import type { SettingKey } from '../core/settings/setting-table.ts'
import type { ActionId } from '../core/shortcuts/shortcuts.ts'
import { describeDevice, device } from './device.ts'
import { notify } from './notify.ts'
import type { Cairn } from './open-cairn.ts'
import { PanelModal } from './panel-modal.ts'
import { readHotkeys } from './private-api.ts'
import { now, pause } from './time.ts'

export function openPairing(app: App, cairn: Cairn): void {
  const address = parseServerAddress(cairn.settings.get('connection.serverUrl'))
  const state = cairn.connection.state.get()
  if (!address.ok || state.at === 'unset' || state.at === 'blocked') {
    notify(state.at === 'blocked' ? state.reason : 'Give the address of your server first, in Cairn’s settings.')
    return
  }
  let cancel = () => {}
  new PanelModal(app, {
    title: 'Pair this device',
    onClose: () => cancel(),
    content: async (close) => {
      const [{ startPairing }, { pairingCalls }, { pairPanel }] = await Promise.all([
        import('../core/connection/pairing.ts'),
        import('../transport/server-calls.ts'),
        import('../features/settings/pair-panel.tsx'),
      ])
      const begin = () => {
        cancel()
        const pairing = startPairing({
          origin: address.origin,
          clientName: describeDevice(),
          vault: cairn.settings.get('connection.vault') || null,
          ...pairingCalls(cairn.transport, address.origin),
          keep: (key, vault) => {
            cairn.keys.write(key)
            if (vault !== null) cairn.settings.set('connection.vault', vault)
            void cairn.connection.check()
          },
          now,
          pause,
        })
        cancel = pairing.cancel
        return pairing
      }
      return pairPanel({ begin, copy: cairn.app.copy, close, now })
    },
  }).open()
}

export function openImport(app: App, cairn: Cairn, onDone: () => void): void {
  new PanelModal(app, {
    title: 'Import settings',
    content: async (close) => {
      const { importPanel } = await import('../features/settings/transfer-panels.tsx')
      return importPanel({ settings: cairn.settings, notify: cairn.app.notify, close: () => (close(), onDone()) })
    },
  }).open()
}

export function openExport(app: App, cairn: Cairn): void {
  new PanelModal(app, {
    title: 'Export settings',
    content: async (close) => {
      const [{ exportPanel }, { exportSettings }] = await Promise.all([
        import('../features/settings/transfer-panels.tsx'),
        import('../core/settings/transfer.ts'),
      ])
      const text = exportSettings(cairn.settings.values.get())
      return exportPanel({ text, copy: cairn.app.copy, notify: cairn.app.notify, close })
    },
  }).open()
}

export function openListItem(
  app: App,
  cairn: Cairn,
  {
    key,
    title,
    suggestions,
    onDone,
  }: { key: SettingKey; title: string; suggestions: readonly string[]; onDone: () => void },
): void {
  new PanelModal(app, {
    title,
    content: async (close) => {
      const { listItemPanel } = await import('../features/settings/list-item-panel.tsx')
      return listItemPanel({ settings: cairn.settings, key, suggestions, close: () => (close(), onDone()) })
    },
  }).open()
}

export function openKeys(app: App, cairn: Cairn, { id, onDone }: { id: ActionId; onDone: () => void }): void {
  new PanelModal(app, {
    title: 'Press the keys',
    content: async (close) => {
      const { keysPanel } = await import('../features/settings/keys-panel.tsx')
      return keysPanel({
        id,
        settings: cairn.settings,
        foreign: readHotkeys(app) ?? [],
        isApple: device.isApple,
        close: () => (close(), onDone()),
      })
    },
  }).open()
}
