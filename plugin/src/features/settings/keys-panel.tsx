/** Other keys for an action: the next ones pressed, and what else has them. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { VNode } from 'preact'
import { Button } from '@cairn/ui'
import type { Settings } from '../../core/settings/settings-store.ts'
import { chordOf, showChord } from '../../core/shortcuts/chord.ts'
import {
  actionTable,
  findConflicts,
  judgeChord,
  keysInForce,
  type ActionId,
  type ForeignHotkey,
} from '../../core/shortcuts/shortcuts.ts'

interface KeysProps {
  readonly id: ActionId
  readonly settings: Settings
  readonly foreign: readonly ForeignHotkey[]
  readonly isApple: boolean
  readonly close: () => void
}

export function keysPanel(props: KeysProps): VNode {
  return <KeysPanel {...props} />
}

function KeysPanel({ id, settings, foreign, isApple, close }: KeysProps) {
  const [chord, setChord] = useState<string | null>(null)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [])
  const changed = settings.get('shortcuts.keys')
  const complaint = chord === null ? null : judgeChord(chord)
  const conflict = chord === null ? undefined : findConflicts(keysInForce({ ...changed, [id]: chord }), foreign)[id]
  const onKeyDown = (event: KeyboardEvent) => {
    // Tab goes on to the buttons, and Escape closes: whoever uses the keyboard alone is not caught here.
    if (event.key === 'Tab' || (event.key === 'Escape' && chord !== null)) return
    const pressed = chordOf(event, isApple)
    if (pressed === null) return
    event.preventDefault()
    event.stopPropagation()
    setChord(pressed)
  }
  const keep = () => {
    if (chord === null || complaint !== null) return
    settings.set('shortcuts.keys', { ...changed, [id]: chord })
    close()
  }
  return (
    <div class="cairn cairn-panel">
      <p class="cairn-muted">{actionTable[id].name}</p>
      <div
        ref={box}
        class="cairn-code is-keys"
        tabIndex={0}
        role="textbox"
        aria-readonly="true"
        aria-label="Keys"
        onKeyDown={onKeyDown}
      >
        {chord === null ? 'Press the keys' : showChord(chord, isApple)}
      </div>
      <p class={complaint === null ? 'cairn-muted' : 'cairn-field-error'} role="status">
        {complaint ??
          (conflict === undefined
            ? ''
            : `Also: ${conflict.with.join(', ')}. Within Cairn’s views this action comes first.`)}
      </p>
      <div class="cairn-panel-foot">
        <Button kind="primary" disabled={chord === null || complaint !== null} onClick={keep}>
          Use these
        </Button>
      </div>
    </div>
  )
}
