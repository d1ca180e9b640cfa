/** API keys of this server: listing, creating (shown once) and revoking them. */
import type { ComponentChild } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { KeyInfo } from '@cairn/contract'
import { Badge, Button, ConfirmDialog, EmptyState, ErrorState, Spinner, Table, useToast, type Column } from '@cairn/ui'
import type { Failure } from '../api/failure.ts'
import { listKeys, revokeKey } from '../api/resources.ts'
import { formatDate, formatDateTime, now } from '../shell/clock.ts'
import { FailureState } from '../shell/failure-state.tsx'
import { Page } from '../shell/page.tsx'
import { CreateKeyDialog } from './create-key-dialog.tsx'

export function KeysPage() {
  const [keys, setKeys] = useState<readonly KeyInfo[] | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<KeyInfo | null>(null)
  const load = useCallback(async () => {
    const reply = await listKeys()
    setFailure(reply.ok ? null : reply.failure)
    if (reply.ok) setKeys(reply.value.keys)
  }, [])
  useEffect(() => {
    void load()
  }, [load])
  const create = (
    <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
      Create key
    </Button>
  )
  return (
    <Page
      title="API keys"
      intro={
        <>
          For programs that ask your notes or use Cairn as an OpenAI-compatible gateway at{' '}
          <code>{location.origin}/v1</code>.
        </>
      }
      action={keys?.length ? create : null}
    >
      {failure ? <FailureState failure={failure} onRetry={() => void load()} /> : null}
      {keys ? (
        <KeyTable keys={keys} create={create} onRevoke={setRevoking} />
      ) : failure ? null : (
        <Spinner label="Loading keys" />
      )}
      {creating ? <CreateKeyDialog onCreated={() => void load()} onClose={() => setCreating(false)} /> : null}
      {revoking ? (
        <RevokeKeyDialog info={revoking} onRevoked={() => void load()} onClose={() => setRevoking(null)} />
      ) : null}
    </Page>
  )
}

type KeyState = 'active' | 'expired' | 'revoked'

function stateOf(key: KeyInfo): KeyState {
  if (key.revokedAt !== null) return 'revoked'
  return key.expiresAt !== null && key.expiresAt <= now() ? 'expired' : 'active'
}

interface KeyTableProps {
  readonly keys: readonly KeyInfo[]
  readonly create: ComponentChild
  readonly onRevoke: (key: KeyInfo) => void
}

function KeyTable({ keys, create, onRevoke }: KeyTableProps) {
  const columns: readonly Column<KeyInfo>[] = [
    {
      key: 'name',
      heading: 'Name',
      sortBy: (key) => key.name,
      cell: (key) => (
        <div class="vault-name">
          <strong>{key.name}</strong>
          <span class="path">{key.prefix ? `${key.prefix}…` : 'set in the environment'}</span>
        </div>
      ),
    },
    { key: 'state', heading: 'State', sortBy: stateOf, cell: (key) => <KeyBadge state={stateOf(key)} /> },
    { key: 'created', heading: 'Created', sortBy: (key) => key.createdAt, cell: (key) => formatDate(key.createdAt) },
    {
      key: 'used',
      heading: 'Last used',
      sortBy: (key) => key.lastUsedAt,
      cell: (key) => (key.lastUsedAt === null ? <span class="muted">Never</span> : formatDateTime(key.lastUsedAt)),
    },
    {
      key: 'expires',
      heading: 'Expires',
      sortBy: (key) => key.expiresAt,
      cell: (key) => (key.expiresAt === null ? <span class="muted">Never</span> : formatDate(key.expiresAt)),
    },
    {
      key: 'actions',
      heading: 'Actions',
      hideHeading: true,
      align: 'end',
      cell: (key) =>
        stateOf(key) === 'revoked' ? null : (
          <Button small label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
            Revoke
          </Button>
        ),
    },
  ]
  const empty = (
    <EmptyState icon="key" title="No keys yet" action={create}>
      Create one for each program, so that you can revoke one without the others.
    </EmptyState>
  )
  return (
    <Table
      caption="API keys"
      columns={columns}
      rows={keys}
      rowKey={(key) => key.id}
      empty={empty}
      initialSort={{ key: 'created', descending: true }}
    />
  )
}

function KeyBadge({ state }: { readonly state: KeyState }) {
  if (state === 'active')
    return (
      <Badge tone="accent" icon="check">
        Active
      </Badge>
    )
  return state === 'expired' ? <Badge tone="warn">Expired</Badge> : <Badge>Revoked</Badge>
}

interface RevokeKeyDialogProps {
  readonly info: KeyInfo
  readonly onRevoked: () => void
  readonly onClose: () => void
}

function RevokeKeyDialog({ info, onRevoked, onClose }: RevokeKeyDialogProps) {
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const revoke = async () => {
    setBusy(true)
    const reply = await revokeKey(info.id)
    setBusy(false)
    if (!reply.ok) return setError([reply.failure.title, reply.failure.message].filter(Boolean).join('. '))
    toast({ text: `${info.name} is revoked` })
    onRevoked()
    onClose()
  }
  return (
    <ConfirmDialog
      title={`Revoke ${info.name}?`}
      action="Revoke"
      busy={busy}
      onConfirm={() => void revoke()}
      onClose={onClose}
    >
      <p>
        Programs that use this key{info.prefix ? <code> ({info.prefix}…)</code> : null} are refused at once. This cannot
        be undone.
      </p>
      {error ? <ErrorState title={error} /> : null}
    </ConfirmDialog>
  )
}
