/** A map as a picture and as a list: what is pointed at in one is marked in the other. */
import { useMemo, useState } from 'preact/hooks'
import { Graph } from '@cairn/ui'
import { nameOfNote } from '@cairn/ui/client'
import { formatCounted } from '@cairn/ui/figures'
import { linkedWith, mostDrawn, type MapNote, type SourcesMap } from '../../core/map/sources-map.ts'
import type { CairnParts } from '../../core/ports.ts'

interface MapViewProps {
  readonly map: SourcesMap
  readonly label: string
  /** What a dashed line means. */
  readonly loose: string
  readonly parts: CairnParts
}

export function MapView({ map, label, loose, parts }: MapViewProps) {
  const [active, setActive] = useState<string | null>(null)
  const drawn = useMemo(() => {
    const nodes = map.notes.slice(0, mostDrawn).map((note) => ({
      id: note.id,
      label: nameOfNote(note.note).title,
      description: describe(map, note),
      isMain: note.isMain,
    }))
    return { nodes, edges: map.edges }
  }, [map])
  const open = (id: string) => {
    const note = map.notes.find((each) => each.id === id)
    if (note) void openNote(parts, note)
  }
  return (
    <div class="cairn-map">
      <figure class="cairn-map-picture" aria-label={label}>
        <Graph {...drawn} label={label} active={active} onActive={setActive} onPress={open} />
        <figcaption class="cairn-muted">
          <span class="cairn-line-sample" /> linked <span class="cairn-line-sample is-loose" /> {loose}
        </figcaption>
      </figure>
      <section class="cairn-sources" aria-label={label}>
        <h2>
          {formatCounted(map.notes.length, 'note')}
          {map.notes.length > mostDrawn ? `, ${mostDrawn} of them drawn` : ''}
        </h2>
        <ol>
          {map.notes.map((note, index) => (
            <li key={note.id}>
              <button
                type="button"
                class={note.id === active ? 'cairn-source is-active' : 'cairn-source'}
                onPointerEnter={() => setActive(note.id)}
                onPointerLeave={() => setActive(null)}
                onFocus={() => setActive(note.id)}
                onBlur={() => setActive(null)}
                onClick={() => open(note.id)}
              >
                <span class="cairn-source-number">{index + 1}</span>
                <span class="cairn-source-text">
                  <strong>{nameOfNote(note.note).title}</strong>
                  <span class="cairn-muted">{factsOf(map, note).join(' · ')}</span>
                </span>
              </button>
            </li>
          ))}
        </ol>
      </section>
    </div>
  )
}

function factsOf(map: SourcesMap, note: MapNote): readonly string[] {
  const links = linkedWith(map, note.id).map((other) => nameOfNote(other.note).title)
  const [first] = note.questions
  const asked =
    note.questions.length > 1 ? `answered ${note.questions.length} questions` : first === undefined ? '' : `“${first}”`
  const linked =
    links.length === 0
      ? ''
      : links.length > 3
        ? `linked with ${links.length} of these`
        : `linked with ${links.join(', ')}`
  return [nameOfNote(note.note).folder, asked, linked].filter(Boolean)
}

function describe(map: SourcesMap, note: MapNote): string {
  return [nameOfNote(note.note).title, ...factsOf(map, note)].join(', ')
}

async function openNote({ links, app }: CairnParts, { note }: MapNote): Promise<void> {
  if (!(await links.open(note))) app.notify(`This vault has no note “${note}”.`)
}
