/** How far indexing is: a slim bar over all vaults that are being read, and the list of files that could not be. */
import type { VaultInfo } from '@cairn/contract'
import { Badge, Dialog, Progress } from '@cairn/ui'
import { formatCount, formatCounted, formatSecondsLeft } from '../shell/clock.ts'

/** Shows nothing once everything is indexed. */
export function IndexStrip({ vaults }: { readonly vaults: readonly VaultInfo[] }) {
  const busy = vaults.filter((vault) => vault.index.state === 'indexing' || vault.index.state === 'waiting')
  if (busy.length === 0) return null
  const sum = (pick: (vault: VaultInfo) => number) => busy.reduce((total, vault) => total + pick(vault), 0)
  const done = sum((vault) => vault.index.done)
  const total = sum((vault) => vault.index.total)
  const rate = sum((vault) => vault.index.notesPerSecond)
  const known = busy.every((vault) => vault.index.secondsLeft !== null)
  const left = known ? Math.max(...busy.map((vault) => vault.index.secondsLeft ?? 0)) : null
  const name = busy.length === 1 ? (busy[0]?.name ?? '') : formatCounted(busy.length, 'vault')
  const facts = [
    total > 0 ? `${formatCount(done)} of ${formatCounted(total, 'note')}` : 'counting notes',
    rate > 0 ? `${formatCount(Math.round(rate))} a second` : '',
    left !== null && total > 0 ? `${formatSecondsLeft(left)} left` : '',
  ]
  return (
    <div class="index-strip">
      <p>
        <strong>Indexing {name}</strong> <span>{facts.filter(Boolean).join(' · ')}</span>
      </p>
      <Progress label={`Indexing ${name}`} done={done} total={total} />
    </div>
  )
}

export function IndexBadge({ vault }: { readonly vault: VaultInfo }) {
  const { state, done, total } = vault.index
  switch (state) {
    case 'ready':
      return (
        <Badge tone="accent" icon="check">
          Ready
        </Badge>
      )
    case 'waiting':
      return <Badge>Waiting</Badge>
    case 'indexing':
      return <Badge>{total > 0 ? `Indexing ${Math.floor((done / total) * 100)} %` : 'Indexing'}</Badge>
    case 'failed':
      return (
        <Badge tone="danger" icon="warning">
          Failed
        </Badge>
      )
  }
}

export function ProblemsDialog({ vault, onClose }: { readonly vault: VaultInfo; readonly onClose: () => void }) {
  const { problems, problemCount } = vault.index
  return (
    <Dialog title={`Not indexed in ${vault.name}`} onClose={onClose}>
      <p>
        {problemCount === 1 ? 'This file is' : 'These files are'} left out of search and answers. Everything else is
        indexed.
      </p>
      <ul class="problem-list">
        {problems.map((problem) => (
          <li key={problem.path}>
            <span class="problem-path">{problem.path}</span>
            <span class="muted">{problem.reason}</span>
          </li>
        ))}
      </ul>
      {problemCount > problems.length ? (
        <p class="muted">And {formatCount(problemCount - problems.length)} more.</p>
      ) : null}
    </Dialog>
  )
}
