/** What keeps Cairn from answering, in one sentence, with the button that mends it. Nothing while all is well. */
import { Button, Icon } from '@cairn/ui'
import { wordsOf, type ConnectionState } from '../core/connection/connection.ts'
import type { CairnParts } from '../core/ports.ts'

export interface ConnectionBannerProps {
  readonly parts: Pick<CairnParts, 'app' | 'connection'>
  readonly state: ConnectionState
}

const labels = { settings: 'Open settings', pair: 'Pair this device', retry: 'Try again' } as const

export function ConnectionBanner({ parts, state }: ConnectionBannerProps) {
  if (state.at === 'ready' || state.at === 'checking') return null
  const { sentence, action } = wordsOf(state)
  const act = {
    settings: () => parts.app.openSettings(),
    pair: () => parts.app.pair(),
    retry: () => void parts.connection.check(),
  }
  return (
    <div class="cairn-banner" role="status">
      <Icon name="warning" size={18} />
      <p>{sentence}</p>
      {action === null ? null : (
        <Button small onClick={act[action]}>
          {labels[action]}
        </Button>
      )}
    </div>
  )
}
