/** Where one is signed in, and how to end it. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { SessionItem } from '@cairn/contract'
import { Badge, Button, Spinner, Table, useToast, type Column } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { listSessions, revokeOtherSessions, revokeSession } from '../api/identity.ts'
import { formatDateTime } from '../shell/clock.ts'
import { FailureState } from '../shell/failure-state.tsx'

const methods: Readonly<Record<SessionItem['method'], string>> = {
  link: 'Link',
  password: 'Password',
  openid: 'Provider',
}

export function SessionsSection() {
  const toast = useToast()
  const [sessions, setSessions] = useState<readonly SessionItem[] | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const load = useCallback(async () => {
    const reply = await listSessions()
    setFailure(reply.ok ? null : reply.failure)
    if (reply.ok) setSessions(reply.value.sessions)
  }, [])
  useEffect(() => {
    void load()
  }, [load])
  const end = async (what: Promise<{ ok: true } | { ok: false; failure: Failure }>, words: string) => {
    const reply = await what
    if (reply.ok) toast({ text: words })
    else setFailure(reply.failure)
    if (reply.ok) await load()
  }
  const columns = columnsOf((id) => void end(revokeSession(id), 'The session has ended'))
  return (
    <section class="section">
      <div class="section-head">
        <h2>Sessions</h2>
        {sessions && sessions.length > 1 ? (
          <Button small onClick={() => void end(revokeOtherSessions(), 'All other sessions have ended')}>
            End all others
          </Button>
        ) : null}
      </div>
      {failure ? <FailureState failure={failure} onRetry={() => void load()} /> : null}
      {sessions ? (
        <Table
          caption="Sessions"
          columns={columns}
          rows={sessions}
          rowKey={({ id }) => id}
          empty={null}
          initialSort={{ key: 'seen', descending: true }}
        />
      ) : failure ? null : (
        <Spinner label="Loading sessions" />
      )}
    </section>
  )
}

function columnsOf(onEnd: (id: string) => void): readonly Column<SessionItem>[] {
  return [
    {
      key: 'device',
      heading: 'Device',
      sortBy: ({ device }) => device,
      cell: ({ device, isCurrent }) => (
        <span class="session-device">
          <strong>{device}</strong>
          {isCurrent ? <Badge tone="accent">This one</Badge> : null}
        </span>
      ),
    },
    {
      key: 'method',
      heading: 'Signed in by',
      cell: ({ method, mfa }) => `${methods[method]}${mfa ? ', second factor' : ''}`,
    },
    {
      key: 'seen',
      heading: 'Last seen',
      sortBy: (each) => each.lastSeenAt,
      cell: (each) => formatDateTime(each.lastSeenAt),
    },
    { key: 'ends', heading: 'Ends', sortBy: (each) => each.expiresAt, cell: (each) => formatDateTime(each.expiresAt) },
    {
      key: 'actions',
      heading: 'Actions',
      hideHeading: true,
      align: 'end',
      cell: ({ id, device, isCurrent }) =>
        isCurrent ? null : (
          <Button small label={`End the session on ${device}`} onClick={() => onEnd(id)}>
            End
          </Button>
        ),
    },
  ]
}
