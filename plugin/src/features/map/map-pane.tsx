/** The view *Sources map*: the notes that answered, or those near the open one, as a picture and as a list. */
import { useRef, useState } from 'preact/hooks'
import { Button, Select } from '@cairn/ui'
import { useStore } from '@cairn/ui/store'
import { useSeen } from '@cairn/ui/use-seen'
import type { CairnParts } from '../../core/ports.ts'
import { ConnectionBanner } from '../connection-banner.tsx'
import { useLook } from '../use-look.ts'
import { ConversationMap, RecentMap } from './asked-maps.tsx'
import { OpenNoteMap } from './open-note-map.tsx'

const scopes = { conversation: 'Conversation', recent: 'Recent questions', note: 'Open note' } as const

type Scope = keyof typeof scopes

const counts = ['10', '25', '60']

export function MapPane({ parts }: { readonly parts: CairnParts }) {
  const state = useStore(parts.connection.state)
  const look = useLook(useStore(parts.settings.values))
  const place = useRef<HTMLDivElement>(null)
  const isSeen = useSeen(place)
  const [scope, setScope] = useState<Scope>(() => scopeAtFirst(parts))
  const [count, setCount] = useState('25')
  return (
    <div ref={place} class={`cairn cairn-page ${look.classes}`} style={look.style}>
      {scope === 'note' ? <ConnectionBanner parts={parts} state={state} /> : null}
      <div class="cairn-page-scroller" tabIndex={-1}>
        <div class="cairn-page-head">
          <div class="cairn-spans" role="group" aria-label="Notes of what">
            {(Object.keys(scopes) as Scope[]).map((id) => (
              <Button key={id} small pressed={id === scope} onClick={() => setScope(id)}>
                {scopes[id]}
              </Button>
            ))}
          </div>
          {scope === 'recent' ? (
            <Select
              label="How many questions"
              hideLabel
              value={count}
              options={counts.map((value) => ({ value, text: `Last ${value}` }))}
              onChange={setCount}
            />
          ) : null}
        </div>
        {scope === 'conversation' ? <ConversationMap parts={parts} /> : null}
        {scope === 'recent' ? <RecentMap parts={parts} count={Number(count)} /> : null}
        {scope === 'note' ? <OpenNoteMap parts={parts} isSeen={isSeen} /> : null}
      </div>
    </div>
  )
}

/** What there is something to show of. */
function scopeAtFirst({ conversation, answers }: CairnParts): Scope {
  if (conversation.turns.get().some(({ citations }) => citations.length > 0)) return 'conversation'
  return answers.list().some(({ notes }) => notes.length > 0) ? 'recent' : 'note'
}
