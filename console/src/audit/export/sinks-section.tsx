/** Receivers that are sent the log as it grows: how far each is, what is wrong with it, and what it has taken. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { AuditReceipt, AuditSinkState } from '@cairn/contract'
import { Badge, Button, Dialog, EmptyState, Spinner, Table, type Column } from '@cairn/ui'
import { useLoad } from '../../access/use-load.ts'
import { formatBytes, formatCount, formatDateTime } from '../../shell/clock.ts'
import { CopyButton } from '../../shell/copy-button.tsx'
import { FailureState } from '../../shell/failure-state.tsx'
import { ViewFailure } from '../../shell/view-failure.tsx'
import { listReceipts, listSinks } from '../audit-api.ts'
import { Failing } from '../failing.tsx'

/** While the page can be seen. */
const refreshMs = 5_000

export function SinksSection() {
  const { value, failure, reload } = useLoad(listSinks)
  const [opened, setOpened] = useState<string | null>(null)
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload()
    }, refreshMs)
    return () => clearInterval(timer)
  }, [reload])
  return (
    <section class="section" aria-labelledby="audit-sinks">
      <h2 id="audit-sinks">Receivers</h2>
      {failure ? <ViewFailure failure={failure} what="the receivers" onRetry={reload} /> : null}
      {value === null ? (
        failure ? null : (
          <Spinner label="Loading the receivers" />
        )
      ) : (
        <Table
          caption="Receivers"
          columns={columnsOf(setOpened)}
          rows={value.sinks}
          rowKey={({ id }) => id}
          empty={
            <EmptyState icon="external" title="Nothing is sent outside">
              Name a webhook or a syslog server in <code>audit.sinks</code>, and it gets every entry as it comes.
            </EmptyState>
          }
        />
      )}
      {opened === null ? null : <Receipts id={opened} onClose={() => setOpened(null)} />}
    </section>
  )
}

const columnsOf = (onOpen: (id: string) => void): readonly Column<AuditSinkState>[] => [
  {
    key: 'id',
    heading: 'Receiver',
    cell: ({ id, kind, format, names }) => (
      <div class="audit-two">
        <strong>{id}</strong>
        <span class="muted">
          {kind}, {format}, {names ? 'with names' : 'people by reference'}
        </span>
      </div>
    ),
  },
  {
    key: 'state',
    heading: 'State',
    cell: ({ state, failingSince, attempts, lastError }) =>
      state === 'ok' ? (
        <Badge tone="accent" icon="check">
          Delivers
        </Badge>
      ) : (
        <Failing tone="danger" title="Fails" since={failingSince} attempts={attempts} lastError={lastError} />
      ),
  },
  {
    key: 'cursor',
    heading: 'Delivered',
    cell: ({ cursor, deliveredAt }) => (
      <div class="audit-two">
        <span class="audit-nowrap">{cursor === 0 ? 'nothing' : `up to entry ${formatCount(cursor - 1)}`}</span>
        <span class="muted audit-nowrap">{deliveredAt === null ? 'never yet' : formatDateTime(deliveredAt)}</span>
      </div>
    ),
  },
  { key: 'lag', heading: 'Waits', align: 'end', cell: ({ lag }) => formatCount(lag) },
  {
    key: 'receipts',
    heading: 'Receipts',
    hideHeading: true,
    align: 'end',
    cell: ({ id }) => (
      <Button small label={`Receipts of ${id}`} onClick={() => onOpen(id)}>
        Receipts
      </Button>
    ),
  },
]

const receiptColumns: readonly Column<AuditReceipt>[] = [
  { key: 'at', heading: 'When', cell: ({ at }) => formatDateTime(at) },
  {
    key: 'entries',
    heading: 'Entries',
    cell: ({ first, last }) => (first === last ? formatCount(first) : `${formatCount(first)} to ${formatCount(last)}`),
  },
  { key: 'bytes', heading: 'Size', align: 'end', cell: ({ bytes }) => formatBytes(bytes) },
  {
    key: 'sha256',
    heading: 'SHA-256',
    cell: ({ sha256 }) => (
      <span class="audit-request">
        <code>{sha256.slice(0, 12)}…</code>
        <CopyButton text={sha256} what="SHA-256" />
      </span>
    ),
  },
]

/** More are asked for; so many are held. */
const mostReceipts = 500

function Receipts({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const [before, setBefore] = useState<number | null>(null)
  const [older, setOlder] = useState<readonly AuditReceipt[]>([])
  const { value, failure, reload } = useLoad(
    useCallback((signal: AbortSignal) => listReceipts(id, before, signal), [id, before]),
  )
  const receipts = [...older, ...(value?.receipts ?? [])]
  const more = () => {
    setOlder(receipts)
    setBefore(value?.next ?? null)
  }
  return (
    <Dialog shape="panel" title={`Receipts of ${id}`} onClose={onClose}>
      <p class="muted audit-note">
        What it has taken, newest first: the places of the entries, and the hash of what was sent. Kept as long as the
        entries.
      </p>
      {failure ? <FailureState failure={failure} onRetry={reload} /> : null}
      {value === null && failure === null ? <Spinner label="Loading the receipts" /> : null}
      <Table
        caption="Receipts"
        columns={receiptColumns}
        rows={receipts}
        rowKey={({ first }) => String(first)}
        empty={value ? <p>It has taken nothing yet.</p> : null}
      />
      {value !== null && value.next !== null && receipts.length < mostReceipts ? (
        <div class="audit-foot">
          <Button onClick={more}>Older</Button>
        </div>
      ) : null}
    </Dialog>
  )
}
