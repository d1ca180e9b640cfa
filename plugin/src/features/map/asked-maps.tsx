/** Maps of the notes that answered: in the conversation that is open, and in the last questions of this device. */
import { useMemo } from 'preact/hooks'
import { Button, EmptyState } from '@cairn/ui'
import { groupByNote } from '@cairn/ui/client'
import { useStore } from '@cairn/ui/store'
import { mapQuestions } from '../../core/map/sources-map.ts'
import type { CairnParts } from '../../core/ports.ts'
import { MapView } from './map-view.tsx'

export function ConversationMap({ parts }: { readonly parts: CairnParts }) {
  const turns = useStore(parts.conversation.turns)
  // Tokens of an answer change its turn many times; its sources only at the end.
  const done = turns.filter(({ status }) => status === 'done')
  const map = useMemo(() => {
    const asked = done.toReversed().map(({ question, citations }) => ({ question, notes: groupByNote(citations) }))
    return mapQuestions(asked, parts.links.linksOf)
  }, [done.length, done.at(-1)])
  if (map.notes.length === 0) return <NothingAsked parts={parts} what="In this conversation no note has answered yet" />
  return <MapView map={map} label="Notes that answered in this conversation" loose="answered together" parts={parts} />
}

export function RecentMap({ parts, count }: { readonly parts: CairnParts; readonly count: number }) {
  const { answers, links } = parts
  const list = useStore({ get: answers.list, subscribe: answers.subscribe })
  const map = useMemo(() => mapQuestions(list.slice(0, count), links.linksOf), [list, count])
  if (map.notes.length === 0) return <NothingAsked parts={parts} what="No note has answered on this device yet" />
  const label = `Notes that answered the last ${Math.min(count, list.length)} questions of this device`
  return <MapView map={map} label={label} loose="answered together" parts={parts} />
}

function NothingAsked({ parts: { app }, what }: { readonly parts: CairnParts; readonly what: string }) {
  return (
    <EmptyState
      icon="graph"
      title={what}
      action={
        <Button kind="primary" icon="ask" onClick={() => app.openView('ask')}>
          Ask your notes
        </Button>
      }
    >
      The notes that answer a question are drawn here, with the links between them.
    </EmptyState>
  )
}
