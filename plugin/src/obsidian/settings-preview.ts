/** The live preview of the settings of appearance, as a row of the tab. */
import type { Setting } from 'obsidian'
import type { Mounted } from '../features/mount.ts'
import type { Settings } from '../core/settings/settings-store.ts'

/** Gives what takes it out again. */
export function renderPreview(setting: Setting, settings: Settings): () => void {
  const place = setting.settingEl.createDiv({ cls: 'cairn-preview-place' })
  setting.settingEl.addClass('cairn-preview-row')
  let mounted: Mounted | null = null
  let isGone = false
  void Promise.all([import('../features/mount.ts'), import('../features/settings/preview.tsx')]).then(
    ([{ mount }, { preview }]) => {
      if (!isGone) mounted = mount(place, preview(settings))
    },
  )
  return () => {
    isGone = true
    mounted?.unmount()
  }
}
