/** Notes that are held back: more is in force of them than they say or than holds where they are, until it is let go. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Button, Checkbox, EmptyState, Icon, Select, Spinner, Table, TextField, type Column } from '@cairn/ui'
import { formatCounted } from '../shell/clock.ts'
import { hrefOf } from '../shell/router.ts'
import { ViewFailure } from '../shell/view-failure.tsx'
import { useAccess } from './access-context.ts'
import { findHeld, keyOfHeld, mostAtOnce, type HeldNote } from './held.ts'
import { HeldFacts } from './held-facts.tsx'
import { LetGoDialog } from './let-go-dialog.tsx'
import { placeScope, type Names } from './names.ts'

export function HeldView({ params }: { readonly params: URLSearchParams }) {
  const { held } = useAccess()
  const { value, failure, reload } = held
  // The number on the tab is from when the page was opened; folders may have been restricted or renamed since.
  const wasAsked = useRef(value !== null)
  useEffect(() => {
    if (wasAsked.current) reload()
  }, [reload])
  const [vault, note] = [params.get('vault'), params.get('note')]
  return (
    <>
      {failure ? <ViewFailure failure={failure} what="what is held back" onRetry={reload} /> : null}
      {value ? (
        // A list of its own for each address, so that nothing stays chosen that is not seen.
        <HeldList key={`${vault} ${note}`} vault={vault} note={note} held={value.held} more={value.more} />
      ) : failure ? null : (
        <Spinner label="Loading what is held back" />
      )}
    </>
  )
}

interface HeldListProps {
  /** From the address: one vault, or one note of it. */
  readonly vault: string | null
  readonly note: string | null
  readonly held: readonly HeldNote[]
  readonly more: boolean
}

function HeldList({ vault, note, held, more }: HeldListProps) {
  const { names, held: load } = useAccess()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<readonly HeldNote[] | null>(null)
  const shown = useMemo(() => findHeld(held, { vault, note, text }), [held, vault, note, text])
  const marked = shown.filter((each) => chosen.has(keyOfHeld(each)))
  const isFull = marked.length >= mostAtOnce
  const choose = (each: HeldNote, is: boolean) => {
    const next = new Set(marked.map(keyOfHeld))
    if (is) next.add(keyOfHeld(each))
    else next.delete(keyOfHeld(each))
    setChosen(next)
  }
  const columns = columnsOf({ names, chosen, isFull, choose, onAsk: (each) => setAsked([each]) })
  return (
    <section class="section" aria-labelledby="held-title">
      <header class="section-head">
        <div class="access-panel-title">
          <h2 id="held-title">Held back</h2>
          <p class="muted">What stays in force of a note although it was edited or moved, until somebody lets it go.</p>
        </div>
        {shown.length > Math.max(1, marked.length) && !isFull ? (
          <Button small onClick={() => setChosen(new Set(shown.slice(0, mostAtOnce).map(keyOfHeld)))}>
            {shown.length > mostAtOnce ? `Choose the first ${mostAtOnce}` : 'Choose all'}
          </Button>
        ) : null}
      </header>
      <Filter held={held} vault={vault} note={note} text={text} onText={setText} />
      {shown.some(({ places }) => places.length > 0) ? <FolderHint /> : null}
      <Table
        caption="Notes that are held back"
        columns={columns}
        rows={shown}
        rowKey={keyOfHeld}
        empty={held.length === 0 ? <NothingHeld /> : <NoneFound note={note} text={text} more={more} />}
      />
      {more && shown.length > 0 ? (
        <p class="muted">The first {held.length} are listed. More come when some of these are let go.</p>
      ) : null}
      {marked.length > 0 ? (
        <div class="access-unsaved" role="status">
          <span class="access-grow">
            {formatCounted(marked.length, 'note')} chosen{isFull ? ', as many as go at once' : ''}
          </span>
          <Button onClick={() => setChosen(new Set())}>Choose none</Button>
          <Button kind="primary" onClick={() => setAsked(marked)}>
            Let go
          </Button>
        </div>
      ) : null}
      {asked ? <LetGoDialog notes={asked} onChanged={load.reload} onClose={() => setAsked(null)} /> : null}
    </section>
  )
}

interface ColumnsProps {
  readonly names: Names
  readonly chosen: ReadonlySet<string>
  /** No more can be chosen. */
  readonly isFull: boolean
  readonly choose: (note: HeldNote, is: boolean) => void
  readonly onAsk: (note: HeldNote) => void
}

function columnsOf({ names, chosen, isFull, choose, onAsk }: ColumnsProps): readonly Column<HeldNote>[] {
  return [
    {
      key: 'note',
      heading: 'Note',
      cell: (each) => (
        <Checkbox
          label={each.title}
          hint={placeScope(names, `note:${each.vault}/${each.note}`)}
          checked={chosen.has(keyOfHeld(each))}
          disabled={isFull && !chosen.has(keyOfHeld(each))}
          onChange={(is) => choose(each, is)}
        />
      ),
    },
    { key: 'kept', heading: 'In force', cell: (each) => <HeldFacts held={each} /> },
    {
      key: 'actions',
      heading: 'Actions',
      hideHeading: true,
      align: 'end',
      cell: (each) => (
        <Button small label={`Let go of ${each.title}`} onClick={() => onAsk(each)}>
          Let go
        </Button>
      ),
    },
  ]
}

/** Whoever sees all roles sees this view too, also where they may restrict nothing themselves. */
function NothingHeld() {
  return (
    <EmptyState icon="check" title="Nothing for you to let go">
      When a note loses a label or a protected tag, or is moved out of a restricted folder, what was in force stays.
      Here it waits for somebody who may restrict the note.
    </EmptyState>
  )
}

function NoneFound({ note, text, more }: Pick<HeldListProps, 'note' | 'more'> & { readonly text: string }) {
  const title =
    note !== null
      ? 'Nothing of this note is held back'
      : text.trim() === ''
        ? 'Nothing is held back in this vault'
        : 'No note is called like this'
  return (
    <EmptyState icon="note" title={title}>
      {more ? 'At least not among those that are listed. More come when some are let go.' : null}
    </EmptyState>
  )
}

interface FilterProps extends Pick<HeldListProps, 'held' | 'vault' | 'note'> {
  readonly text: string
  readonly onText: (text: string) => void
}

function Filter({ held, vault, note, text, onText }: FilterProps) {
  const { names } = useAccess()
  if (note !== null)
    return (
      <p class="access-count">
        <a href={hrefOf('access', { view: 'held' })}>Show all that are held back</a>
      </p>
    )
  if (held.length < 2 && vault === null) return null
  const vaults = [...new Set([...held.map((each) => each.vault), ...(vault === null ? [] : [vault])])]
  const options = [
    { value: '', text: 'All vaults' },
    ...vaults.map((id) => ({ value: id, text: names.vaults.get(id) ?? id })),
  ]
  return (
    <div class="access-filter">
      <TextField label="Note" placeholder="Title or path" value={text} onInput={onText} />
      {vaults.length > 1 || vault !== null ? (
        <Select
          label="Vault"
          value={vault ?? ''}
          options={options}
          onChange={(id) => {
            location.hash = hrefOf('access', { view: 'held', ...(id && { vault: id }) })
          }}
        />
      ) : null}
    </div>
  )
}

function FolderHint() {
  return (
    <p class="access-held-hint">
      <Icon name="info" size={18} />
      <span>
        Was a folder renamed? Restrict its new name, give the same roles there, and open the old one under{' '}
        <a href={hrefOf('access', { view: 'folders' })}>Folders</a>.
      </span>
    </p>
  )
}
