/** How Cairn's views look with the settings as they are: shown beside them, and changing with them. */
import type { VNode } from 'preact'
import { Button } from '@cairn/ui'
import { useStore } from '@cairn/ui/store'
import type { Settings } from '../../core/settings/settings-store.ts'
import { useLook } from '../use-look.ts'

export function preview(settings: Settings): VNode {
  return <Preview settings={settings} />
}

function Preview({ settings }: { readonly settings: Settings }) {
  const look = useLook(useStore(settings.values))
  return (
    <div
      class={`cairn cairn-preview ${look.classes}`}
      style={look.style}
      role="img"
      aria-label="An answer as it will look"
    >
      <div inert>
        <p class="cairn-question">How often does a Tern return to the bench?</p>
        <p class="cairn-answer">
          Every eighteen months, and after a hard landing <span class="cairn-marker">1</span>
        </p>
        <div class="cairn-turn-foot">
          <Button small kind="primary">
            Ask
          </Button>
          <Button small>Copy</Button>
        </div>
      </div>
    </div>
  )
}
