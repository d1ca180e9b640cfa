/** Notes that differ here and on the server: what happened, both texts, and the choices. */
import { useState } from 'preact/hooks'
import type { SyncConflict } from '@cairn/contract'
import { Button, Spinner } from '@cairn/ui'
import { nameOfNote } from '@cairn/ui/client'
import type { CairnParts } from '../../core/ports.ts'
import { conflictTable, type SyncChoice } from '../../core/sync/report.ts'

export interface ConflictListProps {
  readonly parts: CairnParts
  readonly conflicts: readonly SyncConflict[]
}

const mostShown = 50

export function ConflictList({ parts, conflicts }: ConflictListProps) {
  const [isBusy, setBusy] = useState(false)
  if (conflicts.length === 0) return null
  const open = conflicts.filter(({ kind }) => conflictTable[kind].choices.length > 0)
  const all = async (choice: 'mine' | 'theirs') => {
    if (!(await allows(parts, open.length, choice))) return
    setBusy(true)
    const complaints = new Set<string>()
    for (const conflict of open) {
      const complaint = await parts.sync.resolve(conflict, choice)
      if (complaint !== null) complaints.add(complaint)
    }
    setBusy(false)
    for (const complaint of complaints) parts.app.notify(complaint)
  }
  return (
    <section class="cairn-sync-part" aria-labelledby="cairn-sync-conflicts">
      <h3 id="cairn-sync-conflicts">To decide</h3>
      {open.length > 1 ? (
        <div class="cairn-sync-actions">
          <Button small busy={isBusy} onClick={() => void all('mine')}>
            Keep mine for all
          </Button>
          <Button small busy={isBusy} onClick={() => void all('theirs')}>
            Keep theirs for all
          </Button>
        </div>
      ) : null}
      <ul>
        {conflicts.slice(0, mostShown).map((conflict) => (
          <ConflictItem key={`${conflict.path} ${conflict.version}`} conflict={conflict} parts={parts} />
        ))}
      </ul>
      {conflicts.length > mostShown ? <p class="cairn-muted">And {conflicts.length - mostShown} more.</p> : null}
    </section>
  )
}

function allows({ app }: CairnParts, count: number, choice: 'mine' | 'theirs'): Promise<boolean> {
  return app.confirm({
    title: choice === 'mine' ? 'Replace on the server?' : 'Replace on this device?',
    text:
      choice === 'mine'
        ? `${count} notes become on the server what they are here. What is not here is deleted there.`
        : `${count} notes become here what they are on the server. What is not there goes to the trash.`,
    yes: 'Replace',
  })
}

function ConflictItem({ conflict, parts }: { readonly conflict: SyncConflict; readonly parts: CairnParts }) {
  const [isBusy, setBusy] = useState(false)
  const [texts, setTexts] = useState<Awaited<ReturnType<CairnParts['sync']['texts']>> | 'loading' | null>(null)
  const { path, kind } = conflict
  const { sentence, choices } = conflictTable[kind]
  const { title, folder } = nameOfNote(path)
  const choose = async (choice: SyncChoice) => {
    setBusy(true)
    const complaint = await parts.sync.resolve(conflict, choice)
    setBusy(false)
    if (complaint !== null) parts.app.notify(complaint)
  }
  const look = async () => {
    if (texts !== null) return setTexts(null)
    setTexts('loading')
    setTexts(await parts.sync.texts(conflict))
  }
  return (
    <li class="cairn-sync-conflict">
      <strong>{title}</strong>
      {folder === '' ? null : <span class="cairn-muted">{folder}</span>}
      <p>{sentence}</p>
      {choices.length === 0 ? null : (
        <div class="cairn-sync-actions">
          {choices.map(({ choice, label }) => (
            <Button key={choice} small busy={isBusy} label={`${label}: ${title}`} onClick={() => void choose(choice)}>
              {label}
            </Button>
          ))}
          <Button small kind="quiet" expanded={texts !== null} label={`Compare: ${title}`} onClick={() => void look()}>
            Compare
          </Button>
        </div>
      )}
      {texts === 'loading' ? <Spinner label="Reading both" /> : null}
      {texts === null || texts === 'loading' ? null : (
        <div class="cairn-sync-texts">
          <Text name="Here" text={texts.mine} />
          <Text name="On the server" text={texts.theirs} />
        </div>
      )}
    </li>
  )
}

const mostChars = 20_000

function Text({ name, text }: { readonly name: string; readonly text: string | null }) {
  return (
    <figure>
      <figcaption>{name}</figcaption>
      {text === null ? (
        <p class="cairn-muted">Not there.</p>
      ) : (
        <pre tabIndex={0} aria-label={name}>
          {text.slice(0, mostChars)}
        </pre>
      )}
    </figure>
  )
}
