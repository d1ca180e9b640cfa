/** Who else remembers the log: what each was told, what it saw last, and an alarm where two do not agree. */
import type { AuditWitnessList, AuditWitnessState } from '@cairn/contract'
import { Badge, Button, Table, type Column } from '@cairn/ui'
import { formatCount, formatCounted, formatDateTime } from '../../shell/clock.ts'
import { saveText } from '../../shell/save-file.ts'
import { Failing } from '../failing.tsx'
import { Verdict } from '../verdict.tsx'
import { readCheckpoint } from '../prove/signed-note.ts'
import type { SeenHere } from './use-seen-here.ts'
import { verdictWords } from './verdict-words.ts'

interface Row extends Omit<AuditWitnessState, 'kind'> {
  readonly name: string
  readonly about: string
}

const kinds: Readonly<Record<AuditWitnessState['kind'], { readonly name: string; readonly about: string }>> = {
  file: { name: 'File', about: 'told once a minute' },
  webhook: { name: 'Receiver', about: 'over HTTP' },
  clients: { name: 'Clients', about: 'since the server started' },
}

export interface WitnessesProps {
  readonly list: AuditWitnessList
  readonly before: SeenHere['before']
}

export function WitnessesSection({ list, before }: WitnessesProps) {
  const rows = [...list.witnesses.map(toRow), ...(before === null ? [] : [browserRow(before)])]
  const isAlone = list.witnesses.every(({ kind }) => kind === 'clients')
  return (
    <section class="section" aria-labelledby="audit-witnesses">
      <h2 id="audit-witnesses">Witnesses</h2>
      {isAlone ? (
        <p class="muted audit-note">
          Nobody outside is told of checkpoints. Name a file on another disk in <code>audit.witnessFile</code>, or a
          receiver in <code>audit.witnesses</code>: whoever has this server’s keys could write the log anew, and only
          somebody outside would know.
        </p>
      ) : null}
      <Table
        caption="Witnesses"
        columns={columns}
        rows={rows}
        rowKey={({ id, name }) => `${name} ${id ?? ''}`}
        empty={null}
      />
    </section>
  )
}

function toRow({ kind, ...state }: AuditWitnessState): Row {
  const { name, about } = kinds[kind]
  return { ...state, name: state.id ?? name, about: state.id === null ? about : `${name.toLowerCase()} ${about}` }
}

function browserRow({ seen, verdict }: NonNullable<SeenHere['before']>): Row {
  const size = readCheckpoint(seen.note)?.size ?? 0
  return {
    id: null,
    name: 'This browser',
    about: 'at your last visit',
    state: 'ok',
    told: null,
    seen: { size, verdict, at: seen.at },
    lag: null,
    failingSince: null,
    attempts: 0,
    lastError: null,
  }
}

const unknown = <span class="muted">–</span>

const columns: readonly Column<Row>[] = [
  {
    key: 'name',
    heading: 'Witness',
    cell: ({ name, about }) => (
      <div class="audit-two">
        <strong>{name}</strong>
        <span class="muted">{about}</span>
      </div>
    ),
  },
  {
    key: 'state',
    heading: 'State',
    cell: ({ state, seen, told, failingSince, lastError, attempts }) => {
      const isForeign = seen !== null && verdictWords[seen.verdict].tone === 'bad'
      if (isForeign)
        return (
          <Badge tone="danger" icon="warning">
            Does not agree
          </Badge>
        )
      if (state === 'failing')
        return (
          <Failing tone="warn" title="Cannot be told" since={failingSince} attempts={attempts} lastError={lastError} />
        )
      if (seen === null) return told === null ? <span class="muted">nothing yet</span> : <Badge>Remembers</Badge>
      return (
        <Badge tone="accent" icon="check">
          Agrees
        </Badge>
      )
    },
  },
  {
    key: 'told',
    heading: 'Was told',
    cell: ({ told, lag }) =>
      told === null ? (
        unknown
      ) : (
        <div class="audit-two">
          <span>{formatCounted(told.size, 'entry', 'entries')}</span>
          <span class="muted">
            {formatDateTime(told.at)}
            {lag !== null && lag > 0 ? `, ${formatCount(lag)} behind` : ''}
          </span>
        </div>
      ),
  },
  {
    key: 'seen',
    heading: 'Saw last',
    cell: ({ seen }) =>
      seen === null ? (
        unknown
      ) : (
        <div class="audit-two">
          <span>
            {formatCounted(seen.size, 'entry', 'entries')}, {verdictWords[seen.verdict].short}
          </span>
          <span class="muted">{formatDateTime(seen.at)}</span>
        </div>
      ),
  },
]

const mostAlarms = 5

/** Above everything else: somebody has seen another log than this one. */
export function Alarms({ list, before }: WitnessesProps) {
  const isForeign = before !== null && (before.isOtherKey || verdictWords[before.verdict].tone === 'bad')
  if (list.alarms.length === 0 && !isForeign) return null
  return (
    <div class="audit-alarms" role="alert">
      {list.alarms.slice(0, mostAlarms).map(({ witness, seen, verdict, at, message }) => (
        <Verdict key={`${witness} ${seen} ${verdict}`} tone="bad" title="A witness has seen another log">
          {message} {formatDateTime(at)}. If a backup was put back, that is what was seen; else verify the log, and keep
          what the witness has as evidence.
        </Verdict>
      ))}
      {list.alarms.length > mostAlarms ? <p>There are {formatCount(list.alarms.length - mostAlarms)} more.</p> : null}
      {isForeign ? <OwnAlarm before={before} /> : null}
    </div>
  )
}

function OwnAlarm({ before: { seen, verdict, isOtherKey } }: { readonly before: NonNullable<SeenHere['before']> }) {
  const size = readCheckpoint(seen.note)?.size ?? 0
  return (
    <Verdict
      tone="bad"
      title={isOtherKey ? 'The log has another key than at your last visit' : 'This browser has seen another log'}
    >
      {isOtherKey
        ? 'Its keyring was replaced, or somebody answers in its place. Compare the key with the copy that you keep.'
        : verdictWords[verdict].text(size)}{' '}
      Seen {formatDateTime(seen.at)}.
      <div class="access-actions">
        <Button small icon="download" onClick={() => saveText(`cairn-audit-${size}.checkpoint`, seen.note)}>
          Download what was seen
        </Button>
      </div>
    </Verdict>
  )
}
