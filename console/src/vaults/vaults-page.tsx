/** The vaults that this server answers from: their size and state, and adding, re-indexing and removing them. */
import type { ComponentChild } from 'preact'
import { useState } from 'preact/hooks'
import type { VaultInfo } from '@cairn/contract'
import { Button, ConfirmDialog, EmptyState, ErrorState, Spinner, Table, useToast, type Column } from '@cairn/ui'
import { reindexVault, removeVault } from '../api/resources.ts'
import { useConsole } from '../shell/console-context.ts'
import { formatCount, formatCounted } from '../shell/clock.ts'
import { FailureState } from '../shell/failure-state.tsx'
import { Page } from '../shell/page.tsx'
import { useStore } from '@cairn/ui/store'
import { AddVaultDialog } from './add-vault-dialog.tsx'
import { IndexBadge, ProblemsDialog } from './index-status.tsx'

type OpenDialog = { readonly kind: 'add' } | { readonly kind: 'remove' | 'problems'; readonly id: string } | null

export function VaultsPage() {
  const { vaultsWatch } = useConsole()
  const { vaults, failure } = useStore(vaultsWatch.store)
  const [dialog, setDialog] = useState<OpenDialog>(null)
  const close = () => setDialog(null)
  const chosen = dialog && dialog.kind !== 'add' ? vaults?.find((vault) => vault.id === dialog.id) : undefined
  const add = (
    <Button kind="primary" icon="plus" onClick={() => setDialog({ kind: 'add' })}>
      Add vault
    </Button>
  )
  return (
    <Page
      title="Vaults"
      intro="Folders of Markdown notes. Cairn reads them and never writes to them."
      action={vaults?.length ? add : null}
    >
      {failure ? <FailureState failure={failure} onRetry={vaultsWatch.refresh} /> : null}
      {vaults ? (
        <VaultTable vaults={vaults} add={add} onOpen={setDialog} />
      ) : failure ? null : (
        <Spinner label="Loading vaults" />
      )}
      {dialog?.kind === 'add' ? <AddVaultDialog onClose={close} /> : null}
      {dialog?.kind === 'remove' && chosen ? <RemoveVaultDialog vault={chosen} onClose={close} /> : null}
      {dialog?.kind === 'problems' && chosen ? <ProblemsDialog vault={chosen} onClose={close} /> : null}
    </Page>
  )
}

interface VaultTableProps {
  readonly vaults: readonly VaultInfo[]
  readonly add: ComponentChild
  readonly onOpen: (dialog: OpenDialog) => void
}

function VaultTable({ vaults, add, onOpen }: VaultTableProps) {
  const empty = (
    <EmptyState icon="vault" title="No vault yet" action={add}>
      Add the folder of an Obsidian vault. Indexing starts at once.
    </EmptyState>
  )
  return <Table caption="Vaults" columns={columnsOf(onOpen)} rows={vaults} rowKey={(vault) => vault.id} empty={empty} />
}

function columnsOf(onOpen: VaultTableProps['onOpen']): readonly Column<VaultInfo>[] {
  return [
    {
      key: 'name',
      heading: 'Vault',
      sortBy: (vault) => vault.name,
      cell: (vault) => (
        <div class="vault-name">
          <strong>{vault.name}</strong>
          {vault.path ? <span class="path">{vault.path}</span> : null}
        </div>
      ),
    },
    {
      key: 'notes',
      heading: 'Notes',
      align: 'end',
      sortBy: (vault) => vault.notes,
      cell: (vault) => formatCount(vault.notes),
    },
    {
      key: 'passages',
      heading: 'Passages',
      align: 'end',
      sortBy: (vault) => vault.passages,
      cell: (vault) => formatCount(vault.passages),
    },
    {
      key: 'state',
      heading: 'Index',
      sortBy: (vault) => vault.index.state,
      cell: (vault) => <IndexBadge vault={vault} />,
    },
    {
      key: 'problems',
      heading: 'Problems',
      sortBy: (vault) => vault.index.problemCount,
      cell: (vault) =>
        vault.index.problemCount > 0 ? (
          <Button small kind="quiet" icon="warning" onClick={() => onOpen({ kind: 'problems', id: vault.id })}>
            {formatCounted(vault.index.problemCount, 'file')}
          </Button>
        ) : (
          <span class="muted">None</span>
        ),
    },
    {
      key: 'actions',
      heading: 'Actions',
      hideHeading: true,
      align: 'end',
      cell: (vault) => (
        <div class="row-actions">
          <ReindexButton vault={vault} />
          <Button
            small
            kind="quiet"
            icon="trash"
            label={`Remove ${vault.name}`}
            onClick={() => onOpen({ kind: 'remove', id: vault.id })}
          />
        </div>
      ),
    },
  ]
}

function ReindexButton({ vault }: { readonly vault: VaultInfo }) {
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const reindex = async () => {
    setBusy(true)
    const failure = await reindexVault(vault.id)
    setBusy(false)
    toast(
      failure
        ? { text: `${vault.name}: ${failure.title}`, tone: 'danger' }
        : { text: `${vault.name} is indexed again` },
    )
  }
  return (
    <Button small icon="refresh" busy={busy || vault.index.state === 'indexing'} onClick={() => void reindex()}>
      Re-index
    </Button>
  )
}

function RemoveVaultDialog({ vault, onClose }: { readonly vault: VaultInfo; readonly onClose: () => void }) {
  const { vaultsWatch } = useConsole()
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const remove = async () => {
    setBusy(true)
    const reply = await removeVault(vault.id)
    setBusy(false)
    if (!reply.ok) return setError([reply.failure.title, reply.failure.message].filter(Boolean).join('. '))
    vaultsWatch.refresh()
    toast({ text: `${vault.name} is removed` })
    onClose()
  }
  return (
    <ConfirmDialog
      title={`Remove ${vault.name}?`}
      action="Remove"
      busy={busy}
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>
        Its index is deleted and questions no longer find its {formatCounted(vault.notes, 'note')}.{' '}
        {vault.source === 'sync'
          ? 'What devices sent is deleted on the server. The devices keep their notes.'
          : 'The files in the folder stay as they are.'}
      </p>
      {error ? <ErrorState title={error} /> : null}
    </ConfirmDialog>
  )
}
