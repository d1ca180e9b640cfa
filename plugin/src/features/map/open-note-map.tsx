/** The notes near the one that is open, by the server’s search and by links. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { RelatedReply } from '@cairn/contract'
import { EmptyState, ErrorState, Spinner } from '@cairn/ui'
import { nameOfNote, type Failure } from '@cairn/ui/client'
import { useStore } from '@cairn/ui/store'
import type { ConnectionState } from '../../core/connection/connection.ts'
import { mapRelated } from '../../core/map/sources-map.ts'
import type { CairnParts } from '../../core/ports.ts'
import { MapView } from './map-view.tsx'

interface Found {
  readonly note: string
  readonly results: RelatedReply['results'] | null
  readonly failure: Failure | null
}

export function OpenNoteMap({ parts, isSeen }: { readonly parts: CairnParts; readonly isSeen: boolean }) {
  const state = useStore(parts.connection.state)
  const note = useOpenNote(parts, isSeen)
  const vault = vaultOf(parts, state)
  const { found, again } = useRelated(parts, { note, vault, isOn: isSeen && state.at === 'ready' })
  const map = useMemo(
    () =>
      found?.results && vault !== null
        ? mapRelated({ vault, note: found.note }, found.results, parts.links.linksOf)
        : null,
    [found, vault],
  )
  if (note === null)
    return (
      <EmptyState icon="note" title="No note is open">
        Open one: the notes near it are drawn here. Of a note that never leaves this device none is asked for.
      </EmptyState>
    )
  if (state.at !== 'ready' && map === null)
    return (
      <EmptyState icon="server" title="No related notes without the server">
        They come by themselves as soon as it is there.
      </EmptyState>
    )
  if (vault === null)
    return (
      <EmptyState icon="vault" title="Which vault of the server this is, is not known">
        Give its id under Connection in Cairn’s settings.
      </EmptyState>
    )
  if (found?.failure?.status === 404)
    return (
      <EmptyState icon="note" title={`The server does not know “${nameOfNote(note).title}”`}>
        It has not read the note yet, or this key may not see it.
      </EmptyState>
    )
  if (found?.failure) {
    const { title, hint, code } = found.failure
    return <ErrorState title={title} hint={hint} code={code} onRetry={again} />
  }
  if (map === null) return <Spinner label="Looking for related notes" />
  return (
    <MapView
      map={map}
      label={`Notes near ${nameOfNote(map.notes[0]?.note ?? '').title}`}
      loose="about the same"
      parts={parts}
    />
  )
}

/** Followed while the map is seen. */
function useOpenNote({ links }: CairnParts, isSeen: boolean): string | null {
  const [note, setNote] = useState(() => links.openNote())
  useEffect(() => {
    if (!isSeen) return
    const look = () => setNote(links.openNote())
    look()
    return links.subscribe(look)
  }, [isSeen])
  return note
}

function useRelated(
  { server }: CairnParts,
  { note, vault, isOn }: { readonly note: string | null; readonly vault: string | null; readonly isOn: boolean },
): { found: Found | null; again: () => void } {
  const [found, setFound] = useState<Found | null>(null)
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (note === null || vault === null || !isOn) return
    const run = new AbortController()
    void server.related({ vault, note, signal: run.signal }).then((reply) => {
      if (run.signal.aborted) return
      setFound(
        reply.ok ? { note, results: reply.value, failure: null } : { note, results: null, failure: reply.failure },
      )
    })
    return () => run.abort()
  }, [note, vault, isOn, turn])
  return { found: found?.note === note ? found : null, again: useCallback(() => setTurn((count) => count + 1), []) }
}

/** The server’s id of the open vault: as set, else the only one, else the one of the same name. */
function vaultOf({ settings, notes }: CairnParts, state: ConnectionState): string | null {
  const set = settings.get('connection.vault')
  if (set !== '') return set
  if (state.at !== 'ready') return null
  const [first, ...others] = state.vaults
  if (first !== undefined && others.length === 0) return first.id
  const named = state.vaults.filter(({ name }) => name === notes.vaultName)
  return named.length === 1 ? (named[0]?.id ?? null) : null
}
